package keeper

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// EndBlock removes commits whose reveal window has passed, at most ExpiriesPerBlock. They lose their rank, and their
// deposits go to the bounty pool. Commits above the cap are removed in later blocks; they cannot be revealed any more.
// Then EndBlock draws seats and runs due timers, at most StepsPerBlock of each.
//
// While the module is paused nothing happens, and for a while after it no deadline passes, because people could not act
// in the pause.
func (k Keeper) EndBlock(ctx context.Context) error {
	params, err := k.Params.Get(ctx)
	if err != nil || params.Paused {
		return err // nobody can act, so nobody may lose by not acting
	}
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	commitsWait, timersWait, err := k.windows.Waiting(sdkCtx)
	if err != nil {
		return err
	}
	if !commitsWait {
		if err := modulekit.Step(sdkCtx, types.ModuleName, "commit expiry", func(ctx sdk.Context) error {
			return k.expire(ctx, params)
		}); err != nil {
			sdkCtx.Logger().Error("expired commits could not be swept", "module", types.ModuleName, "err", err)
		}
	}
	if err := k.Review.Draw(sdkCtx, params); err != nil || timersWait {
		return err
	}
	return k.ringTimers(sdkCtx, params)
}
