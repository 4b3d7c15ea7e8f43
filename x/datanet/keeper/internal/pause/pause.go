// Package pause extends the windows that a pause of x/datanet interrupts.
//
// While the module is paused nobody can reveal, vote or appeal. A person who could not act must lose nothing by it,
// neither during the pause nor as soon as it ends: the message that ends it grants everybody a whole window from then
// on.
package pause

import (
	"context"
	"errors"
	"time"

	"cosmossdk.io/collections"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

// Windows knows what the last pause has put off.
type Windows struct {
	Grace collections.Item[types.Grace]
}

// NewWindows returns the windows in a schema.
func NewWindows(sb *collections.SchemaBuilder, cdc codec.BinaryCodec) Windows {
	return Windows{Grace: collections.NewItem(sb, types.GraceKey, "grace", codec.CollValue[types.Grace](cdc))}
}

// LastGrace returns what the last pause has put off, nil if there never was one.
func (w Windows) LastGrace(ctx context.Context) (*types.Grace, error) {
	grace, err := w.Grace.Get(ctx)
	if errors.Is(err, collections.ErrNotFound) {
		return nil, nil
	}
	return &grace, err
}

// Begin notes when a pause begins.
func (w Windows) Begin(ctx sdk.Context) error {
	return w.Grace.Set(ctx, types.Grace{Since: ctx.BlockTime().UTC(), SinceHeight: ctx.BlockHeight()})
}

// End grants the longest window in which a commit of this block could be
// revealed, and in which a member of a panel or an appellant could act. What had
// ended before the pause stays over.
func (w Windows) End(ctx sdk.Context, params types.Params) error {
	grace, err := w.LastGrace(ctx)
	if err != nil {
		return err
	}
	if grace == nil { // a chain that began paused
		grace = new(types.Grace)
	}
	r := params.Review
	grace.RevealUntil = ctx.BlockHeight() + int64(params.RevealMaxBlocks)
	grace.Until = ctx.BlockTime().UTC().Add(max(r.CommitWindow, r.RevealWindow, r.GoldWindow, r.AppealWindow))
	return w.Grace.Set(ctx, *grace)
}

// RevealUntil returns the last block in which a commit may be revealed.
func (w Windows) RevealUntil(ctx context.Context, commit types.Commit) (int64, error) {
	grace, err := w.LastGrace(ctx)
	if err != nil || grace == nil || commit.RevealUntil < grace.SinceHeight {
		return commit.RevealUntil, err
	}
	return max(commit.RevealUntil, grace.RevealUntil), nil
}

// Waiting reports whether the expiry of commits, and timers, still wait after a pause.
func (w Windows) Waiting(ctx sdk.Context) (commits, timers bool, err error) {
	grace, err := w.LastGrace(ctx)
	if err != nil || grace == nil {
		return false, false, err
	}
	return ctx.BlockHeight() <= grace.RevealUntil, ctx.BlockTime().Before(grace.Until), nil
}

// Open reports whether a window that ends at a time is open; a pause that it ran
// into has put its end off.
func (w Windows) Open(ctx context.Context, end time.Time) (bool, error) {
	end, err := w.PutOff(ctx, end)
	return err == nil && !sdk.UnwrapSDKContext(ctx).BlockTime().After(end), err
}

// PutOff returns the end of a window, put off if a pause ran into it.
func (w Windows) PutOff(ctx context.Context, end time.Time) (time.Time, error) {
	grace, err := w.LastGrace(ctx)
	if err == nil && grace != nil && !end.Before(grace.Since) && grace.Until.After(end) {
		end = grace.Until
	}
	return end, err
}
