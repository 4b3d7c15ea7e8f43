package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/rewards/types"
)

// Reasons of dead letters. State holds these, because texts of errors may differ from build to build. The log of the
// node has the error itself.
const (
	reasonList  = "the list cannot be read"
	reasonPage  = "a page of the ledger cannot be read"
	reasonFull  = "an account can hold no more"
	reasonBonus = "the bonus is not covered by what was burned, or cannot be computed: it is lost"
)

// addDeadLetter puts aside a list that failed when the sweep stood at a page:
// what its walk passed before is paid, the rest is owed until a retry.
func (k Keeper) addDeadLetter(ctx context.Context, list types.CreditList, page, cycle uint64, reason string,
	cause error) error {
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	sdkCtx.Logger().Error("credit list cannot be paid", "module", types.ModuleName, "batch", list.BatchId, "reason",
		reason, "err", cause)
	letter := types.DeadLetter{List: list, Page: page, Cycle: cycle, Height: sdkCtx.BlockHeight(), Reason: reason}
	return errors.Join(
		k.DeadLetters.Set(ctx, list.BatchId, letter),
		sdkCtx.EventManager().EmitTypedEvent(&types.EventDeadLetter{BatchId: list.BatchId, Reason: reason}),
	)
}

// retryDeadLetter hands what a dead letter owes to the sweep as a new list.
// Its bonus was granted, and is not asked for again.
func (k Keeper) retryDeadLetter(ctx context.Context, id uint64) (math.Int, error) {
	letter, err := k.DeadLetters.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		return math.Int{}, errorsmod.Wrapf(types.ErrNoDeadLetter, "batch %d: see the query dead-letters", id)
	}
	if err != nil {
		return math.Int{}, err
	}
	accounts, err := k.NextAccount.Peek(ctx)
	if err != nil {
		return math.Int{}, err
	}
	var credits []types.AccountCredit
	if err := k.walkUnpaid(ctx, letter, func(credit types.AccountCredit) error {
		credits = append(credits, credit)
		return known(credit, accounts)
	}); err != nil {
		return math.Int{}, errorsmod.Wrapf(types.ErrDeadLetter, "%s: a later version of the node may read it", err)
	}
	if err := errors.Join(k.removeCredits(ctx, letter.List), k.DeadLetters.Remove(ctx, id)); err != nil {
		return math.Int{}, err
	}
	list := letter.List
	if list.Firsts, err = k.storeCredits(ctx, list.BatchId, credits); err != nil {
		return math.Int{}, err
	}
	var amount, bonus poa.Amount
	for _, credit := range credits {
		if err := errors.Join(addTo(&amount, credit.Amount), addTo(&amount, credit.Bonus),
			addTo(&bonus, credit.Bonus)); err != nil {
			return math.Int{}, err
		}
	}
	list.BonusScale, list.Bonus, list.BonusGranted = types.FullScale, types.IntOf(bonus), types.IntOf(bonus)
	if len(credits) > 0 {
		err = k.enqueueList(ctx, list)
	}
	event := &types.EventDeadLetterRetried{BatchId: id, Amount: types.IntOf(amount)}
	return event.Amount, errors.Join(err, sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(event))
}

// walkUnpaid visits what a dead letter still owes, with the bonus that was granted.
func (k Keeper) walkUnpaid(ctx context.Context, letter types.DeadLetter, visit func(types.AccountCredit) error) error {
	return k.walkCredits(ctx, letter.List, func(credit types.AccountCredit) error {
		page, _ := types.PageOf(credit.LedgerID)
		if paid(letter.List, letter.Page, letter.Cycle, page) {
			return nil
		}
		credit.Bonus = types.Scale(credit.Bonus, letter.List.BonusScale)
		return visit(credit)
	})
}
