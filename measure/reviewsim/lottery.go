package main

import (
	"fmt"
	"math/big"
	"slices"

	"github.com/openledger/openledger/x/datanet/types"
)

// drawTries is how often, in one block, the chain draws a seat again because the owner drawn may not take it.
const drawTries = 8

// lottery is the draw of the chain, with the stakes in a list. An owner gets the numbers below its end that no owner
// before it has.
type lottery struct {
	owners []string
	ends   []*big.Int
	number big.Int
	most   uint32 // most seats of an account in a panel
}

func (l *lottery) add(owner string, stake *big.Int) {
	end := new(big.Int).Set(stake)
	if len(l.ends) > 0 {
		end.Add(end, l.ends[len(l.ends)-1])
	}
	l.owners, l.ends = append(l.owners, owner), append(l.ends, end)
}

// owner returns the place of the owner of a random number.
func (l *lottery) owner(random []byte) int {
	l.number.SetBytes(random)
	l.number.Mod(&l.number, l.ends[len(l.ends)-1])
	at, found := slices.BinarySearchFunc(l.ends, &l.number, (*big.Int).Cmp)
	if found {
		at++ // an end belongs to the next
	}
	return at
}

// seat returns the address that gets the next seat of a review by a block hash, or "".
func (l *lottery) seat(hash []byte, cohort types.Cohort, barred []types.Seat) string {
	for try := range uint32(drawTries) {
		owner := l.owners[l.owner(types.SeatHash(hash, cohort.Id, cohort.Round, uint32(len(cohort.Seats)), try))]
		has := func(seat types.Seat) bool { return seat.Address == owner }
		if !slices.ContainsFunc(barred, has) && cohort.Seated(owner) < l.most {
			return owner
		}
	}
	return ""
}

// lottery returns the lottery of a panel's validators. Panel 0 has those of all DataNets.
func (w *world) lottery(panel uint64) (*lottery, error) {
	l := &lottery{most: w.params.MaxSeatsOf()}
	err := w.Keeper.Review.Validators.Walk(w.Ctx, nil, func(_ uint64, v types.DataValidator) (bool, error) {
		if v.Active && (panel == 0 || v.DatanetId == panel) {
			l.add(v.Address, v.Bond.BigInt())
		}
		return false, nil
	})
	return l, err
}

// expected is the owner that should get the next seat of a review.
type expected struct {
	cohort uint64
	seats  int
	owner  string
}

// expectSeats computes the seats that the chain will draw at the end of the block. It does so only in a world with a
// grinder, who computes in the same way.
func (w *world) expectSeats() ([]expected, error) {
	if w.grinder == nil {
		return nil, nil
	}
	var out []expected
	for _, d := range w.pending {
		cohort, err := w.Keeper.Review.GetCohort(w.Ctx, d.id)
		if err != nil {
			return nil, err
		}
		if cohort.Phase != types.COHORT_PHASE_DRAWING || cohort.DrawHeight > w.Ctx.BlockHeight() {
			continue
		}
		l, err := w.lottery(cohort.Panel)
		if err != nil {
			return nil, err
		}
		out = append(out, expected{d.id, len(cohort.Seats), l.seat(w.Ctx.HeaderHash(), cohort, d.excluded)})
	}
	return out, nil
}

// compareSeats fails if a seat was not drawn as expected.
func (w *world) compareSeats(all []expected) error {
	for _, e := range all {
		cohort, err := w.Keeper.Review.GetCohort(w.Ctx, e.cohort)
		if err != nil {
			return err
		}
		owner := ""
		if len(cohort.Seats) > e.seats {
			owner = cohort.Seats[e.seats].Address
		}
		if owner != e.owner {
			return fmt.Errorf("seat %d of cohort %d went to %q instead of %q", e.seats, e.cohort, owner, e.owner)
		}
		w.compared++
	}
	return nil
}
