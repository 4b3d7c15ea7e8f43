package keeper

import (
	"context"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// EndBlock sweeps commits whose reveal window has passed, at most
// ExpiriesPerBlock: their place is lost and their deposits go to the bounty
// pool. What is above the cap is swept in later blocks; it cannot be revealed.
// Then it draws seats and runs what is due, at most StepsPerBlock of each.
//
// While the module is paused nothing happens, and nothing is late for a while
// after: deadlines wait as people do.
func (k Keeper) EndBlock(ctx context.Context) error {
	params, err := k.Params.Get(ctx)
	if err != nil || params.Paused {
		return err // nobody can act, so nobody may lose by not acting
	}
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	commitsWait, timersWait, err := k.graceful(sdkCtx)
	if err != nil {
		return err
	}
	if !commitsWait {
		if err := modulekit.Attempt(sdkCtx, func(ctx sdk.Context) error { return k.expire(ctx, params) }); err != nil {
			sdkCtx.Logger().Error("expired commits could not be swept", "module", types.ModuleName, "err", err)
		}
	}
	if err := k.drawSeats(sdkCtx, params); err != nil || timersWait {
		return err
	}
	return k.ringTimers(sdkCtx, params)
}

func (k Keeper) expire(ctx sdk.Context, params types.Params) error {
	expired, err := k.expiredCommits(ctx, int(params.ExpiriesPerBlock))
	if err != nil || len(expired) == 0 {
		return err
	}
	event := types.EventCommitsExpired{Forfeited: sdk.NewCoin(rewardstypes.Denom, math.ZeroInt())}
	for _, commit := range expired {
		if err := k.removeCommit(ctx, commit); err != nil {
			return err
		}
		event.Ranks = append(event.Ranks, commit.Rank)
		event.Forfeited = event.Forfeited.Add(commit.Deposit)
	}
	if err := k.rewards.FundBountyPool(ctx, types.ModuleName, event.Forfeited.Amount); err != nil {
		return err
	}
	return ctx.EventManager().EmitTypedEvent(&event)
}

// expiredCommits returns the oldest commits whose window ended before this block.
func (k Keeper) expiredCommits(ctx sdk.Context, limit int) ([]types.Commit, error) {
	// The end is exclusive: a commit may still be revealed in its last block.
	ended := new(collections.Range[collections.Pair[int64, uint64]]).EndExclusive(collections.Join(ctx.BlockHeight(), uint64(0)))
	var expired []types.Commit
	err := k.Expiries.Walk(ctx, ended, func(key collections.Pair[int64, uint64]) (bool, error) {
		commit, err := k.Commits.Get(ctx, key.K2())
		if err != nil {
			return true, err
		}
		expired = append(expired, commit)
		return len(expired) == limit, nil
	})
	return expired, err
}
