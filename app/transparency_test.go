package app_test

import (
	"cmp"
	"math/rand"
	"slices"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	sdkmath "cosmossdk.io/math"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

func overview(t *testing.T, c *chain.Chain) *rewardstypes.QueryOverviewResponse {
	t.Helper()
	response, err := rewardsQuery(c).Overview(c.Ctx(), &rewardstypes.QueryOverviewRequest{})
	require.NoError(t, err)
	return response
}

// rolesSumToFees: nothing of a fee is without a role.
func rolesSumToFees(t *testing.T, o *rewardstypes.QueryOverviewResponse) {
	t.Helper()
	sum, shares := sdkmath.ZeroInt(), uint32(0)
	for _, role := range o.Paid {
		sum, shares = sum.Add(role.Paid.Aopen), shares+role.Paid.SharePpm
	}
	require.Equal(t, o.Inference.Fees.Aopen.String(), sum.String())
	if !sum.IsZero() {
		require.LessOrEqual(t, shares, uint32(rewardstypes.PPM))
		require.Greater(t, shares, uint32(rewardstypes.PPM-len(o.Paid)), "only rounding is missing")
	}
}

func TestOverviewAddsUp(t *testing.T) {
	c, rich := slowRewards(t, 100, withoutEmission)
	empty := overview(t, c)
	rolesSumToFees(t, empty)
	require.Equal(t, "0", empty.Inference.MeanFee.Open)
	require.Equal(t, []string{"2001000", "200000000"}, []string{empty.Supply.Open, empty.Reserve.Open})
	require.Equal(t, []uint32{2_001, 200_000}, []uint32{empty.Supply.SharePpm, empty.Reserve.SharePpm},
		"of the maximum supply")
	pay(t, c, rich, receiptOf(entryOf(1, 1, 500_000), commons(250_000)), ofModel(3, 100_000, 7))
	o := overview(t, c)
	rolesSumToFees(t, o)
	require.EqualValues(t, 2, o.Inference.Receipts)
	require.Equal(t, "220", o.Inference.Fees.Open)
	require.Equal(t, "110", o.Inference.MeanFee.Open)
	paid := make(map[string]string)
	for _, role := range o.Paid {
		paid[role.Role] = role.Paid.Open
	}
	require.Equal(t, map[string]string{
		"contributors": "81.3", "datanet_owners": "2.7", "lineage": "30", "providers": "17", "validators": "20",
		"bounty_pool": "21", "burn": "33", "retired": "15",
	}, paid)
	require.Equal(t, "48", rewardstypes.FormatOpen(o.Burned.Net.Aopen.Add(o.Minted.Bonus.Aopen)))
	require.Equal(t, o.Minted.Bonus.Aopen.Add(chain.Open(81).Add(chain.Open(3).QuoRaw(10))).String(),
		o.ContributorsIncome.Aopen.String())
	require.Equal(t, empty.Supply.Aopen.Sub(o.Burned.Net.Aopen).String(), o.Supply.Aopen.String(),
		"supply falls by the net burn")
	require.EqualValues(t, rewardstypes.PPM, o.Minted.Bonus.SharePpm, "without emission all is bonus")
	require.Equal(t, "21", o.BountyPool.Open)
}

func TestOverviewCountsWhenAPauseEnds(t *testing.T) {
	c, rich := slowRewards(t, 100, func(p *rewardstypes.Params) {
		withoutEmission(p)
		p.Paused = true
	})
	p := pay(t, c, rich, receiptOf(entryOf(1, 1, 500_000), commons(250_000)))
	o := overview(t, c)
	rolesSumToFees(t, o)
	require.Zero(t, o.Inference.Receipts, "what arrives in a pause is kept as it is")
	params, err := c.App.RewardsKeeper.Params.Get(c.Ctx())
	require.NoError(t, err)
	params.Paused = false
	require.NoError(t, c.App.RewardsKeeper.Params.Set(c.Ctx(), params))
	c.Block()
	o = overview(t, c)
	rolesSumToFees(t, o)
	require.Equal(t, p.Burned.String(), o.Burned.Burn.Aopen.String())
	require.Equal(t, p.Retired.String(), o.Burned.Retired.Aopen.String())
}

func TestTotalsAreListed(t *testing.T) {
	c, rich := slowRewards(t, 100, generousBonus)
	pay(t, c, rich, ofModel(8, 0, 5, 3), ofModel(7, 200_000, 3, 9), ofModel(300, 0, 5))
	var datanets, models []uint64
	for key, more := []byte(nil), true; more; {
		response, err := rewardsQuery(c).AllDataNetTotals(c.Ctx(),
			&rewardstypes.QueryAllDataNetTotalsRequest{Pagination: &query.PageRequest{Key: key, Limit: 2}})
		require.NoError(t, err)
		for _, totals := range response.Datanets {
			require.Equal(t, datanetTotals(t, c, totals.DatanetId), totals)
			datanets = append(datanets, totals.DatanetId)
		}
		key = response.Pagination.NextKey
		more = len(key) > 0
	}
	require.Equal(t, []uint64{3, 5, 9}, datanets)
	response, err := rewardsQuery(c).AllModelTotals(c.Ctx(),
		&rewardstypes.QueryAllModelTotalsRequest{Pagination: &query.PageRequest{Reverse: true, CountTotal: true}})
	require.NoError(t, err)
	for _, totals := range response.Models {
		require.Equal(t, modelTotals(t, c, totals.ModelId), totals)
		models = append(models, totals.ModelId)
	}
	require.Equal(t, []uint64{300, 8, 7}, models)
	require.EqualValues(t, 3, response.Pagination.Total)
	both := &query.PageRequest{Key: []byte{1}, Offset: 1}
	_, err = rewardsQuery(c).AllModelTotals(c.Ctx(), &rewardstypes.QueryAllModelTotalsRequest{Pagination: both})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	_, err = rewardsQuery(c).AllDataNetTotals(c.Ctx(), &rewardstypes.QueryAllDataNetTotalsRequest{Pagination: both})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
}

func concentration(t *testing.T, c *chain.Chain, top uint32) *rewardstypes.QueryConcentrationResponse {
	t.Helper()
	response, err := rewardsQuery(c).Concentration(c.Ctx(), &rewardstypes.QueryConcentrationRequest{Top: top})
	require.NoError(t, err)
	return response
}

func TestConcentrationOfFewAccounts(t *testing.T) {
	c, rich := slowRewards(t, 100, func(p *rewardstypes.Params) { p.BonusPerSecond = sdkmath.ZeroInt() })
	none := concentration(t, c, 0)
	require.Zero(t, none.Contributed.Earners)
	require.Empty(t, none.Earned.Top)
	require.Equal(t, "0", none.Earned.TopTotal.Open)
	// Data shares of 30, 18 and 12 OPEN; account 2 is first in the ledger of two equals.
	pay(t, c, rich, receiptOf(entryOf(1, 1, 500_000), entryOf(2, 2, 300_000), entryOf(3, 3, 200_000)))
	pay(t, c, rich, receiptOf(entryOf(3, 3, 100_000)))
	for _, top := range []uint32{0, 3, 100} {
		r := concentration(t, c, top)
		require.EqualValues(t, 5, r.Accounts, "the provider and the owner of the model too")
		require.EqualValues(t, 3, r.Contributed.Earners)
		require.Equal(t, "66", r.Contributed.Total.Open)
		require.EqualValues(t, rewardstypes.PPM, r.Contributed.TopTotal.SharePpm)
		require.Len(t, r.Contributed.Top, 3)
	}
	one := concentration(t, c, 1)
	require.Equal(t, numbered(1).String(), one.Contributed.Top[0].Address)
	require.EqualValues(t, 454_545, one.Contributed.TopTotal.SharePpm, "30 of 66")
	two := concentration(t, c, 2).Contributed.Top
	require.Equal(t, []string{numbered(1).String(), numbered(2).String()}, []string{two[0].Address, two[1].Address})
	// All income: 17 for compute, 30 for lineage.
	earned := concentration(t, c, 2).Earned
	require.EqualValues(t, 5, earned.Earners)
	require.Equal(t, "113", earned.Total.Open)
	require.Equal(t, []string{"30", "30"}, []string{earned.Top[0].Income.Open, earned.Top[1].Income.Open})
	require.Equal(t, numbered(101).String(), earned.Top[0].Address,
		"ties by ledger id: the owner of the model was credited first")
	_, err := rewardsQuery(c).Concentration(c.Ctx(), &rewardstypes.QueryConcentrationRequest{Top: 101})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
}

// fillPages writes a ledger of random rows.
func fillPages(t testing.TB, c *chain.Chain, pages int) []rewardstypes.Row {
	t.Helper()
	random := rand.New(rand.NewSource(7))
	var rows []rewardstypes.Row
	for number := range pages {
		var page rewardstypes.Page
		for i := range page.Rows {
			contributed := poa.NewAmount(uint64(random.Intn(1_000)))
			earned, err := contributed.Add(poa.NewAmount(uint64(random.Intn(1_000))))
			require.NoError(t, err)
			page.Rows[i] = rewardstypes.Row{Earned: earned, Contributed: contributed}
		}
		rows = append(rows, page.Rows[:]...)
		require.NoError(t, c.App.RewardsKeeper.Pages.Set(c.Ctx(), uint64(number), page))
	}
	return rows
}

func TestConcentrationIsThatOfASort(t *testing.T) {
	c, _ := slowRewards(t, 100, nil)
	rows := fillPages(t, c, 50)
	ids := make([]int, len(rows))
	total := uint64(0)
	for i, row := range rows {
		ids[i] = i
		total += row.Contributed.Lo
		require.NoError(t, c.App.RewardsKeeper.Accounts.Set(c.Ctx(), uint64(i), numbered(i)))
	}
	slices.SortStableFunc(ids, func(a, b int) int { return cmp.Compare(rows[b].Contributed.Lo, rows[a].Contributed.Lo) })
	r := concentration(t, c, 100)
	require.Equal(t, sdkmath.NewIntFromUint64(total).String(), r.Contributed.Total.Aopen.String())
	for i, account := range r.Contributed.Top {
		require.Equal(t, numbered(ids[i]).String(), account.Address, "place %d", i)
		require.EqualValues(t, rows[ids[i]].Contributed.Lo, account.Income.Aopen.Uint64())
	}
}

func TestConcentrationIsBoundedByTheGasOfQueries(t *testing.T) {
	c, _ := slowRewards(t, 100, nil)
	fillPages(t, c, 40)
	for i := range 40 * rewardstypes.AccountsPerPage {
		require.NoError(t, c.App.RewardsKeeper.Accounts.Set(c.Ctx(), uint64(i), numbered(i)))
	}
	ask := func(gas uint64) error {
		_, err := rewardsQuery(c).Concentration(c.Ctx().WithGasMeter(storetypes.NewGasMeter(gas)),
			&rewardstypes.QueryConcentrationRequest{})
		return err
	}
	require.NoError(t, ask(150_000), "40 pages, and the addresses of the first")
	err := ask(30_000)
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
	require.ErrorContains(t, err, "query-gas-limit")
}

// BenchmarkConcentration reads a ledger of a million accounts.
func BenchmarkConcentration(b *testing.B) {
	rich := chain.NewAccount("rich")
	c := chain.New(b, []chain.Account{rich})
	c.SkipInvariants = true
	rows := fillPages(b, c, 15_625)
	for i := range rows {
		require.NoError(b, c.App.RewardsKeeper.Accounts.Set(c.Ctx(), uint64(i), numbered(i)))
	}
	c.Block()
	for b.Loop() {
		_, err := rewardsQuery(c).Concentration(c.Ctx(), &rewardstypes.QueryConcentrationRequest{Top: 100})
		require.NoError(b, err)
	}
	b.ReportMetric(float64(len(rows)), "accounts")
}
