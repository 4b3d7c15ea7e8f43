package main

import (
	"fmt"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

// review plays a cohort until it is decided, and then its appeals.
func (w *world) review(pi float64, items []*item) (types.Cohort, error) {
	cohort, known, ballots, err := w.firstPanel(pi, items)
	if err != nil {
		return cohort, err
	}
	// The owner's gold pays no fee, and a part of the fees is set aside for checks.
	full := float64(ordinaryItems+1) * (1 - float64(w.params.CheckPpm)/1e6) / float64(len(cohort.Seats))
	w.settle(cohort, full, ballots, known)
	if err := w.playAppeals(pi, items, cohort); err != nil {
		return cohort, err
	}
	return cohort, nil
}

// firstPanel plays a cohort until it is decided, and returns its items by rank and its ballots by account.
func (w *world) firstPanel(
	pi float64, items []*item) (cohort types.Cohort, known map[uint64]*item, ballots map[string][]types.Vote, err error) {
	if err = w.contribute(w.datanet, items); err != nil {
		return
	}
	golds, err := w.plant(items)
	if err != nil {
		return
	}
	first, err := w.contribution(items[0].rank)
	if err != nil {
		return
	}
	panels, err := w.draw([]draw{{id: first.Cohort}})
	if err != nil {
		return
	}
	cohort, known = panels[0], make(map[uint64]*item)
	for _, it := range items {
		known[it.rank] = it
	}
	w.stage("votes")
	if ballots, err = w.vote(cohort, pi, known); err != nil {
		return
	}
	for _, open := range golds {
		if _, err = w.msgs.OpenGold(w.Ctx, open); err != nil {
			return
		}
	}
	if err = w.next(); err != nil {
		return
	}
	if cohort, err = w.Keeper.Review.GetCohort(w.Ctx, cohort.Id); err != nil {
		return
	}
	if cohort.Phase != types.COHORT_PHASE_DECIDED {
		return cohort, known, ballots, fmt.Errorf("cohort %d is in %s", cohort.Id, cohort.Phase)
	}
	for i, rank := range cohort.Items {
		known[rank].accepted = cohort.Outcomes[i].Accepted
		known[rank].stands = known[rank].accepted
	}
	return cohort, known, ballots, nil
}

// plant seals the gold of a cohort, and returns its openings.
func (w *world) plant(items []*item) ([]*types.MsgOpenGold, error) {
	var golds []*types.MsgOpenGold
	for _, it := range items {
		if it.gold == types.GOLD_KIND_UNSPECIFIED {
			continue
		}
		c, err := w.contribution(it.rank)
		if err != nil {
			return nil, err
		}
		open := &types.MsgOpenGold{Planter: it.by.text, Cohort: c.Cohort, Rank: it.rank, Salt: it.salt}
		if it.gold == types.GOLD_KIND_DUPLICATE {
			open.Segment, open.Original = &types.SegmentProof{Text: []byte(it.text)}, w.original.rank
			open.OriginalSegment = &types.SegmentProof{Text: []byte(w.original.text)}
		}
		hash := types.GoldHash(c.Cohort, it.rank, it.gold, it.by.address, open.Salt)
		if _, err := w.msgs.SealGold(
			w.Ctx, &types.MsgSealGold{Planter: it.by.text, Cohort: c.Cohort, Kind: it.gold,
				Hashes: [][]byte{hash}}); err != nil {
			return nil, err
		}
		golds = append(golds, open)
	}
	return golds, nil
}

// draw makes blocks until the panels of reviews are drawn.
func (w *world) draw(draws []draw) ([]types.Cohort, error) {
	w.pending = draws
	defer func() { w.pending = nil }()
	cohorts := make([]types.Cohort, len(draws))
	for range 500 {
		waiting := false
		for i, d := range draws {
			var err error
			if cohorts[i], err = w.Keeper.Review.GetCohort(w.Ctx, d.id); err != nil {
				return nil, err
			}
			waiting = waiting || cohorts[i].Phase != types.COHORT_PHASE_COMMIT
		}
		if !waiting {
			return cohorts, nil
		}
		if err := w.next(); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("no panel was drawn: %+v", cohorts)
}

// vote plays the ballots of a panel and returns them by account. All are sealed
// in one block and opened in the next, so that no phase waits for its deadline.
func (w *world) vote(cohort types.Cohort, pi float64, known map[uint64]*item) (map[string][]types.Vote, error) {
	ballots := make(map[string][]types.Vote)
	var reveals []*types.MsgRevealBallot
	for _, seat := range cohort.Seats {
		if ballots[seat.Address] != nil {
			continue
		}
		who := w.byText[seat.Address]
		votes := make([]types.Vote, len(cohort.Items))
		for i, rank := range cohort.Items {
			if who.plays.vote(w.rand, pi, known[rank]) {
				votes[i] = types.Vote{Accept: true, Score: 800}
			} else {
				votes[i] = types.Vote{Reason: types.REJECT_REASON_QUALITY}
			}
		}
		ballots[seat.Address] = votes
		salt := randomHash(w.rand)
		hash := types.BallotHash(cohort.Id, cohort.Round, sdk.AccAddress(who.address), votes, salt)
		if _, err := w.msgs.CommitBallot(
			w.Ctx, &types.MsgCommitBallot{Validator: seat.Address, Cohort: cohort.Id, Hash: hash}); err != nil {
			return nil, err
		}
		reveals = append(
			reveals, &types.MsgRevealBallot{Validator: seat.Address, Cohort: cohort.Id, Votes: votes, Salt: salt})
	}
	if err := w.next(); err != nil {
		return nil, err
	}
	for _, reveal := range reveals {
		if _, err := w.msgs.RevealBallot(w.Ctx, reveal); err != nil {
			return nil, err
		}
	}
	return ballots, w.next()
}

// settle counts the modelled payoffs of a panel: efforts and bribes. full is what a seat without mistakes earns, in
// OPEN.
func (w *world) settle(cohort types.Cohort, full float64, ballots map[string][]types.Vote, known map[uint64]*item) {
	for _, seat := range cohort.Seats {
		who := w.byText[seat.Address]
		if who.plays.effort {
			who.gain -= effortShare * full
		}
		if cohort.Kind != types.COHORT_KIND_REVIEW {
			continue
		}
		who.seats++
		for i, rank := range cohort.Items {
			it := known[rank]
			if it.own && ballots[seat.Address][i].Accept && (it.accepted || !who.plays.ifAccepted) {
				who.gain += who.plays.bribe
			}
		}
	}
}
