package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/rewards/types"
)

// ledgerID returns the ledger id of an account, giving it the next one at its first credit.
func (k Keeper) ledgerID(ctx context.Context, account sdk.AccAddress) (uint64, error) {
	id, err := k.AccountIDs.Get(ctx, account)
	if !errors.Is(err, collections.ErrNotFound) {
		return id, err
	}
	if id, err = k.NextAccount.Next(ctx); err != nil {
		return 0, err
	}
	if err := k.AccountIDs.Set(ctx, account, id); err != nil {
		return 0, err
	}
	return id, k.Accounts.Set(ctx, id, account)
}

// page returns a ledger page, empty when it was never written.
func (k Keeper) page(ctx context.Context, number uint64) (types.Page, error) {
	page, err := k.Pages.Get(ctx, number)
	if errors.Is(err, collections.ErrNotFound) {
		return types.Page{}, nil
	}
	return page, err
}

// row returns the ledger row of an account; ok is false when it has none.
func (k Keeper) row(ctx context.Context, account sdk.AccAddress) (id uint64, row types.Row, ok bool, err error) {
	id, err = k.AccountIDs.Get(ctx, account)
	if errors.Is(err, collections.ErrNotFound) {
		return 0, types.Row{}, false, nil
	}
	if err != nil {
		return 0, types.Row{}, false, err
	}
	number, at := types.PageOf(id)
	page, err := k.page(ctx, number)
	return id, page[at], true, err
}

// creditRow adds to a row of a page in memory: amount to the balance, and what
// of it is income and income from contributions.
func creditRow(row *types.Row, amount, earned, contributed math.Int) error {
	return errors.Join(addPacked(&row.Balance, amount), addPacked(&row.Earned, earned), addPacked(&row.Contributed, contributed))
}

func addPacked(to *poa.Amount, amount math.Int) error {
	packed, err := types.AmountOf(amount)
	if err != nil {
		return err
	}
	*to, err = to.Add(packed)
	return err
}

// Contributed returns what an account has earned by contributing, bonus
// included; nothing when it has never been credited.
func (k Keeper) Contributed(ctx context.Context, account sdk.AccAddress) (math.Int, error) {
	_, row, _, err := k.row(ctx, account)
	if err != nil {
		return math.Int{}, err
	}
	return types.IntOf(row.Contributed), nil
}

// threshold returns the balance above which an account is paid automatically.
func (k Keeper) threshold(ctx context.Context, id uint64, params types.Params) (math.Int, error) {
	chosen, err := k.Thresholds.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		return params.PayoutThreshold, nil
	}
	if err != nil {
		return math.Int{}, err
	}
	return math.MaxInt(chosen, params.PayoutThreshold), nil
}

// due says whether a row has reached its payout threshold. Thresholds that
// accounts chose are only read for rows above the parameter, their least value.
func (k Keeper) due(ctx context.Context, id uint64, row types.Row, params types.Params) (bool, error) {
	balance := types.IntOf(row.Balance)
	if balance.LT(params.PayoutThreshold) {
		return false, nil
	}
	threshold, err := k.threshold(ctx, id, params)
	return balance.GTE(threshold), err
}

// Credit moves amount from a module account into the ledger balance of an
// account at once. It is for refunds: it counts in Totals.Refunds, not as
// earned.
func (k Keeper) Credit(ctx context.Context, fromModule string, to sdk.AccAddress, amount math.Int) error {
	if !amount.IsPositive() {
		return nil
	}
	if err := k.bank.SendCoinsFromModuleToModule(ctx, fromModule, types.ModuleName, coins(amount)); err != nil {
		return err
	}
	if err := k.creditNow(ctx, to, amount, math.ZeroInt()); err != nil {
		return err
	}
	return k.countRefund(ctx, amount)
}

// creditNow adds coins that the module holds to the ledger balance of an account, without the sweep. None of it is from contributions.
func (k Keeper) creditNow(ctx context.Context, to sdk.AccAddress, amount, earned math.Int) error {
	if !amount.IsPositive() {
		return nil
	}
	params, err := k.Params.Get(ctx)
	if err != nil {
		return err
	}
	id, err := k.ledgerID(ctx, to)
	if err != nil {
		return err
	}
	number, at := types.PageOf(id)
	page, err := k.page(ctx, number)
	if err != nil {
		return err
	}
	if err := creditRow(&page[at], amount, earned, math.ZeroInt()); err != nil {
		return err
	}
	if err := k.Pages.Set(ctx, number, page); err != nil {
		return err
	}
	due, err := k.due(ctx, id, page[at], params)
	if err != nil || !due {
		return err
	}
	return k.DuePages.Set(ctx, number)
}

func (k Keeper) countRefund(ctx context.Context, amount math.Int) error {
	totals, err := k.Totals.Get(ctx)
	if err != nil {
		return err
	}
	totals.Refunds = totals.Refunds.Add(amount)
	return k.Totals.Set(ctx, totals)
}
