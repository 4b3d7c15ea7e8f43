package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// seenAfter is how many blocks pass until verdicts on an item can be counted: a vote on block H is made on the state of
// H-1 and is counted in H+1. Verdicts on items that a validator cannot have seen are not counted.
const seenAfter = 2

// ballot is a validator's vote with its slot.
type ballot struct {
	slot      uint32
	known     bool // has a slot
	power     int64
	heard     bool // sent an extension
	extension types.Extension
}

// tally counts the votes of a block.
type tally struct {
	ballots   []ballot
	total     int64 // power of all votes, absent ones included
	attesting int64 // power that sent an extension
}

// Tally counts the verdicts that came with the votes on the block before. A validator's first verdict on an item
// stands; it weighs what the validator's vote weighs in this block. For each item rejection (a third says no) comes
// before finality (more than two thirds say yes), and that before expiry.
func (k Keeper) Tally(ctx sdk.Context, votes []types.AttestVote) error {
	return modulekit.Step(ctx, types.ModuleName, "tally", func(ctx sdk.Context) error { return k.count(ctx, votes) })
}

func (k Keeper) count(ctx sdk.Context, votes []types.AttestVote) error {
	params, err := k.Params.Get(ctx)
	if err != nil || !params.Attestation {
		return err
	}
	head, err := k.head(ctx)
	if err != nil {
		return err
	}
	items, err := k.openItems(ctx, head, types.MaxWindow)
	if err != nil || len(items) == 0 {
		return err
	}
	t, err := k.newTally(ctx, votes)
	if err != nil {
		return err
	}
	seen := ctx.BlockHeight() - seenAfter
	changed, err := k.promote(ctx, &head, seen)
	if err != nil {
		return err
	}
	if moreThanTwoThirds(t.attesting, t.total) {
		head.Attestation.Ticks++
		changed = true
	}
	if changed {
		if err := k.Head.Set(ctx, head); err != nil {
			return err
		}
	}
	for _, item := range items {
		if item.Height > seen {
			continue
		}
		if t.collect(&item) {
			if err := k.Items.Set(ctx, item.Number, item); err != nil {
				return err
			}
		}
		act := k.decide(params, head.Attestation, item, t)
		if act == nil {
			continue
		}
		if err := modulekit.Step(ctx, types.ModuleName, "verdict", act); err != nil {
			ctx.Logger().Error("verdict could not be carried out; trying again in the next block", "module", types.ModuleName,
				"item", item.Number, "err", err)
		}
	}
	return modulekit.Attempt(ctx, k.moveOldest)
}

// newTally finds the slots of the voters and decodes their verdicts. A voter that sends verdicts and has no slot gets
// one.
func (k Keeper) newTally(ctx sdk.Context, votes []types.AttestVote) (tally, error) {
	t := tally{ballots: make([]ballot, 0, len(votes))}
	for _, vote := range votes {
		t.total += vote.Power
		validator, err := k.staking.GetValidatorByConsAddr(ctx, vote.Validator)
		if errors.Is(err, stakingtypes.ErrNoValidatorFound) {
			continue
		}
		if err != nil {
			return t, err
		}
		b := ballot{power: vote.Power}
		// What cannot be decoded says nothing.
		if b.extension, err = types.UnmarshalExtension(vote.Extension); err == nil {
			b.heard = true
			t.attesting += vote.Power
		}
		if b.slot, b.known, err = k.slotOf(ctx, validator.GetOperator(), b.heard); err != nil {
			return t, err
		}
		t.ballots = append(t.ballots, b)
	}
	return t, nil
}

// slotOf returns the slot of an operator; give makes one for an operator without.
func (k Keeper) slotOf(ctx context.Context, operator string, give bool) (uint32, bool, error) {
	address, err := sdk.ValAddressFromBech32(operator)
	if err != nil {
		return 0, false, err
	}
	slot, err := k.Slots.Get(ctx, address)
	if !errors.Is(err, collections.ErrNotFound) || !give {
		return slot, err == nil, ignoreNotFound(err)
	}
	next, err := k.NextSlot.Next(ctx)
	if err != nil || next >= types.MaxSlots {
		return 0, false, err
	}
	slot = uint32(next)
	if err := k.Slots.Set(ctx, address, slot); err != nil {
		return 0, false, err
	}
	zero := math.ZeroInt()
	return slot, true, k.updateAttestor(ctx, slot, func(a *types.Attestor) {
		*a = types.Attestor{Slot: slot, Operator: operator, Due: zero, Earned: zero, Forfeited: zero}
	})
}

func ignoreNotFound(err error) error {
	if errors.Is(err, collections.ErrNotFound) {
		return nil
	}
	return err
}

// collect adds the first verdicts of validators to an item and says whether there were any.
func (t tally) collect(item *types.Item) (changed bool) {
	for _, b := range t.ballots {
		if !b.heard || !b.known || types.HasBit(item.Valid, b.slot) || types.HasBit(item.Invalid, b.slot) ||
			types.HasBit(item.Differs, b.slot) {
			continue
		}
		switch b.extension.At(item.Number) {
		case types.VerdictValid:
			item.Valid, changed = types.WithBit(item.Valid, b.slot), true
		case types.VerdictInvalid:
			item.Invalid, changed = types.WithBit(item.Invalid, b.slot), true
		case types.VerdictDiffers:
			item.Differs, changed = types.WithBit(item.Differs, b.slot), true
		}
	}
	return changed
}

// power of the validators in a bitmap.
func (t tally) power(bits []byte) int64 {
	sum := int64(0)
	for _, b := range t.ballots {
		if b.known && types.HasBit(bits, b.slot) {
			sum += b.power
		}
	}
	return sum
}

// decide returns what the verdicts on an item lead to; nil while it is open. Total power is far below 2^63/3, as
// CometBFT bounds it by 2^63/8.
func (k Keeper) decide(params types.Params, state types.Attestation, item types.Item, t tally) func(sdk.Context) error {
	if item.Kind == types.ITEM_KIND_VERSION {
		return k.decideVersion(params, state, item, t)
	}
	valid, invalid := t.power(item.Valid), t.power(item.Invalid)
	switch {
	case t.total > 0 && 3*invalid >= t.total:
		return func(ctx sdk.Context) error {
			return k.refuse(ctx, params, item, refusal{rejected: true, valid: valid, invalid: invalid, total: t.total})
		}
	case moreThanTwoThirds(valid, t.total):
		return func(ctx sdk.Context) error { return k.approve(ctx, params, item, t, valid) }
	case state.Ticks > item.ExpiresTick:
		return func(ctx sdk.Context) error {
			return k.refuse(ctx, params, item, refusal{valid: valid, invalid: invalid, total: t.total})
		}
	}
	return nil
}

// decideVersion is decide for an item about text. Either verdict needs two thirds of the power: otherwise a third could
// take a deposit or keep text out. Text without a verdict in time counts as not held.
func (k Keeper) decideVersion(params types.Params, state types.Attestation, item types.Item,
	t tally) func(sdk.Context) error {
	verdict := datanettypes.HOLD_VERDICT_UNSPECIFIED
	switch {
	case moreThanTwoThirds(t.power(item.Valid), t.total):
		verdict = datanettypes.HOLD_VERDICT_HELD
	case moreThanTwoThirds(t.power(item.Invalid), t.total):
		verdict = datanettypes.HOLD_VERDICT_UNFIT
	case moreThanTwoThirds(t.power(item.Differs), t.total):
		verdict = datanettypes.HOLD_VERDICT_DERIVATIONS
	case state.Ticks > item.ExpiresTick:
		verdict = datanettypes.HOLD_VERDICT_WITHHELD
	default:
		return nil
	}
	return func(ctx sdk.Context) error { return k.settleVersion(ctx, params, item, verdict) }
}

func moreThanTwoThirds(part, total int64) bool { return 3*part > 2*total }
