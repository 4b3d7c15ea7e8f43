package app_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/testutil/chain"
	"github.com/openledger/openledger/testutil/volume"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// BenchmarkThousandAdapters executes and commits blocks of 1,000 answers of 8 entries, drawn from 2,000 contributors,
// in turn: of 1,000 adapters with a session each ("adapters"), of one model with as many sessions ("sessions"), each in
// four batches of two providers, and of one session in one batch ("batch"), as BenchmarkAttestedBatch has it. Each
// figure is of an answer: submitted counts the blocks with the batches alone, settled also those in which validators
// decide about them and their credits are paid.
func BenchmarkThousandAdapters(b *testing.B) {
	w := volume.New(b, volume.Options{Contributors: 2_000, Providers: 2})
	w.SkipInvariants = true
	adapters := w.OpenEach(w.Adapters(thousand), chain.Open(1))
	sessions := w.OpenEach(slices.Repeat([]uint64{w.ModelID}, thousand), chain.Open(1))
	for _, lane := range adapters {
		lane.ByInfluence = true
	}
	one := w.Open(1, chain.Open(100_000))
	loads := []*blockLoad{
		{name: "adapters", sign: func() [][]byte { return w.Together(adapters...) }},
		{name: "sessions", sign: func() [][]byte { return w.Together(sessions...) }},
		{name: "batch", sign: func() [][]byte {
			return [][]byte{w.Sign(chain.Tx{Signer: w.Provider, Msgs: []sdk.Msg{w.Full(thousand, one...)}}, 0)}
		}},
	}
	for _, load := range loads {
		load.settle(w) // accounts get their ledger ids
		w.Blocks(2)
	}
	w.Clock = volume.CPU
	for _, load := range loads {
		*load = blockLoad{name: load.name, sign: load.sign}
	}
	for b.Loop() {
		for _, load := range loads {
			load.settle(w)
		}
	}
	idle := keysOf(volume.Writes(w.Chain, func() { w.Blocks(1) }))
	for _, load := range loads {
		load.report(b, w, idle)
	}
	b.ReportMetric(0, "ns/op")
}

// blockLoad is a block of answers, and what it costs.
type blockLoad struct {
	name string
	sign func() [][]byte

	submitted, settled time.Duration
	bytes              int
	gas                int64
	events             int
}

// submit makes the block.
func (l *blockLoad) submit(w *volume.Workload) {
	signed := l.sign()
	before := w.Executed
	response := w.RawBlock(signed...)
	l.submitted += w.Executed - before
	require.Len(w.T, response.TxResults, len(signed))
	l.bytes, l.gas, l.events = 0, 0, len(response.Events)
	for i, result := range response.TxResults {
		require.Zero(w.T, result.Code, result.Log)
		l.bytes, l.gas, l.events = l.bytes+len(signed[i]), l.gas+result.GasUsed, l.events+len(result.Events)
	}
}

// settle makes the block, and those until it is paid.
func (l *blockLoad) settle(w *volume.Workload) {
	before := w.Executed
	l.submit(w)
	w.Blocks(2)
	l.settled += w.Executed - before
	lists, err := w.App.RewardsKeeper.Lists.Iterate(w.Ctx(), nil)
	require.NoError(w.T, err)
	defer lists.Close()
	require.False(w.T, lists.Valid(), "all is credited two blocks after the answers")
}

// report says what each answer costs, and what the block has written.
func (l *blockLoad) report(b *testing.B, w *volume.Workload, idle map[string]bool) {
	answers := float64(thousand)
	b.ReportMetric(answers*float64(b.N)/l.submitted.Seconds(), l.name+"-submitted/cpu-s")
	b.ReportMetric(answers*float64(b.N)/l.settled.Seconds(), l.name+"-settled/cpu-s")
	b.ReportMetric(float64(l.bytes)/answers, l.name+"-tx-bytes/receipt")
	b.ReportMetric(float64(l.gas)/answers, l.name+"-gas/receipt")
	writes := without(volume.Writes(w.Chain, func() { l.submit(w) }), idle)
	keys, batches, pages := volume.OfBatches(writes), 0, 0
	for _, write := range writes {
		switch {
		case write.Is(attributiontypes.StoreKey, attributiontypes.BatchesKey):
			batches++
		case write.Is(attributiontypes.StoreKey, attributiontypes.PagesKey):
			pages += write.Bytes
		}
	}
	keys = slices.DeleteFunc(keys, func(write volume.Write) bool {
		return write.Is(attributiontypes.StoreKey, attributiontypes.SessionsKey)
	})
	b.ReportMetric(float64(len(keys))/float64(batches), l.name+"-keys/batch")
	b.ReportMetric(float64(l.events)/float64(batches), l.name+"-events/batch")
	b.ReportMetric(float64(pages)/answers, l.name+"-stored-bytes/receipt")
	w.Blocks(2)
}
