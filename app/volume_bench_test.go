package app_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/testutil/chain"
	"github.com/openledger/openledger/testutil/volume"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// BenchmarkAttestedBatch executes and commits blocks of one attested batch of
// 1,000 answers of 8 entries, drawn from 2,000 contributors, by the whole
// application. submitted counts the blocks with the batch alone, settled also
// those in which validators decide about it and its credits are paid.
func BenchmarkAttestedBatch(b *testing.B) {
	for _, sessions := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("sessions=%d", sessions), func(b *testing.B) {
			const answers = 1_000
			w := volume.New(b, volume.Options{Contributors: 2_000})
			w.SkipInvariants = true
			lanes := w.Open(sessions, chain.Open(50_000/int64(sessions)))
			submit := func() (bytes int, gas int64) {
				msg := w.Full(answers, lanes...)
				signed := w.Sign(chain.Tx{Signer: w.Provider, Msgs: []sdk.Msg{msg}}, 0)
				result := w.RawBlock(signed).TxResults[0]
				require.Zero(b, result.Code, result.Log)
				return len(signed), result.GasUsed
			}
			submit() // accounts get their ledger ids
			w.Blocks(3)
			var bytes int
			var gas int64
			w.Clock = volume.CPU
			var submitted, settled time.Duration
			for b.Loop() {
				w.Executed = 0
				bytes, gas = submit()
				submitted += w.Executed
				w.Blocks(2)
				settled += w.Executed
			}
			receipts := float64(answers * b.N)
			b.ReportMetric(receipts/submitted.Seconds(), "submitted-receipts/cpu-s")
			b.ReportMetric(receipts/settled.Seconds(), "settled-receipts/cpu-s")
			b.ReportMetric(float64(bytes)/answers, "tx-bytes/receipt")
			b.ReportMetric(float64(gas)/answers, "gas/receipt")
			b.ReportMetric(0, "ns/op")

			idle := keysOf(volume.Writes(w.Chain, func() { w.Blocks(1) }))
			reportWrites(b, w, sessions, answers, idle, volume.Writes(w.Chain, func() { submit() }))
		})
	}
}

func keysOf(writes []volume.Write) map[string]bool {
	keys := make(map[string]bool)
	for _, write := range writes {
		keys[write.Store+string(write.Key)] = true
	}
	return keys
}

// reportWrites counts what a block with a batch has written that an idle one does not; the log lists all.
func reportWrites(b *testing.B, w *volume.Workload, sessions, answers int, idle map[string]bool,
	writes []volume.Write) {
	b.Helper()
	extra := without(writes, idle)
	pages := 0
	for _, write := range extra {
		if write.Is(attributiontypes.StoreKey, attributiontypes.PagesKey) {
			pages += write.Bytes
		}
	}
	b.ReportMetric(float64(len(volume.OfBatches(extra))-sessions), "keys/batch")
	b.ReportMetric(float64(pages)/float64(answers), "stored-bytes/receipt")
	for _, prefix := range volume.ByPrefix(extra) {
		b.Logf("%-16s %5d keys %8d bytes", prefix.Name, prefix.Keys, prefix.Bytes)
	}
}

func without(writes []volume.Write, idle map[string]bool) []volume.Write {
	return slices.DeleteFunc(writes, func(write volume.Write) bool { return idle[write.Store+string(write.Key)] })
}
