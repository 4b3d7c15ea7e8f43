package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	"github.com/openledger/openledger/x/rewards/types"
)

// CheckInvariants recounts what the module owes and compares it with what it
// holds. It walks the whole state: for tests, genesis and audits.
func (k Keeper) CheckInvariants(ctx context.Context) error {
	return errors.Join(k.checkSolvency(ctx), k.checkTotals(ctx), k.checkContributed(ctx), k.checkDataNets(ctx), k.checkModels(ctx), k.checkLists(ctx))
}

// checkSolvency: the module account holds the ledger, the credits that wait and
// the pots, or more; the bounty pool holds its counter, or more.
func (k Keeper) checkSolvency(ctx context.Context) error {
	owed := math.ZeroInt()
	for _, item := range []collections.Item[math.Int]{k.ValidatorsPot, k.PendingBurn, k.PendingRetired, k.PendingBounty, k.AttestEscrow} {
		amount, err := get(ctx, item)
		if err != nil {
			return err
		}
		owed = owed.Add(amount)
	}
	ledger, _, err := k.ledgerTotal(ctx)
	if err != nil {
		return err
	}
	waiting, _, err := k.waitingTotal(ctx)
	if err != nil {
		return err
	}
	undecided, err := k.heldTotal(ctx)
	if err != nil {
		return err
	}
	owed = owed.Add(ledger).Add(waiting).Add(undecided)
	if held := k.held(ctx, types.ModuleName); held.LT(owed) {
		return errorsmod.Wrapf(types.ErrInvariant, "%s holds %s and owes %s", types.ModuleName, held, owed)
	}
	pool, err := get(ctx, k.BountyPool)
	if err != nil {
		return err
	}
	if held := k.held(ctx, types.BountyPoolName); held.LT(pool) {
		return errorsmod.Wrapf(types.ErrInvariant, "%s holds %s, its counter says %s", types.BountyPoolName, held, pool)
	}
	return nil
}

func (k Keeper) held(ctx context.Context, module string) math.Int {
	return k.bank.GetBalance(ctx, k.accounts.GetModuleAddress(module), types.Denom).Amount
}

// ledgerTotal is the sum of all ledger balances, and of what was earned by contributing.
func (k Keeper) ledgerTotal(ctx context.Context) (total, contributed math.Int, err error) {
	total, contributed = math.ZeroInt(), math.ZeroInt()
	err = k.Pages.Walk(ctx, nil, func(number uint64, page types.Page) (bool, error) {
		for i, row := range page {
			if row.Contributed.Cmp(row.Earned) > 0 {
				return true, errorsmod.Wrapf(types.ErrInvariant, "ledger account %d earned %s, %s of it by contributing",
					number*types.AccountsPerPage+uint64(i), row.Earned, row.Contributed)
			}
			total, contributed = total.Add(types.IntOf(row.Balance)), contributed.Add(types.IntOf(row.Contributed))
		}
		return false, nil
	})
	return total, contributed, err
}

// waitingTotal is the sum of credits that the sweep has not paid yet, and of
// what contributions brought of it, without the bonus of lists that arrived in
// the running block.
func (k Keeper) waitingTotal(ctx context.Context) (total, contributed math.Int, err error) {
	sweep, err := k.Sweep.Get(ctx)
	if err != nil {
		return math.Int{}, math.Int{}, err
	}
	total, contributed = math.ZeroInt(), math.ZeroInt()
	err = k.Lists.Walk(ctx, nil, func(id uint64, list types.CreditList) (bool, error) {
		arrived, err := k.Arrived.Has(ctx, id)
		if err != nil {
			return true, err
		}
		return false, k.walkCredits(ctx, list, func(credit types.Credit) error {
			page, _ := types.PageOf(credit.LedgerId)
			if !arrived && paid(list, sweep, page) {
				return nil
			}
			total, contributed = total.Add(credit.Amount), contributed.Add(credit.Contributed)
			if !arrived {
				total, contributed = total.Add(credit.Bonus), contributed.Add(credit.Bonus)
			}
			return nil
		})
	})
	return total, contributed, err
}

// checkContributed: what accounts have earned by contributing, or wait for, is what contributors got from fees and as bonus.
func (k Keeper) checkContributed(ctx context.Context) error {
	totals, err := k.Totals.Get(ctx)
	if err != nil {
		return err
	}
	_, ledger, err := k.ledgerTotal(ctx)
	if err != nil {
		return err
	}
	_, waiting, err := k.waitingTotal(ctx)
	if err != nil {
		return err
	}
	if got := totals.Contributors.Add(totals.Bonus); !ledger.Add(waiting).Equal(got) {
		return errorsmod.Wrapf(types.ErrInvariant, "accounts contributed for %s and wait for %s, the totals say %s", ledger, waiting, got)
	}
	return nil
}

// heldTotal is the sum of fees that wait for a verdict. The parts of each list are its fees.
func (k Keeper) heldTotal(ctx context.Context) (math.Int, error) {
	total := math.ZeroInt()
	err := k.Held.Walk(ctx, nil, func(id uint64, held types.HeldList) (bool, error) {
		credits, contributed := math.ZeroInt(), math.ZeroInt()
		if err := k.walkCredits(ctx, held.List, func(credit types.Credit) error {
			credits, contributed = credits.Add(credit.Amount), contributed.Add(credit.Contributed)
			return nil
		}); err != nil {
			return true, err
		}
		if parts := credits.Add(held.Burned).Add(held.Retired).Add(held.BountyPool).Add(held.Validators); !parts.Equal(held.List.Fees) {
			return true, errorsmod.Wrapf(types.ErrInvariant, "held list %d: fees of %s were divided into %s", id, held.List.Fees, parts)
		}
		if !contributed.Equal(held.Contributors) {
			return true, errorsmod.Wrapf(types.ErrInvariant, "held list %d: contributors get %s, its credits say %s", id, held.Contributors, contributed)
		}
		total = total.Add(held.List.Fees)
		return false, nil
	})
	return total, err
}

// paid says whether the sweep has already paid what a list holds for a page.
func paid(list types.CreditList, sweep types.Sweep, page uint64) bool {
	if sweep.Cycle == list.StartCycle {
		return page >= list.StartPage && page < sweep.Page
	}
	return page >= list.StartPage || page < sweep.Page
}

func (k Keeper) walkCredits(ctx context.Context, list types.CreditList, visit func(types.Credit) error) error {
	for n := range list.Chunks {
		chunk, err := k.Chunks.Get(ctx, collections.Join(list.Id, n))
		if err != nil {
			return err
		}
		for _, credit := range chunk.Credits {
			if err := visit(credit); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkTotals: fees went where the counters say, the bonus stayed within the
// burn, and the supply is within its maximum.
func (k Keeper) checkTotals(ctx context.Context) error {
	totals, err := k.Totals.Get(ctx)
	if err != nil {
		return err
	}
	pendingBurn, err := get(ctx, k.PendingBurn)
	if err != nil {
		return err
	}
	pendingRetired, err := get(ctx, k.PendingRetired)
	if err != nil {
		return err
	}
	parts := totals.Burned.Add(pendingBurn).Add(totals.Retired).Add(pendingRetired).
		Add(totals.Contributors).Add(totals.DatanetOwners).Add(totals.Lineage).Add(totals.Providers).Add(totals.Validators).Add(totals.BountyPool)
	if !parts.Equal(totals.Fees) {
		return errorsmod.Wrapf(types.ErrInvariant, "fees of %s were divided into %s", totals.Fees, parts)
	}
	if totals.Bonus.GT(totals.Burned) {
		return errorsmod.Wrapf(types.ErrInvariant, "bonus %s is above what was burned, %s", totals.Bonus, totals.Burned)
	}
	if supply := k.bank.GetSupply(ctx, types.Denom).Amount; supply.GT(types.MaxSupply) {
		return errorsmod.Wrapf(types.ErrInvariant, "supply %s is above the maximum %s", supply, types.MaxSupply)
	}
	return nil
}

// checkDataNets: DataNets received no more than the totals say. What no DataNet is named for is in the totals only.
func (k Keeper) checkDataNets(ctx context.Context) error {
	totals, err := k.Totals.Get(ctx)
	if err != nil {
		return err
	}
	sum := types.NewDataNetTotals(0)
	if err := k.DataNetTotals.Walk(ctx, nil, func(id uint64, t types.DataNetTotals) (bool, error) {
		if t.DatanetId != id || t.Receipts > totals.Receipts {
			return true, errorsmod.Wrapf(types.ErrInvariant, "DataNet %d was paid by %d receipts of %d", id, t.Receipts, totals.Receipts)
		}
		sum = sum.Add(t)
		return false, nil
	}); err != nil {
		return err
	}
	if sum.Contributors.GT(totals.Contributors) || sum.Royalties.GT(totals.DatanetOwners) {
		return errorsmod.Wrapf(types.ErrInvariant, "DataNets received %s and royalties of %s, above the totals %s and %s",
			sum.Contributors, sum.Royalties, totals.Contributors, totals.DatanetOwners)
	}
	return nil
}

// checkModels: the fees of each model are its compute and royalty, and models brought no more than the totals and the validators'
// shares that are not divided yet.
func (k Keeper) checkModels(ctx context.Context) error {
	totals, err := k.Totals.Get(ctx)
	if err != nil {
		return err
	}
	escrow, err := get(ctx, k.AttestEscrow)
	if err != nil {
		return err
	}
	sum := types.NewModelTotals(0)
	if err := k.ModelTotals.Walk(ctx, nil, func(id uint64, t types.ModelTotals) (bool, error) {
		if t.ModelId != id || !t.Fees.Equal(t.Compute.Add(t.Royalty)) {
			return true, errorsmod.Wrapf(types.ErrInvariant, "fees of model %d are %s, its compute %s and royalty %s", id, t.Fees, t.Compute, t.Royalty)
		}
		sum = sum.Add(t)
		return false, nil
	}); err != nil {
		return err
	}
	if sum.Receipts > totals.Receipts || sum.Fees.GT(totals.Fees.Add(escrow)) || sum.Unattributed.GT(totals.BountyPool) {
		return errorsmod.Wrapf(types.ErrInvariant, "models brought %s in %d receipts, %s of it unattributed: more than the totals say", sum.Fees, sum.Receipts, sum.Unattributed)
	}
	return nil
}

// checkLists: credits stand in ledger order and belong to known accounts; the
// bonus of a list is the sum of its credits'.
func (k Keeper) checkLists(ctx context.Context) error {
	accounts, err := k.NextAccount.Peek(ctx)
	if err != nil {
		return err
	}
	return k.Lists.Walk(ctx, nil, func(id uint64, list types.CreditList) (bool, error) {
		bonus, last, first := math.ZeroInt(), uint64(0), true
		err := k.walkCredits(ctx, list, func(credit types.Credit) error {
			if credit.LedgerId >= accounts || !first && credit.LedgerId <= last {
				return errorsmod.Wrapf(types.ErrInvariant, "credit list %d: account %d is unknown or out of order", id, credit.LedgerId)
			}
			last, first = credit.LedgerId, false
			bonus = bonus.Add(credit.Bonus)
			return nil
		})
		if err != nil {
			return true, err
		}
		arrived, err := k.Arrived.Has(ctx, id)
		if err != nil {
			return true, err
		}
		want := list.BonusGranted
		if arrived {
			want = list.Bonus
		}
		if !bonus.Equal(want) {
			return true, errorsmod.Wrapf(types.ErrInvariant, "credit list %d: bonus of the credits is %s, of the list %s", id, bonus, want)
		}
		return false, nil
	})
}
