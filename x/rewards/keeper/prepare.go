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
	c := collector{keeper: k, ctx: ctx, divider: divider, ids: make(map[string]uint64), place: make(map[uint64]int),
		counter: newCounter()}
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
	ids     map[string]uint64 // address bytes → ledger id
	place   map[uint64]int    // ledger id → index in credits
	credits []types.AccountCredit
	counter counter
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
	c.counter.add(payable, division)
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
	if err := c.contribute(entry, part); err != nil {
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

func (c *collector) contribute(entry *types.PayableEntry, part types.EntryDivision) error {
	if part.Amount.IsZero() && part.Bonus.IsZero() {
		return nil
	}
	id := entry.LedgerID
	if id == 0 {
		var err error
		if id, err = c.id(entry.Contributor); err != nil {
			return err
		}
	}
	credit := c.creditOf(id)
	return errors.Join(addTo(&credit.Amount, part.Amount), addTo(&credit.Contributed, part.Amount),
		addTo(&credit.Bonus, part.Bonus))
}

// earn credits what is not earned by contributing.
func (c *collector) earn(account sdk.AccAddress, amount poa.Amount) error {
	if amount.IsZero() {
		return nil
	}
	id, err := c.id(account)
	if err != nil {
		return err
	}
	return addTo(&c.creditOf(id).Amount, amount)
}

func (c *collector) id(account sdk.AccAddress) (uint64, error) {
	id, known := c.ids[string(account)]
	if known {
		return id, nil
	}
	id, err := c.keeper.LedgerID(c.ctx, account)
	c.ids[string(account)] = id
	return id, err
}

// creditOf returns the credit of an account, which is valid until the next call.
func (c *collector) creditOf(id uint64) *types.AccountCredit {
	at, known := c.place[id]
	if !known {
		at = len(c.credits)
		c.place[id] = at
		c.credits = append(c.credits, types.AccountCredit{LedgerID: id})
	}
	return &c.credits[at]
}

func addTo(to *poa.Amount, amount poa.Amount) (err error) {
	*to, err = to.Add(amount)
	return err
}

// prepared returns the collected credits, or an error if a sum does not fit.
func (c *collector) prepared(receipts int) (types.Prepared, error) {
	s := &c.sums
	for _, sum := range []sum{
		s.fees, s.burned, s.bonus, s.validators, s.bountyPool, s.retired, s.contributors, s.datanetOwners, s.lineage,
		s.providers,
	} {
		if sum.err != nil {
			return types.Prepared{}, errorsmod.Wrap(types.ErrInvalidAmount, sum.err.Error())
		}
	}
	out := types.Prepared{
		Fees: types.IntOf(s.fees.amount), Burned: types.IntOf(s.burned.amount), Bonus: types.IntOf(s.bonus.amount),
		Validators: types.IntOf(s.validators.amount), BountyPool: types.IntOf(s.bountyPool.amount),
		Retired:      types.IntOf(s.retired.amount),
		Contributors: types.IntOf(s.contributors.amount), DatanetOwners: types.IntOf(s.datanetOwners.amount),
		Lineage: types.IntOf(s.lineage.amount), Providers: types.IntOf(s.providers.amount),
		Credits: c.credits, Receipts: uint64(receipts),
	}
	out.DataNets, out.Models = c.counter.sorted()
	slices.SortFunc(out.Credits, func(a, b types.AccountCredit) int { return cmp.Compare(a.LedgerID, b.LedgerID) })
	return out, nil
}
