package main

import (
	"fmt"

	"github.com/openledger/openledger/x/datanet/types"
)

// playAppeals lets some wrong verdicts be appealed. It plays the panels of these appeals and of random checks.
func (w *world) playAppeals(pi float64, items []*item, first types.Cohort) error {
	w.stage("appeals")
	var draws []draw
	var appealed []*item
	for i, it := range items {
		var by *account
		c, err := w.contribution(it.rank)
		if err != nil {
			return err
		}
		switch {
		case c.Check != 0: // a random check decides it again
			it.appealed = c.Check
			appealed = append(appealed, it)
			draws = append(draws, draw{id: c.Check, excluded: first.Seats})
			continue
		case it.gold != types.GOLD_KIND_UNSPECIFIED:
		case it.accepted && !it.good:
			by = w.watcher
		case !it.accepted && it.good && it.clear:
			by = it.by
		}
		if lucky := w.rand.Float64() < appealShare; by == nil || !lucky {
			continue
		}
		// The id, and with it the panel, must not depend on other appeals.
		if err := w.Keeper.Review.NextCohort.Set(w.Ctx, first.Id+2+uint64(i)); err != nil {
			return err
		}
		response, err := w.msgs.Appeal(
			w.Ctx, &types.MsgAppeal{Appellant: by.text, Rank: it.rank, Reason: "the verdict is wrong"})
		if err != nil {
			return err
		}
		it.appealed = response.Cohort
		appealed = append(appealed, it)
		draws = append(draws, draw{id: response.Cohort, excluded: first.Seats})
	}
	if len(draws) == 0 {
		return nil
	}
	cohorts, err := w.draw(draws)
	if err != nil {
		return err
	}
	for i, cohort := range cohorts {
		it := appealed[i]
		w.stage(fmt.Sprint("appeal ", it.appealed))
		known := map[uint64]*item{it.rank: it}
		ballots, err := w.vote(cohort, pi, known)
		if err != nil {
			return err
		}
		if cohort, err = w.Keeper.Review.GetCohort(w.Ctx, cohort.Id); err != nil {
			return err
		}
		if cohort.Phase != types.COHORT_PHASE_DECIDED {
			return fmt.Errorf("appeal %d is in %s", cohort.Id, cohort.Phase)
		}
		it.stands = cohort.Outcomes[0].Accepted
		w.settle(cohort, float64(w.params.AppealFees)/float64(len(cohort.Seats)), ballots, known)
	}
	return nil
}
