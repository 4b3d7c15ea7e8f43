package main

import "github.com/openledger/openledger/x/datanet/types"

// loner returns the only deviator or the only honest member, or nil.
func loner(members []*account) *account {
	var kinds [2][]*account
	for _, a := range members {
		kind := 0
		if a.deviant {
			kind = 1
		}
		kinds[kind] = append(kinds[kind], a)
	}
	for _, kind := range kinds {
		if len(kind) == 1 {
			return kind[0]
		}
	}
	return nil
}

// loneHash returns a hash that gives the loner one seat of a review, a random one: cohorts without him tell nothing
// about what his seats earn. The other seats are drawn as always, so that what happens around his seat is as likely as
// if it were drawn. It returns nil for other blocks.
func (w *world) loneHash() ([]byte, error) {
	if w.lone == nil || len(w.pending) != 1 {
		return nil, nil
	}
	cohort, err := w.Keeper.Review.GetCohort(w.Ctx, w.pending[0].id)
	if err != nil || cohort.Kind != types.COHORT_KIND_REVIEW || cohort.Phase != types.COHORT_PHASE_DRAWING ||
		len(cohort.Seats) != w.loneSeat || cohort.DrawHeight != w.Ctx.BlockHeight() {
		return nil, err
	}
	if cohort.Seated(w.lone.text) >= w.params.MaxSeatsOf() {
		return nil, nil // he has as many as he may
	}
	l, err := w.lottery(cohort.Panel)
	if err != nil {
		return nil, err
	}
	for {
		if hash := randomHash(w.blocks); l.seat(hash, cohort, nil) == w.lone.text {
			return hash, nil
		}
	}
}
