package review

import (
	"context"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// decideAppeal decides by simple majority of the seats that revealed.
func (k Keeper) decideAppeal(ctx context.Context, params types.Params, cohort types.Cohort, p panel) error {
	outcome := p.majority(0)
	cohort.Outcomes = []types.Outcome{outcome}
	paid, err := k.payByAgreement(ctx, cohort, p)
	if err != nil {
		return err
	}
	winners := int(outcome.Accepts)
	if !outcome.Accepted {
		winners = p.revealed() - winners
	}
	event := types.EventCohortDecided{Cohort: cohort.Id, DatanetId: cohort.DatanetId, Kind: cohort.Kind, Paid: paid}
	if outcome.Accepted {
		event.Accepted = cohort.Items
	} else {
		event.Rejected = cohort.Items
	}
	if event.Version, err = k.applyAppeal(ctx, params, &cohort, outcome, winners, p.reason(0)); err != nil {
		return err
	}
	if err := k.finish(ctx, params, cohort); err != nil {
		return err
	}
	return modulekit.Emit(ctx, &event)
}

// ofFullPanel reports whether so many votes are a part of all seats that a panel of appeal can have.
func ofFullPanel(params types.ReviewParams, votes int, ppm uint32) bool {
	return votes*rewardstypes.PPM >= int(params.AppealSeats)*int(ppm)
}

// applyAppeal carries out the decision of an appeal. The deposit returns to an appellant that was right; otherwise it
// is burned.
func (k Keeper) applyAppeal(ctx context.Context, params types.Params, cohort *types.Cohort, outcome types.Outcome,
	winners int, reason string) (uint64, error) {
	contribution, err := k.registry.Contribution(ctx, cohort.Items[0])
	if err != nil {
		return 0, err
	}
	before := contribution.AcceptedVersion != 0
	upheld := outcome.Accepted == before
	if cohort.Kind == types.COHORT_KIND_RECALL {
		upheld = !outcome.Accepted // that the recall stands
	}
	deposit := cohort.Deposit
	cohort.Deposit = math.ZeroInt()
	if upheld {
		err = k.funds.Burn(ctx, deposit)
	} else {
		err = k.funds.Pay(ctx, cohort.Appellant, deposit)
	}
	if err != nil {
		return 0, err
	}
	if err := k.registry.ChangeDataNet(ctx, cohort.DatanetId, func(d *types.DataNet) {
		d.Record.Appeals++
		if !upheld {
			d.Record.Overturned++
		}
	}); err != nil {
		return 0, err
	}
	if cohort.Kind == types.COHORT_KIND_RECALL {
		cohort.Fee = math.ZeroInt()
		return 0, k.registry.DecideRecall(ctx, contribution, !upheld)
	}
	if err := k.settleOverturned(ctx, params, *cohort, contribution, outcome.Accepted, winners, upheld); err != nil {
		return 0, err
	}
	cohort.Fee = math.ZeroInt()
	if upheld && cohort.Kind == types.COHORT_KIND_CHECK {
		return 0, k.appealableAgain(ctx, params, contribution)
	}
	if upheld {
		return 0, k.rejectionStands(ctx, contribution)
	}
	return k.registry.Reverse(ctx, params, contribution, outcome.Score, reason)
}

// settleOverturned slashes the seats whose votes a decisive verdict shows to be wrong. A rejection also slashes what
// the seats that accepted have pledged for a bounty of the pool. The slashes first repay the fee of an appeal that
// succeeds. The rest is burned, so that nobody gains from slashing others. A verdict is decisive if enough seats of a
// full panel voted for it, because a few seats prove little.
func (k Keeper) settleOverturned(ctx context.Context, params types.Params, cohort types.Cohort,
	contribution types.Contribution, verdict bool, winners int, upheld bool) error {
	slashed, err := math.ZeroInt(), error(nil)
	if !verdict && ofFullPanel(params.Review, winners, params.Review.FallenPpm) {
		if slashed, err = k.slashPledges(ctx, params, contribution); err != nil {
			return err
		}
	}
	if ofFullPanel(params.Review, winners, params.Review.DecisivePpm) {
		var more math.Int
		if more, err = k.overturned(ctx, params, contribution.Cohort, contribution.Rank, verdict); err == nil {
			slashed = slashed.Add(more)
		}
	}
	if err != nil || upheld {
		if err == nil {
			err = k.funds.Burn(ctx, slashed)
		}
		return err
	}
	back := math.MinInt(slashed, cohort.Fee)
	if cohort.Kind == types.COHORT_KIND_CHECK {
		err = k.registry.ChangeDataNet(ctx, cohort.DatanetId, func(d *types.DataNet) { d.CheckFund = d.CheckFund.Add(back) })
	} else {
		err = k.funds.Pay(ctx, cohort.Appellant, back)
	}
	if err != nil {
		return err
	}
	return k.funds.Burn(ctx, slashed.Sub(back))
}

// appealFailed ends an appeal that no panel decided: what was decided stands.
func (k Keeper) appealFailed(ctx context.Context, params types.Params, cohort types.Cohort) error {
	fee := cohort.Fee
	var err error
	if cohort.Kind == types.COHORT_KIND_CHECK {
		err = k.registry.ChangeDataNet(ctx, cohort.DatanetId, func(d *types.DataNet) { d.CheckFund = d.CheckFund.Add(fee) })
	} else {
		err = k.funds.Pay(ctx, cohort.Appellant, fee.Add(cohort.Deposit))
	}
	if err != nil {
		return err
	}
	cohort.Fee, cohort.Deposit = math.ZeroInt(), math.ZeroInt()
	contribution, err := k.registry.Contribution(ctx, cohort.Items[0])
	if err != nil {
		return err
	}
	switch cohort.Kind {
	case types.COHORT_KIND_RECALL:
		err = k.registry.ResumeRecall(ctx, contribution)
	case types.COHORT_KIND_CHECK:
		err = k.appealableAgain(ctx, params, contribution)
	default:
		if err = k.rejectionStands(ctx, contribution); err == nil {
			err = k.appealableAgain(ctx, params, contribution)
		}
	}
	if err != nil {
		return err
	}
	if err := k.finish(ctx, params, cohort); err != nil {
		return err
	}
	return modulekit.Emit(ctx, &types.EventCohortDecided{
		Cohort: cohort.Id, DatanetId: cohort.DatanetId, Kind: cohort.Kind, Returned: cohort.Items, Paid: math.ZeroInt(),
	})
}

// appealableAgain gives a verdict that was checked, or that no panel of appeal
// decided about, a whole window for an appeal.
func (k Keeper) appealableAgain(ctx context.Context, params types.Params, contribution types.Contribution) error {
	c, err := k.registry.Contribution(ctx, contribution.Rank)
	if err != nil {
		return err
	}
	c.Appeal = 0
	c.AppealableUntil = sdk.UnwrapSDKContext(ctx).BlockTime().UTC().Add(params.Review.AppealWindow)
	return k.registry.SetContribution(ctx, c)
}

// rejectionStands returns the deposit that an appeal against a rejection took.
func (k Keeper) rejectionStands(ctx context.Context, contribution types.Contribution) error {
	if contribution.AcceptedVersion != 0 {
		return nil
	}
	if err := k.funds.Pay(ctx, contribution.Contributor, contribution.Deposit.Amount); err != nil {
		return err
	}
	contribution.Deposit.Amount = math.ZeroInt()
	return k.registry.SetContribution(ctx, contribution)
}
