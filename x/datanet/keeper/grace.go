package keeper

import (
	"context"
	"errors"
	"time"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

// While the module is paused nobody can reveal, vote or appeal. Who could not
// act must lose nothing by it, neither during the pause nor as soon as it ends:
// the message that ends it grants everybody a whole window from then on.

// graceIfAny returns what the last pause has put off, nil if there never was one.
func (k Keeper) graceIfAny(ctx context.Context) (*types.Grace, error) {
	grace, err := k.Grace.Get(ctx)
	if errors.Is(err, collections.ErrNotFound) {
		return nil, nil
	}
	return &grace, err
}

// beginPause notes when a pause begins.
func (k Keeper) beginPause(ctx sdk.Context) error {
	return k.Grace.Set(ctx, types.Grace{Since: ctx.BlockTime().UTC(), SinceHeight: ctx.BlockHeight()})
}

// grantGrace grants the longest window in which a commit of this block could be
// revealed, and in which a member of a panel or an appellant could act. What had
// ended before the pause stays over.
func (k Keeper) grantGrace(ctx sdk.Context, params types.Params) error {
	grace, err := k.graceIfAny(ctx)
	if err != nil {
		return err
	}
	if grace == nil { // a chain that began paused
		grace = new(types.Grace)
	}
	r := params.Review
	grace.RevealUntil = ctx.BlockHeight() + int64(params.RevealMaxBlocks)
	grace.Until = ctx.BlockTime().UTC().Add(max(r.CommitWindow, r.RevealWindow, r.GoldWindow, r.AppealWindow))
	return k.Grace.Set(ctx, *grace)
}

// revealUntil is the last block in which a commit may be revealed.
func (k Keeper) revealUntil(ctx context.Context, commit types.Commit) (int64, error) {
	grace, err := k.graceIfAny(ctx)
	if err != nil || grace == nil || commit.RevealUntil < grace.SinceHeight {
		return commit.RevealUntil, err
	}
	return max(commit.RevealUntil, grace.RevealUntil), nil
}

// graceful says whether deadlines still wait after a pause.
func (k Keeper) graceful(ctx sdk.Context) (commits, timers bool, err error) {
	grace, err := k.graceIfAny(ctx)
	if err != nil || grace == nil {
		return false, false, err
	}
	return ctx.BlockHeight() <= grace.RevealUntil, ctx.BlockTime().Before(grace.Until), nil
}

// open says whether a window that ends at a time is open; a pause that it ran
// into has put its end off.
func (k Keeper) open(ctx context.Context, end time.Time) (bool, error) {
	end, err := k.putOff(ctx, end)
	return err == nil && !sdk.UnwrapSDKContext(ctx).BlockTime().After(end), err
}

// putOff returns the end of a window, put off if a pause ran into it.
func (k Keeper) putOff(ctx context.Context, end time.Time) (time.Time, error) {
	grace, err := k.graceIfAny(ctx)
	if err == nil && grace != nil && !end.Before(grace.Since) && grace.Until.After(end) {
		end = grace.Until
	}
	return end, err
}
