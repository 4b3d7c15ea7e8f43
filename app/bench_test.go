package app_test

import (
	"testing"
	"time"

	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	"github.com/openledger/openledger/testutil/volume"
)

// BenchmarkSubmitReceipts executes and commits blocks of 100 answers with
// inline evidence, and blocks of 100 bank sends for comparison.
func BenchmarkSubmitReceipts(b *testing.B) {
	const answers = 100
	s := chain.NewScenario(func(accounts []chain.Account) *chain.Chain { return chain.New(b, accounts) })
	s.SkipInvariants = true
	c := s.Open(chain.Open(100_000))
	var spent, compared time.Duration
	bytes := 0
	for range b.N {
		for i := range answers {
			c.Ask(chain.Texts[i%2][i/2%2])
		}
		msg := c.Acknowledged()
		bytes += msg.Size()
		signed := s.Sign(chain.Tx{Signer: s.Provider, Msgs: []sdk.Msg{msg}}, 0)
		from := volume.CPU()
		result := s.RawBlock(signed).TxResults[0]
		spent += volume.CPU() - from
		require.Zero(b, result.Code, result.Log)
		c.Recorded()
		c.Gap(poa.AckCall)

		sends := make([][]byte, answers)
		for i := range sends {
			sends[i] = s.Sign(
				chain.Tx{Signer: s.Payer, Msgs: []sdk.Msg{
					banktypes.NewMsgSend(s.Payer.Address, s.Alice.Address, sdk.NewCoins(chain.Coin(sdkmath.OneInt())))}}, uint64(i))
		}
		from = volume.CPU()
		s.RawBlock(sends...)
		compared += volume.CPU() - from
	}
	receipts := float64(answers * b.N)
	b.ReportMetric(receipts/spent.Seconds(), "receipts/cpu-s")
	b.ReportMetric(receipts/compared.Seconds(), "bank-sends/cpu-s")
	b.ReportMetric(float64(bytes)/receipts, "tx-bytes/receipt")
	b.ReportMetric(0, "ns/op")
}
