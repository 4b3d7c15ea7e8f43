package keeper

import (
	"context"
	"fmt"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/rewards/types"
)

// EndBlock grants the bonus and nets it with the burn, settles credits, pays
// accounts and validators, and emits. Each step runs in a cached context: one
// that fails changes nothing, is logged, and is tried again in the next block.
func (k Keeper) EndBlock(ctx context.Context) error {
	params, err := k.Params.Get(ctx)
	if err != nil {
		return err
	}
	seconds, epochEnds, err := k.tick(ctx, params)
	if err != nil || params.Paused {
		return err
	}
	k.step(ctx, "grant", func(ctx context.Context) error { return k.grantAndNet(ctx, params, seconds) })
	k.step(ctx, "bounty pool", k.forwardBounties)
	k.step(ctx, "settlement", func(ctx context.Context) error { return k.settle(ctx, params) })
	k.step(ctx, "payout", func(ctx context.Context) error { return k.payOut(ctx, params) })
	if epochEnds {
		k.step(ctx, "validators", func(ctx context.Context) error { return k.payValidators(ctx, params) })
	}
	k.step(ctx, "emission", func(ctx context.Context) error { return k.emit(ctx, params, seconds) })
	return nil
}

// tick returns the seconds since the last block, clamped against halts and
// jumps of time, and whether an epoch ends.
func (k Keeper) tick(ctx context.Context, params types.Params) (seconds int64, epochEnds bool, err error) {
	clock, err := k.Clock.Get(ctx)
	if err != nil {
		return 0, false, err
	}
	now := sdk.UnwrapSDKContext(ctx).BlockTime()
	if clock.LastBlockTime.Unix() > 0 {
		seconds = min(max(now.Unix()-clock.LastBlockTime.Unix(), 0), int64(params.MaxBlockSeconds))
	}
	clock.LastBlockTime = now
	clock.EpochBlocks++
	if epochEnds = clock.EpochBlocks >= params.EpochBlocks; epochEnds {
		clock.EpochBlocks = 0
	}
	return seconds, epochEnds, k.Clock.Set(ctx, clock)
}

func (k Keeper) step(ctx context.Context, name string, run func(context.Context) error) {
	if err := attempt(ctx, run); err != nil {
		sdk.UnwrapSDKContext(ctx).Logger().Error("step of the end-blocker failed", "module", types.ModuleName, "step", name, "err", err)
	}
}

// attempt runs a step in a cached context and keeps its changes and events only
// when it succeeds. A panic is an error.
func attempt(ctx context.Context, run func(context.Context) error) (err error) {
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	cached, write := sdkCtx.CacheContext()
	defer func() {
		if recovered := recover(); recovered != nil {
			err = fmt.Errorf("panic: %v", recovered)
		}
	}()
	if err = run(cached); err == nil {
		write()
	}
	return err
}
