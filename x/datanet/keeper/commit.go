package keeper

import (
	"context"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// CommitContributions implements types.MsgServer.
func (s msgServer) CommitContributions(ctx context.Context,
	msg *types.MsgCommitContributions) (*types.MsgCommitContributionsResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	if err := params.CheckItems(len(msg.Items)); err != nil {
		return nil, err
	}
	ranks, err := s.commit(ctx, params, sdk.MustAccAddressFromBech32(msg.Contributor), msg.Items)
	if err != nil {
		return nil, err
	}
	return &types.MsgCommitContributionsResponse{Ranks: ranks},
		modulekit.Emit(ctx, &types.EventContributionsCommitted{Contributor: msg.Contributor, FirstRank: ranks[0],
			Count: uint32(len(ranks))})
}

// commit takes the deposits and fixes the ranks of sealed contributions.
func (k Keeper) commit(ctx context.Context, params types.Params, contributor sdk.AccAddress,
	items []types.CommitItem) ([]uint64, error) {
	sum := math.ZeroInt()
	for i, item := range items {
		if item.Deposit.Amount.LT(params.MinDeposit) {
			return nil, errorsmod.Wrapf(types.ErrInvalidDeposit, "item %d: deposit %s is below the minimum %saopen", i,
				item.Deposit, params.MinDeposit)
		}
		sum = sum.Add(item.Deposit.Amount)
	}
	if sum.IsPositive() {
		if err := k.bank.SendCoinsFromAccountToModule(ctx, contributor, types.ModuleName,
			sdk.NewCoins(sdk.NewCoin(rewardstypes.Denom, sum))); err != nil {
			return nil, errorsmod.Wrap(err, "deposits")
		}
	}
	height := sdk.UnwrapSDKContext(ctx).BlockHeight()
	ranks := make([]uint64, len(items))
	for i, item := range items {
		rank, err := k.NextRank.Next(ctx)
		if err != nil {
			return nil, err
		}
		ranks[i] = rank
		if err := k.setCommit(ctx, types.Commit{
			Rank: rank, Contributor: contributor.String(), Hash: item.Hash, Deposit: item.Deposit, Height: height,
			RevealFrom: height + int64(params.RevealMinBlocks), RevealUntil: height + int64(params.RevealMaxBlocks),
			DepositPerToken: params.DepositPerToken, MinDeposit: params.MinDeposit,
		}); err != nil {
			return nil, err
		}
	}
	return ranks, nil
}

func (k Keeper) setCommit(ctx context.Context, commit types.Commit) error {
	if err := k.Commits.Set(ctx, commit.Rank, commit); err != nil {
		return err
	}
	if err := k.CommitsBy.Set(ctx, collections.Join(sdk.MustAccAddressFromBech32(commit.Contributor),
		commit.Rank)); err != nil {
		return err
	}
	return k.Expiries.Set(ctx, collections.Join(commit.RevealUntil, commit.Rank))
}

func (k Keeper) removeCommit(ctx context.Context, commit types.Commit) error {
	if err := k.Commits.Remove(ctx, commit.Rank); err != nil {
		return err
	}
	if err := k.CommitsBy.Remove(ctx, collections.Join(sdk.MustAccAddressFromBech32(commit.Contributor),
		commit.Rank)); err != nil {
		return err
	}
	return k.Expiries.Remove(ctx, collections.Join(commit.RevealUntil, commit.Rank))
}
