package main

import (
	"errors"
	"time"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/testutil/chain"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// jury is a DataNet under panel review, which both branches have.
type jury struct {
	fee   math.Int
	by    []party // contributors besides the owner
	away  string  // a reviewer who does not reveal
	panel panel
}

// jury draws a review of the coalition's contributions.
func (d dice) jury(s *scene, w *world) *jury {
	j := &jury{fee: math.MaxInt(s.datanet.Review.MinFee, d.amount(62))}
	s.coalition.members[s.market.owner.String()] = true
	for _, who := range s.market.contributors[:d.between(1, 3)] {
		s.coalition.members[who.String()] = true
		j.by = append(j.by, who)
	}
	if d.chance(15) {
		j.away = w.reviewers[d.IntN(reviewerCount)].String()
	}
	return j
}

func (j *jury) isAway(address string) bool { return address == j.away }

// open creates the DataNet. The first half of the reviewers are bonded there, and the other half, who decide appeals,
// in another DataNet.
func (j *jury) open(s *scene) func(*branch) error {
	return func(b *branch) error {
		var err error
		if j.panel, err = b.openPanel(s, s.market.owner, j.fee, b.reviewers[:reviewerCount/2]); err != nil {
			return err
		}
		_, err = b.openPanel(s, b.others.owner, j.fee, b.reviewers[reviewerCount/2:])
		return err
	}
}

// drawReview: the coalition reviews its own contributions, and pays itself the fees.
func drawReview(d dice, w *world) (*scene, script) {
	s := d.scene(w)
	j := d.jury(s, w)
	return s, script{before: j.open(s), wash: func(b *branch) error {
		return b.review(j.panel, s, b.items(j.panel, j.by, 0), j.isAway)
	}}
}

// drawAppeal: the coalition decides, appeals, and then decides the other way or the same way again. It has all seats:
// what a captured panel takes from honest reviewers is not a trade with oneself.
func drawAppeal(d dice, w *world) (*scene, script) {
	s := d.scene(w)
	j := d.jury(s, w)
	for _, r := range w.reviewers {
		s.coalition.members[r.String()] = true
	}
	accepted, overturned := d.chance(50), d.chance(50)
	return s, script{before: j.open(s), wash: func(b *branch) error {
		items := b.items(j.panel, j.by, 0)
		items[0].vote = accepted
		if err := b.review(j.panel, s, items, nil); err != nil {
			return err
		}
		found, err := b.app().DatanetKeeper.GetContribution(b.ctx, items[0].rank)
		if err != nil {
			return err
		}
		if found.Status == datanettypes.CONTRIBUTION_STATUS_SUBMITTED ||
			found.Status == datanettypes.CONTRIBUTION_STATUS_RETURNED {
			return nil // there were not enough reviewers for a panel
		}
		if found.Check != 0 { // a random check decides it again
			return b.decide(s, found.Check, map[uint64]bool{items[0].rank: accepted != overturned}, nil, nil)
		}
		result, err := b.pay(
			items[0].by, &datanettypes.MsgAppeal{Appellant: items[0].by.String(), Rank: items[0].rank, Reason: "no"})
		if errors.Is(err, datanettypes.ErrAppeal) {
			return nil // too few reviewers are left
		}
		if err != nil {
			return err
		}
		appeal := result.MsgResponses[0].GetCachedValue().(*datanettypes.MsgAppealResponse)
		return b.decide(s, appeal.Cohort, map[uint64]bool{items[0].rank: accepted != overturned}, nil, nil)
	}}
}

// drawBounty: the coalition funds a bounty, and wins it.
func drawBounty(d dice, w *world) (*scene, script) {
	s := d.scene(w)
	j := d.jury(s, w)
	price := j.fee.Add(d.amount(68))
	amount := price.MulRaw(int64(d.between(1, 8)))
	return s, script{before: j.open(s), wash: func(b *branch) error {
		id, err := b.fundBounty(s, j.panel, s.market.funder, amount, price)
		if err != nil {
			return err
		}
		applies := int64(len(j.by) + 2)
		if amount.LT(price.MulRaw(applies)) {
			id = 0 // the bounty does not have enough for all: nobody applies
		}
		if err := b.review(j.panel, s, b.items(j.panel, j.by, id), j.isAway); err != nil {
			return err
		}
		return b.wait(s.datanet.Standing.MaxBountyWindow + s.datanet.Standing.Vesting)
	}}
}

func (b *branch) fundBounty(s *scene, p panel, funder party, amount, price math.Int) (uint64, error) {
	result, err := b.pay(funder, &datanettypes.MsgFundBounty{
		Funder: funder.String(), DatanetId: p.id, Panel: p.id, Amount: amount, Price: price,
		Deadline: b.ctx.BlockTime().Add(s.datanet.Standing.MaxBountyWindow - time.Second),
	})
	if err != nil {
		return 0, err
	}
	return result.MsgResponses[0].GetCachedValue().(*datanettypes.MsgFundBountyResponse).Id, nil
}

// drawPool: others' traffic fills the bounty pool, governance funds a bounty from it, and the coalition wins the
// bounty, in both branches. In one branch the coalition has traded with itself before, which must not bring it more.
func drawPool(d dice, w *world) (*scene, script) {
	s := d.scene(w)
	s.datanet.Review = datanettypes.DefaultReviewParams()
	r := &s.datanet.Review
	r.CohortItems, r.MaxCohortItems, r.Seats, r.AcceptSeats, r.AppealSeats = 3, 6, 3, 2, 3
	r.MinFee, r.MinFeePerThousand = math.OneInt(), math.ZeroInt()
	j := d.jury(s, w)
	j.fee = chain.Open(1).QuoRaw(int64(s.datanet.Standing.MaxPriceFees)).AddRaw(int64(d.between(1, 1_000)))
	crowd := d.noise()
	crowd.answers, crowd.royalty = []int{4}, chain.Open(1).Add(d.amount(feeBits)) // no data explains this answer
	talks := []talk{d.talk(s), d.talk(s)}
	return s, script{
		before: func(b *branch) error {
			if err := crowd.play(b); err != nil {
				return err
			}
			if _, err := b.send(
				&rewardstypes.MsgFundBountyPool{Funder: b.treasury.String(), Amount: coin(chain.Open(1))}); err != nil {
				return err
			}
			return j.open(s)(b)
		},
		wash: s.talks(talks),
		after: func(b *branch) error {
			if err := b.blocks(2); err != nil {
				return err
			}
			items := b.items(j.panel, j.by, 0)
			price := chain.Open(1).QuoRaw(int64(len(items) + 1)) // the rest is for the panel that decides again
			funded, err := ask[*datanettypes.MsgFundPoolBountyResponse](b, &datanettypes.MsgFundPoolBounty{
				Authority: authority, DatanetId: j.panel.id, Amount: chain.Open(1), Price: price,
				Deadline: b.ctx.BlockTime().Add(24 * time.Hour),
			})
			if err != nil {
				return err
			}
			for _, it := range items {
				it.bounty = funded.Id
			}
			spent := b.spent // of receipts: the bounty is won in both branches
			err = b.review(j.panel, s, items, nil)
			if err == nil {
				err = b.confirm(s, items)
			}
			b.spent = spent
			if err != nil {
				return err
			}
			return b.wait(s.datanet.Standing.Vesting)
		},
	}
}

// confirm lets the second panel of a bounty of the pool vote like the first one.
func (b *branch) confirm(s *scene, items []*item) error {
	found, err := b.app().DatanetKeeper.GetContribution(b.ctx, items[0].rank)
	if err != nil || found.Check == 0 {
		return err
	}
	votes := make(map[uint64]bool)
	for _, it := range items {
		votes[it.rank] = it.vote
	}
	return b.decide(s, found.Check, votes, nil, nil)
}
