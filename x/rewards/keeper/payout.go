package keeper

import (
	"context"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/internal/modulekit"
	"github.com/openledger/openledger/x/rewards/types"
)

// payOut pays accounts above their threshold, at most PayoutsPerBlock of them from as many pages; those that the bank
// refuses do not count. Pages with such accounts are kept in a set; a cursor of its own walks it, so that no account
// waits for ever behind busier ones.
func (k Keeper) payOut(ctx context.Context, params types.Params) error {
	sweep, err := k.Sweep.Get(ctx)
	if err != nil {
		return err
	}
	run := payoutRun{keeper: k, ctx: ctx, params: params, left: params.PayoutsPerBlock, amount: math.ZeroInt()}
	wrapped := false
	for pages := params.PayoutsPerBlock; pages > 0 && run.left > 0; pages-- {
		from, row := types.PageOf(sweep.PayoutId)
		number, found, err := k.nextDuePage(ctx, from)
		if err != nil {
			return err
		}
		if !found {
			if wrapped || sweep.PayoutId == 0 {
				break
			}
			wrapped, sweep.PayoutId = true, 0
			continue
		}
		if number != from {
			row = 0
		}
		if sweep.PayoutId, err = run.page(number, row); err != nil {
			return err
		}
	}
	if err := k.Sweep.Set(ctx, sweep); err != nil || run.count == 0 {
		return err
	}
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(
		&types.EventPayouts{Count: run.count, Amount: run.amount})
}

// nextDuePage returns the first page from a number on with an account that is due, if there is one.
func (k Keeper) nextDuePage(ctx context.Context, from uint64) (uint64, bool, error) {
	return modulekit.FirstKey(k.DuePages.Iterate(ctx, new(collections.Range[uint64]).StartInclusive(from)))
}

// payoutRun is the work of one block.
type payoutRun struct {
	keeper Keeper
	ctx    context.Context
	params types.Params
	left   uint32
	count  uint32
	amount math.Int
}

// page pays the due accounts of a page from a row on, and returns the ledger id
// to go on from. A page leaves the set when it was visited from its first row to
// its last: what the bank refused waits for the next credit.
func (r *payoutRun) page(number uint64, from int) (next uint64, err error) {
	k := r.keeper
	page, err := k.page(r.ctx, number)
	if err != nil {
		// What cannot be read keeps nobody else waiting.
		sdk.UnwrapSDKContext(r.ctx).Logger().Error("page of the ledger cannot be read", "module", types.ModuleName, "page",
			number, "err", err)
		return (number + 1) * types.AccountsPerPage, k.DuePages.Remove(r.ctx, number)
	}
	at := from
	for ; at < len(page.Rows); at++ {
		row := &page.Rows[at]
		if row.Balance.IsZero() {
			continue
		}
		id := number*types.AccountsPerPage + uint64(at)
		due, err := k.due(r.ctx, id, row, r.params)
		if err != nil {
			return 0, err
		}
		if !due {
			continue
		}
		if r.left == 0 {
			break
		}
		if err := r.pay(id, row); err != nil {
			return 0, err
		}
	}
	next = number*types.AccountsPerPage + uint64(at)
	if from == 0 && at == len(page.Rows) {
		page.Due = false
		if err := k.DuePages.Remove(r.ctx, number); err != nil {
			return 0, err
		}
	}
	return next, k.Pages.Set(r.ctx, number, page)
}

// pay sends a row's balance. When the bank refuses, the balance stays in the
// ledger until the next credit or a claim to another account.
func (r *payoutRun) pay(id uint64, row *types.Row) error {
	account, err := r.keeper.Accounts.Get(r.ctx, id)
	if err != nil {
		return err
	}
	amount := types.IntOf(row.Balance)
	sdkCtx := sdk.UnwrapSDKContext(r.ctx)
	sent := modulekit.Attempt(sdkCtx, func(ctx sdk.Context) error {
		if err := r.keeper.bank.SendCoinsFromModuleToAccount(ctx, types.ModuleName, account, coins(amount)); err != nil {
			return err
		}
		return r.keeper.countPaidOut(ctx, id, amount)
	})
	if sent != nil {
		return sdkCtx.EventManager().EmitTypedEvent(&types.EventPayoutFailed{Account: account.String(), Reason: sent.Error()})
	}
	row.Balance = poa.Amount{}
	r.left--
	r.count++
	r.amount = r.amount.Add(amount)
	return nil
}
