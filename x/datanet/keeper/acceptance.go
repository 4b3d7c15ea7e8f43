package keeper

import (
	"context"
	"time"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/keeper/internal/timer"
	"github.com/openledger/openledger/x/datanet/keeper/review"
	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// AcceptContributions implements types.MsgServer.
func (s msgServer) AcceptContributions(ctx context.Context,
	msg *types.MsgAcceptContributions) (*types.MsgAcceptContributionsResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	datanet, err := s.decidable(ctx, params, msg.DatanetId, msg.Owner, len(msg.Ranks))
	if err != nil {
		return nil, err
	}
	accepted := make([]review.Acceptance, len(msg.Ranks))
	for i, rank := range msg.Ranks {
		accepted[i] = review.Acceptance{Rank: rank, Score: types.MaxScore}
	}
	version, err := s.accept(ctx, params, datanet, accepted)
	if err != nil {
		return nil, err
	}
	return &types.MsgAcceptContributionsResponse{Version: version},
		modulekit.Emit(ctx, &types.EventContributionsAccepted{DatanetId: datanet.Id, Version: version, Ranks: msg.Ranks})
}

// decidable returns the DataNet of a decision by its owner.
func (s msgServer) decidable(ctx context.Context, params types.Params, datanetID uint64, owner string,
	items int) (types.DataNet, error) {
	if err := params.CheckItems(items); err != nil {
		return types.DataNet{}, err
	}
	datanet, err := s.ownedDataNet(ctx, datanetID, owner)
	if err == nil && datanet.ReviewPolicy != types.REVIEW_POLICY_OWNER {
		err = errorsmod.Wrapf(types.ErrReviewPolicy, "DataNet %d is not decided by its owner", datanetID)
	}
	return datanet, err
}

// accept adds submitted contributions to a new version, which has them once validators hold their text.
func (k Keeper) accept(ctx context.Context, params types.Params, datanet types.DataNet,
	accepted []review.Acceptance) (uint64, error) {
	height := sdk.UnwrapSDKContext(ctx).BlockHeight()
	datanet.Version++
	for _, a := range accepted {
		contribution, err := k.submitted(ctx, datanet.Id, a.Rank)
		if err != nil {
			return 0, err
		}
		contribution.Status = types.CONTRIBUTION_STATUS_ACCEPTED
		contribution.Score = a.Score
		contribution.AcceptedVersion = datanet.Version
		if contribution.LedgerId, err = k.rewards.LedgerID(ctx,
			sdk.MustAccAddressFromBech32(contribution.Contributor)); err != nil {
			return 0, err
		}
		if err := k.Waiting.Set(ctx, collections.Join3(datanet.Id, datanet.Version, contribution.Rank)); err != nil {
			return 0, err
		}
		datanet.Contributions++
		datanet.Segments += uint64(contribution.Segments)
		datanet.Tokens += contribution.Tokens
		if err := k.accepted(ctx, params, &datanet, contribution); err != nil {
			return 0, err
		}
	}
	if err := k.Versions.Set(ctx, collections.Join(datanet.Id, datanet.Version), types.Version{
		DatanetId: datanet.Id, Version: datanet.Version, Contributions: datanet.Contributions,
		Segments: datanet.Segments, Tokens: datanet.Tokens, Height: height,
	}); err != nil {
		return 0, err
	}
	if err := k.queueCustody(ctx, &datanet, height); err != nil {
		return 0, err
	}
	return datanet.Version, k.DataNets.Set(ctx, datanet.Id, datanet)
}

// accepted stores a contribution that has just been accepted: its deposit
// begins to decay, its bounty is paid.
func (k Keeper) accepted(ctx context.Context, params types.Params, datanet *types.DataNet, c types.Contribution) error {
	if err := k.decided(ctx, &c); err != nil {
		return err
	}
	datanet.Pending--
	contributor := collections.Join(datanet.Id, sdk.MustAccAddressFromBech32(c.Contributor))
	known, err := k.Contributors.Has(ctx, contributor)
	if err != nil {
		return err
	}
	if !known {
		datanet.Record.Contributors++
		if err := k.Contributors.Set(ctx, contributor); err != nil {
			return err
		}
	}
	if err := k.earnBounty(ctx, &c); err != nil {
		return err
	}
	c.AcceptedDeposit = c.Deposit.Amount
	if c.Deposit.IsPositive() {
		c.DecayAt = c.DecidedAt.Add(params.Standing.DecayInterval)
		if err := k.Timers.Set(ctx, timer.Decay, c.Rank, c.DecayAt); err != nil {
			return err
		}
	}
	return k.Contributions.Set(ctx, c.Rank, c)
}

// decided notes when a contribution was decided, and that it no longer waits for a panel.
func (k Keeper) decided(ctx context.Context, c *types.Contribution) error {
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	c.DecidedHeight, c.DecidedAt = sdkCtx.BlockHeight(), sdkCtx.BlockTime().UTC()
	c.AppealableUntil = time.Time{}
	if c.Cohort == 0 {
		return nil
	}
	params, err := k.Params.Get(ctx)
	if err != nil {
		return err
	}
	c.AppealableUntil = c.DecidedAt.Add(params.Review.AppealWindow)
	return k.Review.UncountOpen(ctx, c.Contributor)
}
