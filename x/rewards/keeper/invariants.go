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
	return errors.Join(k.checkSolvency(ctx), k.checkTotals(ctx), k.checkContributed(ctx), k.checkDataNets(ctx),
		k.checkModels(ctx), k.checkLists(ctx), k.checkPaidOut(ctx))
}

// checkSolvency: the module account holds the ledger, the credits that wait and
// the pots, or more; the bounty pool holds its counter, or more.
func (k Keeper) checkSolvency(ctx context.Context) error {
	owed := math.ZeroInt()
	for _, item := range []collections.Item[math.Int]{k.ValidatorsPot, k.PendingBurn, k.PendingBounty, k.AttestEscrow} {
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
	waiting, err := k.waitingTotal(ctx)
	if err != nil {
		return err
	}
	undecided, err := k.unsweptFees(ctx, k.Escrowed)
	if err != nil {
		return err
	}
	arrived, err := k.unsweptFees(ctx, k.Arrived)
	if err != nil {
		return err
	}
	coming, err := k.owedTotal(ctx)
	if err != nil {
		return err
	}
	owed = owed.Add(ledger).Add(waiting.amount).Add(undecided).Add(arrived)
	if held := k.balance(ctx, types.ModuleName).Add(coming); held.LT(owed) {
		return errorsmod.Wrapf(types.ErrInvariant, "%s holds %s and owes %s", types.ModuleName, held, owed)
	}
	pool, err := get(ctx, k.BountyPool)
	if err != nil {
		return err
	}
	if held := k.balance(ctx, types.BountyPoolName); held.LT(pool) {
		return errorsmod.Wrapf(types.ErrInvariant, "%s holds %s, its counter says %s", types.BountyPoolName, held, pool)
	}
	return nil
}

func (k Keeper) balance(ctx context.Context, module string) math.Int {
	return k.bank.GetBalance(ctx, k.accounts.GetModuleAddress(module), types.Denom).Amount
}

// ledgerTotal is the sum of all ledger balances, and of what was earned by contributing.
func (k Keeper) ledgerTotal(ctx context.Context) (total, contributed math.Int, err error) {
	total, contributed = math.ZeroInt(), math.ZeroInt()
	err = k.Pages.Walk(ctx, nil, func(number uint64, page types.Page) (bool, error) {
		for i, row := range page.Rows {
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

// owing is what lists have not paid yet.
type owing struct {
	amount      math.Int // bonus included
	contributed math.Int // of amount, by contributions
	unreadable  int      // dead letters that say nothing
}

// waitingTotal is the sum of credits that the sweep has not paid yet, dead
// letters included.
func (k Keeper) waitingTotal(ctx context.Context) (owing, error) {
	total := owing{amount: math.ZeroInt(), contributed: math.ZeroInt()}
	sweep, err := k.Sweep.Get(ctx)
	if err != nil {
		return total, err
	}
	add := func(credit types.AccountCredit) {
		bonus := types.IntOf(credit.Bonus)
		total.amount = total.amount.Add(types.IntOf(credit.Amount)).Add(bonus)
		total.contributed = total.contributed.Add(types.IntOf(credit.Contributed)).Add(bonus)
	}
	if err := k.Lists.Walk(ctx, nil, func(sequence uint64, list types.CreditList) (bool, error) {
		return false, k.walkCredits(ctx, list, func(credit types.AccountCredit) error {
			page, _ := types.PageOf(credit.LedgerID)
			if sequence < sweep.NextList && paid(list, sweep.Page, sweep.Cycle, page) {
				return nil
			}
			credit.Bonus = types.Scale(credit.Bonus, list.BonusScale)
			add(credit)
			return nil
		})
	}); err != nil {
		return total, err
	}
	err = k.DeadLetters.Walk(ctx, nil, func(_ uint64, letter types.DeadLetter) (bool, error) {
		var unpaid []types.AccountCredit
		if err := k.walkUnpaid(ctx, letter, func(credit types.AccountCredit) error {
			unpaid = append(unpaid, credit)
			return nil
		}); err != nil {
			total.unreadable++
			return false, nil
		}
		for _, credit := range unpaid {
			add(credit)
		}
		return false, nil
	})
	return total, err
}

// checkContributed: what accounts have earned by contributing, or wait for, is what contributors got from fees and as
// bonus.
func (k Keeper) checkContributed(ctx context.Context) error {
	totals, err := k.Totals.Get(ctx)
	if err != nil {
		return err
	}
	_, ledger, err := k.ledgerTotal(ctx)
	if err != nil {
		return err
	}
	waiting, err := k.waitingTotal(ctx)
	if err != nil {
		return err
	}
	got, counted := totals.Contributors.Add(totals.Bonus), ledger.Add(waiting.contributed)
	if counted.GT(got) || waiting.unreadable == 0 && counted.LT(got) {
		return errorsmod.Wrapf(types.ErrInvariant, "accounts contributed for %s and wait for %s, the totals say %s", ledger,
			waiting.contributed, got)
	}
	return nil
}

// checkPaidOut: what came into the ledger is in it or was paid out.
func (k Keeper) checkPaidOut(ctx context.Context) error {
	came, is := math.ZeroInt(), math.ZeroInt()
	if err := k.Pages.Walk(ctx, nil, func(_ uint64, page types.Page) (bool, error) {
		for _, row := range page.Rows {
			came, is = came.Add(types.IntOf(row.Earned)), is.Add(types.IntOf(row.Balance))
		}
		return false, nil
	}); err != nil {
		return err
	}
	totals, err := k.Totals.Get(ctx)
	if err != nil {
		return err
	}
	came = came.Add(totals.Refunds)
	if err := k.PaidOut.Walk(ctx, nil, func(_ uint64, amount math.Int) (bool, error) {
		is = is.Add(amount)
		return false, nil
	}); err != nil {
		return err
	}
	if !came.Equal(is) {
		return errorsmod.Wrapf(types.ErrInvariant, "accounts earned and were refunded %s, %s is in the ledger or paid out",
			came, is)
	}
	return nil
}

// unsweptFees returns the sum of fees of lists that were not handed to the sweep. The parts of each list are its fees.
func (k Keeper) unsweptFees(ctx context.Context, from collections.Map[uint64, types.Intake]) (math.Int, error) {
	total := math.ZeroInt()
	err := from.Walk(ctx, nil, func(id uint64, intake types.Intake) (bool, error) {
		credits, contributed, bonus := math.ZeroInt(), math.ZeroInt(), math.ZeroInt()
		if err := k.walkCredits(ctx, intake.List, func(credit types.AccountCredit) error {
			credits, contributed = credits.Add(types.IntOf(credit.Amount)), contributed.Add(types.IntOf(credit.Contributed))
			bonus = bonus.Add(types.IntOf(credit.Bonus))
			return nil
		}); err != nil {
			return true, err
		}
		if parts := credits.Add(intake.Burned).Add(intake.Retired).Add(intake.BountyPool).Add(
			intake.Validators); !parts.Equal(intake.List.Fees) {
			return true, errorsmod.Wrapf(types.ErrInvariant, "list %d: fees of %s were divided into %s", id, intake.List.Fees,
				parts)
		}
		if !contributed.Equal(intake.Contributors) || !bonus.Equal(intake.List.Bonus) {
			return true, errorsmod.Wrapf(types.ErrInvariant,
				"list %d: contributors get %s and a bonus of %s, its credits say %s and %s",
				id, intake.Contributors, intake.List.Bonus, contributed, bonus)
		}
		total = total.Add(intake.List.Fees)
		return false, nil
	})
	return total, err
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
	parts := totals.Burned.Add(pendingBurn).Add(totals.Retired).
		Add(totals.Contributors).Add(totals.DatanetOwners).Add(totals.Lineage).Add(totals.Providers).Add(
		totals.Validators).Add(totals.BountyPool)
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
			return true, errorsmod.Wrapf(types.ErrInvariant, "DataNet %d was paid by %d receipts of %d", id, t.Receipts,
				totals.Receipts)
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

// checkModels: the fees of each model are its compute and royalty, and models brought no more than the totals and the
// validators' shares that are not divided yet.
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
			return true, errorsmod.Wrapf(types.ErrInvariant, "fees of model %d are %s, its compute %s and royalty %s", id,
				t.Fees, t.Compute, t.Royalty)
		}
		sum = sum.Add(t)
		return false, nil
	}); err != nil {
		return err
	}
	if sum.Receipts > totals.Receipts || sum.Fees.GT(totals.Fees.Add(escrow)) || sum.Unattributed.GT(totals.BountyPool) {
		return errorsmod.Wrapf(types.ErrInvariant,
			"models brought %s in %d receipts, %s of it unattributed: more than the totals say", sum.Fees, sum.Receipts,
			sum.Unattributed)
	}
	return nil
}

// checkLists: credits stand in ledger order and belong to known accounts; the
// bonus of a list is the sum of its credits'; the sweep counts the lists that it
// has taken up.
func (k Keeper) checkLists(ctx context.Context) error {
	accounts, err := k.NextAccount.Peek(ctx)
	if err != nil {
		return err
	}
	sweep, err := k.Sweep.Get(ctx)
	if err != nil {
		return err
	}
	takenUp := uint32(0)
	if err := k.Lists.Walk(ctx, nil, func(sequence uint64, list types.CreditList) (bool, error) {
		if sequence < sweep.NextList {
			takenUp++
		}
		bonus, last, first := math.ZeroInt(), uint64(0), true
		if err := k.walkCredits(ctx, list, func(credit types.AccountCredit) error {
			if credit.LedgerID >= accounts || !first && credit.LedgerID <= last {
				return errorsmod.Wrapf(types.ErrInvariant, "credit list %d: account %d is unknown or out of order", list.BatchId,
					credit.LedgerID)
			}
			last, first = credit.LedgerID, false
			bonus = bonus.Add(types.IntOf(types.Scale(credit.Bonus, list.BonusScale)))
			return nil
		}); err != nil {
			return true, err
		}
		if list.Sequence != sequence || !bonus.Equal(list.BonusGranted) {
			return true, errorsmod.Wrapf(types.ErrInvariant, "credit list %d: bonus of the credits is %s, of the list %s",
				list.BatchId, bonus, list.BonusGranted)
		}
		return false, nil
	}); err != nil {
		return err
	}
	if takenUp != sweep.TakenUp {
		return errorsmod.Wrapf(types.ErrInvariant, "%d lists are taken up, the sweep counts %d", takenUp, sweep.TakenUp)
	}
	return nil
}
