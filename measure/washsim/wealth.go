package main

import (
	"fmt"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardskeeper "github.com/openledger/openledger/x/rewards/keeper"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// accounts maps an address to what the account has, in aopen. Rewards of stake are what x/distribution owes; they may
// be fractions.
type accounts map[string]math.LegacyDec

func (a accounts) add(address string, amount math.Int) { a.addDec(address, amount.ToLegacyDec()) }

func (a accounts) addDec(address string, amount math.LegacyDec) {
	if has, known := a[address]; known {
		amount = amount.Add(has)
	}
	a[address] = amount
}

func (a accounts) of(address string) math.LegacyDec {
	if has, known := a[address]; known {
		return has
	}
	return math.LegacyZeroDec()
}

// wealth returns what everybody has: in wallets, in the ledger, in bonds, deposits and bounties, and as rewards of
// stake. Stake itself never changes.
func (b *branch) wealth() (accounts, error) {
	a := make(accounts)
	ledger := rewardskeeper.NewQueryServer(b.app().RewardsKeeper)
	for _, p := range b.everyone {
		a.add(p.String(), b.balance(p.Address))
		earned, err := ledger.Earnings(b.ctx, &rewardstypes.QueryEarningsRequest{Address: p.String()})
		if err != nil {
			return nil, err
		}
		a.add(p.String(), earned.Claimable.Amount)
	}
	if err := b.addStakes(a); err != nil {
		return nil, err
	}
	if err := b.addDatanet(a); err != nil {
		return nil, err
	}
	if err := b.app().AttributionKeeper.Sessions.Walk(b.ctx, nil,
		func(_ []byte, s attributiontypes.Session) (bool, error) {
			a.add(s.Payer, s.Deposit)
			return false, nil
		}); err != nil {
		return nil, err
	}
	err := b.app().ModelsKeeper.Providers.Walk(b.ctx, nil, func(_ sdk.AccAddress, p modelstypes.Provider) (bool, error) {
		a.add(p.Address, p.Bond)
		return false, nil
	})
	return a, err
}

// addStakes adds the rewards of validators, and what they earned as attestors.
func (b *branch) addStakes(a accounts) error {
	for _, v := range b.validators {
		outstanding, err := b.app().DistrKeeper.GetValidatorOutstandingRewards(b.ctx, v.address)
		if err != nil {
			return err
		}
		a.addDec(v.operator.String(), outstanding.Rewards.AmountOf(rewardstypes.Denom))
	}
	return b.app().AttributionKeeper.AttestorPages.Walk(b.ctx, nil,
		func(_ uint32, page attributiontypes.AttestorPage) (bool, error) {
			for _, attestor := range page.Attestors {
				operator, err := sdk.ValAddressFromBech32(attestor.Operator)
				if err != nil {
					return true, err
				}
				a.add(sdk.AccAddress(operator).String(), attestor.Due)
			}
			return false, nil
		})
}

// addDatanet adds deposits, waiting fees, bonds, and what reviews and bounties hold.
func (b *branch) addDatanet(a accounts) error {
	k := b.app().DatanetKeeper
	if err := k.Contributions.Walk(b.ctx, nil, func(_ uint64, c datanettypes.Contribution) (bool, error) {
		// A bound deposit can only decay into the pool.
		a.add(poolName, c.BoundDeposit)
		a.add(c.Contributor, c.Deposit.Amount.Sub(c.BoundDeposit).Add(datanettypes.OrZero(c.ReviewFee)).Add(
			datanettypes.OrZero(c.Vesting)))
		if c.Recall != nil {
			a.add(c.Recall.By, c.Recall.Deposit)
		}
		return false, nil
	}); err != nil {
		return err
	}
	if err := k.Review.Validators.Walk(b.ctx, nil, func(_ uint64, v datanettypes.DataValidator) (bool, error) {
		a.add(v.Address, v.Bond)
		return false, nil
	}); err != nil {
		return err
	}
	if err := k.Review.Cohorts.Walk(b.ctx, nil, func(_ uint64, c datanettypes.Cohort) (bool, error) {
		payer := c.Appellant
		switch c.Kind {
		case datanettypes.COHORT_KIND_CHECK:
			payer = checkName
		case datanettypes.COHORT_KIND_BOUNTY:
			payer = poolName
		}
		a.add(payer, c.Fee.Add(c.Deposit))
		for _, gold := range c.Gold {
			a.add(gold.Planter, gold.Deposit)
		}
		return false, nil
	}); err != nil {
		return err
	}
	return k.Bounties.Walk(b.ctx, nil, func(_ uint64, bounty datanettypes.Bounty) (bool, error) {
		funder := bounty.Funder
		if funder == "" {
			funder = poolName
		}
		a.add(funder, bounty.Left.Add(bounty.Reserved))
		return false, nil
	})
}

// These names stand among accounts for the bounty pool, and for the funds of checks.
const (
	poolName  = rewardstypes.BountyPoolName
	checkName = "checks"
)

// sinks returns the coins that belong to nobody: in the bounty pool, in funds for checks, and in the community pool.
func (b *branch) sinks() (math.LegacyDec, error) {
	sum := b.balance(authtypes.NewModuleAddress(poolName)).ToLegacyDec()
	if err := b.app().DatanetKeeper.DataNets.Walk(b.ctx, nil, func(_ uint64, d datanettypes.DataNet) (bool, error) {
		sum = sum.Add(datanettypes.OrZero(d.CheckFund).ToLegacyDec())
		return false, nil
	}); err != nil {
		return sum, err
	}
	pool, err := b.app().DistrKeeper.FeePool.Get(b.ctx)
	return sum.Add(pool.CommunityPool.AmountOf(rewardstypes.Denom)), err
}

func (b *branch) balance(of sdk.AccAddress) math.Int {
	return b.app().BankKeeper.GetBalance(b.ctx, of, rewardstypes.Denom).Amount
}

// outcome is the state of all coins at the end of a branch.
type outcome struct {
	accounts accounts
	sinks    math.LegacyDec
	pool     math.LegacyDec // the bounty pool, which is one of the sinks
	supply   math.Int
	reserve  math.Int
	emitted  math.Int
}

func (b *branch) outcome() (o outcome, err error) {
	if o.accounts, err = b.wealth(); err != nil {
		return o, err
	}
	if o.sinks, err = b.sinks(); err != nil {
		return o, err
	}
	o.pool = b.balance(authtypes.NewModuleAddress(poolName)).ToLegacyDec()
	o.supply = b.app().BankKeeper.GetSupply(b.ctx, rewardstypes.Denom).Amount
	if o.reserve, err = b.app().RewardsKeeper.Reserve.Get(b.ctx); err != nil {
		return o, err
	}
	totals, err := b.app().RewardsKeeper.Totals.Get(b.ctx)
	o.emitted = totals.Emitted
	return o, err
}

// compare checks that emission is the same in both branches, and that an account or a sink has every coin of the
// difference.
func (o outcome) compare(control outcome) error {
	if !o.reserve.Equal(control.reserve) || !o.emitted.Equal(control.emitted) {
		return fmt.Errorf("emission depends on traffic: %s was emitted with it, %s without", o.emitted, control.emitted)
	}
	explained := o.sinks.Sub(control.sinks)
	for address := range o.accounts {
		explained = explained.Add(o.accounts[address].Sub(control.accounts.of(address)))
	}
	for address := range control.accounts {
		if _, known := o.accounts[address]; !known {
			explained = explained.Sub(control.accounts[address])
		}
	}
	if lost := o.supply.Sub(control.supply).ToLegacyDec().Sub(explained); !lost.IsZero() {
		return fmt.Errorf("no account or sink has %s aopen", lost)
	}
	return nil
}
