package app_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// cpu returns the processor time of this process: it does not grow while other
// programs keep the machine busy.
func cpu() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

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
		from := cpu()
		result := s.RawBlock(signed).TxResults[0]
		spent += cpu() - from
		require.Zero(b, result.Code, result.Log)
		c.Recorded()
		c.Gap(poa.AckCall)

		sends := make([][]byte, answers)
		for i := range sends {
			sends[i] = s.Sign(chain.Tx{Signer: s.Payer, Msgs: []sdk.Msg{banktypes.NewMsgSend(s.Payer.Address, s.Alice.Address, sdk.NewCoins(chain.Coin(sdkmath.OneInt())))}}, uint64(i))
		}
		from = cpu()
		s.RawBlock(sends...)
		compared += cpu() - from
	}
	receipts := float64(answers * b.N)
	b.ReportMetric(receipts/spent.Seconds(), "receipts/cpu-s")
	b.ReportMetric(receipts/compared.Seconds(), "bank-sends/cpu-s")
	b.ReportMetric(float64(bytes)/receipts, "tx-bytes/receipt")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkRecordBytes packs receipts of 8 entries as they are stored.
func BenchmarkRecordBytes(b *testing.B) {
	var records []poa.Record
	for i := range 1_000 {
		record := poa.Record{
			Session: poa.LeafHash([]byte{byte(i / 100)}), N: uint64(i%100 + 1), Commitment: poa.LeafHash([]byte{byte(i), byte(i >> 8)}),
			InputTokens: 30, OutputTokens: 300, Fee: chain.Amount(chain.Royalty), Acknowledged: true, ModelID: 1, ModelVersion: 1, Method: poa.MethodSPAN,
			UnattributedPPM: 200_000,
		}
		for e := range 8 {
			record.Entries = append(record.Entries, poa.Entry{Rank: uint64(1_000_000 + i*8 + e), WeightPPM: 100_000})
		}
		records = append(records, record)
	}
	size := 0
	for range b.N {
		size = 0
		for _, page := range poa.PackRecords(records, attributiontypes.PageBytes) {
			size += len(page)
		}
	}
	b.ReportMetric(float64(size)/float64(len(records)), "stored-bytes/receipt")
}

// BenchmarkEndBlock settles 1,000 receipts of 8 entries with as many accounts
// as there can be, among ledgers of different sizes.
func BenchmarkEndBlock(b *testing.B) {
	for _, accounts := range []int{10_000, 40_000} {
		b.Run(fmt.Sprintf("accounts=%d", accounts), func(b *testing.B) {
			rich := chain.NewAccount("rich")
			c := chain.New(b, []chain.Account{rich})
			c.SkipInvariants = true
			fill(b, c, rich, accounts)
			var spent time.Duration
			for n := range b.N {
				prepare(b, c, rich, uint64(n+1), accounts)
				from := cpu()
				c.Block()
				spent += cpu() - from
			}
			b.ReportMetric(float64(spent.Milliseconds())/float64(b.N), "cpu-ms/block")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// fill gives every account a ledger row.
func fill(b *testing.B, c *chain.Chain, from chain.Account, accounts int) {
	b.Helper()
	ctx := c.Ctx()
	require.NoError(b, c.App.BankKeeper.SendCoinsFromAccountToModule(ctx, from.Address, attributiontypes.ModuleName, sdk.NewCoins(chain.Coin(chain.Open(100_000)))))
	for i := range accounts {
		require.NoError(b, c.App.RewardsKeeper.Credit(ctx, attributiontypes.ModuleName, numbered(i), sdkmath.OneInt()))
	}
	c.Block()
}

// prepare enqueues 1,000 receipts of 8 entries, spread over all accounts.
func prepare(b *testing.B, c *chain.Chain, from chain.Account, batch uint64, accounts int) {
	b.Helper()
	payables := make([]rewardstypes.Payable, 1_000)
	for i := range payables {
		payables[i] = rewardstypes.Payable{
			Provider: numbered(0), Compute: sdkmath.NewInt(1_000_000), Royalty: sdkmath.NewInt(10_000_000), Acknowledged: true,
			Lineage: []rewardstypes.Share{{Address: numbered(1), PPM: rewardstypes.PPM}}, UnattributedPPM: 200_000,
		}
		for e := range 8 {
			payables[i].Entries = append(payables[i].Entries, rewardstypes.PayableEntry{
				Rank: uint64(e), Contributor: numbered((i*8 + e) * 7919 % accounts), WeightPPM: 100_000, QualityPPM: rewardstypes.PPM,
			})
		}
	}
	prepared, err := c.App.RewardsKeeper.Prepare(c.Ctx(), rewardstypes.DefaultTerms(), payables)
	require.NoError(b, err)
	require.NoError(b, c.App.RewardsKeeper.Enqueue(c.Ctx(), attributiontypes.ModuleName, batch, prepared))
}
