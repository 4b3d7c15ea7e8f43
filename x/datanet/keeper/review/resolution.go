package review

import (
	"context"
	"time"

	errorsmod "cosmossdk.io/errors"

	"github.com/openledger/openledger/x/datanet/types"
)

// ResolveContribution implements types.MsgServer.
func (m Messages) ResolveContribution(ctx context.Context,
	msg *types.MsgResolveContribution) (*types.MsgResolveContributionResponse, error) {
	params, err := m.govern(ctx, msg, msg.Authority)
	if err != nil {
		return nil, err
	}
	return &types.MsgResolveContributionResponse{}, m.k.resolve(ctx, params, msg)
}

// resolve is governance's final word: nobody may appeal against it. A
// contribution that it accepts against a rejection has no deposit.
func (k Keeper) resolve(ctx context.Context, params types.Params, msg *types.MsgResolveContribution) error {
	contribution, err := k.registry.Contribution(ctx, msg.Rank)
	if err != nil {
		return err
	}
	if contribution.Cohort == 0 {
		return errorsmod.Wrapf(types.ErrReviewPolicy, "contribution %d was not decided by a panel", msg.Rank)
	}
	switch contribution.Status {
	case types.CONTRIBUTION_STATUS_REJECTED, types.CONTRIBUTION_STATUS_OVERTURNED:
		if !msg.Accept {
			return errorsmod.Wrapf(types.ErrContributionStatus, "contribution %d is %s already", msg.Rank,
				contribution.Status)
		}
	case types.CONTRIBUTION_STATUS_ACCEPTED, types.CONTRIBUTION_STATUS_RECALLED:
		if msg.Accept {
			return errorsmod.Wrapf(types.ErrContributionStatus, "contribution %d is %s already", msg.Rank,
				contribution.Status)
		}
	default:
		return errorsmod.Wrapf(types.ErrContributionStatus, "contribution %d is %s: there is no verdict to turn around",
			msg.Rank, contribution.Status)
	}
	if err := k.decidingAgain(ctx, contribution); err != nil {
		return err
	}
	if msg.Slash && !msg.Accept {
		slashed, err := k.slashPledges(ctx, params, contribution)
		if err != nil {
			return err
		}
		if err := k.funds.Burn(ctx, slashed); err != nil {
			return err
		}
	}
	if msg.Slash {
		for _, cohort := range []uint64{contribution.Cohort, contribution.Appeal} {
			slashed, err := k.overturned(ctx, params, cohort, msg.Rank, msg.Accept)
			if err != nil {
				return err
			}
			if err := k.funds.Burn(ctx, slashed); err != nil {
				return err
			}
		}
	}
	if contribution.Status == types.CONTRIBUTION_STATUS_OVERTURNED {
		err = k.registry.Restore(ctx, contribution, msg.Reason)
	} else {
		_, err = k.registry.Reverse(ctx, params, contribution, msg.Score, msg.Reason)
	}
	if err != nil {
		return err
	}
	if contribution, err = k.registry.Contribution(ctx, msg.Rank); err != nil {
		return err
	}
	contribution.AppealableUntil = time.Time{}
	return k.registry.SetContribution(ctx, contribution)
}
