package keeper_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/solo"
	"github.com/openledger/openledger/x/datanet/keeper"
	"github.com/openledger/openledger/x/datanet/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// fixture is a module with funded accounts at height 10.
type fixture struct {
	*solo.Module
	t                       require.TestingT
	msgs                    types.MsgServer
	queries                 types.QueryServer
	owner, alice, bob, poor sdk.AccAddress
	// quiet leaves invariants unchecked, while a large state is being built.
	quiet bool
}

func open(tenths int64) math.Int { return math.NewIntWithDecimal(tenths, rewardstypes.Decimals-1) }

func coin(amount math.Int) sdk.Coin { return sdk.NewCoin(rewardstypes.Denom, amount) }

func account(name string) sdk.AccAddress {
	sum := sha256.Sum256([]byte(name))
	return sum[:20]
}

func newFixture(t require.TestingT) *fixture {
	m, err := solo.New()
	require.NoError(t, err)
	f := &fixture{
		Module: m, t: t, msgs: keeper.NewMsgServer(m.Keeper), queries: keeper.NewQueryServer(m.Keeper),
		owner: account("owner"), alice: account("alice"), bob: account("bob"), poor: account("poor"),
	}
	for _, rich := range []sdk.AccAddress{f.owner, f.alice, f.bob} {
		f.fund(rich)
	}
	f.setParams(func(p *types.Params) { p.FeePerByte = math.ZeroInt() }) // TestTextIsPaidByTheByte has one
	return f
}

// fund makes an account rich.
func (f *fixture) fund(who sdk.AccAddress) {
	require.NoError(f.t, f.Bank.Add(f.Ctx, who, open(1_000_000)))
}

func (f *fixture) check() {
	if !f.quiet {
		require.NoError(f.t, f.Keeper.CheckInvariants(f.Ctx))
	}
}

// run executes one message as the application does: all of it, or nothing.
func run[M, R any](f *fixture, handler func(context.Context, M) (R, error), msg M) (R, error) {
	cached, write := f.Ctx.CacheContext()
	response, err := handler(cached, msg)
	if err == nil {
		write()
	}
	f.check()
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
	exported, err := f.Keeper.ExportGenesis(f.Ctx)
	require.NoError(f.t, err)
	return exported
}

func (f *fixture) snapshot() string {
	balances, err := f.Bank.Balances.Iterate(f.Ctx, nil)
	require.NoError(f.t, err)
	money, err := balances.KeyValues()
	require.NoError(f.t, err)
	text, err := json.Marshal(money)
	require.NoError(f.t, err)
	return string(f.Codec.MustMarshalJSON(f.export())) + string(text)
}

// endBlock ends the block and begins the next.
func (f *fixture) endBlock() {
	require.NoError(f.t, f.Keeper.EndBlock(f.Ctx))
	f.check()
	f.At(f.Ctx.BlockHeight()+1, f.Ctx.BlockTime().Add(time.Second))
}

// after ends the block and begins the next, some time later.
func (f *fixture) after(wait time.Duration) {
	f.endBlock()
	f.At(f.Ctx.BlockHeight(), f.Ctx.BlockTime().Add(wait))
}

func (f *fixture) blocks(n int64) {
	for range n {
		f.endBlock()
	}
}

func (f *fixture) setParams(change func(*types.Params)) {
	params, err := f.Keeper.Params.Get(f.Ctx)
	require.NoError(f.t, err)
	change(&params)
	must(f, f.msgs.UpdateParams, &types.MsgUpdateParams{Authority: solo.Authority(), Params: params})
}

func (f *fixture) held() math.Int { return f.Bank.Of(f.Ctx, solo.ModuleAddress(types.ModuleName)) }

func (f *fixture) pool() math.Int {
	return f.Bank.Of(f.Ctx, solo.ModuleAddress(rewardstypes.BountyPoolName))
}

func (f *fixture) datanet(id uint64) types.DataNet {
	found, err := f.Keeper.GetDataNet(f.Ctx, id)
	require.NoError(f.t, err)
	return found
}

func (f *fixture) contribution(rank uint64) types.Contribution {
	found, err := f.Keeper.GetContribution(f.Ctx, rank)
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
	require.NoError(t, f.Keeper.SetHeld(f.Ctx, first, 1))
	must(f, f.msgs.AcceptContributions, acceptMsg(f.owner, first, ranks[2]))
	must(f, f.msgs.RejectContributions, rejectMsg(f.owner, first, ranks[3]))
	must(f, f.msgs.WithdrawContribution, withdrawMsg(f.alice, ranks[4]))
	f.submit(f.bob, second, "f")
	f.commit(f.bob, open(3), seal(f.bob, first, "g", 1_000), seal(f.bob, second, "h", 1_000))
	return f
}
