package review

import (
	"context"
	"time"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// Appeal implements types.MsgServer.
func (m Messages) Appeal(ctx context.Context, msg *types.MsgAppeal) (*types.MsgAppealResponse, error) {
	params, err := m.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	cohort, err := m.k.appeal(ctx, params, msg)
	return &types.MsgAppealResponse{Cohort: cohort}, err
}

// appeal opens a cohort by a larger panel of all DataNets.
func (k Keeper) appeal(ctx context.Context, params types.Params, msg *types.MsgAppeal) (uint64, error) {
	contribution, err := k.registry.Contribution(ctx, msg.Rank)
	if err != nil {
		return 0, err
	}
	datanet, err := k.registry.DataNet(ctx, contribution.DatanetId)
	if err != nil {
		return 0, err
	}
	kind, err := k.appealable(ctx, contribution, msg.Appellant)
	if err != nil {
		return 0, err
	}
	// The fee that was paid, not the fee that the owner asks for now, so that no fee shuts appeals out.
	fee := math.MaxInt(params.Review.MinFee, contribution.FeePaid)
	cohort := types.Cohort{
		DatanetId: datanet.Id, Panel: types.AllDataNets, Kind: kind, Phase: types.COHORT_PHASE_DRAWING,
		Items:     []uint64{msg.Rank},
		Appellant: msg.Appellant, Reason: msg.Reason, Tokens: contribution.Tokens, Fees: types.OrZero(contribution.FeePaid),
		Fee: fee.MulRaw(int64(params.Review.AppealFees)), Deposit: fee.MulRaw(int64(params.Review.AppealDepositFees)),
	}
	if cohort.Needed, err = k.leastSeats(ctx, params.Review, contribution, kind); err != nil {
		return 0, err
	}
	if available, err := k.mayDecide(ctx, cohort); err != nil {
		return 0, err
	} else if available < uint64(cohort.Needed) {
		return 0, errorsmod.Wrapf(types.ErrAppeal,
			"%d data validators have not decided already, a panel of appeal needs %d: ask governance", available,
			cohort.Needed)
	}
	appellant := sdk.MustAccAddressFromBech32(msg.Appellant)
	if err := k.funds.Take(ctx, appellant, cohort.Fee.Add(cohort.Deposit)); err != nil {
		return 0, errorsmod.Wrap(err, "fee and deposit of the appeal")
	}
	if cohort, err = k.newCohort(ctx, cohort, params.Review.CommitWindow); err != nil {
		return 0, err
	}
	if contribution.Status == types.CONTRIBUTION_STATUS_REJECTED {
		// A contribution that an appeal accepts has a deposit like any other.
		contribution.Deposit.Amount = params.RequiredDeposit(contribution.Tokens)
		if err := k.funds.Take(ctx, appellant, contribution.Deposit.Amount); err != nil {
			return 0, errorsmod.Wrap(err, "deposit of the contribution")
		}
	}
	if kind == types.COHORT_KIND_APPEAL {
		contribution.Appeal = cohort.Id
	} else {
		if err := k.registry.DeferRecall(ctx, &contribution, cohort.Id); err != nil {
			return 0, err
		}
	}
	if err := k.registry.SetContribution(ctx, contribution); err != nil {
		return 0, err
	}
	if err := k.startDrawing(ctx, params, &cohort); err != nil {
		return 0, err
	}
	return cohort.Id, modulekit.Emit(ctx,
		&types.EventAppealed{Rank: msg.Rank, Cohort: cohort.Id, Appellant: msg.Appellant})
}

// leastSeats returns the least number of seats of a panel of appeal, so that no verdict is overruled by fewer seats
// than decided it.
func (k Keeper) leastSeats(ctx context.Context, params types.ReviewParams, contribution types.Contribution,
	kind types.CohortKind) (uint32, error) {
	if kind == types.COHORT_KIND_RECALL {
		return params.Seats, nil
	}
	first, err := k.GetCohort(ctx, contribution.Cohort)
	if errorsmod.IsOf(err, types.ErrCohortNotFound) {
		return params.Seats, nil
	}
	return uint32(len(first.Seats)), err
}

// appealable returns what an account may appeal against: a recall under way, or
// the verdict of a panel, once.
func (k Keeper) appealable(ctx context.Context, contribution types.Contribution, appellant string) (types.CohortKind,
	error) {
	if recall := contribution.Recall; recall != nil && contribution.Earning() && appellant == contribution.Contributor {
		if recall.Appeal != 0 {
			return 0, errorsmod.Wrapf(types.ErrAppeal, "cohort %d decides about the recall of contribution %d",
				recall.Appeal, contribution.Rank)
		}
		return types.COHORT_KIND_RECALL, nil
	}
	if contribution.Cohort == 0 {
		return 0, errorsmod.Wrapf(types.ErrAppeal, "contribution %d was not decided by a panel", contribution.Rank)
	}
	switch contribution.Status {
	case types.CONTRIBUTION_STATUS_REJECTED:
		if appellant != contribution.Contributor {
			return 0, errorsmod.Wrapf(types.ErrUnauthorized, "only the contributor, %s, may appeal against a rejection",
				contribution.Contributor)
		}
		if cohort, err := k.GetCohort(ctx, contribution.Cohort); err == nil &&
			cohort.OpenedGold(contribution.Rank).Bad() {
			return 0, errorsmod.Wrapf(types.ErrAppeal, "contribution %d was gold", contribution.Rank)
		}
	case types.CONTRIBUTION_STATUS_ACCEPTED, types.CONTRIBUTION_STATUS_RECALLED:
		// Also a recalled one: a recall does not save reviewers who should not have accepted the contribution.
	default:
		return 0, errorsmod.Wrapf(types.ErrAppeal, "contribution %d is %s: only a panel's verdict can be appealed",
			contribution.Rank, contribution.Status)
	}
	if contribution.Appeal != 0 {
		return 0, errorsmod.Wrapf(types.ErrAppeal, "contribution %d was appealed in cohort %d: ask governance",
			contribution.Rank, contribution.Appeal)
	}
	if err := k.decidingAgain(ctx, contribution); err != nil {
		return 0, err
	}
	if contribution.AppealableUntil.IsZero() {
		return 0, errorsmod.Wrapf(types.ErrAppeal, "the verdict about contribution %d is final", contribution.Rank)
	}
	if open, err := k.windows.Open(ctx, contribution.AppealableUntil); err != nil {
		return 0, err
	} else if !open {
		return 0, errorsmod.Wrapf(types.ErrAppeal, "the verdict could be appealed until %s",
			contribution.AppealableUntil.UTC().Format(time.RFC3339))
	}
	return types.COHORT_KIND_APPEAL, nil
}

// decidingAgain fails while an appeal or a check decides about a contribution.
func (k Keeper) decidingAgain(ctx context.Context, contribution types.Contribution) error {
	for _, id := range []uint64{contribution.Appeal, contribution.Check} {
		if id == 0 {
			continue
		}
		cohort, err := k.GetCohort(ctx, id)
		if errorsmod.IsOf(err, types.ErrCohortNotFound) || err == nil && cohort.Phase == types.COHORT_PHASE_DECIDED {
			continue
		}
		if err != nil {
			return err
		}
		return errorsmod.Wrapf(types.ErrAppeal, "cohort %d decides about contribution %d until %s", id,
			contribution.Rank, cohort.Deadline.UTC().Format(time.RFC3339))
	}
	return nil
}
