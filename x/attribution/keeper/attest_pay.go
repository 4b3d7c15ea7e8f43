package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/attribution/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// slotsPerPage is the number of attestors that one stored page holds.
const slotsPerPage = 32

func (k Keeper) attestorPage(ctx context.Context, number uint32) (types.AttestorPage, error) {
	page, err := k.AttestorPages.Get(ctx, number)
	return page, ignoreNotFound(err)
}

func (k Keeper) attestor(ctx context.Context, slot uint32) (types.Attestor, error) {
	page, err := k.attestorPage(ctx, slot/slotsPerPage)
	if at := int(slot % slotsPerPage); err == nil && at < len(page.Attestors) {
		return page.Attestors[at], nil
	}
	return types.Attestor{}, errorsmod.Wrapf(types.ErrInvariant, "slot %d has no attestor", slot)
}

// updateAttestor changes the standing at a slot. Slots are given in order, so that a page has no gaps.
func (k Keeper) updateAttestor(ctx context.Context, slot uint32, update func(*types.Attestor)) error {
	page, err := k.attestorPage(ctx, slot/slotsPerPage)
	if err != nil {
		return err
	}
	if at := int(slot % slotsPerPage); at == len(page.Attestors) {
		page.Attestors = append(page.Attestors, types.Attestor{})
	}
	update(&page.Attestors[slot%slotsPerPage])
	return k.AttestorPages.Set(ctx, slot/slotsPerPage, page)
}

// updateAttestors changes the standings at several slots, in order, and writes each page once.
func (k Keeper) updateAttestors(ctx context.Context, slots []types.SlotPower,
	update func(*types.Attestor, types.SlotPower)) error {
	for len(slots) > 0 {
		number := slots[0].Slot / slotsPerPage
		page, err := k.attestorPage(ctx, number)
		if err != nil {
			return err
		}
		for len(slots) > 0 && slots[0].Slot/slotsPerPage == number {
			if at := int(slots[0].Slot % slotsPerPage); at < len(page.Attestors) {
				update(&page.Attestors[at], slots[0])
			}
			slots = slots[1:]
		}
		if err := k.AttestorPages.Set(ctx, number, page); err != nil {
			return err
		}
	}
	return nil
}

// keepPowers keeps the powers of this block for the batches that become final in it.
func (k Keeper) keepPowers(ctx sdk.Context, t tally, valid []byte) error {
	height := ctx.BlockHeight()
	powers, err := k.Powers.Get(ctx, height)
	if errors.Is(err, collections.ErrNotFound) {
		powers, err = types.Powers{Height: height, Slots: t.slots(), Total: t.total}, nil
	}
	if err != nil {
		return err
	}
	powers.Batches++
	return k.Powers.Set(ctx, height, powers)
}

// slots returns the powers of all voters with a slot, in the order of slots.
func (t tally) slots() []types.SlotPower {
	var slots []types.SlotPower
	for _, b := range t.ballots {
		if b.known {
			slots = append(slots, types.SlotPower{Slot: b.slot, Power: b.power})
		}
	}
	types.SortSlots(slots)
	return slots
}

// attesters returns the powers of the validators whose verdict made a batch final, and the power of the whole block.
// The last batch of a block removes the stored powers.
func (k Keeper) attesters(ctx context.Context, batch types.Batch) ([]types.SlotPower, int64, error) {
	powers, err := k.Powers.Get(ctx, batch.SettledHeight)
	if err != nil {
		return nil, 0, err
	}
	var slots []types.SlotPower
	for _, slot := range powers.Slots {
		if types.HasBit(batch.AttestedBy, slot.Slot) {
			slots = append(slots, slot)
		}
	}
	powers.Batches--
	if powers.Batches == 0 {
		return slots, powers.Total, k.Powers.Remove(ctx, powers.Height)
	}
	return slots, powers.Total, k.Powers.Set(ctx, powers.Height, powers)
}

// attestPart returns the part of the validators' share that one validator earns. It depends only on the validator's own
// verdict and power, so nobody earns more by keeping evidence from others.
func attestPart(share math.Int, power, total int64) math.Int {
	return share.MulRaw(power).QuoRaw(total)
}

// earnAttestPay divides the validators' share of a batch whose dispute window has closed.
func (k Keeper) earnAttestPay(ctx sdk.Context, batch *types.Batch) error {
	if len(batch.AttestedBy) == 0 {
		return nil
	}
	slots, total, err := k.attesters(ctx, *batch)
	if err != nil {
		return err
	}
	earned := math.ZeroInt()
	if err := k.updateAttestors(ctx, slots, func(a *types.Attestor, slot types.SlotPower) {
		part := attestPart(batch.AttestShare, slot.Power, total)
		a.Counted++
		a.Due, a.Earned = a.Due.Add(part), a.Earned.Add(part)
		earned = earned.Add(part)
	}); err != nil {
		return err
	}
	return k.rewards.SettleAttestPay(ctx, batch.AttestShare, earned)
}

// forfeitAttestPay burns the validators' share of a batch in which a lie was proven, because all validators that would
// have earned it approved the batch.
func (k Keeper) forfeitAttestPay(ctx sdk.Context, batch *types.Batch) error {
	if len(batch.AttestedBy) == 0 {
		return nil
	}
	slots, total, err := k.attesters(ctx, *batch)
	if err != nil {
		return err
	}
	if err := k.updateAttestors(ctx, slots, func(a *types.Attestor, slot types.SlotPower) {
		a.Forfeited = a.Forfeited.Add(attestPart(batch.AttestShare, slot.Power, total))
	}); err != nil {
		return err
	}
	share := batch.AttestShare
	batch.AttestShare, batch.AttestedBy = math.ZeroInt(), nil
	if err := k.rewards.ForfeitAttestPay(ctx, share); err != nil {
		return err
	}
	return ctx.EventManager().EmitTypedEvent(&types.EventAttestPayForfeited{BatchId: batch.Id, Burned: share})
}

// payAttestors pays what validators have earned, every AttestPayBlocks.
func (k Keeper) payAttestors(ctx sdk.Context, params types.Params) error {
	if ctx.BlockHeight()%int64(params.AttestPayBlocks) != 0 {
		return nil
	}
	var slots []types.SlotPower
	if err := k.AttestorPages.Walk(ctx, nil, func(_ uint32, page types.AttestorPage) (bool, error) {
		for _, a := range page.Attestors {
			if a.Due.IsPositive() && len(slots) < types.MaxPaidAttestors {
				slots = append(slots, types.SlotPower{Slot: a.Slot})
			}
		}
		return len(slots) == types.MaxPaidAttestors, nil
	}); err != nil || len(slots) == 0 {
		return err
	}
	var pays []rewardstypes.OperatorPay
	var failed error
	if err := k.updateAttestors(ctx, slots, func(a *types.Attestor, _ types.SlotPower) {
		operator, err := sdk.ValAddressFromBech32(a.Operator)
		failed = errors.Join(failed, err)
		pays = append(pays, rewardstypes.OperatorPay{Operator: operator, Amount: a.Due})
		a.Due = math.ZeroInt()
	}); err != nil || failed != nil {
		return errors.Join(err, failed)
	}
	paid, err := k.rewards.PayOperators(ctx, pays)
	if err != nil {
		return err
	}
	return ctx.EventManager().EmitTypedEvent(&types.EventAttestorsPaid{Validators: uint32(len(pays)), Amount: paid})
}
