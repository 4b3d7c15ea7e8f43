package types

// EnoughGold reports whether a cohort holds enough gold to be reviewed: the share of its items, at least half of it to
// be rejected. At least one gold item is altered, because a program can find duplicates, and at least one is sound. At
// least one item is neither altered nor sound. Duplicates do not count here, because anybody may seal any item as a
// duplicate.
func (c Cohort) EnoughGold(p ReviewParams) bool {
	duplicates, altered, sound := c.countGold()
	needed := GoldNeeded(len(c.Items), p.GoldPpm)
	return duplicates+altered+sound >= needed && 2*(duplicates+altered) >= needed && altered > 0 && sound > 0 &&
		altered+sound < len(c.Items)
}

func (c Cohort) countGold() (duplicates, altered, sound int) {
	for _, gold := range c.Gold {
		switch gold.Kind {
		case GOLD_KIND_DUPLICATE:
			duplicates++
		case GOLD_KIND_ALTERED:
			altered++
		case GOLD_KIND_SOUND:
			sound++
		}
	}
	return duplicates, altered, sound
}

// GoldOf returns how many items an account has sealed as gold.
func (c Cohort) GoldOf(planter string) int {
	n := 0
	for _, gold := range c.Gold {
		if gold.Planter == planter {
			n++
		}
	}
	return n
}

// AllGoldOpen reports whether nobody has gold left to open.
func (c Cohort) AllGoldOpen() bool {
	for _, gold := range c.Gold {
		if gold.Rank == 0 {
			return false
		}
	}
	return true
}

// Quorum reports whether enough seats of a panel have revealed to decide: as many as it takes to accept, or more than
// half in an appeal.
func (c Cohort) Quorum(revealed int) bool {
	if c.Kind == COHORT_KIND_REVIEW {
		return revealed >= int(c.Needed) && revealed > 0
	}
	return 2*revealed > int(c.Wanted)
}

// Seated returns how many seats an account has in a cohort.
func (c Cohort) Seated(address string) uint32 {
	seats := uint32(0)
	for _, seat := range c.Seats {
		if seat.Address == address {
			seats++
		}
	}
	return seats
}

// Bad reports whether gold of a kind must be rejected.
func (k GoldKind) Bad() bool { return k == GOLD_KIND_DUPLICATE || k == GOLD_KIND_ALTERED }

// OpenedGold returns the kind of gold that an item was shown to be, unspecified
// if none. What the chain has checked goes before what somebody vouches for.
func (c Cohort) OpenedGold(rank uint64) GoldKind {
	found := GOLD_KIND_UNSPECIFIED
	for _, gold := range c.Gold {
		if gold.Rank == rank && found != GOLD_KIND_DUPLICATE {
			found = gold.Kind
		}
	}
	return found
}
