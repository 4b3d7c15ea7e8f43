package keeper

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/internal/modulekit"
	"github.com/openledger/openledger/x/rewards/types"
)

// EndBlock collects what other modules owe, takes in the lists of the block,
// settles credits, pays accounts and validators, and emits. Each step runs in a cached context: one
// that fails changes nothing, is logged, and is tried again in the next block.
func (k Keeper) EndBlock(ctx context.Context) error {
	params, err := k.Params.Get(ctx)
	if err != nil {
		return err
	}
	elapsed, epochEnds, err := k.tick(ctx, params)
	if err != nil {
		return err
	}
	k.step(ctx, "collection", k.collect)
	if params.Paused {
		return nil
	}
	k.step(ctx, "intake", func(ctx context.Context) error { return k.takeIn(ctx, params, elapsed) })
	k.step(ctx, "bounty pool", k.forwardBounties)
	k.step(ctx, "settlement", func(ctx context.Context) error { return k.settle(ctx, params) })
	k.step(ctx, "payout", func(ctx context.Context) error { return k.payOut(ctx, params) })
	if epochEnds {
		k.step(ctx, "validators", func(ctx context.Context) error { return k.payValidators(ctx, params) })
	}
	k.step(ctx, "emission", func(ctx context.Context) error { return k.emit(ctx, params, elapsed) })
	return nil
}

// tick returns the milliseconds since the last block, clamped against halts and
// jumps of time, and whether an epoch ends. Time that went back does not pass twice.
func (k Keeper) tick(ctx context.Context, params types.Params) (elapsed int64, epochEnds bool, err error) {
	clock, err := k.Clock.Get(ctx)
	if err != nil {
		return 0, false, err
	}
	if now := sdk.UnwrapSDKContext(ctx).BlockTime(); now.After(clock.LastBlockTime) {
		if clock.LastBlockTime.Unix() > 0 {
			elapsed = min(now.UnixMilli()-clock.LastBlockTime.UnixMilli(), int64(params.MaxBlockSeconds)*1_000)
		}
		clock.LastBlockTime = now
	}
	clock.EpochBlocks++
	if epochEnds = clock.EpochBlocks >= params.EpochBlocks; epochEnds {
		clock.EpochBlocks = 0
	}
	return elapsed, epochEnds, k.Clock.Set(ctx, clock)
}

func (k Keeper) step(ctx context.Context, name string, run func(context.Context) error) {
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	if err := modulekit.Step(sdkCtx, types.ModuleName, name, func(ctx sdk.Context) error {
		return run(ctx)
	}); err != nil {
		sdkCtx.Logger().Error("step of the end-blocker failed", "module", types.ModuleName, "step", name, "err", err)
	}
}
