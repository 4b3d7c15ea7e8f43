package app_test

import (
	"testing"

	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	rewardskeeper "github.com/openledger/openledger/x/rewards/keeper"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// receiptOf is a receipt with 100 OPEN of royalty and 10 of compute; what entries do not weigh is unattributed.
func receiptOf(entries ...rewardstypes.PayableEntry) rewardstypes.Payable {
	p := rewardstypes.Payable{
		Provider: numbered(100), Compute: chain.Open(10), Royalty: chain.Open(100), Acknowledged: true,
		Lineage: []rewardstypes.Share{{Address: numbered(101), PPM: rewardstypes.PPM}}, Entries: entries,
		UnattributedPPM: rewardstypes.PPM,
	}
	for _, entry := range entries {
		p.UnattributedPPM -= entry.WeightPPM
	}
	return p
}

func entryOf(rank uint64, contributor int, weight uint32) rewardstypes.PayableEntry {
	return rewardstypes.PayableEntry{Rank: rank, Contributor: numbered(contributor), WeightPPM: weight,
		QualityPPM: rewardstypes.PPM}
}

// prepared splits receipts and puts their fees where batches are paid from.
func prepared(t *testing.T, c *chain.Chain, from chain.Account,
	payables ...rewardstypes.Payable) rewardstypes.Prepared {
	t.Helper()
	prepared, err := c.App.RewardsKeeper.Prepare(c.Ctx(), rewardstypes.DefaultTerms(), payables)
	require.NoError(t, err)
	require.NoError(
		t, c.App.BankKeeper.SendCoinsFromAccountToModule(c.Ctx(), from.Address, attributiontypes.ModuleName,
			sdk.NewCoins(chain.Coin(prepared.Fees))))
	return prepared
}

func pay(t *testing.T, c *chain.Chain, from chain.Account, payables ...rewardstypes.Payable) rewardstypes.Prepared {
	t.Helper()
	p := prepared(t, c, from, payables...)
	require.NoError(t, c.App.RewardsKeeper.Enqueue(c.Ctx(), attributiontypes.ModuleName, uint64(c.Height()), p))
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
	entry.Royalties = []rewardstypes.Share{{Address: numbered(2), PPM: 100_000}, {Address: numbered(3), PPM: 50_000},
		{Address: numbered(2), PPM: 1}}
	p := pay(t, c, rich, receiptOf(entry))
	data := chain.Open(60)
	part := func(ppm int64) sdkmath.Int { return data.MulRaw(ppm).QuoRaw(rewardstypes.PPM) }
	require.Equal(t, part(100_000).Add(part(1)).String(), earned(t, c, 2).String())
	require.Equal(t, part(50_000).String(), earned(t, c, 3).String())
	require.Equal(t, part(849_999).Add(p.Bonus).String(), earned(t, c, 1).String())
}

func hold(t *testing.T, c *chain.Chain, from chain.Account,
	payables ...rewardstypes.Payable) (uint64, rewardstypes.Prepared) {
	t.Helper()
	p := prepared(t, c, from, payables...)
	id := uint64(c.Height()) // these tests have one batch a block
	require.NoError(t, c.App.RewardsKeeper.Escrow(c.Ctx(), attributiontypes.ModuleName, id, p))
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
	require.NoError(
		t, keeper.Refund(c.Ctx(), refunded, []rewardstypes.Refund{{Payer: numbered(50), Amount: chain.Open(110)}}))
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

// ofModel is a receipt of a model whose entries are of the DataNets given, with 5 % royalties.
func ofModel(model uint64, unattributed uint32, datanets ...uint64) rewardstypes.Payable {
	var entries []rewardstypes.PayableEntry
	for i, datanet := range datanets {
		entry := entryOf(uint64(i+1), i+1, (rewardstypes.PPM-unattributed)/uint32(len(datanets)))
		entry.DataNet, entry.Royalties = datanet, []rewardstypes.Share{{Address: numbered(60), PPM: 50_000}}
		entries = append(entries, entry)
	}
	p := receiptOf(entries...)
	p.Model = model
	return p
}

func rewardsQuery(c *chain.Chain) rewardstypes.QueryServer {
	return rewardskeeper.NewQueryServer(c.App.RewardsKeeper)
}

func datanetTotals(t *testing.T, c *chain.Chain, id uint64) rewardstypes.DataNetTotals {
	t.Helper()
	response, err := rewardsQuery(c).DataNetTotals(c.Ctx(), &rewardstypes.QueryDataNetTotalsRequest{DatanetId: id})
	require.NoError(t, err)
	return response.Totals
}

func modelTotals(t *testing.T, c *chain.Chain, id uint64) rewardstypes.ModelTotals {
	t.Helper()
	response, err := rewardsQuery(c).ModelTotals(c.Ctx(), &rewardstypes.QueryModelTotalsRequest{ModelId: id})
	require.NoError(t, err)
	return response.Totals
}

func TestTotalsByDataNetAndModel(t *testing.T) {
	c, rich := slowRewards(t, 100, generousBonus)
	p := pay(t, c, rich,
		ofModel(8, 0, 5, 3), ofModel(7, 200_000, 3, 3), ofModel(8, rewardstypes.PPM),
		receiptOf(entryOf(1, 1, rewardstypes.PPM))) // of no model and no DataNet: in the totals only
	require.Equal(t, []uint64{3, 5}, []uint64{p.DataNets[0].DatanetId, p.DataNets[1].DatanetId})
	require.Equal(t, []uint64{7, 8}, []uint64{p.Models[0].ModelId, p.Models[1].ModelId})

	three := datanetTotals(t, c, 3)
	require.EqualValues(t, 2, three.Receipts)
	require.Equal(t, chain.Open(30+48).MulRaw(95).QuoRaw(100).String(), three.Contributors.String())
	require.Equal(t, chain.Open(30+48).MulRaw(5).QuoRaw(100).String(), three.Royalties.String())
	require.Equal(t, p.DataNets[0], three)
	contributors, royalties, err := c.App.RewardsKeeper.DataNetEarned(c.Ctx(), 3)
	require.NoError(t, err)
	require.Equal(t, []sdkmath.Int{three.Contributors, three.Royalties}, []sdkmath.Int{contributors, royalties})
	require.Equal(t, rewardstypes.NewDataNetTotals(4), datanetTotals(t, c, 4))

	eight := modelTotals(t, c, 8)
	require.EqualValues(t, 2, eight.Receipts)
	require.Equal(t, chain.Open(220).String(), eight.Fees.String())
	require.Equal(t, chain.Open(20).String(), eight.Compute.String())
	require.Equal(t, chain.Open(200).String(), eight.Royalty.String())
	require.Equal(t, chain.Open(60).String(), eight.Unattributed.String())
	require.Equal(t, rewardstypes.NewModelTotals(9), modelTotals(t, c, 9))

	free := ofModel(7, rewardstypes.PPM)
	free.Compute, free.Royalty = sdkmath.ZeroInt(), sdkmath.ZeroInt()
	pay(t, c, rich, free)
	require.EqualValues(t, 2, modelTotals(t, c, 7).Receipts, "a free answer is a receipt")
}

func TestHeldListsCountWhenTheyAreReleased(t *testing.T) {
	c, rich := slowRewards(t, 100, generousBonus)
	released, p := hold(t, c, rich, ofModel(8, 0, 5, 3))
	refunded, _ := hold(t, c, rich, ofModel(7, 0, 5))
	lapsed, _ := hold(t, c, rich, ofModel(7, 0, 3))
	pay(t, c, rich, ofModel(8, 0, 3))
	before := datanetTotals(t, c, 3)
	c = c.Import(c.Export())
	require.Equal(t, before, datanetTotals(t, c, 3), "nothing is lost in an export")

	keeper := c.App.RewardsKeeper
	require.NoError(
		t, keeper.Refund(c.Ctx(), refunded, []rewardstypes.Refund{{Payer: numbered(50), Amount: chain.Open(110)}}))
	_, err := keeper.Lapse(c.Ctx(), lapsed, numbered(100))
	require.NoError(t, err)
	c.Block()
	require.Equal(t, before, datanetTotals(t, c, 3))
	require.Equal(t, rewardstypes.NewModelTotals(7), modelTotals(t, c, 7))

	release(t, c, released)
	require.Equal(t, before.Add(p.DataNets[0]), datanetTotals(t, c, 3))
	require.Equal(t, p.DataNets[1], datanetTotals(t, c, 5))
	require.EqualValues(t, 2, modelTotals(t, c, 8).Receipts)
}

func TestDemandRanksModelsByUnattributedFees(t *testing.T) {
	c, rich := slowRewards(t, 100, generousBonus)
	ask := func(limit uint32) (ids []uint64) {
		response, err := rewardsQuery(c).Demand(c.Ctx(), &rewardstypes.QueryDemandRequest{Limit: limit})
		require.NoError(t, err)
		for _, model := range response.Models {
			ids = append(ids, model.ModelId)
		}
		return ids
	}
	require.Empty(t, ask(0))
	var payables []rewardstypes.Payable
	for model := uint64(1); model <= 30; model++ {
		payables = append(payables, ofModel(model, 10_000, 1))
	}
	payables = append(payables, ofModel(31, 0, 1), ofModel(32, 900_000, 1), ofModel(30, 10_000, 1))
	pay(t, c, rich, payables...)
	require.Equal(t, []uint64{32, 30, 1, 2}, ask(4))
	require.Len(t, ask(0), 20)
	all := ask(100)
	require.Len(t, all, 32)
	require.EqualValues(t, 31, all[31], "what has no unattributed fees stands last")
	_, err := rewardsQuery(c).Demand(c.Ctx(), &rewardstypes.QueryDemandRequest{Limit: 101})
	require.Error(t, err)
}

func TestAnswersCountForTheirModelAndDataNet(t *testing.T) {
	s := newScenario(t)
	c := s.Open(chain.Open(100))
	c.Ask(answer())
	c.Submit(c.Acknowledged())
	found, err := s.Receipt(c.ReceiptID(1))
	require.NoError(t, err)
	model, datanet := modelTotals(t, s.Chain, s.ModelID), datanetTotals(t, s.Chain, s.DatanetID)
	require.EqualValues(t, 1, model.Receipts)
	require.Equal(t, found.Payout.Fee.String(), model.Fees.String())
	require.Equal(t, found.Payout.Unattributed.String(), model.Unattributed.String())
	require.EqualValues(t, 1, datanet.Receipts)
	require.Equal(t, totals(t, s.Chain).Contributors.String(), datanet.Contributors.String())
	require.Equal(t, found.Payout.Bonus.String(), datanet.Bonus.String())
}

func contributed(t *testing.T, c *chain.Chain, account int) sdkmath.Int {
	t.Helper()
	amount, err := c.App.RewardsKeeper.Contributed(c.Ctx(), numbered(account))
	require.NoError(t, err)
	response, err := c.Earnings(numbered(account))
	require.NoError(t, err)
	require.Equal(t, amount.String(), response.Contributed.Amount.String())
	return amount
}

// everyRole is a receipt in which account 1 is contributor, provider, owner of the model and holder of a royalty.
func everyRole() rewardstypes.Payable {
	entry := entryOf(1, 1, 500_000)
	entry.Royalties = []rewardstypes.Share{{Address: numbered(1), PPM: 100_000}}
	p := receiptOf(entry)
	p.Provider, p.Lineage[0].Address = numbered(1), numbered(1)
	return p
}

func TestContributedCountsContributionsOnly(t *testing.T) {
	c, rich := slowRewards(t, 100, generousBonus)
	require.True(t, contributed(t, c, 1).IsZero(), "an unknown account")
	p := pay(t, c, rich, everyRole())
	want := chain.Open(27).Add(p.Bonus)
	require.Equal(t, want.String(), contributed(t, c, 1).String())
	require.Equal(t, total(p).String(), earned(t, c, 1).String())
	require.True(t, want.LT(earned(t, c, 1)))

	// Neither compute without a verdict nor a refund is a contribution, and a payout takes nothing away.
	lapsed, _ := hold(t, c, rich, everyRole())
	_, err := c.App.RewardsKeeper.Lapse(c.Ctx(), lapsed, numbered(1))
	require.NoError(t, err)
	refunded, _ := hold(t, c, rich, everyRole())
	require.NoError(
		t, c.App.RewardsKeeper.Refund(c.Ctx(), refunded,
			[]rewardstypes.Refund{{Payer: numbered(1), Amount: chain.Open(110)}}))
	params, err := c.App.RewardsKeeper.Params.Get(c.Ctx())
	require.NoError(t, err)
	params.PayoutThreshold = sdkmath.OneInt()
	require.NoError(t, c.App.RewardsKeeper.Params.Set(c.Ctx(), params))
	released, q := hold(t, c, rich, everyRole())
	require.Equal(t, want.String(), contributed(t, c, 1).String())
	release(t, c, released)
	require.True(t, c.Balance(numbered(1)).IsPositive())
	require.Equal(t, want.Add(chain.Open(27)).Add(q.Bonus).String(), contributed(t, c, 1).String())
}

func TestContributedCountsTheBonusThatWasGranted(t *testing.T) {
	c, rich := slowRewards(t, 100, func(p *rewardstypes.Params) { p.BonusPerSecond = chain.Open(1) })
	p := pay(t, c, rich, everyRole())
	granted := totals(t, c).Bonus
	require.True(t, granted.IsPositive() && granted.LT(p.Bonus))
	require.Equal(t, chain.Open(27).Add(granted).String(), contributed(t, c, 1).String())
}

func TestContributedSurvivesAnExportInTheMiddleOfASweep(t *testing.T) {
	c, rich := slowRewards(t, 2, generousBonus)
	enqueue(t, c, rich, 1, 0, 200)
	c.Block()
	imported := c.Import(c.Export())
	for range 10 {
		c.Block()
		imported.Block()
	}
	for _, account := range []int{0, 31, 120, 199} {
		require.True(t, contributed(t, c, account).IsPositive())
		require.Equal(t, contributed(t, c, account).String(), contributed(t, imported, account).String())
	}
}

func TestBountyPoolIsSpentUpToItsCounter(t *testing.T) {
	c, rich := slowRewards(t, 100, withoutEmission)
	pay(t, c, rich, ofModel(1, rewardstypes.PPM))
	keeper, bank := c.App.RewardsKeeper, c.App.BankKeeper
	pool, to := chain.Open(60), c.App.AccountKeeper.GetModuleAddress(attributiontypes.ModuleName)
	require.NoError(
		t, bank.SendCoinsFromAccountToModule(c.Ctx(), rich.Address, rewardstypes.BountyPoolName,
			sdk.NewCoins(chain.Coin(chain.Open(5)))))

	for _, refused := range []struct {
		amount sdkmath.Int
		err    error
	}{
		{pool.AddRaw(1), rewardstypes.ErrBountyPool}, {sdkmath.NewInt(-1), rewardstypes.ErrInvalidAmount},
		{sdkmath.Int{}, rewardstypes.ErrInvalidAmount},
	} {
		require.ErrorIs(t, keeper.SpendBountyPool(c.Ctx(), attributiontypes.ModuleName, refused.amount), refused.err)
	}
	before := bank.GetBalance(c.Ctx(), to, rewardstypes.Denom).Amount
	require.NoError(t, keeper.SpendBountyPool(c.Ctx(), attributiontypes.ModuleName, sdkmath.ZeroInt()))
	require.NoError(t, keeper.SpendBountyPool(c.Ctx(), attributiontypes.ModuleName, chain.Open(20)))
	require.NoError(t, keeper.SpendBountyPool(c.Ctx(), attributiontypes.ModuleName, chain.Open(40)))
	require.Equal(t, pool.String(), bank.GetBalance(c.Ctx(), to, rewardstypes.Denom).Amount.Sub(before).String())
	require.ErrorIs(t, keeper.SpendBountyPool(c.Ctx(), attributiontypes.ModuleName, sdkmath.OneInt()),
		rewardstypes.ErrBountyPool)
	c.Block()
	supply, err := c.Supply()
	require.NoError(t, err)
	require.True(t, supply.BountyPool.IsZero())
	require.Equal(t, pool.String(), supply.Totals.BountyPool.String(), "totals only grow")
}
