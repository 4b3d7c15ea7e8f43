package keeper

import (
	"context"
	"errors"
	"slices"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/attribution/types"
)

// Window returns the numbers of the open items, base ≤ n < next, and whether validators are asked at all.
func (k Keeper) Window(ctx sdk.Context) (base, next uint64, enabled bool, err error) {
	params, err := k.Params.Get(ctx)
	if err != nil {
		return 0, 0, false, err
	}
	tip, err := k.tip(ctx)
	return tip.Attestation.Base, tip.Attestation.Next, params.Attestation, err
}

// tip returns what every batch changes. It stands in one value, so that a batch writes one key for all of it.
func (k Keeper) tip(ctx context.Context) (types.Tip, error) {
	tip, err := k.Tip.Get(ctx)
	if errors.Is(err, collections.ErrNotFound) {
		return types.FirstTip(), nil
	}
	return tip, err
}

// openItem asks validators about something from the next block on. The caller has checked that the window has room, and stores the tip,
// in which the item stands until verdicts on it can be counted: a batch writes no key for it.
func openItem(ctx sdk.Context, params types.Params, tip *types.Tip, item types.Item) uint64 {
	state := &tip.Attestation
	item.Number = state.Next
	item.Height = ctx.BlockHeight()
	item.ExpiresTick = state.Ticks + uint64(params.AttestTicks)
	item.ExpiresAt = ctx.BlockTime().Add(params.AttestLimit).UTC()
	state.Next++
	if item.Kind == types.ITEM_KIND_VERSION {
		state.Versions++
	}
	tip.Fresh = append(tip.Fresh, item)
	return item.Number
}

// ripen gives the items of the tip that were opened up to a height a value of their own. The caller stores the tip.
func (k Keeper) ripen(ctx context.Context, tip *types.Tip, height int64) (changed bool, err error) {
	ripe := 0
	for ripe < len(tip.Fresh) && tip.Fresh[ripe].Height <= height {
		item := tip.Fresh[ripe]
		if err := k.Items.Set(ctx, item.Number, item); err != nil {
			return false, err
		}
		ripe++
	}
	tip.Fresh = tip.Fresh[ripe:]
	return ripe > 0, nil
}

// closeItem removes an item and moves the window behind all that are closed.
func (k Keeper) closeItem(ctx sdk.Context, item types.Item) error {
	if err := k.Items.Remove(ctx, item.Number); err != nil {
		return err
	}
	tip, err := k.tip(ctx)
	if err != nil {
		return err
	}
	tip.Fresh = slices.DeleteFunc(tip.Fresh, func(fresh types.Item) bool { return fresh.Number == item.Number })
	state := &tip.Attestation
	if item.Kind == types.ITEM_KIND_VERSION {
		state.Versions--
	}
	state.Base = state.Next
	first, err := k.openItems(ctx, tip, 1)
	if err != nil {
		return err
	}
	if len(first) > 0 {
		state.Base = first[0].Number
	}
	return k.Tip.Set(ctx, tip)
}

// closeBatchItem removes the item under which validators are asked about a batch, if there is one.
func (k Keeper) closeBatchItem(ctx sdk.Context, batch *types.Batch) error {
	if batch.Item == 0 {
		return nil
	}
	item, err := k.openItemOf(ctx, *batch)
	if err != nil {
		return err
	}
	batch.Item = 0
	_, err = k.models.CountOpenBatch(ctx, sdk.MustAccAddressFromBech32(batch.Provider), false)
	return errors.Join(err, k.closeItem(ctx, item))
}

// openItemOf returns the item under which validators are asked about a batch.
func (k Keeper) openItemOf(ctx context.Context, batch types.Batch) (types.Item, error) {
	tip, err := k.tip(ctx)
	if err != nil {
		return types.Item{}, err
	}
	for _, item := range tip.Fresh {
		if item.Number == batch.Item {
			return item, nil
		}
	}
	return k.Items.Get(ctx, batch.Item)
}

// openItems returns up to limit open items by number: those of the tip come after all others.
func (k Keeper) openItems(ctx context.Context, tip types.Tip, limit int) ([]types.Item, error) {
	var items []types.Item
	err := k.Items.Walk(ctx, nil, func(_ uint64, item types.Item) (bool, error) {
		items = append(items, item)
		return len(items) == limit, nil
	})
	return append(items, tip.Fresh[:min(len(tip.Fresh), limit-len(items))]...), err
}

// askBatch opens an item for a batch, within what the window, the provider and the block have room for. open is how many batches of the
// provider waited before; the caller stores the tip.
func (k Keeper) askBatch(ctx sdk.Context, params types.Params, tip *types.Tip, batch *types.Batch, open uint32) error {
	if !params.Attestation {
		return errorsmod.Wrap(types.ErrAttestation, "send the evidence inline, or wait until governance switches it on")
	}
	if open >= params.MaxOpenPerProvider {
		return errorsmod.Wrapf(types.ErrWindowFull, "%d batches of %s wait already: submit again when one of them is final", open, batch.Provider)
	}
	state := &tip.Attestation
	if state.Next-state.Base >= types.MaxWindow-types.VersionsWindow {
		return errorsmod.Wrapf(types.ErrWindowFull, "items %d to %d are open: submit again in a few blocks", state.Base, state.Next-1)
	}
	if state.BundleHeight != ctx.BlockHeight() {
		state.BundleHeight, state.BundleBytes = ctx.BlockHeight(), 0
	}
	state.BundleBytes += batch.BundleBytes
	if state.BundleBytes > params.BundleBytesPerBlock {
		return errorsmod.Wrapf(types.ErrWindowFull, "the batches of this block announce %d bytes of evidence, at most %d: submit again in the next block", state.BundleBytes, params.BundleBytesPerBlock)
	}
	if err := k.takeSubmissionFee(ctx, params, sdk.MustAccAddressFromBech32(batch.Provider)); err != nil {
		return err
	}
	batch.Item = openItem(ctx, params, tip, types.Item{Kind: types.ITEM_KIND_BATCH, BatchId: batch.Id})
	return nil
}

// takeSubmissionFee burns what it costs to make every validator fetch a bundle.
func (k Keeper) takeSubmissionFee(ctx sdk.Context, params types.Params, provider sdk.AccAddress) error {
	if !params.SubmissionFee.IsPositive() {
		return nil
	}
	if err := k.bank.SendCoinsFromAccountToModule(ctx, provider, types.ModuleName, coins(params.SubmissionFee)); err != nil {
		return errorsmod.Wrapf(err, "an attested batch burns %saopen", params.SubmissionFee)
	}
	return k.burn(ctx, params.SubmissionFee)
}
