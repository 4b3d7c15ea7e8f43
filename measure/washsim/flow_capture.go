package main

import (
	"time"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/testutil/chain"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// drawCapture: the coalition has all seats of the panel of a bounty of the pool, and accepts its own junk. Another
// panel, which is honest, decides again. The money at stake is the pool's.
func drawCapture(d dice, w *world) (*scene, script) {
	s := d.scene(w)
	s.market = w.markets[0]
	m := s.market
	s.datanet.Review = datanettypes.DefaultReviewParams()
	r := &s.datanet.Review
	r.CohortItems, r.MaxCohortItems, r.Seats, r.AcceptSeats, r.AppealSeats = 3, 6, 3, 2, 3
	j := &jury{fee: r.MinFee.MulRaw(int64(d.between(1, 4))), by: m.contributors[:d.between(1, 3)]}
	s.coalition = coalition{members: map[string]bool{m.owner.String(): true, m.funder.String(): true},
		text: "all seats of the first panel, and the owner and contributors of its DataNet"}
	for _, who := range j.by {
		s.coalition.members[who.String()] = true
	}
	s.victims = coalition{members: map[string]bool{poolName: true}, text: "the pool, and the reviewers who decide again"}
	for _, reviewer := range w.reviewers {
		s.victims.members[reviewer.String()] = true
	}
	held := chain.Open(int64(d.between(20, 60)))
	items := len(j.by) + 2
	price := math.MinInt(held.QuoRaw(int64(2*items)), s.datanet.MaxPoolPrice(j.fee))
	bounty := uint64(0)
	return s, script{
		before: func(b *branch) error {
			if err := j.open(s)(b); err != nil {
				return err
			}
			if _, err := b.send(&rewardstypes.MsgFundBountyPool{Funder: b.treasury.String(), Amount: coin(held)}); err != nil {
				return err
			}
			funded, err := ask[*datanettypes.MsgFundPoolBountyResponse](b, &datanettypes.MsgFundPoolBounty{
				Authority: authority, DatanetId: j.panel.id, Amount: held, Price: price,
				Deadline: b.ctx.BlockTime().Add(60 * 24 * time.Hour),
			})
			bounty = funded.GetId()
			return err
		},
		wash: func(b *branch) error {
			junk := b.items(j.panel, j.by, bounty)
			if err := b.review(j.panel, s, junk, nil); err != nil {
				return err
			}
			if err := s.joinPanel(b, junk[0]); err != nil {
				return err
			}
			for _, it := range junk {
				it.vote = false
				found, err := b.app().DatanetKeeper.GetContribution(b.ctx, it.rank)
				if err != nil {
					return err
				}
				if found.Check == 0 {
					continue
				}
				if err := b.decide(s, found.Check, map[uint64]bool{it.rank: false}, nil, nil); err != nil {
					return err
				}
			}
			return b.wait(s.datanet.Review.AppealWindow + s.datanet.Standing.Vesting + 61*24*time.Hour)
		},
	}
}

// joinPanel makes the panel that decided about an item join the coalition.
func (s *scene) joinPanel(b *branch, it *item) error {
	found, err := b.app().DatanetKeeper.GetContribution(b.ctx, it.rank)
	if err != nil {
		return err
	}
	cohort, err := b.app().DatanetKeeper.Review.GetCohort(b.ctx, found.Cohort)
	if err != nil {
		return err
	}
	for _, seat := range cohort.Seats {
		s.coalition.members[seat.Address] = true
		delete(s.victims.members, seat.Address)
	}
	return nil
}
