package keeper

import (
	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

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
	ended := new(collections.Range[collections.Pair[int64, uint64]]).EndExclusive(collections.Join(ctx.BlockHeight(),
		uint64(0)))
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
