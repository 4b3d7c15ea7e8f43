package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	"github.com/openledger/openledger/testutil/volume"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

func openAdapters(t chain.TB, n int) (*volume.Workload, []*volume.Lane) {
	w := volume.New(t, volume.Options{Contributors: 64})
	w.SkipInvariants = true // invariants walk all state, and there are many blocks
	lanes := w.OpenEach(w.Adapters(n), chain.Open(1))
	for _, lane := range lanes {
		lane.ByInfluence = true
	}
	return w, lanes
}

// TestInfluenceIsRefusedWhereItCannotBeProved: with inline evidence, and for a model of another method.
func TestInfluenceIsRefusedWhereItCannotBeProved(t *testing.T) {
	w, lanes := openAdapters(t, 1)
	msg := w.Full(1, lanes...)
	evidence, err := poa.Evidence{Answers: []poa.AnswerEvidence{{Count: 300, Proof: make([]poa.Hash, 1)}}}.MarshalBinary()
	require.NoError(t, err)
	msg.Evidence, msg.BundleRoot, msg.BundleBytes, msg.BundleWork = evidence, nil, 0, 0
	result := w.RawBlock(w.Sign(chain.Tx{Signer: w.Provider, Msgs: []sdk.Msg{msg}}, 0)).TxResults[0]
	require.Equal(t, attributiontypes.ErrAttestedOnly.ABCICode(), result.Code, result.Log)

	other := w.Open(1, chain.Open(1))
	other[0].ByInfluence = true
	result = w.RawBlock(w.Sign(chain.Tx{Signer: w.Provider, Msgs: []sdk.Msg{w.Full(1, other...)}}, 0)).TxResults[0]
	require.Equal(t, attributiontypes.ErrInvalidReceipt.ABCICode(), result.Code, result.Log)
}
