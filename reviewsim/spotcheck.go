package main

import (
	"cosmossdk.io/math"

	"github.com/openledger/openledger/x/datanet/types"
)

// spotChecks model a rule that the chain does not have, to see what it would
// repair: a share of the items that nobody appealed goes to a panel of appeal
// all the same, and when that is decisive, seats that voted otherwise lose what
// an overturned vote costs. What the panel is paid is not modelled.
func (w *world) spotChecks(pi float64, items []*item, cohort types.Cohort, ballots map[string][]types.Vote) {
	w.stage("spot checks")
	known := make(map[uint64]*item)
	for _, it := range items {
		known[it.rank] = it
	}
	loss := inOpen(amount(bondFees)) * float64(w.params.OverturnedPpm) / 1e6
	for i, rank := range cohort.Items {
		it := known[rank]
		if it.gold != types.GOLD_KIND_UNSPECIFIED || it.appealed != 0 || w.rand.Float64() >= w.checked {
			continue
		}
		accepts, seats := 0, int(w.params.AppealSeats)
		for range seats {
			if w.others(cohort).plays.vote(w.rand, pi, it) {
				accepts++
			}
		}
		for _, seat := range cohort.Seats {
			against := accepts
			if ballots[seat.Address][i].Accept {
				against = seats - accepts
			}
			if against*1_000_000 >= seats*int(w.params.DecisivePpm) {
				w.byText[seat.Address].gain -= loss
			}
		}
	}
}

// others draws a validator of the chain without a seat in a review.
func (w *world) others(cohort types.Cohort) *account {
	total := math.ZeroInt()
	for _, a := range w.voters {
		total = total.Add(a.bond)
	}
	for {
		number := math.NewInt(w.rand.Int64N(1_000_000)).Mul(total).QuoRaw(1_000_000)
		for _, a := range w.voters {
			if number = number.Sub(a.bond); number.IsNegative() {
				if cohort.Seated(a.text) == 0 {
					return a
				}
				break
			}
		}
	}
}
