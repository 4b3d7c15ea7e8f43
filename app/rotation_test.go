package app_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	abci "github.com/cometbft/cometbft/abci/types"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/app/voteext"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// TestHalfOfThePowerRotatesUnderLoad: validators of half the power change their keys in one block while batches wait.
// No block loses its verdicts, every batch is final as fast as before, and each validator keeps its slot and earns by
// its new key.
func TestHalfOfThePowerRotatesUnderLoad(t *testing.T) {
	s := attested(t, func(p *attributiontypes.Params) { p.MaxOpenPerProvider = 64 })
	conversations := make([]*chain.Conversation, 12)
	for i := range conversations {
		conversations[i] = s.Open(chain.Open(100))
		conversations[i].Ask(answer())
	}
	operators := make(map[string]chain.Account)
	for i := range 4 {
		operator := chain.NewAccount(fmt.Sprintf("validator %d", i))
		operators[sdk.ValAddress(operator.Address).String()] = operator
	}
	voters := func() map[string]bool {
		addresses := make(map[string]bool)
		validators, err := s.App.StakingKeeper.GetAllValidators(s.Ctx())
		require.NoError(t, err)
		for _, v := range validators {
			address, err := v.GetConsAddr()
			require.NoError(t, err)
			addresses[string(address)] = true
		}
		return addresses
	}
	keys, injected := voters(), 0
	s.Watch = func(height int64, response *abci.ResponseFinalizeBlock) {
		for _, event := range response.Events {
			require.NotEqual(t, voteext.EventTallyFailed, event.Type, "block %d", height)
		}
	}
	for i, c := range conversations {
		txs := []chain.Tx{{Signer: s.Provider, Msgs: []sdk.Msg{c.Attested(c.Acknowledged())}, Gas: 10_000_000}}
		if i == 3 {
			for _, validator := range []int{1, 2} {
				msg := s.Rotate(validator)
				txs = append(txs, chain.Tx{Signer: operators[msg.ValidatorAddress], Msgs: []sdk.Msg{msg}, Gas: 1_000_000})
			}
		}
		for _, result := range s.Block(txs...) {
			require.Zero(t, result.Code, result.Log)
		}
		if voteext.IsInjection(s.Propose()[0]) {
			injected++
		}
		// What is two blocks old has its verdict.
		if i >= 2 {
			require.Equal(t, attributiontypes.BATCH_STATUS_FINAL, batchOf(t, s, uint64(i-1)).Status, "batch %d", i-1)
		}
	}
	require.Equal(t, len(conversations), injected)
	changed := 0
	for address := range voters() {
		if !keys[address] {
			changed++
		}
	}
	require.Equal(t, 2, changed, "both have a new key")
	s.Blocks(2)
	for id := range uint64(len(conversations)) {
		require.Equal(t, attributiontypes.BATCH_STATUS_FINAL, batchOf(t, s, id+1).Status)
	}
	attestors := s.Attestors()
	require.Len(t, attestors, 4, "a new key is no new validator")
	params, err := s.App.AttributionKeeper.Params.Get(s.Ctx())
	require.NoError(t, err)
	s.Skip(params.DisputeWindow)
	s.Blocks(int(params.AttestPayBlocks) + 1)
	paid := s.Attestors()
	for _, attestor := range paid {
		require.Equal(t, paid[0].Earned.String(), attestor.Earned.String())
		require.True(t, attestor.Earned.IsPositive())
	}
}
