// Package datanettest plays x/datanet alone: people contribute, panels review, validators hold text. It serves the
// tests of the module and of its components.
package datanettest

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

// Fixture is a module with funded accounts at height 10.
type Fixture struct {
	*solo.Module
	T                       require.TestingT
	Msgs                    types.MsgServer
	Queries                 types.QueryServer
	Owner, Alice, Bob, Poor sdk.AccAddress
	// quiet leaves invariants unchecked, while a large state is being built.
	Quiet bool
}

func Open(tenths int64) math.Int { return math.NewIntWithDecimal(tenths, rewardstypes.Decimals-1) }

func Coin(amount math.Int) sdk.Coin { return sdk.NewCoin(rewardstypes.Denom, amount) }

func Account(name string) sdk.AccAddress {
	sum := sha256.Sum256([]byte(name))
	return sum[:20]
}

func New(t require.TestingT) *Fixture {
	m, err := solo.New()
	require.NoError(t, err)
	f := &Fixture{
		Module: m, T: t, Msgs: keeper.NewMsgServer(m.Keeper), Queries: keeper.NewQueryServer(m.Keeper),
		Owner: Account("owner"), Alice: Account("alice"), Bob: Account("bob"), Poor: Account("poor"),
	}
	for _, rich := range []sdk.AccAddress{f.Owner, f.Alice, f.Bob} {
		f.Fund(rich)
	}
	f.SetParams(func(p *types.Params) { p.FeePerByte = math.ZeroInt() }) // TestTextIsPaidByTheByte has one
	return f
}

// Fund makes an account rich.
func (f *Fixture) Fund(who sdk.AccAddress) {
	require.NoError(f.T, f.Bank.Add(f.Ctx, who, Open(1_000_000)))
}

func (f *Fixture) Check() {
	if !f.Quiet {
		require.NoError(f.T, f.Keeper.CheckInvariants(f.Ctx))
	}
}

// Run executes one message as the application does: all of it, or nothing.
func Run[M, R any](f *Fixture, handler func(context.Context, M) (R, error), msg M) (R, error) {
	cached, write := f.Ctx.CacheContext()
	response, err := handler(cached, msg)
	if err == nil {
		write()
	}
	f.Check()
	return response, err
}

func Must[M, R any](f *Fixture, handler func(context.Context, M) (R, error), msg M) R {
	response, err := Run(f, handler, msg)
	require.NoError(f.T, err)
	return response
}

// Refuse checks the error of a message and that neither state nor money moved.
func Refuse[M, R any](f *Fixture, handler func(context.Context, M) (R, error), msg M, want error) string {
	before := f.Snapshot()
	_, err := Run(f, handler, msg)
	require.ErrorIs(f.T, err, want)
	require.Equal(f.T, before, f.Snapshot())
	return err.Error()
}

func (f *Fixture) Export() *types.GenesisState {
	exported, err := f.Keeper.ExportGenesis(f.Ctx)
	require.NoError(f.T, err)
	return exported
}

func (f *Fixture) Snapshot() string {
	balances, err := f.Bank.Balances.Iterate(f.Ctx, nil)
	require.NoError(f.T, err)
	money, err := balances.KeyValues()
	require.NoError(f.T, err)
	text, err := json.Marshal(money)
	require.NoError(f.T, err)
	return string(f.Codec.MustMarshalJSON(f.Export())) + string(text)
}

// EndBlock ends the block and begins the next.
func (f *Fixture) EndBlock() {
	require.NoError(f.T, f.Keeper.EndBlock(f.Ctx))
	f.Check()
	f.At(f.Ctx.BlockHeight()+1, f.Ctx.BlockTime().Add(time.Second))
}

// After ends the block and begins the next, some time later.
func (f *Fixture) After(wait time.Duration) {
	f.EndBlock()
	f.At(f.Ctx.BlockHeight(), f.Ctx.BlockTime().Add(wait))
}

func (f *Fixture) Blocks(n int64) {
	for range n {
		f.EndBlock()
	}
}

func (f *Fixture) SetParams(change func(*types.Params)) {
	params, err := f.Keeper.Params.Get(f.Ctx)
	require.NoError(f.T, err)
	change(&params)
	Must(f, f.Msgs.UpdateParams, &types.MsgUpdateParams{Authority: solo.Authority(), Params: params})
}

// ModuleBalance returns what the account of the module has.
func (f *Fixture) ModuleBalance() math.Int {
	return f.Bank.Of(f.Ctx, solo.ModuleAddress(types.ModuleName))
}

func (f *Fixture) Pool() math.Int {
	return f.Bank.Of(f.Ctx, solo.ModuleAddress(rewardstypes.BountyPoolName))
}

func (f *Fixture) Datanet(id uint64) types.DataNet {
	found, err := f.Keeper.GetDataNet(f.Ctx, id)
	require.NoError(f.T, err)
	return found
}

func (f *Fixture) Contribution(rank uint64) types.Contribution {
	found, err := f.Keeper.GetContribution(f.Ctx, rank)
	require.NoError(f.T, err)
	return found
}

func CreateMsg(owner sdk.AccAddress) *types.MsgCreateDataNet {
	return &types.MsgCreateDataNet{
		Owner: owner.String(), Name: "Skin", Description: "Notes on skin", Domain: "dermatology", Licence: "CC-BY-4.0",
		GuidelinesUri: "https://example.org/rules", ReviewPolicy: types.REVIEW_POLICY_OWNER, RoyaltyFloor: Open(1),
		OwnerPpm: 50_000,
	}
}

func (f *Fixture) Create() uint64 {
	return Must(f, f.Msgs.CreateDataNet, CreateMsg(f.Owner)).DatanetId
}

// Sealed is a reveal and the hash that seals it.
type Sealed struct {
	Item types.RevealItem
	Hash poa.Hash
}

func Seal(by sdk.AccAddress, datanet uint64, name string, tokens uint64) Sealed {
	root, statistics := poa.LeafHash([]byte("root "+name)), poa.LeafHash([]byte("statistics "+name))
	content, salt := sha256.Sum256([]byte(name)), sha256.Sum256([]byte("salt "+name))
	return Sealed{
		types.RevealItem{
			DatanetId: datanet, Root: root[:], Salt: salt[:], Segments: uint32(tokens/poa.MaxSegmentTokens) + 1, Tokens: tokens,
			Bytes:          5 * tokens,
			StatisticsRoot: statistics[:], ContentHash: content[:], Uri: "https://example.org/" + name, Title: name,
		},
		poa.CommitHash(root, by, salt[:]),
	}
}

func (f *Fixture) Seals(n int) []Sealed {
	out := make([]Sealed, n)
	for i := range out {
		out[i] = Seal(f.Alice, 1, fmt.Sprint("seal-", i), 1)
	}
	return out
}

func CommitMsg(by sdk.AccAddress, deposit math.Int, seals ...Sealed) *types.MsgCommitContributions {
	msg := &types.MsgCommitContributions{Contributor: by.String()}
	for _, s := range seals {
		msg.Items = append(msg.Items, types.CommitItem{Hash: s.Hash[:], Deposit: Coin(deposit)})
	}
	return msg
}

// Commit seals contributions and returns their reveals.
func (f *Fixture) Commit(by sdk.AccAddress, deposit math.Int, seals ...Sealed) []types.RevealItem {
	ranks := Must(f, f.Msgs.CommitContributions, CommitMsg(by, deposit, seals...)).Ranks
	items := make([]types.RevealItem, len(seals))
	for i, s := range seals {
		items[i] = s.Item
		items[i].Rank = ranks[i]
	}
	return items
}

func RevealMsg(by sdk.AccAddress, items ...types.RevealItem) *types.MsgRevealContributions {
	return &types.MsgRevealContributions{Contributor: by.String(), Items: items}
}

// Submit commits and reveals one contribution of 1,000 tokens per name.
func (f *Fixture) Submit(by sdk.AccAddress, datanet uint64, names ...string) []uint64 {
	seals := make([]Sealed, len(names))
	for i, name := range names {
		seals[i] = Seal(by, datanet, name, 1_000)
	}
	items := f.Commit(by, Open(1), seals...)
	f.Blocks(2)
	Must(f, f.Msgs.RevealContributions, RevealMsg(by, items...))
	ranks := make([]uint64, len(items))
	for i := range items {
		ranks[i] = items[i].Rank
	}
	return ranks
}

func AcceptMsg(owner sdk.AccAddress, datanet uint64, ranks ...uint64) *types.MsgAcceptContributions {
	return &types.MsgAcceptContributions{Owner: owner.String(), DatanetId: datanet, Ranks: ranks}
}

func RejectMsg(owner sdk.AccAddress, datanet uint64, ranks ...uint64) *types.MsgRejectContributions {
	return &types.MsgRejectContributions{Owner: owner.String(), DatanetId: datanet, Ranks: ranks,
		Reason: "not about skin"}
}

func WithdrawMsg(by sdk.AccAddress, rank uint64) *types.MsgWithdrawContribution {
	return &types.MsgWithdrawContribution{Contributor: by.String(), Rank: rank}
}

// Everything brings a module into a state that holds something of all kinds.
func Everything(t require.TestingT) *Fixture {
	f := New(t)
	first, second := f.Create(), f.Create()
	ranks := f.Submit(f.Alice, first, "a", "b", "c", "d", "e")
	Must(f, f.Msgs.AcceptContributions, AcceptMsg(f.Owner, first, ranks[1], ranks[0]))
	require.NoError(t, f.Keeper.SetInCustody(f.Ctx, first, 1))
	Must(f, f.Msgs.AcceptContributions, AcceptMsg(f.Owner, first, ranks[2]))
	Must(f, f.Msgs.RejectContributions, RejectMsg(f.Owner, first, ranks[3]))
	Must(f, f.Msgs.WithdrawContribution, WithdrawMsg(f.Alice, ranks[4]))
	f.Submit(f.Bob, second, "f")
	f.Commit(f.Bob, Open(3), Seal(f.Bob, first, "g", 1_000), Seal(f.Bob, second, "h", 1_000))
	return f
}

// Imported reads a genesis into a new module that holds what f holds.
func (f *Fixture) Imported(genesis *types.GenesisState) (*Fixture, error) {
	g := New(f.T)
	require.NoError(f.T, g.Bank.Add(g.Ctx, solo.ModuleAddress(types.ModuleName), f.ModuleBalance()))
	return g, g.Keeper.InitGenesis(g.Ctx, *genesis)
}

// Wealth is all the money there is; only creation fees leave it.
func (f *Fixture) Wealth() math.Int {
	sum := f.ModuleBalance().Add(f.Pool())
	for _, account := range []sdk.AccAddress{f.Owner, f.Alice, f.Bob} {
		sum = sum.Add(f.Bank.Of(f.Ctx, account))
	}
	return sum
}
