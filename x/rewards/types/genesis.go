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
		Params:         DefaultParams(),
		Reserve:        DefaultReserve,
		NextListId:     1,
		Totals:         ZeroTotals(),
		ValidatorsPot:  math.ZeroInt(),
		BountyPool:     math.ZeroInt(),
		Clock:          Clock{LastBlockTime: time.Unix(0, 0).UTC()},
		PendingBurn:    math.ZeroInt(),
		PendingBounty:  math.ZeroInt(),
		AttestEscrow:   math.ZeroInt(),
		PendingRetired: math.ZeroInt(),
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
		{"attest_escrow", g.AttestEscrow}, {"pending_retired", g.PendingRetired},
		{"totals.fees", g.Totals.Fees}, {"totals.burned", g.Totals.Burned}, {"totals.bonus", g.Totals.Bonus},
		{"totals.emitted", g.Totals.Emitted}, {"totals.contributors", g.Totals.Contributors}, {"totals.lineage", g.Totals.Lineage},
		{"totals.providers", g.Totals.Providers}, {"totals.datanet_owners", g.Totals.DatanetOwners},
		{"totals.validators", g.Totals.Validators}, {"totals.bounty_pool", g.Totals.BountyPool}, {"totals.refunds", g.Totals.Refunds},
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
	if err := g.validateHeld(); err != nil {
		return err
	}
	return errors.Join(validateDataNetTotals(g.DatanetTotals), validateModelTotals(g.ModelTotals))
}

func (g GenesisState) validateHeld() error {
	known := make(map[uint64]bool, len(g.Lists)+len(g.Held))
	for _, waiting := range g.Lists {
		known[waiting.List.Id] = true
	}
	for _, waiting := range g.Held {
		held := waiting.Held
		if id := held.List.Id; id == 0 || id >= g.NextListId || known[id] {
			return errorsmod.Wrapf(ErrInvalidGenesis, "held list %d stands twice or is not below the next id %d", id, g.NextListId)
		}
		known[held.List.Id] = true
		if err := g.validateCredits(held.List.Id, waiting.Credits); err != nil {
			return err
		}
		for _, amount := range []math.Int{
			held.List.Fees, held.List.Bonus, held.Burned, held.BountyPool, held.Validators, held.Contributors, held.DatanetOwners, held.Lineage, held.Providers,
			held.Retired,
		} {
			if err := validateAmount("held list", amount); err != nil {
				return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
			}
		}
		if err := errors.Join(validateDataNetTotals(held.Datanets), validateModelTotals(held.Models)); err != nil {
			return err
		}
	}
	return nil
}

func (g GenesisState) validateCredits(list uint64, credits []Credit) error {
	for i, credit := range credits {
		if credit.LedgerId >= uint64(len(g.Accounts)) || i > 0 && credit.LedgerId <= credits[i-1].LedgerId {
			return errorsmod.Wrapf(ErrInvalidGenesis, "credit list %d: account %d is unknown or out of order", list, credit.LedgerId)
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
		if _, err := ParseThreshold(account.PayoutThreshold); err != nil {
			return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
		}
	}
	return nil
}

func (g GenesisState) validateLists() error {
	last := uint64(0)
	known := make(map[uint64]bool, len(g.Lists))
	for _, waiting := range g.Lists {
		list := waiting.List
		known[list.Id] = true
		if list.Id <= last || list.Id >= g.NextListId {
			return errorsmod.Wrapf(ErrInvalidGenesis, "credit list %d is out of order", list.Id)
		}
		last = list.Id
		if list.StartCycle > g.Sweep.Cycle {
			return errorsmod.Wrapf(ErrInvalidGenesis, "credit list %d starts in a later cycle", list.Id)
		}
		if err := g.validateCredits(list.Id, waiting.Credits); err != nil {
			return err
		}
	}
	for _, id := range g.Arrived {
		if !known[id] {
			return errorsmod.Wrapf(ErrInvalidGenesis, "arrived list %d is not waiting", id)
		}
	}
	return nil
}
