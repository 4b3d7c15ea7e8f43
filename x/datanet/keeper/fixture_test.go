package keeper_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authcodec "github.com/cosmos/cosmos-sdk/x/auth/codec"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/datanet/keeper"
	"github.com/openledger/openledger/x/datanet/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

var errFunds = errors.New("insufficient funds")

// fakeBank keeps balances in a store of its own, so that a message that fails
// is undone here as it is in the application.
type fakeBank struct {
	balances collections.Map[string, math.Int]
}

func newFakeBank(key *storetypes.KVStoreKey) fakeBank {
	sb := collections.NewSchemaBuilder(runtime.NewKVStoreService(key))
	return fakeBank{collections.NewMap(sb, collections.NewPrefix(0), "balances", collections.StringKey, sdk.IntValue)}
}

func moduleAddress(module string) sdk.AccAddress { return authtypes.NewModuleAddress(module) }

func (b fakeBank) of(ctx context.Context, address sdk.AccAddress) math.Int {
	balance, err := b.balances.Get(ctx, address.String())
	if errors.Is(err, collections.ErrNotFound) {
		return math.ZeroInt()
	}
	if err != nil {
		panic(err)
	}
	return balance
}

func (b fakeBank) add(ctx context.Context, address sdk.AccAddress, amount math.Int) error {
	balance := b.of(ctx, address).Add(amount)
	if balance.IsNegative() {
		return errFunds
	}
	return b.balances.Set(ctx, address.String(), balance)
}

func (b fakeBank) move(ctx context.Context, from, to sdk.AccAddress, coins sdk.Coins) error {
	if !coins.IsValid() || len(coins) != 1 || coins[0].Denom != rewardstypes.Denom {
		return fmt.Errorf("cannot move %s", coins)
	}
	if err := b.add(ctx, from, coins[0].Amount.Neg()); err != nil {
		return err
	}
	return b.add(ctx, to, coins[0].Amount)
}

func (b fakeBank) GetBalance(ctx context.Context, address sdk.AccAddress, denom string) sdk.Coin {
	return sdk.NewCoin(denom, b.of(ctx, address))
}

func (b fakeBank) SendCoinsFromAccountToModule(ctx context.Context, from sdk.AccAddress, module string, coins sdk.Coins) error {
	return b.move(ctx, from, moduleAddress(module), coins)
}

func (b fakeBank) SendCoinsFromModuleToAccount(ctx context.Context, module string, to sdk.AccAddress, coins sdk.Coins) error {
	return b.move(ctx, moduleAddress(module), to, coins)
}

func (b fakeBank) BurnCoins(ctx context.Context, module string, coins sdk.Coins) error {
	return b.add(ctx, moduleAddress(module), coins[0].Amount.Neg())
}

// fakeRewards moves forfeited deposits to the pool; fail makes it refuse.
type fakeRewards struct {
	bank  fakeBank
	fail  func() error
	calls int
}

func (r *fakeRewards) FundBountyPool(ctx context.Context, from string, amount math.Int) error {
	r.calls++
	if r.fail != nil {
		if err := r.fail(); err != nil {
			return err
		}
	}
	return r.bank.move(ctx, moduleAddress(from), moduleAddress(rewardstypes.BountyPoolName), sdk.NewCoins(coin(amount)))
}

// fixture is a module with funded accounts at height 10.
type fixture struct {
	t                       require.TestingT
	ctx                     sdk.Context
	cdc                     codec.Codec
	bank                    fakeBank
	rewards                 *fakeRewards
	k                       keeper.Keeper
	msgs                    types.MsgServer
	queries                 types.QueryServer
	owner, alice, bob, poor sdk.AccAddress
}

func open(tenths int64) math.Int { return math.NewIntWithDecimal(tenths, rewardstypes.Decimals-1) }

func coin(amount math.Int) sdk.Coin { return sdk.NewCoin(rewardstypes.Denom, amount) }

func account(name string) sdk.AccAddress {
	sum := sha256.Sum256([]byte(name))
	return sum[:20]
}

func authority() string { return moduleAddress(govtypes.ModuleName).String() }

func newFixture(t require.TestingT) *fixture {
	storeKey, bankKey := storetypes.NewKVStoreKey(types.StoreKey), storetypes.NewKVStoreKey("bank")
	ctx := testutil.DefaultContextWithKeys(map[string]*storetypes.KVStoreKey{types.StoreKey: storeKey, "bank": bankKey}, nil, nil)
	registry := codectypes.NewInterfaceRegistry()
	types.RegisterInterfaces(registry)
	f := &fixture{
		t: t, ctx: ctx.WithBlockHeight(10).WithEventManager(sdk.NewEventManager()), cdc: codec.NewProtoCodec(registry), bank: newFakeBank(bankKey),
		owner: account("owner"), alice: account("alice"), bob: account("bob"), poor: account("poor"),
	}
	f.rewards = &fakeRewards{bank: f.bank}
	prefix := sdk.GetConfig().GetBech32AccountAddrPrefix()
	f.k = keeper.NewKeeper(f.cdc, runtime.NewKVStoreService(storeKey), authcodec.NewBech32Codec(prefix), authority(), f.bank, f.rewards)
	f.msgs, f.queries = keeper.NewMsgServer(f.k), keeper.NewQueryServer(f.k)
	require.NoError(t, f.k.InitGenesis(f.ctx, *types.DefaultGenesis()))
	for _, rich := range []sdk.AccAddress{f.owner, f.alice, f.bob} {
		require.NoError(t, f.bank.add(f.ctx, rich, open(1_000_000)))
	}
	return f
}

// run executes one message as the application does: all of it, or nothing.
func run[M, R any](f *fixture, handler func(context.Context, M) (R, error), msg M) (R, error) {
	cached, write := f.ctx.CacheContext()
	response, err := handler(cached, msg)
	if err == nil {
		write()
	}
	require.NoError(f.t, f.k.CheckInvariants(f.ctx))
	return response, err
}

func must[M, R any](f *fixture, handler func(context.Context, M) (R, error), msg M) R {
	response, err := run(f, handler, msg)
	require.NoError(f.t, err)
	return response
}

// refuse checks the error of a message and that neither state nor money moved.
func refuse[M, R any](f *fixture, handler func(context.Context, M) (R, error), msg M, want error) string {
	before := f.snapshot()
	_, err := run(f, handler, msg)
	require.ErrorIs(f.t, err, want)
	require.Equal(f.t, before, f.snapshot())
	return err.Error()
}

func (f *fixture) export() *types.GenesisState {
	exported, err := f.k.ExportGenesis(f.ctx)
	require.NoError(f.t, err)
	return exported
}

func (f *fixture) snapshot() string {
	balances, err := f.bank.balances.Iterate(f.ctx, nil)
	require.NoError(f.t, err)
	money, err := balances.KeyValues()
	require.NoError(f.t, err)
	text, err := json.Marshal(money)
	require.NoError(f.t, err)
	return string(f.cdc.MustMarshalJSON(f.export())) + string(text)
}

// endBlock ends the block and begins the next.
func (f *fixture) endBlock() {
	require.NoError(f.t, f.k.EndBlock(f.ctx))
	require.NoError(f.t, f.k.CheckInvariants(f.ctx))
	f.ctx = f.ctx.WithBlockHeight(f.ctx.BlockHeight() + 1)
}

func (f *fixture) blocks(n int64) {
	for range n {
		f.endBlock()
	}
}

func (f *fixture) setParams(change func(*types.Params)) {
	params, err := f.k.Params.Get(f.ctx)
	require.NoError(f.t, err)
	change(&params)
	must(f, f.msgs.UpdateParams, &types.MsgUpdateParams{Authority: authority(), Params: params})
}

func (f *fixture) held() math.Int { return f.bank.of(f.ctx, moduleAddress(types.ModuleName)) }

func (f *fixture) pool() math.Int {
	return f.bank.of(f.ctx, moduleAddress(rewardstypes.BountyPoolName))
}

func (f *fixture) datanet(id uint64) types.DataNet {
	found, err := f.k.GetDataNet(f.ctx, id)
	require.NoError(f.t, err)
	return found
}

func (f *fixture) contribution(rank uint64) types.Contribution {
	found, err := f.k.GetContribution(f.ctx, rank)
	require.NoError(f.t, err)
	return found
}

func createMsg(owner sdk.AccAddress) *types.MsgCreateDataNet {
	return &types.MsgCreateDataNet{
		Owner: owner.String(), Name: "Skin", Description: "Notes on skin", Domain: "dermatology", Licence: "CC-BY-4.0",
		GuidelinesUri: "https://example.org/rules", ReviewPolicy: types.REVIEW_POLICY_OWNER, RoyaltyFloor: open(1), OwnerPpm: 50_000,
	}
}

func (f *fixture) create() uint64 {
	return must(f, f.msgs.CreateDataNet, createMsg(f.owner)).DatanetId
}

// sealed is a reveal and the hash that seals it.
type sealed struct {
	item types.RevealItem
	hash poa.Hash
}

func seal(by sdk.AccAddress, datanet uint64, name string, tokens uint64) sealed {
	root, statistics := poa.LeafHash([]byte("root "+name)), poa.LeafHash([]byte("statistics "+name))
	content, salt := sha256.Sum256([]byte(name)), sha256.Sum256([]byte("salt "+name))
	return sealed{
		types.RevealItem{
			DatanetId: datanet, Root: root[:], Salt: salt[:], Segments: uint32(tokens/poa.MaxSegmentTokens) + 1, Tokens: tokens, Bytes: 5 * tokens,
			StatisticsRoot: statistics[:], ContentHash: content[:], Uri: "https://example.org/" + name, Title: name,
		},
		poa.CommitHash(root, by, salt[:]),
	}
}

func (f *fixture) seals(n int) []sealed {
	out := make([]sealed, n)
	for i := range out {
		out[i] = seal(f.alice, 1, fmt.Sprint("seal-", i), 1)
	}
	return out
}

func commitMsg(by sdk.AccAddress, deposit math.Int, seals ...sealed) *types.MsgCommitContributions {
	msg := &types.MsgCommitContributions{Contributor: by.String()}
	for _, s := range seals {
		msg.Items = append(msg.Items, types.CommitItem{Hash: s.hash[:], Deposit: coin(deposit)})
	}
	return msg
}

// commit seals contributions and returns their reveals.
func (f *fixture) commit(by sdk.AccAddress, deposit math.Int, seals ...sealed) []types.RevealItem {
	ranks := must(f, f.msgs.CommitContributions, commitMsg(by, deposit, seals...)).Ranks
	items := make([]types.RevealItem, len(seals))
	for i, s := range seals {
		items[i] = s.item
		items[i].Rank = ranks[i]
	}
	return items
}

func revealMsg(by sdk.AccAddress, items ...types.RevealItem) *types.MsgRevealContributions {
	return &types.MsgRevealContributions{Contributor: by.String(), Items: items}
}

// submit commits and reveals one contribution of 1,000 tokens per name.
func (f *fixture) submit(by sdk.AccAddress, datanet uint64, names ...string) []uint64 {
	seals := make([]sealed, len(names))
	for i, name := range names {
		seals[i] = seal(by, datanet, name, 1_000)
	}
	items := f.commit(by, open(1), seals...)
	f.blocks(2)
	must(f, f.msgs.RevealContributions, revealMsg(by, items...))
	ranks := make([]uint64, len(items))
	for i := range items {
		ranks[i] = items[i].Rank
	}
	return ranks
}

func acceptMsg(owner sdk.AccAddress, datanet uint64, ranks ...uint64) *types.MsgAcceptContributions {
	return &types.MsgAcceptContributions{Owner: owner.String(), DatanetId: datanet, Ranks: ranks}
}

func rejectMsg(owner sdk.AccAddress, datanet uint64, ranks ...uint64) *types.MsgRejectContributions {
	return &types.MsgRejectContributions{Owner: owner.String(), DatanetId: datanet, Ranks: ranks, Reason: "not about skin"}
}

func withdrawMsg(by sdk.AccAddress, rank uint64) *types.MsgWithdrawContribution {
	return &types.MsgWithdrawContribution{Contributor: by.String(), Rank: rank}
}

// everything brings a module into a state that holds something of all kinds.
func everything(t require.TestingT) *fixture {
	f := newFixture(t)
	first, second := f.create(), f.create()
	ranks := f.submit(f.alice, first, "a", "b", "c", "d", "e")
	must(f, f.msgs.AcceptContributions, acceptMsg(f.owner, first, ranks[1], ranks[0]))
	must(f, f.msgs.AcceptContributions, acceptMsg(f.owner, first, ranks[2]))
	must(f, f.msgs.RejectContributions, rejectMsg(f.owner, first, ranks[3]))
	must(f, f.msgs.WithdrawContribution, withdrawMsg(f.alice, ranks[4]))
	f.submit(f.bob, second, "f")
	f.commit(f.bob, open(3), seal(f.bob, first, "g", 1_000), seal(f.bob, second, "h", 1_000))
	return f
}
