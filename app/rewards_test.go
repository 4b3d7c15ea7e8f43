package app_test

import (
	"testing"

	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// receiptOf is a receipt with 100 OPEN of royalty and 10 of compute; what entries do not weigh is unattributed.
func receiptOf(entries ...rewardstypes.PayableEntry) rewardstypes.Payable {
	p := rewardstypes.Payable{
		Provider: numbered(100), Compute: chain.Open(10), Royalty: chain.Open(100), Acknowledged: true,
		Lineage: []rewardstypes.Share{{Address: numbered(101), PPM: rewardstypes.PPM}}, Entries: entries, UnattributedPPM: rewardstypes.PPM,
	}
	for _, entry := range entries {
		p.UnattributedPPM -= entry.WeightPPM
	}
	return p
}

func entryOf(rank uint64, contributor int, weight uint32) rewardstypes.PayableEntry {
	return rewardstypes.PayableEntry{Rank: rank, Contributor: numbered(contributor), WeightPPM: weight, QualityPPM: rewardstypes.PPM}
}

// prepared splits receipts and puts their fees where batches are paid from.
func prepared(t *testing.T, c *chain.Chain, from chain.Account, payables ...rewardstypes.Payable) rewardstypes.Prepared {
	t.Helper()
	prepared, err := c.App.RewardsKeeper.Prepare(c.Ctx(), rewardstypes.DefaultTerms(), payables)
	require.NoError(t, err)
	require.NoError(t, c.App.BankKeeper.SendCoinsFromAccountToModule(c.Ctx(), from.Address, attributiontypes.ModuleName, sdk.NewCoins(chain.Coin(prepared.Fees))))
	return prepared
}

func pay(t *testing.T, c *chain.Chain, from chain.Account, payables ...rewardstypes.Payable) rewardstypes.Prepared {
	t.Helper()
	p := prepared(t, c, from, payables...)
	require.NoError(t, c.App.RewardsKeeper.Enqueue(c.Ctx(), attributiontypes.ModuleName, 1, p))
	c.Block()
	return p
}

func earned(t *testing.T, c *chain.Chain, account int) sdkmath.Int {
	t.Helper()
	response, err := c.Earnings(numbered(account))
	require.NoError(t, err)
	return response.Earned.Amount
}

func TestRoyaltiesReachEachWhoHoldsOne(t *testing.T) {
	c, rich := slowRewards(t, 100, generousBonus)
	entry := entryOf(1, 1, rewardstypes.PPM)
	entry.Royalties = []rewardstypes.Share{{Address: numbered(2), PPM: 100_000}, {Address: numbered(3), PPM: 50_000}, {Address: numbered(2), PPM: 1}}
	p := pay(t, c, rich, receiptOf(entry))
	data := chain.Open(60)
	part := func(ppm int64) sdkmath.Int { return data.MulRaw(ppm).QuoRaw(rewardstypes.PPM) }
	require.Equal(t, part(100_000).Add(part(1)).String(), earned(t, c, 2).String())
	require.Equal(t, part(50_000).String(), earned(t, c, 3).String())
	require.Equal(t, part(849_999).Add(p.Bonus).String(), earned(t, c, 1).String())
}

func hold(t *testing.T, c *chain.Chain, from chain.Account, payables ...rewardstypes.Payable) (uint64, rewardstypes.Prepared) {
	t.Helper()
	p := prepared(t, c, from, payables...)
	id, err := c.App.RewardsKeeper.Hold(c.Ctx(), attributiontypes.ModuleName, 1, p)
	require.NoError(t, err)
	c.Block()
	return id, p
}

// release pays a held list; no validator earns its share.
func release(t *testing.T, c *chain.Chain, id uint64) {
	t.Helper()
	share, err := c.App.RewardsKeeper.Release(c.Ctx(), id)
	require.NoError(t, err)
	require.NoError(t, c.App.RewardsKeeper.SettleAttestPay(c.Ctx(), share, sdkmath.ZeroInt()))
	c.Block()
}

func commons(weight uint32) rewardstypes.PayableEntry {
	entry := entryOf(9, 9, weight)
	entry.Burn = true
	return entry
}

func totals(t *testing.T, c *chain.Chain) rewardstypes.Totals {
	t.Helper()
	supply, err := c.Supply()
	require.NoError(t, err)
	return supply.Totals
}

// withoutEmission leaves the supply to fees.
func withoutEmission(p *rewardstypes.Params) {
	generousBonus(p)
	p.EmissionPpmPerYear = 0
}

func TestCommonsAreRetiredAtTheBank(t *testing.T) {
	c, rich := slowRewards(t, 100, withoutEmission)
	before, err := c.Supply()
	require.NoError(t, err)
	p := pay(t, c, rich, receiptOf(entryOf(1, 1, 500_000), commons(250_000)), receiptOf(commons(rewardstypes.PPM)))
	require.Equal(t, chain.Open(75).String(), p.Retired.String())
	after, err := c.Supply()
	require.NoError(t, err)
	require.Equal(t, p.Retired.String(), after.Totals.Retired.String())
	require.Equal(t, p.Burned.String(), after.Totals.Burned.String())
	require.Equal(t, p.Burned.Add(p.Retired).Sub(p.Bonus).String(), before.Supply.Sub(after.Supply).String())
	require.True(t, earned(t, c, 9).IsZero())
}

func TestHeldCommonsAreRetiredOnlyWhenReleased(t *testing.T) {
	c, rich := slowRewards(t, 100, withoutEmission)
	released, p := hold(t, c, rich, receiptOf(entryOf(1, 1, 500_000), commons(250_000)))
	refunded, _ := hold(t, c, rich, receiptOf(commons(250_000)))
	lapsed, _ := hold(t, c, rich, receiptOf(commons(rewardstypes.PPM)))
	c = c.Import(c.Export())
	require.True(t, totals(t, c).Retired.IsZero())

	keeper := c.App.RewardsKeeper
	require.NoError(t, keeper.Refund(c.Ctx(), refunded, []rewardstypes.Refund{{Payer: numbered(50), Amount: chain.Open(110)}}))
	paid, err := keeper.Lapse(c.Ctx(), lapsed, numbered(100))
	require.NoError(t, err)
	supply := c.App.BankKeeper.GetSupply(c.Ctx(), rewardstypes.Denom).Amount
	c.Block()
	require.True(t, totals(t, c).Retired.IsZero(), "neither a refund nor a lapse burns anything")
	require.Equal(t, supply.String(), c.App.BankKeeper.GetSupply(c.Ctx(), rewardstypes.Denom).Amount.String())
	require.Equal(t, chain.Open(110).Sub(paid).String(), totals(t, c).BountyPool.String())

	release(t, c, released)
	require.Equal(t, p.Retired.String(), totals(t, c).Retired.String())
	burned := supply.Sub(c.App.BankKeeper.GetSupply(c.Ctx(), rewardstypes.Denom).Amount)
	require.Equal(t, p.Burned.Add(p.Retired).Sub(p.Bonus).String(), burned.String())
}

func TestPauseKeepsCommonsToRetireAcrossExport(t *testing.T) {
	c, rich := slowRewards(t, 100, func(p *rewardstypes.Params) {
		withoutEmission(p)
		p.Paused = true
	})
	p := pay(t, c, rich, receiptOf(commons(rewardstypes.PPM)))
	c = c.Import(c.Export())
	require.True(t, totals(t, c).Retired.IsZero())
	params, err := c.App.RewardsKeeper.Params.Get(c.Ctx())
	require.NoError(t, err)
	params.Paused = false
	require.NoError(t, c.App.RewardsKeeper.Params.Set(c.Ctx(), params))
	c.Block()
	require.Equal(t, p.Retired.String(), totals(t, c).Retired.String())
}
