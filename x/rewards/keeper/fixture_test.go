package keeper_test

import (
	"encoding/binary"
	"testing"
	"time"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/testutil/solo"
	"github.com/openledger/openledger/x/rewards/keeper"
	"github.com/openledger/openledger/x/rewards/types"
)

// payer is the module that receipts and refunds are paid from.
const payer = "attribution"

// fixture is x/rewards alone, with all coins at the payer.
type fixture struct {
	t require.TestingT
	*solo.RewardsModule
	msgs    types.MsgServer
	queries types.QueryServer
	batch   uint64
}

func newFixture(t require.TestingT, edit ...func(*types.Params)) *fixture {
	if helper, ok := t.(*testing.T); ok {
		helper.Helper()
	}
	genesis := types.DefaultGenesis()
	// Emission is tested beside; without it the bank's sums are of receipts alone.
	genesis.Params.EmissionPpmPerYear = 0
	genesis.Params.BonusPerSecond = math.NewIntWithDecimal(1, 26)
	genesis.Clock.LastBlockTime = solo.Start
	for _, edit := range edit {
		edit(&genesis.Params)
	}
	return startFixture(t, *genesis, map[string]sdk.Coins{payer: coins(math.NewIntWithDecimal(1, 26))})
}

func startFixture(t require.TestingT, genesis types.GenesisState, balances map[string]sdk.Coins) *fixture {
	module, err := solo.NewRewards(genesis, balances)
	require.NoError(t, err)
	return &fixture{t: t, RewardsModule: module, msgs: keeper.NewMsgServer(module.Keeper),
		queries: keeper.NewQueryServer(module.Keeper)}
}

// reimported exports the state and starts another module from it.
func (f *fixture) reimported() *fixture {
	exported, err := f.Keeper.ExportGenesis(f.Ctx)
	require.NoError(f.t, err)
	require.NoError(f.t, exported.Validate())
	balances := make(map[string]sdk.Coins)
	for _, module := range []string{payer, types.ModuleName, types.BountyPoolName} {
		balances[module] = coins(f.Bank.Of(f.Ctx, solo.ModuleAddress(module)))
	}
	again := startFixture(f.t, *exported, balances)
	again.Ctx = again.Ctx.WithBlockHeight(f.Ctx.BlockHeight()).WithBlockTime(f.Ctx.BlockTime())
	again.batch = f.batch
	twice, err := again.Keeper.ExportGenesis(again.Ctx)
	require.NoError(f.t, err)
	require.Equal(f.t, exported.String(), twice.String(), "an imported state exports the same")
	return again
}

// block ends a block a second later, with all invariants.
func (f *fixture) block() {
	f.Ctx = f.Ctx.WithBlockHeight(f.Ctx.BlockHeight() + 1).WithBlockTime(
		f.Ctx.BlockTime().Add(time.Second)).WithEventManager(sdk.NewEventManager())
	require.NoError(f.t, f.Keeper.EndBlock(f.Ctx))
	require.NoError(f.t, f.Keeper.CheckInvariants(f.Ctx))
}

func (f *fixture) blocks(n int) {
	for range n {
		f.block()
	}
}

func (f *fixture) setParams(edit func(*types.Params)) {
	params, err := f.Keeper.Params.Get(f.Ctx)
	require.NoError(f.t, err)
	edit(&params)
	require.NoError(f.t, params.Validate())
	require.NoError(f.t, f.Keeper.Params.Set(f.Ctx, params))
}

// prepare splits receipts, one for each account: all pay 1 OPEN and n aopen of royalty.
func (f *fixture) prepare(accounts ...int) types.Prepared {
	var payables []types.Payable
	for _, n := range accounts {
		payables = append(payables, receipt(n))
	}
	terms, err := f.Keeper.Terms(f.Ctx)
	require.NoError(f.t, err)
	prepared, err := f.Keeper.Prepare(f.Ctx, terms, payables)
	require.NoError(f.t, err)
	return prepared
}

// receipt of which account n is the only contributor; what it earns is 0.6 of a
// royalty that tells it from others.
func receipt(n int) types.Payable {
	royalty := math.NewIntWithDecimal(1, 18).AddRaw(int64(n))
	return types.Payable{
		Model: 1, Provider: account(0), Compute: math.ZeroInt(), Royalty: royalty, Acknowledged: true,
		Lineage: []types.Share{{Address: account(0), PPM: types.PPM}},
		Entries: []types.PayableEntry{
			{Rank: 1, DataNet: 1, Contributor: account(n), WeightPPM: types.PPM, QualityPPM: types.PPM}},
	}
}

func (f *fixture) enqueue(accounts ...int) types.Prepared {
	prepared := f.prepare(accounts...)
	f.batch++
	require.NoError(f.t, f.Keeper.Enqueue(f.Ctx, payer, f.batch, prepared))
	return prepared
}

// register gives accounts 0 … n−1 the ledger ids 0 … n−1.
func (f *fixture) register(n int) {
	for i := range n {
		id, err := f.Keeper.LedgerID(f.Ctx, account(i))
		require.NoError(f.t, err)
		require.EqualValues(f.t, i, id)
	}
}

func (f *fixture) earned(n int) math.Int {
	response, err := f.queries.Earnings(f.Ctx, &types.QueryEarningsRequest{Address: account(n).String()})
	require.NoError(f.t, err)
	return response.Earned.Amount
}

// pending is what is on its way to an account.
func (f *fixture) pending(n int) []types.PendingCredit {
	response, err := f.queries.Pending(f.Ctx, &types.QueryPendingRequest{Address: account(n).String()})
	require.NoError(f.t, err)
	require.Empty(f.t, response.Pagination.NextKey)
	return response.Credits
}

// waiting is the number of lists that the sweep has not finished.
func (f *fixture) waiting() int {
	n := 0
	require.NoError(f.t, f.Keeper.Lists.Walk(f.Ctx, nil, func(uint64, types.CreditList) (bool, error) {
		n++
		return false, nil
	}))
	return n
}

func account(n int) sdk.AccAddress {
	address := make([]byte, 20)
	binary.BigEndian.PutUint64(address, uint64(n)+1)
	return address
}

func coins(amount math.Int) sdk.Coins { return sdk.NewCoins(sdk.NewCoin(types.Denom, amount)) }

func chunkKey(list uint64, chunk uint32) collections.Pair[uint64, uint32] {
	return collections.Join(list, chunk)
}

// breakPage writes bytes that are no page.
func (f *fixture) breakPage(number uint64) {
	raw, err := collections.EncodeKeyWithPrefix(types.PagesKey, collections.Uint64Key, number)
	require.NoError(f.t, err)
	f.Ctx.KVStore(f.StoreKey).Set(raw, []byte{0xff})
}
