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

// LedgerID returns the ledger id of an account, giving it the next one at its first credit, or acceptance of data.
func (k Keeper) LedgerID(ctx context.Context, account sdk.AccAddress) (uint64, error) {
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
	return id, page.Rows[at], true, err
}

// setPage stores a page. One with an account to pay out goes to the set that
// automatic payout visits, where it stays until then.
func (k Keeper) setPage(ctx context.Context, number uint64, page types.Page, params types.Params) error {
	if !page.Due {
		due, err := k.anyDue(ctx, number, &page, params)
		if err != nil {
			return err
		}
		if due {
			page.Due = true
			if err := k.DuePages.Set(ctx, number); err != nil {
				return err
			}
		}
	}
	return k.Pages.Set(ctx, number, page)
}

func (k Keeper) anyDue(ctx context.Context, number uint64, page *types.Page, params types.Params) (bool, error) {
	least, err := types.AmountOf(params.PayoutThreshold)
	if err != nil {
		return false, err
	}
	for at := range page.Rows {
		row := &page.Rows[at]
		if row.Balance.Cmp(least) < 0 {
			continue
		}
		due, err := k.due(ctx, number*types.AccountsPerPage+uint64(at), row, params)
		if due || err != nil {
			return due, err
		}
	}
	return false, nil
}

// due reports whether a row has reached its payout threshold.
func (k Keeper) due(ctx context.Context, id uint64, row *types.Row, params types.Params) (bool, error) {
	threshold, err := k.threshold(ctx, id, row, params)
	return err == nil && types.IntOf(row.Balance).GTE(threshold), err
}

// threshold returns the balance from which an account is paid automatically.
func (k Keeper) threshold(ctx context.Context, id uint64, row *types.Row, params types.Params) (math.Int, error) {
	if !row.Threshold {
		return params.PayoutThreshold, nil
	}
	chosen, err := k.Thresholds.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		return params.PayoutThreshold, nil
	}
	if err != nil {
		return math.Int{}, err
	}
	return math.MaxInt(chosen, params.PayoutThreshold), nil
}

// creditRow adds to a row of a page in memory: amount to the balance, and what
// of it is income and income from contributions.
func creditRow(row *types.Row, amount, earned, contributed poa.Amount) error {
	return errors.Join(addTo(&row.Balance, amount), addTo(&row.Earned, earned), addTo(&row.Contributed, contributed))
}

// countPaidOut adds what was paid out of the ledger to an account.
func (k Keeper) countPaidOut(ctx context.Context, id uint64, amount math.Int) error {
	paid, err := k.paidOut(ctx, id)
	if err != nil {
		return err
	}
	return k.PaidOut.Set(ctx, id, paid.Add(amount))
}

func (k Keeper) paidOut(ctx context.Context, id uint64) (math.Int, error) {
	paid, err := k.PaidOut.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		return math.ZeroInt(), nil
	}
	return paid, err
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

// Credit moves amount from a module account, which hands it over in the
// end-blocker, into the ledger balance of an account at once. It is for refunds:
// it counts in Totals.Refunds, not as earned.
func (k Keeper) Credit(ctx context.Context, fromModule string, to sdk.AccAddress, amount math.Int) error {
	if !amount.IsPositive() {
		return nil
	}
	return errors.Join(
		k.owe(ctx, fromModule, amount),
		k.creditNow(ctx, to, amount, math.ZeroInt()),
		k.countRefund(ctx, amount),
	)
}

// creditNow adds to the ledger balance of an account without the sweep. None of it is from contributions.
func (k Keeper) creditNow(ctx context.Context, to sdk.AccAddress, amount, earned math.Int) error {
	if !amount.IsPositive() {
		return nil
	}
	params, err := k.Params.Get(ctx)
	if err != nil {
		return err
	}
	packed, err := types.AmountOf(amount)
	if err != nil {
		return err
	}
	income, err := types.AmountOf(earned)
	if err != nil {
		return err
	}
	id, err := k.LedgerID(ctx, to)
	if err != nil {
		return err
	}
	number, at := types.PageOf(id)
	page, err := k.page(ctx, number)
	if err != nil {
		return err
	}
	if err := creditRow(&page.Rows[at], packed, income, poa.Amount{}); err != nil {
		return err
	}
	return k.setPage(ctx, number, page, params)
}

func (k Keeper) countRefund(ctx context.Context, amount math.Int) error {
	totals, err := k.Totals.Get(ctx)
	if err != nil {
		return err
	}
	totals.Refunds = totals.Refunds.Add(amount)
	return k.Totals.Set(ctx, totals)
}
