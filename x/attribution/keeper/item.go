package keeper

import (
	"context"
	"errors"

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
	state, err := k.attestation(ctx)
	return state.Base, state.Next, params.Attestation, err
}

func (k Keeper) attestation(ctx context.Context) (types.Attestation, error) {
	state, err := k.AttestState.Get(ctx)
	if errors.Is(err, collections.ErrNotFound) {
		return types.FirstAttestation(), nil
	}
	return state, err
}

// openItem asks validators about something from the next block on. The caller has checked that the window has room.
func (k Keeper) openItem(ctx sdk.Context, params types.Params, item types.Item) (uint64, error) {
	state, err := k.attestation(ctx)
	if err != nil {
		return 0, err
	}
	item.Number = state.Next
	item.Height = ctx.BlockHeight()
	item.ExpiresTick = state.Ticks + uint64(params.AttestTicks)
	item.ExpiresAt = ctx.BlockTime().Add(params.AttestLimit).UTC()
	state.Next++
	if item.Kind == types.ITEM_KIND_VERSION {
		state.Versions++
	}
	return item.Number, errors.Join(k.AttestState.Set(ctx, state), k.Items.Set(ctx, item.Number, item))
}

// closeItem removes an item and moves the window behind all that are closed.
func (k Keeper) closeItem(ctx sdk.Context, item types.Item) error {
	if err := k.Items.Remove(ctx, item.Number); err != nil {
		return err
	}
	state, err := k.attestation(ctx)
	if err != nil {
		return err
	}
	if item.Kind == types.ITEM_KIND_VERSION {
		state.Versions--
	}
	state.Base = state.Next
	first, err := k.openItems(ctx, 1)
	if err != nil {
		return err
	}
	if len(first) > 0 {
		state.Base = first[0].Number
	}
	return k.AttestState.Set(ctx, state)
}

// closeBatchItem removes the item under which validators are asked about a batch, if there is one.
func (k Keeper) closeBatchItem(ctx sdk.Context, batch *types.Batch) error {
	if batch.Item == 0 {
		return nil
	}
	item, err := k.Items.Get(ctx, batch.Item)
	if err != nil {
		return err
	}
	batch.Item = 0
	provider := sdk.MustAccAddressFromBech32(batch.Provider)
	return errors.Join(k.closeItem(ctx, item), k.OpenByProvider.Remove(ctx, collections.Join(provider, batch.Id)))
}

// openItems returns up to limit open items by number.
func (k Keeper) openItems(ctx context.Context, limit int) ([]types.Item, error) {
	var items []types.Item
	err := k.Items.Walk(ctx, nil, func(_ uint64, item types.Item) (bool, error) {
		items = append(items, item)
		return len(items) == limit, nil
	})
	return items, err
}

// askBatch opens an item for a batch, within what the window, the provider and the block have room for.
func (k Keeper) askBatch(ctx sdk.Context, params types.Params, batch *types.Batch) error {
	if !params.Attestation {
		return errorsmod.Wrap(types.ErrAttestation, "send the evidence inline, or wait until governance switches it on")
	}
	provider := sdk.MustAccAddressFromBech32(batch.Provider)
	open := uint32(0)
	if err := k.OpenByProvider.Walk(ctx, collections.NewPrefixedPairRange[sdk.AccAddress, uint64](provider), func(collections.Pair[sdk.AccAddress, uint64]) (bool, error) {
		open++
		return open == params.MaxOpenPerProvider, nil
	}); err != nil {
		return err
	}
	if open >= params.MaxOpenPerProvider {
		return errorsmod.Wrapf(types.ErrWindowFull, "%d batches of %s wait already: submit again when one of them is final", open, batch.Provider)
	}
	state, err := k.attestation(ctx)
	if err != nil {
		return err
	}
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
	if err := k.takeSubmissionFee(ctx, params, provider); err != nil {
		return err
	}
	if err := errors.Join(k.AttestState.Set(ctx, state), k.OpenByProvider.Set(ctx, collections.Join(provider, batch.Id))); err != nil {
		return err
	}
	batch.Item, err = k.openItem(ctx, params, types.Item{Kind: types.ITEM_KIND_BATCH, BatchId: batch.Id})
	return err
}

// takeSubmissionFee burns what it costs to make every validator fetch a bundle.
func (k Keeper) takeSubmissionFee(ctx sdk.Context, params types.Params, provider sdk.AccAddress) error {
	if !params.SubmissionFee.IsPositive() {
		return nil
	}
	if err := k.bank.SendCoinsFromAccountToModule(ctx, provider, types.ModuleName, coins(params.SubmissionFee)); err != nil {
		return errorsmod.Wrapf(types.ErrInvalidBatch, "an attested batch burns %saopen: %s", params.SubmissionFee, err)
	}
	return k.burn(ctx, params.SubmissionFee)
}
