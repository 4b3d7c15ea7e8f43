package nodebench

import (
	"slices"
	"testing"
	"time"

	sdkmath "cosmossdk.io/math"

	cometdb "github.com/cometbft/cometbft-db"
	abci "github.com/cometbft/cometbft/abci/types"
	blockindex "github.com/cometbft/cometbft/state/indexer/block/kv"
	"github.com/cometbft/cometbft/state/txindex"
	txindexkv "github.com/cometbft/cometbft/state/txindex/kv"
	cmttypes "github.com/cometbft/cometbft/types"
	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	"github.com/openledger/openledger/testutil/volume"
)

// BenchmarkIndexer measures what CometBFT's indexer "kv" costs for each transaction: blocks of 100 bank sends, and
// blocks of one batch of 100 receipts. "null" costs nothing. Executing and committing the same blocks in memory is
// measured beside it.
func BenchmarkIndexer(b *testing.B) {
	const n = 100
	for _, kind := range []string{"send", "receipts"} {
		b.Run(kind, func(b *testing.B) {
			s := chain.NewScenario(func(accounts []chain.Account) *chain.Chain { return chain.New(b, accounts) })
			s.SkipInvariants = true
			s.Gas = 100_000_000
			c := s.Open(chain.Open(100_000))
			dir := b.TempDir()
			db, err := cometdb.NewGoLevelDB("tx_index", dir)
			require.NoError(b, err)
			defer db.Close()
			index, blocks := txindexkv.NewTxIndex(db), blockindex.New(cometdb.NewPrefixDB(db, []byte("block_events")))
			var executed, indexed time.Duration
			txs := 0
			for b.Loop() {
				var encoded [][]byte
				if kind == "send" {
					msg := banktypes.NewMsgSend(s.Payer.Address, s.Alice.Address, sdk.NewCoins(chain.Coin(sdkmath.OneInt())))
					for i := range n {
						encoded = append(encoded, s.Sign(chain.Tx{Signer: s.Payer, Msgs: []sdk.Msg{msg}}, uint64(i)))
					}
				} else {
					for i := range n {
						c.Ask(chain.Texts[i%2][i/2%2])
					}
					encoded = [][]byte{s.Sign(chain.Tx{Signer: s.Provider, Msgs: []sdk.Msg{c.Acknowledged()}}, 0)}
				}
				from := volume.CPU()
				response := s.RawBlock(encoded...)
				executed += volume.CPU() - from
				require.False(b, slices.ContainsFunc(response.TxResults, func(r *abci.ExecTxResult) bool { return r.Code != 0 }))
				if kind == "receipts" {
					c.Recorded()
					c.Gap(poa.AckCall)
				}
				batch := txindex.NewBatch(int64(len(encoded)))
				for i, tx := range encoded {
					require.NoError(
						b, batch.Add(&abci.TxResult{Height: s.Height(), Index: uint32(i), Tx: tx, Result: *response.TxResults[i]}))
				}
				from = volume.CPU()
				require.NoError(
					b, blocks.Index(
						cmttypes.EventDataNewBlockEvents{Height: s.Height(), Events: response.Events, NumTxs: int64(len(encoded))}))
				require.NoError(b, index.AddBatch(batch))
				indexed += volume.CPU() - from
				txs += len(encoded)
			}
			b.ReportMetric(float64(indexed.Microseconds())/float64(txs), "index-cpu-µs/tx")
			b.ReportMetric(float64(executed.Microseconds())/float64(txs), "execute-cpu-µs/tx")
			require.NoError(b, db.Compact(nil, nil))
			b.ReportMetric(float64(size(b, dir))/float64(txs), "index-bytes/tx")
			b.ReportMetric(0, "ns/op")
		})
	}
}
