package keeper

import (
	"context"
	"time"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// ResubmitContributions implements types.MsgServer.
func (s msgServer) ResubmitContributions(ctx context.Context,
	msg *types.MsgResubmitContributions) (*types.MsgResubmitContributionsResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	if err := params.CheckItems(len(msg.Ranks)); err != nil {
		return nil, err
	}
	for _, rank := range msg.Ranks {
		if err := s.resubmit(ctx, params, msg.Contributor, rank); err != nil {
			return nil, err
		}
		c, err := s.GetContribution(ctx, rank)
		if err != nil {
			return nil, err
		}
		if err := modulekit.Emit(ctx, &types.EventContributionRevealed{
			Rank: rank, DatanetId: c.DatanetId, Contributor: c.Contributor, Segments: c.Segments, Tokens: c.Tokens,
		}); err != nil {
			return nil, err
		}
	}
	return &types.MsgResubmitContributionsResponse{}, nil
}

// resubmit sends a contribution that no panel decided to review again. It keeps its rank, because the text is public by
// now and a copy must not come before it.
func (k Keeper) resubmit(ctx context.Context, params types.Params, contributor string, rank uint64) error {
	c, err := k.GetContribution(ctx, rank)
	if err != nil {
		return err
	}
	if c.Contributor != contributor {
		return errorsmod.Wrapf(types.ErrUnauthorized, "contribution %d belongs to %s", rank, c.Contributor)
	}
	if c.Status != types.CONTRIBUTION_STATUS_RETURNED {
		return errorsmod.Wrapf(types.ErrContributionStatus,
			"contribution %d is %s: only returned ones can be reviewed again", rank, c.Status)
	}
	if open, err := k.windows.Open(ctx, c.DecidedAt.Add(params.Review.LiabilityWindow)); err != nil {
		return err
	} else if !open {
		return errorsmod.Wrapf(types.ErrContributionStatus,
			"contribution %d returned at %s, more than %s ago: contribute it anew", rank,
			c.DecidedAt.Format(time.RFC3339), params.Review.LiabilityWindow)
	}
	datanet, err := k.GetDataNet(ctx, c.DatanetId)
	if err != nil {
		return err
	}
	if err := takesContributions(params, datanet); err != nil {
		return err
	}
	fee := datanet.FeesAt(sdk.UnwrapSDKContext(ctx).BlockTime()).Of(c.Tokens)
	deposit := params.RequiredDeposit(c.Tokens)
	if err := k.funds.Take(ctx, sdk.MustAccAddressFromBech32(contributor), deposit.Add(fee)); err != nil {
		return errorsmod.Wrap(err, "deposit and review fee")
	}
	c.Status, c.Reason = types.CONTRIBUTION_STATUS_SUBMITTED, ""
	c.Deposit, c.ReviewFee, c.FeePaid = sdk.NewCoin(rewardstypes.Denom, deposit), fee, fee
	c.DecidedHeight, c.DecidedAt, c.AcceptedDeposit = 0, time.Time{}, math.ZeroInt()
	applied := c.Bounty
	c.Bounty, c.Reserved = 0, math.ZeroInt()
	electorate, err := k.apply(ctx, params, &c, applied)
	if errorsmod.IsOf(err, types.ErrBounty) {
		electorate, err = c.DatanetId, nil // it has ended meanwhile
	}
	if err != nil {
		return err
	}
	datanet.Pending++
	datanet.Record.Returned--
	if err := k.DataNets.Set(ctx, datanet.Id, datanet); err != nil {
		return err
	}
	if c.Cohort, err = k.Review.Enqueue(ctx, params, datanet.Id, electorate, c); err != nil {
		return err
	}
	return k.Contributions.Set(ctx, rank, c)
}
