package main

import (
	"fmt"

	cmted25519 "github.com/cometbft/cometbft/crypto/ed25519"

	sdkmath "cosmossdk.io/math"

	cryptocodec "github.com/cosmos/cosmos-sdk/crypto/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
	distrtypes "github.com/cosmos/cosmos-sdk/x/distribution/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

const (
	// f1Indexes bounds the registered indexes. With a million of them, every key would cost more.
	f1Indexes = 2_000
	// f1Stake divides amounts without a remainder.
	f1Stake = 1_000_000
)

// f1 pays by indexes: each account has a validator of x/distribution, of which it is the only delegator. A payment
// raises the index; the account withdraws when it wants.
type f1 struct {
	*world
	indexes []stakingtypes.Validator
}

// openF1 registers indexes of the first accounts, once.
func (w *world) openF1() (*f1, error) {
	if w.indexes != nil {
		return w.indexes, nil
	}
	f := &f1{world: w}
	b := w.begin()
	for i := range min(w.accounts, f1Indexes) {
		index, err := b.register(i)
		if err != nil {
			return nil, err
		}
		f.indexes = append(f.indexes, index)
	}
	if err := b.commit(); err != nil {
		return nil, err
	}
	w.written()
	w.indexes = f
	return f, nil
}

// register registers the index of an account.
func (b *block) register(i int) (stakingtypes.Validator, error) {
	k, account := b.world.app.StakingKeeper, b.world.address(i)
	operator := sdk.ValAddress(account)
	key, err := cryptocodec.FromCmtPubKeyInterface(
		cmted25519.GenPrivKeyFromSecret(fmt.Appendf(nil, "openledger/bench/index %d", i)).PubKey())
	if err != nil {
		return stakingtypes.Validator{}, err
	}
	index, err := stakingtypes.NewValidator(operator.String(), key, stakingtypes.Description{Moniker: fmt.Sprint(i)})
	if err != nil {
		return index, err
	}
	if err := k.SetValidator(b.ctx, index); err != nil {
		return index, err
	}
	if err := k.SetValidatorByConsAddr(b.ctx, index); err != nil {
		return index, err
	}
	if err := k.Hooks().AfterValidatorCreated(b.ctx, operator); err != nil {
		return index, err
	}
	if _, err := k.Delegate(b.ctx, account, sdkmath.NewInt(f1Stake), stakingtypes.Unbonded, index, true); err != nil {
		return index, err
	}
	return k.GetValidator(b.ctx, operator)
}

// allocate raises the index of each pair's account. Accounts without an index share those of others.
func (f *f1) allocate(b *block, pairs []pair) error {
	total := sdkmath.ZeroInt()
	for _, p := range pairs {
		index := f.indexes[p.account%len(f.indexes)]
		amount := sdk.NewDecCoins(sdk.NewDecCoin(rewardstypes.Denom, p.amount))
		if err := f.app.DistrKeeper.AllocateTokensToValidator(b.ctx, index, amount); err != nil {
			return err
		}
		total = total.Add(p.amount)
	}
	return f.app.BankKeeper.SendCoinsFromModuleToModule(b.ctx, funder, distrtypes.ModuleName, coins(total))
}

// withdraw makes every account withdraw what its index brought.
func (f *f1) withdraw(b *block) error {
	for i := range f.indexes {
		if _, err := f.app.DistrKeeper.WithdrawDelegationRewards(b.ctx, f.address(i),
			sdk.ValAddress(f.address(i))); err != nil {
			return err
		}
	}
	return nil
}

// measureF1 measures what allocating costs the chain, and what withdrawing costs the accounts. A measured block raises
// each index once, as if there were one for each account; the figures are scaled to the number of accounts that a block
// pays.
func measureF1(w *world, o options, distribution string) ([]row, error) {
	progress("F1, %d accounts drawn %s", w.accounts, distribution)
	f, err := w.openF1()
	if err != nil {
		return nil, err
	}
	cycle, err := w.cycle()
	if err != nil {
		return nil, err
	}
	pairs := o.load.draw(newDraw(distribution, w.accounts, 3), o.load.pairs()*cycle)
	withdrawals := float64(len(aggregate(pairs))) / float64(cycle)
	raised := float64(len(aggregate(pairs[:o.load.pairs()])))

	allocate := row{accounts: w.accounts, distribution: distribution, name: "F1: allocate per entry",
		measured: len(f.indexes)}
	withdraw := allocate
	withdraw.name = "F1: withdraw once a cycle"
	once := make([]pair, len(f.indexes))
	for i := range once {
		once[i] = pair{account: i, amount: pairAmount(i, o.load.entries)}
	}
	n := float64(len(once))
	awaitQuiet()
	for i := range sampleBlocks + 1 {
		a, err := w.pay(func(b *block) error { return f.allocate(b, once) })
		if err != nil {
			return nil, err
		}
		d, err := w.pay(f.withdraw)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			allocate.add(a, float64(o.load.pairs())/n, raised/n)
			withdraw.add(d, withdrawals/n, withdrawals/n)
		}
	}
	return []row{allocate, withdraw}, nil
}
