package main

import (
	"github.com/openledger/openledger/x/datanet/types"
)

// draw is a review whose seats are being drawn, and the seats of those who may not have one in it.
type draw struct {
	id       uint64
	excluded []types.Seat
}

// grinder is an attacker who proposes a share of the blocks, and picks each hash from some.
type grinder struct {
	proposes float64
	hashes   int
}

// blockHash returns the hash of the next block.
func (w *world) blockHash() ([]byte, error) {
	if hash, err := w.loneHash(); hash != nil || err != nil {
		return hash, err
	}
	if hash, err := w.capturedHash(); hash != nil || err != nil {
		return hash, err
	}
	hash, proposer := randomHash(w.blocks), w.blocks.Float64()
	if w.grinder == nil || len(w.pending) == 0 || proposer >= w.grinder.proposes {
		return hash, nil
	}
	var open []types.Cohort
	var barred [][]types.Seat
	lotteries := make(map[uint64]*lottery)
	for _, d := range w.pending {
		cohort, err := w.Keeper.Review.GetCohort(w.Ctx, d.id)
		if err != nil {
			return nil, err
		}
		if cohort.Phase != types.COHORT_PHASE_DRAWING {
			continue
		}
		if lotteries[cohort.Panel] == nil {
			if lotteries[cohort.Panel], err = w.lottery(cohort.Panel); err != nil {
				return nil, err
			}
		}
		open, barred = append(open, cohort), append(barred, d.excluded)
	}
	best, most := hash, -1
	for range w.grinder.hashes {
		hash, hits := randomHash(w.rand), 0
		for i, cohort := range open {
			seat := lotteries[cohort.Panel].seat(hash, cohort, barred[i])
			if who := w.byText[seat]; who != nil && who.deviant {
				hits++
			}
		}
		if hits > most {
			best, most = hash, hits
		}
		if most == len(open) {
			break
		}
	}
	return best, nil
}
