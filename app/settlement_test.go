package app_test

import (
	"encoding/json"
	"fmt"
	"testing"

	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/app"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// slowRewards starts a chain that settles few pages a block and pays out late.
func slowRewards(t *testing.T, pages uint32, edit func(*rewardstypes.Params)) (*chain.Chain, chain.Account) {
	t.Helper()
	rich := chain.NewAccount("rich")
	c := chain.New(t, []chain.Account{rich}, func(a *app.App, state map[string]json.RawMessage) {
		var genesis rewardstypes.GenesisState
		a.AppCodec().MustUnmarshalJSON(state[rewardstypes.ModuleName], &genesis)
		genesis.Params.PagesPerBlock = pages
		genesis.Params.PayoutThreshold = chain.Open(1_000)
		if edit != nil {
			edit(&genesis.Params)
		}
		state[rewardstypes.ModuleName] = a.AppCodec().MustMarshalJSON(&genesis)
	})
	return c, rich
}

func numbered(n int) sdk.AccAddress {
	address := make([]byte, 20)
	copy(address, fmt.Sprintf("account %d", n))
	return address
}

// enqueue pays a receipt of 100 OPEN royalty to accounts first … first+n-1, two
// for each entry.
func enqueue(t *testing.T, c *chain.Chain, from chain.Account, batch uint64, first, n int) rewardstypes.Prepared {
	t.Helper()
	ctx := c.Ctx()
	var payables []rewardstypes.Payable
	for i := first; i < first+n; i++ {
		payables = append(payables, rewardstypes.Payable{
			Provider: numbered(i), Compute: sdkmath.NewInt(int64(1_000 + i)), Royalty: chain.Open(100), Acknowledged: true,
			Lineage: []rewardstypes.Share{{Address: numbered(first), PPM: rewardstypes.PPM}},
			Entries: []rewardstypes.PayableEntry{{
				Rank: 1, Contributor: numbered(i), WeightPPM: 700_000, QualityPPM: rewardstypes.PPM,
			}},
			UnattributedPPM: 300_000,
		})
	}
	prepared, err := c.App.RewardsKeeper.Prepare(ctx, rewardstypes.DefaultTerms(), payables)
	require.NoError(t, err)
	require.NoError(
		t, c.App.BankKeeper.SendCoinsFromAccountToModule(ctx, from.Address, attributiontypes.ModuleName,
			sdk.NewCoins(chain.Coin(prepared.Fees))))
	require.NoError(t, c.App.RewardsKeeper.Enqueue(ctx, attributiontypes.ModuleName, batch, prepared))
	return prepared
}

func waiting(t *testing.T, c *chain.Chain) int {
	t.Helper()
	n := 0
	require.NoError(t, c.App.RewardsKeeper.Lists.Walk(c.Ctx(), nil, func(uint64, rewardstypes.CreditList) (bool, error) {
		n++
		return false, nil
	}))
	require.NoError(t, c.App.RewardsKeeper.Arrived.Walk(c.Ctx(), nil, func(uint64, rewardstypes.Intake) (bool, error) {
		n++
		return false, nil
	}))
	return n
}

func ledger(t *testing.T, c *chain.Chain) map[string]string {
	t.Helper()
	balances := make(map[string]string)
	response, err := c.Ledger(&query.PageRequest{Limit: 10_000})
	require.NoError(t, err)
	for _, account := range response.Accounts {
		balances[account.Address] = account.Earned.String()
	}
	return balances
}

func total(p ...rewardstypes.Prepared) sdkmath.Int {
	sum := sdkmath.ZeroInt()
	for _, prepared := range p {
		for _, credit := range prepared.Credits {
			sum = sum.Add(rewardstypes.IntOf(credit.Amount)).Add(rewardstypes.IntOf(credit.Bonus))
		}
	}
	return sum
}

func earnedInAll(t *testing.T, c *chain.Chain) sdkmath.Int {
	t.Helper()
	sum := sdkmath.ZeroInt()
	for _, text := range ledger(t, c) {
		amount, ok := sdkmath.NewIntFromString(text)
		require.True(t, ok)
		sum = sum.Add(amount)
	}
	return sum
}

// generousBonus keeps the token bucket out of the way.
func generousBonus(p *rewardstypes.Params) { p.BonusPerSecond = chain.Open(1_000_000) }

func TestSweepPaysEveryCreditOnceWhateverTheLoad(t *testing.T) {
	c, rich := slowRewards(t, 2, generousBonus)
	var all []rewardstypes.Prepared
	all = append(all, enqueue(t, c, rich, 1, 0, 200)) // 7 pages
	c.Block()
	require.Positive(t, waiting(t, c))
	all = append(all, enqueue(t, c, rich, 2, 150, 150)) // arrives with the cursor in the middle
	c.Block()
	all = append(all, enqueue(t, c, rich, 3, 0, 20)) // behind the cursor
	for range 20 {
		c.Block()
	}
	require.Zero(t, waiting(t, c))
	require.Equal(t, total(all...).String(), earnedInAll(t, c).String())
}

func TestExportInTheMiddleOfASweepGivesTheSameBalances(t *testing.T) {
	c, rich := slowRewards(t, 2, generousBonus)
	enqueue(t, c, rich, 1, 0, 200)
	c.Block()
	enqueue(t, c, rich, 2, 100, 60)
	c.Block()
	require.Positive(t, waiting(t, c))
	imported := c.Import(c.Export())
	for range 20 {
		c.Block()
		imported.Block()
	}
	require.Zero(t, waiting(t, imported))
	require.Equal(t, ledger(t, c), ledger(t, imported))
}

func TestPauseKeepsCreditsAcrossExport(t *testing.T) {
	c, rich := slowRewards(t, 100, generousBonus)
	params, err := c.App.RewardsKeeper.Params.Get(c.Ctx())
	require.NoError(t, err)
	params.Paused = true
	require.NoError(t, c.App.RewardsKeeper.Params.Set(c.Ctx(), params))
	prepared := enqueue(t, c, rich, 1, 0, 50)
	c.Blocks(3)
	require.Equal(t, 1, waiting(t, c))
	imported := c.Import(c.Export())
	params.Paused = false
	require.NoError(t, imported.App.RewardsKeeper.Params.Set(imported.Ctx(), params))
	imported.Blocks(2)
	require.Zero(t, waiting(t, imported))
	require.Equal(t, total(prepared).String(), earnedInAll(t, imported).String())
}

func TestBonusIsScaledToTheBucket(t *testing.T) {
	c, rich := slowRewards(t, 100, func(p *rewardstypes.Params) { p.BonusPerSecond = chain.Open(1) })
	first, second := enqueue(t, c, rich, 1, 0, 10), enqueue(t, c, rich, 2, 10, 30)
	asked := first.Bonus.Add(second.Bonus)
	require.True(t, asked.GT(chain.Open(1)))
	c.Block()
	supply, err := c.Supply()
	require.NoError(t, err)
	require.True(t, supply.Totals.Bonus.LTE(chain.Open(1)))
	require.True(t, supply.Totals.Bonus.GT(chain.Open(1).SubRaw(100)), "only rounding is lost")
	require.Zero(t, waiting(t, c))
}

func TestChangeOfTermsDoesNotMoveFrozenAmounts(t *testing.T) {
	c, rich := slowRewards(t, 1, generousBonus)
	prepared := enqueue(t, c, rich, 1, 0, 100)
	c.Block()
	params, err := c.App.RewardsKeeper.Params.Get(c.Ctx())
	require.NoError(t, err)
	params.Terms = rewardstypes.Terms{DataPpm: 100_000, LineagePpm: 100_000, ValidatorsPpm: 100_000, BurnPpm: 700_000,
		BonusPpm: 0}
	require.NoError(t, params.Validate())
	require.NoError(t, c.App.RewardsKeeper.Params.Set(c.Ctx(), params))
	c.Blocks(10)
	require.Equal(t, total(prepared).String(), earnedInAll(t, c).String())
}

func TestAccountThatCannotBePaidHoldsUpNobody(t *testing.T) {
	c, rich := slowRewards(t, 100, func(p *rewardstypes.Params) {
		generousBonus(p)
		p.PayoutThreshold = sdkmath.NewInt(1)
		p.PayoutsPerBlock = rewardstypes.AccountsPerPage
	})
	blocked := c.App.AccountKeeper.GetModuleAddress(rewardstypes.BountyPoolName)
	require.NoError(
		t, c.App.BankKeeper.SendCoinsFromAccountToModule(c.Ctx(), rich.Address, attributiontypes.ModuleName,
			sdk.NewCoins(chain.Coin(chain.Open(1)))))
	require.NoError(t, c.App.RewardsKeeper.Credit(c.Ctx(), attributiontypes.ModuleName, blocked, chain.Open(1)))
	enqueue(t, c, rich, 1, 0, 100)
	c.Blocks(8)
	for i := range 100 {
		require.True(t, c.Balance(numbered(i)).IsPositive(), "account %d", i)
	}
	response, err := c.Earnings(blocked)
	require.NoError(t, err)
	require.Equal(t, chain.Open(1).String(), response.Claimable.Amount.String(), "what cannot be paid stays in the ledger")
}

func TestEmissionFallsFromItsOwnReserve(t *testing.T) {
	c, _ := slowRewards(t, 100, nil)
	before, err := c.Supply()
	require.NoError(t, err)
	c.Blocks(10)
	after, err := c.Supply()
	require.NoError(t, err)
	emitted := after.Totals.Emitted.Sub(before.Totals.Emitted)
	require.True(t, emitted.IsPositive())
	require.Equal(t, before.Reserve.Sub(emitted).String(), after.Reserve.String())
	require.Equal(t, before.Supply.Add(emitted).String(), after.Supply.String())
	// A jump of time emits for a minute at most.
	c.Skip(365 * 24 * 60 * 60 * chain.BlockTime)
	jumped, err := c.Supply()
	require.NoError(t, err)
	most := emitted.QuoRaw(10).MulRaw(61)
	require.True(t, jumped.Totals.Emitted.Sub(after.Totals.Emitted).LTE(most))
}
