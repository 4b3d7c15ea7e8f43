package keeper

import (
	"cmp"
	"context"
	"slices"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/rewards/types"
)

// Prepare splits receipts by terms and aggregates what each account gets. It
// gives ledger ids to new accounts and moves no coins.
func (k Keeper) Prepare(ctx context.Context, terms types.Terms, payables []types.Payable) (types.Prepared, error) {
	zero := math.ZeroInt()
	c := collector{
		keeper: k, ctx: ctx, place: make(map[string]int), tally: newTally(),
		prepared: types.Prepared{
			Fees: zero, Burned: zero, Bonus: zero, Validators: zero, BountyPool: zero, Retired: zero,
			Contributors: zero, DatanetOwners: zero, Lineage: zero, Providers: zero,
		},
	}
	for _, payable := range payables {
		if err := c.receipt(terms, payable); err != nil {
			return types.Prepared{}, err
		}
	}
	c.prepared.DataNets, c.prepared.Models = c.tally.sorted()
	slices.SortFunc(c.prepared.Credits, func(a, b types.Credit) int { return cmp.Compare(a.LedgerId, b.LedgerId) })
	return c.prepared, nil
}

// collector aggregates credits by account.
type collector struct {
	keeper   Keeper
	ctx      context.Context
	place    map[string]int // address bytes → index in prepared.Credits
	tally    tally
	prepared types.Prepared
}

func (c *collector) receipt(terms types.Terms, payable types.Payable) error {
	payout, err := types.Split(terms, payable)
	if err != nil {
		return err
	}
	c.tally.add(payable, payout)
	p := &c.prepared
	p.Receipts++
	p.Fees = p.Fees.Add(payout.Fee)
	p.Burned = p.Burned.Add(payout.Burned)
	p.Bonus = p.Bonus.Add(payout.Bonus)
	p.Validators = p.Validators.Add(payout.Validators)
	p.BountyPool = p.BountyPool.Add(payout.BountyPool)
	p.Retired = p.Retired.Add(payout.Retired)
	p.Providers = p.Providers.Add(payout.Provider)
	p.Lineage = p.Lineage.Add(payout.Lineage)
	if err := c.earn(payable.Provider, payout.Provider); err != nil {
		return err
	}
	for i, amount := range types.LineageAmounts(payout.Lineage, payable.Lineage) {
		if err := c.earn(payable.Lineage[i].Address, amount); err != nil {
			return err
		}
	}
	for i, entry := range payout.Entries {
		p.Contributors = p.Contributors.Add(entry.Amount)
		p.DatanetOwners = p.DatanetOwners.Add(entry.OwnerAmount)
		if err := c.contribute(payable.Entries[i].Contributor, entry.Amount, entry.Bonus); err != nil {
			return err
		}
		royalties := payable.Entries[i].Royalties
		for j, amount := range types.RoyaltyAmounts(entry.Amount.Add(entry.OwnerAmount), royalties) {
			if err := c.earn(royalties[j].Address, amount); err != nil {
				return err
			}
		}
	}
	return nil
}

// earn credits what is not earned by contributing.
func (c *collector) earn(account sdk.AccAddress, amount math.Int) error {
	return c.credit(account, amount, math.ZeroInt(), math.ZeroInt())
}

// contribute credits what a contribution earned.
func (c *collector) contribute(account sdk.AccAddress, amount, bonus math.Int) error {
	return c.credit(account, amount, amount, bonus)
}

func (c *collector) credit(account sdk.AccAddress, amount, contributed, bonus math.Int) error {
	if amount.IsZero() && bonus.IsZero() {
		return nil
	}
	at, known := c.place[string(account)]
	if !known {
		id, err := c.keeper.ledgerID(c.ctx, account)
		if err != nil {
			return err
		}
		at = len(c.prepared.Credits)
		c.place[string(account)] = at
		c.prepared.Credits = append(c.prepared.Credits, types.Credit{
			LedgerId: id, Amount: math.ZeroInt(), Contributed: math.ZeroInt(), Bonus: math.ZeroInt(),
		})
	}
	credit := &c.prepared.Credits[at]
	credit.Amount = credit.Amount.Add(amount)
	credit.Contributed = credit.Contributed.Add(contributed)
	credit.Bonus = credit.Bonus.Add(bonus)
	return nil
}
