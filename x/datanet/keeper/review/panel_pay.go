package review

import (
	"context"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/x/datanet/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// payPanel pays each seat its share of the fees times its gold score, slashes
// those that failed gold, and counts. What no seat earns goes to the bounty pool.
//
// If gold is not opened, its deposit is burned. But if too little gold is opened to grade the seats, the deposits pay
// the seats that revealed.
func (k Keeper) payPanel(ctx context.Context, params types.Params, datanetID uint64, cohort *types.Cohort, p panel,
	pot math.Int) (math.Int, error) {
	forfeited := math.ZeroInt()
	for i := range cohort.Gold {
		forfeited = forfeited.Add(cohort.Gold[i].Deposit)
		cohort.Gold[i].Deposit = math.ZeroInt()
	}
	aside := types.Part(pot, params.Review.CheckPpm)
	pot = pot.Sub(aside)
	share := pot.QuoRaw(int64(len(cohort.Seats)))
	refund := math.MinInt(params.Review.GasRefund, share)
	consolation := math.MinInt(share.Sub(refund), forfeited.QuoRaw(int64(max(1, p.revealed()))))
	paid, fromPot, fromGold := math.ZeroInt(), math.ZeroInt(), math.ZeroInt()
	votes, agreed := uint64(0), uint64(0)
	for i, seat := range cohort.Seats {
		if len(p.votes[i]) == 0 {
			continue
		}
		answers := p.goldAnswers(i)
		earned := refund
		if answers.Graded() {
			earned = earned.Add(share.Sub(refund).MulRaw(max(0, answers.Score())).QuoRaw(rewardstypes.PPM))
			fromPot = fromPot.Add(earned)
		} else {
			fromPot, fromGold = fromPot.Add(earned), fromGold.Add(consolation)
			earned = earned.Add(consolation)
		}
		if err := k.funds.Pay(ctx, seat.Address, earned); err != nil {
			return paid, err
		}
		paid = paid.Add(earned)
		// To fail gold costs what a perfect seat earns, however much there was to read.
		most := math.MinInt(seat.Stake, math.MaxInt(share, types.Part(seat.Stake, params.Review.GoldSlashPpm)))
		failed := most.MulRaw(answers.Failed()).QuoRaw(rewardstypes.PPM)
		slashed, err := k.slash(ctx, params.Review, cohort.Id, seat, failed, slashGold)
		if err != nil {
			return paid, err
		}
		if err := k.funds.Burn(ctx, slashed); err != nil {
			return paid, err
		}
		right := agreement(p.votes[i], cohort.Outcomes)
		votes, agreed = votes+uint64(len(p.votes[i])), agreed+right
		if err := k.record(ctx, seat.Validator, func(r *types.ReviewRecord) {
			r.Revealed++
			r.Votes += uint64(len(p.votes[i]))
			r.Agreed += right
			r.GoldRight += uint64(answers.BadRight + answers.SoundRight)
			r.GoldWrong += uint64(answers.BadWrong + answers.SoundWrong)
			r.Earned = r.Earned.Add(earned)
		}); err != nil {
			return paid, err
		}
	}
	if err := k.funds.Burn(ctx, forfeited.Sub(fromGold)); err != nil {
		return paid, err
	}
	if err := k.funds.ToPool(ctx, pot.Sub(fromPot)); err != nil {
		return paid, err
	}
	return paid, k.registry.ChangeDataNet(ctx, datanetID, func(d *types.DataNet) {
		d.Record.Votes, d.Record.Agreed = d.Record.Votes+votes, d.Record.Agreed+agreed
		d.CheckFund = d.CheckFund.Add(aside)
	})
}

// payByAgreement divides the fee of an appeal, check or confirmation among the seats that revealed. There is no gold,
// so a seat is paid for the items on which it voted as the panel decided. The rest goes to the bounty pool.
func (k Keeper) payByAgreement(ctx context.Context, cohort types.Cohort, p panel) (math.Int, error) {
	paid := math.ZeroInt()
	share := cohort.Fee.QuoRaw(int64(max(1, p.revealed()) * len(cohort.Items)))
	for i, seat := range cohort.Seats {
		if len(p.votes[i]) == 0 {
			continue
		}
		earned := share.MulRaw(int64(agreement(p.votes[i], cohort.Outcomes)))
		if err := k.funds.Pay(ctx, seat.Address, earned); err != nil {
			return paid, err
		}
		paid = paid.Add(earned)
		if err := k.record(ctx, seat.Validator, func(r *types.ReviewRecord) {
			r.Revealed++
			r.Earned = r.Earned.Add(earned)
		}); err != nil {
			return paid, err
		}
	}
	return paid, k.funds.ToPool(ctx, cohort.Fee.Sub(paid))
}
