package review

import (
	"bytes"
	"slices"

	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

// Step is what a reviewer, or the program for the reviewer, must do next about a cohort.
type Step string

const (
	// Wait for the panel: decisions can be noted.
	Wait Step = "wait"
	// Decide the items that are undecided.
	Decide Step = "decide"
	// Seal the ballot: it is not on chain, or decisions have changed.
	Seal Step = "seal"
	// Sealed: the ballot can be opened in the next phase.
	Sealed Step = "sealed"
	// Reveal the ballot.
	Reveal Step = "reveal"
	// Revealed: nothing is left to do.
	Revealed Step = "revealed"
	// Missed: no ballot was sealed, or opened, in time.
	Missed Step = "missed"
	// Lost: what opens the sealed ballot is not in the store.
	Lost Step = "lost"
)

// Plan is the next step about a cohort.
type Plan struct {
	Step Step
	// Undecided items, by rank.
	Undecided []uint64
	// Votes to seal.
	Votes []datanettypes.Vote
	// Ballot is the ballot that is sealed or must be opened. If a ballot must be sealed, it is an earlier one with the
	// same votes, or nil.
	Ballot *Ballot
	// Foreign reports whether the chain holds a ballot that the store cannot open.
	Foreign bool
}

// Next returns the plan for a cohort. It asks the chain what is sealed, not what this program has sent.
func Next(a datanettypes.Assignment, address string, state State) Plan {
	var plan Plan
	for _, rank := range a.Cohort.Items {
		vote, decided := state.Decisions[rank]
		if !decided {
			plan.Undecided = append(plan.Undecided, rank)
		}
		plan.Votes = append(plan.Votes, vote)
	}
	if len(plan.Undecided) > 0 {
		plan.Votes = nil
	}
	if a.Ballot != nil {
		if ballot, known := state.Sealed(a.Ballot.Hash); known {
			plan.Ballot = &ballot
		}
		plan.Foreign = plan.Ballot == nil && len(a.Ballot.Votes) == 0
	}
	switch a.Cohort.Phase {
	case datanettypes.COHORT_PHASE_FILLING, datanettypes.COHORT_PHASE_DRAWING:
		plan.Step = Wait
	case datanettypes.COHORT_PHASE_COMMIT:
		plan.commit(a.Cohort, address, state)
	case datanettypes.COHORT_PHASE_REVEAL:
		switch {
		case a.Ballot == nil:
			plan.Step = Missed
		case len(a.Ballot.Votes) > 0:
			plan.Step = Revealed
		case plan.Ballot == nil:
			plan.Step = Lost
		default:
			plan.Step = Reveal
		}
	default:
		if plan.Step = Missed; a.Ballot != nil && len(a.Ballot.Votes) > 0 {
			plan.Step = Revealed
		}
	}
	return plan
}

func (p *Plan) commit(cohort datanettypes.Cohort, address string, state State) {
	switch {
	case len(p.Undecided) > 0 && p.Ballot != nil:
		p.Step = Sealed // decisions are lost, but the ballot is not
	case len(p.Undecided) > 0:
		p.Step = Decide
	case p.Ballot != nil && slices.Equal(p.Ballot.Votes, p.Votes):
		p.Step = Sealed
	default:
		p.Step, p.Ballot = Seal, nil
		for _, b := range state.Ballots {
			if b.Round == cohort.Round && b.Address == address && slices.Equal(b.Items, cohort.Items) &&
				slices.Equal(b.Votes, p.Votes) {
				p.Ballot = &b
			}
		}
	}
}

// GoldStep is what must be done next about gold.
type GoldStep string

const (
	// GoldUnsealed: the chain does not have it.
	GoldUnsealed GoldStep = "unsealed"
	// GoldWait for the phase in which gold is opened.
	GoldWait GoldStep = "wait"
	// GoldOpen it now.
	GoldOpen GoldStep = "open"
	// GoldOpened already.
	GoldOpened GoldStep = "opened"
	// GoldTaken: somebody else opened the same item; the deposit is lost.
	GoldTaken GoldStep = "taken"
	// GoldOver: the review is decided.
	GoldOver GoldStep = "over"
)

// NextGold returns what must be done next about gold.
func NextGold(cohort datanettypes.Cohort, gold Gold) GoldStep {
	hash, err := gold.Hash()
	if err != nil {
		return GoldUnsealed
	}
	at := slices.IndexFunc(
		cohort.Gold, func(g datanettypes.Gold) bool { return g.Planter == gold.Planter && bytes.Equal(g.Hash, hash) })
	switch {
	case at < 0:
		return GoldUnsealed
	case cohort.Gold[at].Rank != 0:
		return GoldOpened
	case cohort.Phase == datanettypes.COHORT_PHASE_DECIDED:
		return GoldOver
	case cohort.OpenedGold(gold.Rank) != datanettypes.GOLD_KIND_UNSPECIFIED:
		return GoldTaken
	case cohort.Phase == datanettypes.COHORT_PHASE_GOLD:
		return GoldOpen
	}
	return GoldWait
}
