package main

import (
	"encoding/json"
	"fmt"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/openledger/openledger/app"
	"github.com/openledger/openledger/testutil/chain"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

const (
	validatorCount = 4
	reviewerCount  = 10
)

// party is an account.
type party = chain.Account

// validator is a validator of the chain. Its operator is its only delegator.
type validator struct {
	operator  party
	address   sdk.ValAddress
	consensus sdk.ConsAddress
}

// world is an application with markets, in which cases are played. Each case has a branch of the state for itself.
type world struct {
	chain      *chain.Chain
	root       sdk.Context
	treasury   party
	validators []validator
	reviewers  []party
	markets    []*market // for a coalition
	others     *market   // for everybody else
	everyone   []party
}

// newWorld starts a chain, and builds the markets.
func newWorld() (*world, error) {
	w := &world{treasury: chain.NewAccount("treasury")}
	w.everyone = append(w.everyone, w.treasury)
	for i := range reviewerCount {
		w.reviewers = append(w.reviewers, w.party(fmt.Sprint("reviewer ", i)))
	}
	w.markets = []*market{newMarket(w, "many"), oneMarket(w)}
	w.others = newMarket(w, "others")
	w.chain = chain.NewWithValidators(harness{}, validatorCount, w.everyone, rich(w.treasury))
	for i := range validatorCount {
		operator := chain.NewAccount(fmt.Sprintf("validator %d", i))
		w.everyone = append(w.everyone, operator)
		v, err := w.chain.App.StakingKeeper.GetValidator(w.chain.Ctx(), sdk.ValAddress(operator.Address))
		if err != nil {
			return nil, err
		}
		consensus, err := v.GetConsAddr()
		if err != nil {
			return nil, err
		}
		w.validators = append(w.validators, validator{operator, sdk.ValAddress(operator.Address), consensus})
	}
	// Nothing of this is committed. Iterating over a tree with many such changes is slow; over a cache it is fast.
	w.root, _ = w.chain.Ctx().CacheContext()
	b := &branch{world: w, ctx: w.root, spent: math.ZeroInt()}
	for _, m := range append(w.markets, w.others) {
		if err := m.build(b); err != nil {
			return nil, fmt.Errorf("market %s: %w", m.name, err)
		}
	}
	w.root = b.ctx
	return w, nil
}

// party makes an account that is in the genesis of the chain.
func (w *world) party(name string) party {
	p := chain.NewAccount(name)
	w.everyone = append(w.everyone, p)
	return p
}

// rich returns a genesis that gives an account half of all OPEN.
func rich(who party) chain.Genesis {
	return func(a *app.App, state map[string]json.RawMessage) {
		var bank banktypes.GenesisState
		a.AppCodec().MustUnmarshalJSON(state[banktypes.ModuleName], &bank)
		coins := sdk.NewCoins(chain.Coin(chain.Open(500_000_000)))
		for i := range bank.Balances {
			if bank.Balances[i].Address == who.String() {
				bank.Balances[i].Coins = bank.Balances[i].Coins.Add(coins...)
			}
		}
		bank.Supply = bank.Supply.Add(coins...)
		state[banktypes.ModuleName] = a.AppCodec().MustMarshalJSON(&bank)
	}
}

// coin returns an amount of aopen as a coin.
func coin(amount math.Int) sdk.Coin { return sdk.NewCoin(rewardstypes.Denom, amount) }
