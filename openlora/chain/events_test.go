package chain_test

import (
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/chain"
)

func TestEventsAreInTheOrderOfTheirEmission(t *testing.T) {
	event := func(name, mode string) abci.Event {
		e := abci.Event{Type: name}
		if mode != "" {
			e.Attributes = []abci.EventAttribute{{Key: "mode", Value: mode}}
		}
		return e
	}
	block := []abci.Event{event("tally", ""), event("begin", "BeginBlock"), event("end", "EndBlock"),
		event("last", "EndBlock")}
	txs := []*abci.ExecTxResult{
		{Events: []abci.Event{event("first tx", "")}}, {Code: 5, Events: []abci.Event{event("failed", "")}},
		{Events: []abci.Event{event("second tx", "")}},
	}
	var names []string
	for _, e := range chain.Ordered(txs, block) {
		names = append(names, e.Type)
	}
	require.Equal(t, []string{"tally", "begin", "first tx", "second tx", "end", "last"}, names)
}
