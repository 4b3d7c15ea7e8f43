package outbox_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/outbox"
	"github.com/openledger/openledger/openlora/retrieval"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// influenced is the text of an adapter whose answers owe all of their part by influence to contribution 1. It keeps the
// queries that it was asked with.
type influenced struct {
	noText
	asked *[]*poa.LoraQuery
}

func (i influenced) Attribute(text []byte, refs []retrieval.Ref, query *poa.LoraQuery) (poa.Attribution, error) {
	*i.asked = append(*i.asked, query)
	att, err := i.noText.Attribute(text, refs, query)
	if err == nil {
		err = att.AddLora([]poa.InfluenceRow{{Rank: 1, Tokens: 9, SharePPM: poa.TotalPPM}}, nil)
	}
	att.Weigh(func(uint64, uint32) []poa.Derivation { return nil }, nil)
	return att, err
}

func (influenced) Work(poa.Receipt, poa.Evidence, int64) (uint64, error) { return 1, nil }

// TestInfluenceNeedsValidators: what was asked of the influence file survives a restart, and a batch with such answers
// waits while attestation is off, instead of being sent with evidence that proves nothing.
func TestInfluenceNeedsValidators(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outbox.db")
	box, node := open(t, path), &fakeNode{failAttested: refusal(attributiontypes.ErrAttestation, "off")}
	query := &poa.LoraQuery{Sketch: poa.Sketch{Exponent: -3}}
	query.Set(5, -7)
	state := outbox.Session{ID: session, ModelID: 1, ModelVersion: 1}
	for range 2 {
		state.N++
		state.Voucher = outbox.Voucher{N: state.N, Signature: []byte{1}}
		require.NoError(t, box.Advance(state, outbox.Call{N: state.N, Answer: "an answer of some words", Influence: query,
			Signature: []byte{1}}))
	}
	require.NoError(t, box.Close())
	box = open(t, path)
	defer box.Close()
	var asked []*poa.LoraQuery
	s := sender(box, node)
	s.Attested = true
	s.Library = func(uint64, uint32) (outbox.Library, error) { return influenced{asked: &asked}, nil }
	for range 3 {
		require.ErrorIs(t, s.Round(context.Background()), attributiontypes.ErrAttestation)
		require.Empty(t, node.sent)
	}
	require.Equal(t, []*poa.LoraQuery{query}, asked)
	_, refused, err := box.Counts()
	require.NoError(t, err)
	require.Zero(t, refused)
	node.failAttested = nil // it is on again
	require.NoError(t, s.Round(context.Background()))
	require.Len(t, node.sent, 1)
	require.True(t, node.sent[0].Attested())
}
