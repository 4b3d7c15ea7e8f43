package types

// EnoughGold says whether a cohort holds enough gold to be reviewed: the share
// of its items, at least half of it to be rejected, at least one to be accepted.
func (c Cohort) EnoughGold(p ReviewParams) bool {
	bad, sound := 0, 0
	for _, gold := range c.Gold {
		if gold.Kind.Bad() {
			bad++
		} else {
			sound++
		}
	}
	needed := GoldNeeded(len(c.Items), p.GoldPpm)
	return bad+sound >= needed && bad+sound <= len(c.Items) && 2*bad >= needed && bad > 0 && sound > 0
}

// AllGoldOpen says whether nobody has gold left to open.
func (c Cohort) AllGoldOpen() bool {
	for _, gold := range c.Gold {
		if gold.Rank == 0 {
			return false
		}
	}
	return true
}

// Quorum says whether enough seats of a panel have revealed to decide: as many
// as it takes to accept, or more than half in an appeal.
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

// Bad says whether gold of a kind must be rejected.
func (k GoldKind) Bad() bool { return k == GOLD_KIND_DUPLICATE || k == GOLD_KIND_ALTERED }

// OpenedGold returns the kind of gold that an item was shown to be, unspecified if none.
func (c Cohort) OpenedGold(rank uint64) GoldKind {
	for _, gold := range c.Gold {
		if gold.Rank == rank {
			return gold.Kind
		}
	}
	return GOLD_KIND_UNSPECIFIED
}
