package types

import (
	"errors"
	"time"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"
)

// DefaultReserve is what emission may mint on a new chain: 200,000,000 OPEN.
var DefaultReserve = math.NewIntWithDecimal(200_000_000, Decimals)

// DefaultGenesis is the state of a new chain.
func DefaultGenesis() *GenesisState {
	return &GenesisState{
		Params:       DefaultParams(),
		Reserve:      DefaultReserve,
		NextSequence: 1, AccountsPerPage: AccountsPerPage,
		Totals:        ZeroTotals(),
		ValidatorsPot: math.ZeroInt(),
		BountyPool:    math.ZeroInt(),
		Clock:         Clock{LastBlockTime: time.Unix(0, 0).UTC()},
		PendingBurn:   math.ZeroInt(),
		PendingBounty: math.ZeroInt(),
		AttestEscrow:  math.ZeroInt(),
	}
}

// ZeroTotals is where counting starts.
func ZeroTotals() Totals {
	zero := math.ZeroInt()
	return Totals{
		Fees: zero, Burned: zero, Bonus: zero, Emitted: zero, Contributors: zero, Lineage: zero,
		Providers: zero, DatanetOwners: zero, Validators: zero, BountyPool: zero, Refunds: zero, Retired: zero,
	}
}

// Validate reports a state that cannot have come about.
func (g GenesisState) Validate() error {
	if err := g.Params.Validate(); err != nil {
		return err
	}
	for _, amount := range []struct {
		name  string
		value math.Int
	}{
		{"reserve", g.Reserve}, {"validators_pot", g.ValidatorsPot}, {"bounty_pool", g.BountyPool},
		{"pending_burn", g.PendingBurn}, {"pending_bounty", g.PendingBounty},
		{"attest_escrow", g.AttestEscrow},
		{"totals.fees", g.Totals.Fees}, {"totals.burned", g.Totals.Burned}, {"totals.bonus", g.Totals.Bonus},
		{"totals.emitted", g.Totals.Emitted}, {"totals.contributors", g.Totals.Contributors},
		{"totals.lineage", g.Totals.Lineage},
		{"totals.providers", g.Totals.Providers}, {"totals.datanet_owners", g.Totals.DatanetOwners},
		{"totals.validators", g.Totals.Validators}, {"totals.bounty_pool", g.Totals.BountyPool},
		{"totals.refunds", g.Totals.Refunds},
		{"totals.retired", g.Totals.Retired},
	} {
		if err := validateAmount(amount.name, amount.value); err != nil {
			return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
		}
	}
	if g.Reserve.GT(MaxSupply) {
		return errorsmod.Wrapf(ErrInvalidGenesis, "reserve %s is above the maximum supply", g.Reserve)
	}
	if err := g.validateAccounts(); err != nil {
		return err
	}
	if err := g.validateLists(); err != nil {
		return err
	}
	if err := g.validateOwed(); err != nil {
		return err
	}
	return errors.Join(validateDataNetTotals(g.DatanetTotals), validateModelTotals(g.ModelTotals))
}

func (g GenesisState) validateOwed() error {
	for i, owed := range g.Owed {
		if owed.Module == "" || i > 0 && owed.Module <= g.Owed[i-1].Module {
			return errorsmod.Wrapf(ErrInvalidGenesis, "module %q that owes is out of order", owed.Module)
		}
		if err := validateAmounts("owed by "+owed.Module, owed.Amount); err != nil {
			return err
		}
	}
	return nil
}

func (g GenesisState) validateCredits(list uint64, credits []Credit) error {
	for i, credit := range credits {
		if credit.LedgerId >= uint64(len(g.Accounts)) || i > 0 && credit.LedgerId <= credits[i-1].LedgerId {
			return errorsmod.Wrapf(ErrInvalidGenesis, "credit list %d: account %d is unknown or out of order", list,
				credit.LedgerId)
		}
		if err := validateAmount("credit", credit.Amount); err != nil {
			return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
		}
		if err := validateAmount("bonus", credit.Bonus); err != nil {
			return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
		}
		if err := validatePart("contributed", credit.Contributed, credit.Amount); err != nil {
			return err
		}
	}
	return nil
}

// validatePart reports an amount that is more than the one it is part of.
func validatePart(name string, part, whole math.Int) error {
	if err := validateAmounts(name, part); err != nil {
		return err
	}
	if part.GT(whole) {
		return errorsmod.Wrapf(ErrInvalidGenesis, "%s %s is part of %s", name, part, whole)
	}
	return nil
}

func (g GenesisState) validateAccounts() error {
	seen := make(map[string]bool, len(g.Accounts))
	for i, account := range g.Accounts {
		if account.Id != uint64(i) {
			return errorsmod.Wrapf(ErrInvalidGenesis, "ledger account %d stands at place %d", account.Id, i)
		}
		if err := validateAddress("ledger account", account.Address); err != nil {
			return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
		}
		if seen[account.Address] {
			return errorsmod.Wrapf(ErrInvalidGenesis, "%s has two ledger accounts", account.Address)
		}
		seen[account.Address] = true
		if err := validateAmount("balance", account.Balance); err != nil {
			return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
		}
		if err := validateAmount("earned", account.Earned); err != nil {
			return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
		}
		if err := validatePart("contributed", account.Contributed, account.Earned); err != nil {
			return err
		}
		if err := validateAmounts("paid_out", account.PaidOut); err != nil {
			return err
		}
		if _, err := ParseThreshold(account.PayoutThreshold); err != nil {
			return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
		}
	}
	return nil
}

func (g GenesisState) validateLists() error {
	if g.AccountsPerPage != AccountsPerPage {
		return errorsmod.Wrapf(ErrInvalidGenesis, "positions of the sweep are in pages of %d accounts, this version has %d",
			g.AccountsPerPage, AccountsPerPage)
	}
	if g.Sweep.NextList > max(g.NextSequence, 1) {
		return errorsmod.Wrapf(ErrInvalidGenesis, "the sweep waits for list %d, the next is %d", g.Sweep.NextList,
			g.NextSequence)
	}
	ids := make(map[uint64]bool, len(g.Lists)+len(g.Arrived)+len(g.Held)+len(g.DeadLetters))
	last, takenUp := uint64(0), uint32(0)
	for _, waiting := range g.Lists {
		list := waiting.List
		if list.Sequence <= last || list.Sequence >= g.NextSequence {
			return errorsmod.Wrapf(ErrInvalidGenesis, "credit list %d is out of order", list.BatchId)
		}
		last = list.Sequence
		if list.Sequence < g.Sweep.NextList {
			takenUp++
			if list.StartCycle != g.Sweep.Cycle && list.StartCycle+1 != g.Sweep.Cycle {
				return errorsmod.Wrapf(ErrInvalidGenesis, "credit list %d was taken up in cycle %d, the sweep is in %d",
					list.BatchId, list.StartCycle, g.Sweep.Cycle)
			}
		}
		if list.BonusScale > FullScale {
			return errorsmod.Wrapf(ErrInvalidGenesis, "credit list %d has a bonus scale of %d, at most %d", list.BatchId,
				list.BonusScale, FullScale)
		}
		if err := errors.Join(validateList(list, ids), g.validateCredits(list.BatchId, waiting.Credits)); err != nil {
			return err
		}
	}
	if takenUp != g.Sweep.TakenUp {
		return errorsmod.Wrapf(ErrInvalidGenesis, "the sweep has taken up %d lists, there are %d", g.Sweep.TakenUp, takenUp)
	}
	for _, letter := range g.DeadLetters {
		if len(letter.Chunks) != len(letter.DeadLetter.List.Firsts) || letter.DeadLetter.List.BonusScale > FullScale {
			return errorsmod.Wrapf(ErrInvalidGenesis, "dead letter %d has %d chunks of credits, want %d",
				letter.DeadLetter.List.BatchId, len(letter.Chunks), len(letter.DeadLetter.List.Firsts))
		}
		if err := validateList(letter.DeadLetter.List, ids); err != nil {
			return err
		}
	}
	return errors.Join(g.validateUnswept(g.Arrived, ids), g.validateUnswept(g.Held, ids))
}

// validateList checks a header. Each batch has one list.
func validateList(list CreditList, ids map[uint64]bool) error {
	if list.BatchId == 0 || ids[list.BatchId] {
		return errorsmod.Wrapf(ErrInvalidGenesis, "the credit list of batch %d stands twice", list.BatchId)
	}
	ids[list.BatchId] = true
	return validateAmounts("credit list", list.Fees, list.Bonus, list.BonusGranted)
}

func (g GenesisState) validateUnswept(intakes []GenesisIntake, ids map[uint64]bool) error {
	for i, waiting := range intakes {
		intake := waiting.Intake
		if i > 0 && intake.List.BatchId <= intakes[i-1].Intake.List.BatchId {
			return errorsmod.Wrapf(ErrInvalidGenesis, "credit list %d is out of order", intake.List.BatchId)
		}
		if err := errors.Join(
			validateList(intake.List, ids),
			g.validateCredits(intake.List.BatchId, waiting.Credits),
			validateAmounts("intake", intake.Burned, intake.BountyPool, intake.Validators, intake.Contributors,
				intake.DatanetOwners, intake.Lineage,
				intake.Providers, intake.Retired),
			validateDataNetTotals(intake.Datanets), validateModelTotals(intake.Models),
		); err != nil {
			return err
		}
		if intake.List.Bonus.GT(intake.Burned) {
			return errorsmod.Wrapf(ErrInvalidGenesis, "batch %d asks for a bonus of %s and burns %s", intake.List.BatchId,
				intake.List.Bonus, intake.Burned)
		}
	}
	return nil
}
