package keeper

import (
	"context"
	"errors"
	"slices"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/attribution/types"
)

// Window returns the numbers of the open items, and whether validators are asked at all.
func (k Keeper) Window(ctx sdk.Context) (types.Window, error) {
	params, err := k.Params.Get(ctx)
	if err != nil {
		return types.Window{}, err
	}
	head, err := k.head(ctx)
	a := head.Attestation
	return types.Window{Base: a.Base, Next: a.Next, VersionBase: a.VersionBase, VersionNext: a.VersionNext,
		Enabled: params.Attestation}, err
}

// head returns the state that every batch changes. It is one value, so that a batch writes one key for all of it.
func (k Keeper) head(ctx context.Context) (types.Head, error) {
	head, err := k.Head.Get(ctx)
	if errors.Is(err, collections.ErrNotFound) {
		return types.FirstHead(), nil
	}
	return head, err
}

// openItem asks validators about something from the next block on. The caller has checked that the window has room, and
// stores the head, in which the item stands until verdicts on it can be counted: a batch writes no key for it.
func openItem(ctx sdk.Context, params types.Params, head *types.Head, item types.Item) uint64 {
	state := &head.Attestation
	_, next := state.Numbers(item.Kind)
	item.Number = *next
	item.Height = ctx.BlockHeight()
	item.ExpiresTick = state.Ticks + uint64(params.AttestTicks)
	if item.Kind == types.ITEM_KIND_VERSION {
		item.ExpiresTick = state.Ticks + uint64(params.HoldTicks)
	}
	item.ExpiresAt = ctx.BlockTime().Add(params.AttestLimit).UTC()
	*next++
	if item.Kind == types.ITEM_KIND_BATCH {
		state.Batches++
	}
	if item.Rank != 0 {
		state.SetAside++
	}
	head.Pending = append(head.Pending, item)
	return item.Number
}

// promote gives the items of the head that were opened up to a height a value of their own. The caller stores the head.
func (k Keeper) promote(ctx context.Context, head *types.Head, height int64) (changed bool, err error) {
	promoted := 0
	for promoted < len(head.Pending) && head.Pending[promoted].Height <= height {
		item := head.Pending[promoted]
		if err := k.Items.Set(ctx, item.Number, item); err != nil {
			return false, err
		}
		promoted++
	}
	head.Pending = head.Pending[promoted:]
	return promoted > 0, nil
}

const (
	// keptNumbers is how many numbers may lie between the first open item and the next number before the first ones are
	// moved, and spareNumbers how many of these must be of closed items.
	keptNumbers, spareNumbers = types.BatchesWindow / 2, 64
	// movesPerBlock caps the batches that get new numbers in a block.
	movesPerBlock = 8
)

// moveOldest gives new numbers to batches that have waited for long. All open batches lie in one window of numbers, so
// that a batch that nobody can answer would hold up all later ones. A moved batch keeps its verdicts and its deadline.
func (k Keeper) moveOldest(ctx sdk.Context) error {
	head, err := k.head(ctx)
	if err != nil {
		return err
	}
	state := &head.Attestation
	moved := 0
	for ; moved < movesPerBlock; moved++ {
		if span := state.Next - state.Base; span <= keptNumbers || span <= uint64(state.Batches)+spareNumbers {
			break
		}
		item, err := k.openItem(ctx, head, state.Base)
		if err != nil {
			return err
		}
		if err := k.dropItem(ctx, &head, item.Number); err != nil {
			return err
		}
		item.Number, item.Height = state.Next, ctx.BlockHeight()
		state.Next++
		head.Pending = append(head.Pending, item)
		if state.Base, err = k.firstOpen(ctx, head, item.Kind, state.Base, state.Next); err != nil {
			return err
		}
		batch, err := k.GetBatch(ctx, item.BatchId)
		if err != nil {
			return err
		}
		batch.Item = item.Number
		if err := k.Batches.Set(ctx, batch.Id, batch); err != nil {
			return err
		}
	}
	if moved == 0 {
		return nil
	}
	return k.Head.Set(ctx, head)
}

// dropItem removes an item from the head or from its own value. The caller stores the head.
func (k Keeper) dropItem(ctx context.Context, head *types.Head, number uint64) error {
	head.Pending = slices.DeleteFunc(head.Pending, func(pending types.Item) bool { return pending.Number == number })
	return k.Items.Remove(ctx, number)
}

// closeItem removes an item and moves the window behind all that are closed.
func (k Keeper) closeItem(ctx sdk.Context, item types.Item) error {
	head, err := k.head(ctx)
	if err != nil {
		return err
	}
	if err := k.dropItem(ctx, &head, item.Number); err != nil {
		return err
	}
	state := &head.Attestation
	if item.Kind == types.ITEM_KIND_BATCH {
		state.Batches--
	}
	if item.Rank != 0 {
		state.SetAside--
	}
	base, next := state.Numbers(item.Kind)
	if *base, err = k.firstOpen(ctx, head, item.Kind, *base, *next); err != nil {
		return err
	}
	return k.Head.Set(ctx, head)
}

// firstOpen returns the lowest number of an open item of a kind, next if there is none.
func (k Keeper) firstOpen(ctx context.Context, head types.Head, kind types.ItemKind, base,
	next uint64) (uint64, error) {
	first := next
	window := new(collections.Range[uint64]).StartInclusive(base).EndExclusive(next)
	err := k.Items.Walk(ctx, window, func(number uint64, _ types.Item) (bool, error) {
		first = number
		return true, nil
	})
	for _, item := range head.Pending {
		if item.Kind == kind {
			first = min(first, item.Number)
		}
	}
	return first, err
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
	head, err := k.head(ctx)
	if err != nil {
		return types.Item{}, err
	}
	return k.openItem(ctx, head, batch.Item)
}

// openItem returns an open item by its number.
func (k Keeper) openItem(ctx context.Context, head types.Head, number uint64) (types.Item, error) {
	for _, item := range head.Pending {
		if item.Number == number {
			return item, nil
		}
	}
	return k.Items.Get(ctx, number)
}

// openItems returns up to limit open items: batches by number, versions by number, and those of the head as they were
// opened.
func (k Keeper) openItems(ctx context.Context, head types.Head, limit int) ([]types.Item, error) {
	var items []types.Item
	err := k.Items.Walk(ctx, nil, func(_ uint64, item types.Item) (bool, error) {
		items = append(items, item)
		return len(items) == limit, nil
	})
	return append(items, head.Pending[:min(len(head.Pending), limit-len(items))]...), err
}

// askBatch opens an item for a batch, within what the window, the provider and the block have room for, and burns what
// that costs. open is how many batches of the provider waited before; the caller stores the head. It returns the fee.
func (k Keeper) askBatch(ctx sdk.Context, params types.Params, head *types.Head, batch *types.Batch, open uint32,
	maxFee math.Int) (math.Int, error) {
	if !params.Attestation {
		return math.Int{}, errorsmod.Wrap(types.ErrAttestation,
			"send the evidence inline, or wait until governance switches it on")
	}
	if open >= params.MaxOpenPerProvider {
		return math.Int{}, errorsmod.Wrapf(types.ErrWindowFull,
			"%d batches of %s wait already: submit again when one of them is final", open, batch.Provider)
	}
	state := &head.Attestation
	if state.Batches >= types.BatchesWindow || state.Next-state.Base >= types.BatchesWindow {
		return math.Int{}, errorsmod.Wrapf(types.ErrWindowFull,
			"%d batches wait, items %d to %d are open: submit again in a few blocks", state.Batches, state.Base, state.Next-1)
	}
	provider := sdk.MustAccAddressFromBech32(batch.Provider)
	state.Enter(params, ctx.BlockHeight())
	if err := state.Announce(params, provider, batch.Announced()); err != nil {
		return math.Int{}, err
	}
	fee := state.SubmissionFee(params, batch.Announced())
	if !maxFee.IsNil() && maxFee.IsPositive() && fee.GT(maxFee) {
		return math.Int{}, errorsmod.Wrapf(types.ErrSubmissionFee,
			"it burns %saopen now, max_fee is %s: submit again when blocks are less full, or raise max_fee", fee, maxFee)
	}
	if err := k.takeSubmissionFee(ctx, provider, fee); err != nil {
		return math.Int{}, err
	}
	batch.Item = openItem(ctx, params, head, types.Item{Kind: types.ITEM_KIND_BATCH, BatchId: batch.Id})
	return fee, nil
}

// takeSubmissionFee burns what it costs to make every validator fetch and recompute a bundle.
func (k Keeper) takeSubmissionFee(ctx sdk.Context, provider sdk.AccAddress, fee math.Int) error {
	if !fee.IsPositive() {
		return nil
	}
	if err := k.bank.SendCoinsFromAccountToModule(ctx, provider, types.ModuleName, coins(fee)); err != nil {
		return errorsmod.Wrapf(err, "an attested batch of this size burns %saopen", fee)
	}
	return k.burn(ctx, fee)
}
