package app_test

import (
	"slices"
	"testing"

	sdkmath "cosmossdk.io/math"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/openledger/openledger/app"
	"github.com/openledger/openledger/testutil/chain"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// sends are n transfers of one transaction.
func sends(from, to chain.Account, n int) []sdk.Msg {
	return slices.Repeat([]sdk.Msg{banktypes.NewMsgSend(from.Address, to.Address, coins(sdkmath.OneInt()))}, n)
}

// TestSimulationEndsAtTheGasOfABlock: a simulation that asks for more work than a block holds is stopped where a block
// would stop it, by each of the two ways in, whatever gas the transaction names; what fits a block is simulated to the
// gas that it takes there.
func TestSimulationEndsAtTheGasOfABlock(t *testing.T) {
	s := newScenario(t)
	limit := uint64(app.ConsensusParams().Block.MaxGas)
	heavy := s.Sign(chain.Tx{Signer: s.Payer, Msgs: sends(s.Payer, s.Alice, 12_000), Gas: 200_000}, 0)
	gas, _, err := s.App.SimulateNamed(heavy)
	require.ErrorContains(t, err, "codespace sdk code 11")
	require.Equal(t, limit, gas.GasWanted)
	// The step that was one too many is counted, and nothing after it is done.
	require.Greater(t, gas.GasUsed, limit)
	require.Less(t, gas.GasUsed, limit+1_000_000)
	response, err := s.App.Query(t.Context(), &abci.RequestQuery{Path: "/app/simulate", Data: heavy})
	require.NoError(t, err)
	require.Equal(t, sdkerrors.ErrOutOfGas.ABCICode(), response.Code, response.Log)

	fits := chain.Tx{Signer: s.Payer, Msgs: sends(s.Payer, s.Alice, 100), Gas: 20_000_000}
	gas, _, err = s.App.SimulateNamed(s.Sign(fits, 0))
	require.NoError(t, err)
	result := s.Block(fits)[0]
	require.Zero(t, result.Code, result.Log)
	require.InDelta(t, float64(result.GasUsed), float64(gas.GasUsed), 5_000)
}

// TestBlocksTakeNoGasBelowItsPrice: the price holds in a block, where only the proposer has decided what stands, and in
// mempools before and after governance has raised it. A transaction that is refused changes nothing, not even its
// signer's sequence.
func TestBlocksTakeNoGasBelowItsPrice(t *testing.T) {
	s := newScenario(t)
	price := rewardstypes.DefaultMinGasPrice()
	const gas = 200_000
	pays := func(fee sdkmath.Int) chain.Tx {
		return chain.Tx{Signer: s.Payer, Msgs: sends(s.Payer, s.Alice, 1), Gas: gas, Fee: sdk.NewCoins(chain.Coin(fee))}
	}
	check := func(tx []byte, kind abci.CheckTxType) uint32 {
		response, err := s.App.CheckTx(&abci.RequestCheckTx{Tx: tx, Type: kind})
		require.NoError(t, err)
		return response.Code
	}
	least := price.MulRaw(gas)
	for _, fee := range []sdkmath.Int{sdkmath.ZeroInt(), sdkmath.OneInt(), least.SubRaw(1)} {
		before, sequence := s.Balance(s.Payer.Address), s.App.AccountKeeper.GetAccount(s.Ctx(), s.Payer.Address).GetSequence()
		require.Equal(t, sdkerrors.ErrInsufficientFee.ABCICode(), check(s.Sign(pays(fee), 0), abci.CheckTxType_New))
		result := s.Block(pays(fee))[0]
		require.Equal(t, sdkerrors.ErrInsufficientFee.ABCICode(), result.Code, result.Log)
		require.Contains(t, result.Log, least.String(), "it says what it takes")
		require.Equal(t, before.String(), s.Balance(s.Payer.Address).String())
		require.Equal(t, sequence, s.App.AccountKeeper.GetAccount(s.Ctx(), s.Payer.Address).GetSequence())
	}
	waiting := s.Sign(pays(least), 0)
	require.Zero(t, check(waiting, abci.CheckTxType_New))
	result := s.Block(pays(least))[0]
	require.Zero(t, result.Code, result.Log)

	waiting = s.Sign(pays(least), 0)
	require.Zero(t, check(waiting, abci.CheckTxType_New))
	params, err := s.App.RewardsKeeper.Params.Get(s.Ctx())
	require.NoError(t, err)
	params.MinGasPrice = price.AddRaw(1)
	require.NoError(t, s.App.RewardsKeeper.Params.Set(s.Ctx(), params))
	s.Blocks(1)
	require.Equal(t, sdkerrors.ErrInsufficientFee.ABCICode(), check(waiting, abci.CheckTxType_Recheck),
		"mempools drop what no block takes any more")
	require.Zero(t, s.Block(pays(price.AddRaw(1).MulRaw(gas)))[0].Code)
}

// TestGasPriceHasBounds: governance can set no price at which nobody could lower it again.
func TestGasPriceHasBounds(t *testing.T) {
	for _, c := range []struct {
		price sdkmath.Int
		valid bool
	}{
		{sdkmath.NewInt(-1), false}, {sdkmath.Int{}, false}, {rewardstypes.MaxMinGasPrice().AddRaw(1), false}, {huge, false},
		{sdkmath.ZeroInt(), true}, {rewardstypes.MaxMinGasPrice(), true},
	} {
		params := rewardstypes.DefaultParams()
		params.MinGasPrice = c.price
		if c.valid {
			require.NoError(t, params.Validate(), c.price)
		} else {
			require.ErrorIs(t, params.Validate(), rewardstypes.ErrInvalidParams, c.price)
		}
	}
	// A proposal, its deposit and its votes together.
	require.True(t, rewardstypes.MaxMinGasPrice().MulRaw(1_000_000).LTE(chain.Open(1)))
}

// TestSimulationCountsTheFee: what a transaction without a fee takes in a simulation, as clients estimate, is what it
// takes in a block with one, to less than the gas of the few bytes that the fee adds.
func TestSimulationCountsTheFee(t *testing.T) {
	s := newScenario(t)
	msgs := sends(s.Payer, s.Alice, 1)
	free, _, err := s.App.SimulateNamed(s.Sign(chain.Tx{Signer: s.Payer, Msgs: msgs, Fee: sdk.Coins{}}, 0))
	require.NoError(t, err)
	result := s.Block(chain.Tx{Signer: s.Payer, Msgs: msgs})[0]
	require.Zero(t, result.Code, result.Log)
	require.InDelta(t, float64(result.GasUsed), float64(free.GasUsed), 3_000)
	require.Less(t, result.GasUsed, int64(free.GasUsed)*14/10, "what clients add by default is enough")
}
