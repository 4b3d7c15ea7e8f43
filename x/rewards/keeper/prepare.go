package keeper

import (
	"cmp"
	"context"
	"errors"
	"slices"

	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/rewards/types"
)

// Prepare splits receipts by terms and aggregates what each account gets. It
// gives ledger ids to new accounts and moves no coins.
func (k Keeper) Prepare(ctx context.Context, terms types.Terms, payables []types.Payable) (types.Prepared, error) {
	divider, err := types.NewDivider(terms)
	if err != nil {
		return types.Prepared{}, err
	}
	c := collector{keeper: k, ctx: ctx, divider: divider, place: make(map[string]int), tally: newTally()}
	for i := range payables {
		if err := c.receipt(&payables[i]); err != nil {
			return types.Prepared{}, err
		}
	}
	return c.prepared(len(payables))
}

// collector aggregates credits by account.
type collector struct {
	keeper  Keeper
	ctx     context.Context
	divider *types.Divider
	place   map[string]int // address bytes → index in credits
	credits []types.AccountCredit
	tally   tally
	sums    sums
}

// sums of a batch by where the fees go.
type sums struct {
	fees, burned, bonus, validators, bountyPool, retired, contributors, datanetOwners, lineage, providers sum
}

// sum of amounts; it remembers that it does not fit.
type sum struct {
	amount poa.Amount
	err    error
}

func (s *sum) add(amount poa.Amount) {
	if s.err == nil {
		s.amount, s.err = s.amount.Add(amount)
	}
}

func (c *collector) receipt(payable *types.Payable) error {
	division, err := c.divider.Divide(payable)
	if err != nil {
		return err
	}
	c.tally.add(payable, division)
	s := &c.sums
	s.fees.add(division.Fee)
	s.burned.add(division.Burned)
	s.bonus.add(division.Bonus)
	s.validators.add(division.Validators)
	s.bountyPool.add(division.BountyPool)
	s.retired.add(division.Retired)
	s.providers.add(division.Provider)
	s.lineage.add(division.Lineage)
	if err := c.earn(payable.Provider, division.Provider); err != nil {
		return err
	}
	for i, amount := range c.divider.LineageAmounts(division.Lineage, payable.Lineage) {
		if err := c.earn(payable.Lineage[i].Address, amount); err != nil {
			return err
		}
	}
	for i, part := range division.Entries {
		if err := c.entry(&payable.Entries[i], part); err != nil {
			return err
		}
	}
	return nil
}

func (c *collector) entry(entry *types.PayableEntry, part types.EntryDivision) error {
	c.sums.contributors.add(part.Amount)
	c.sums.datanetOwners.add(part.OwnerAmount)
	if err := c.credit(entry.Contributor, part.Amount, part.Amount, part.Bonus); err != nil {
		return err
	}
	if part.OwnerAmount.IsZero() {
		return nil
	}
	earned, err := part.Amount.Add(part.OwnerAmount)
	if err != nil {
		return err
	}
	for _, royalty := range entry.Royalties {
		if err := c.earn(royalty.Address, types.RoyaltyAmount(earned, royalty)); err != nil {
			return err
		}
	}
	return nil
}

// earn credits what is not earned by contributing.
func (c *collector) earn(account sdk.AccAddress, amount poa.Amount) error {
	return c.credit(account, amount, poa.Amount{}, poa.Amount{})
}

func (c *collector) credit(account sdk.AccAddress, amount, contributed, bonus poa.Amount) error {
	if amount.IsZero() && bonus.IsZero() {
		return nil
	}
	at, known := c.place[string(account)]
	if !known {
		id, err := c.keeper.ledgerID(c.ctx, account)
		if err != nil {
			return err
		}
		at = len(c.credits)
		c.place[string(account)] = at
		c.credits = append(c.credits, types.AccountCredit{LedgerID: id})
	}
	credit := &c.credits[at]
	return errors.Join(addTo(&credit.Amount, amount), addTo(&credit.Contributed, contributed), addTo(&credit.Bonus, bonus))
}

func addTo(to *poa.Amount, amount poa.Amount) (err error) {
	*to, err = to.Add(amount)
	return err
}

// prepared returns what was collected, or that it is more than there can be.
func (c *collector) prepared(receipts int) (types.Prepared, error) {
	s := &c.sums
	for _, sum := range []sum{
		s.fees, s.burned, s.bonus, s.validators, s.bountyPool, s.retired, s.contributors, s.datanetOwners, s.lineage, s.providers,
	} {
		if sum.err != nil {
			return types.Prepared{}, errorsmod.Wrap(types.ErrInvalidAmount, sum.err.Error())
		}
	}
	out := types.Prepared{
		Fees: types.IntOf(s.fees.amount), Burned: types.IntOf(s.burned.amount), Bonus: types.IntOf(s.bonus.amount),
		Validators: types.IntOf(s.validators.amount), BountyPool: types.IntOf(s.bountyPool.amount), Retired: types.IntOf(s.retired.amount),
		Contributors: types.IntOf(s.contributors.amount), DatanetOwners: types.IntOf(s.datanetOwners.amount),
		Lineage: types.IntOf(s.lineage.amount), Providers: types.IntOf(s.providers.amount),
		Credits: c.credits, Receipts: uint64(receipts),
	}
	out.DataNets, out.Models = c.tally.sorted()
	slices.SortFunc(out.Credits, func(a, b types.AccountCredit) int { return cmp.Compare(a.LedgerID, b.LedgerID) })
	return out, nil
}
