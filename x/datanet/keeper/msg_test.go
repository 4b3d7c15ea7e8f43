package keeper_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/cosmos/gogoproto/proto"
	"github.com/stretchr/testify/require"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/datanettest"
	"github.com/openledger/openledger/testutil/solo"
	"github.com/openledger/openledger/x/datanet/types"
)

// lastEvent returns the newest typed event of a kind.
func lastEvent[E proto.Message](f *datanettest.Fixture, want E) E {
	events := f.Ctx.EventManager().ABCIEvents()
	for i := len(events) - 1; i >= 0; i-- {
		if events[i].Type == proto.MessageName(want) {
			parsed, err := sdk.ParseTypedEvent(events[i])
			require.NoError(f.T, err)
			return parsed.(E)
		}
	}
	require.Fail(f.T, "no event", proto.MessageName(want))
	return want
}

func TestCreateBurnsTheFee(t *testing.T) {
	f := datanettest.New(t)
	before := f.Bank.Of(f.Ctx, f.Owner)
	require.EqualValues(t, 1, f.Create())
	require.Equal(t, datanettest.Open(10), before.Sub(f.Bank.Of(f.Ctx, f.Owner)))
	require.True(t, f.ModuleBalance().IsZero(), "the fee is burned, not kept")
	require.Equal(t, types.DataNet{
		Id: 1, Owner: f.Owner.String(), Name: "Skin", Description: "Notes on skin", Domain: "dermatology",
		Licence:       "CC-BY-4.0",
		GuidelinesUri: "https://example.org/rules", ReviewPolicy: types.REVIEW_POLICY_OWNER,
		RoyaltyFloor: datanettest.Open(1), OwnerPpm: 50_000, CreatedHeight: 10, ReviewFee: math.ZeroInt(),
		NextReviewFee:        math.ZeroInt(),
		ReviewFeePerThousand: math.ZeroInt(), NextReviewFeePerThousand: math.ZeroInt(), CheckFund: math.ZeroInt(),
		Credentials: types.CredentialPolicy{Kind: types.CREDENTIAL_KIND_NONE, Number: 1, From: solo.Start},
	}, f.Datanet(1))
	require.Equal(t, &types.EventDataNetCreated{DatanetId: 1, Owner: f.Owner.String(), Name: "Skin"},
		lastEvent(f, &types.EventDataNetCreated{}))
	datanettest.Refuse(f, f.Msgs.CreateDataNet, datanettest.CreateMsg(f.Poor), solo.ErrFunds)
	f.SetParams(func(p *types.Params) { p.CreationFee = math.ZeroInt() })
	require.EqualValues(t, 2, datanettest.Must(f, f.Msgs.CreateDataNet, datanettest.CreateMsg(f.Poor)).DatanetId)
}

func TestUpdateHandsOver(t *testing.T) {
	f := datanettest.New(t)
	id := f.Create()
	msg := &types.MsgUpdateDataNet{
		Owner: f.Owner.String(), DatanetId: id, Name: "Hair", Description: "Notes on hair", RoyaltyFloor: math.ZeroInt(),
		OwnerPpm: 200_000, Closed: true, NewOwner: f.Bob.String(),
	}
	datanettest.Must(f, f.Msgs.UpdateDataNet, msg)
	updated := f.Datanet(id)
	require.Equal(t, "Hair", updated.Name)
	require.Equal(t, f.Bob.String(), updated.Owner)
	require.True(t, updated.Closed)
	require.Equal(t, "dermatology", updated.Domain, "the domain stays")
	require.Equal(t, &types.EventDataNetUpdated{DatanetId: id, Owner: f.Bob.String()},
		lastEvent(f, &types.EventDataNetUpdated{}))
	datanettest.Refuse(f, f.Msgs.UpdateDataNet, msg, types.ErrUnauthorized)
	msg.DatanetId = 9
	datanettest.Refuse(f, f.Msgs.UpdateDataNet, msg, types.ErrDataNetNotFound)
	msg.Owner, msg.DatanetId, msg.OwnerPpm = f.Bob.String(), id, 200_001
	datanettest.Refuse(f, f.Msgs.UpdateDataNet, msg, types.ErrInvalidDataNet)
}

func TestCommitFixesRanksAndTakesDeposits(t *testing.T) {
	f := datanettest.New(t)
	id := f.Create()
	before := f.Bank.Of(f.Ctx, f.Alice)
	first := f.Commit(f.Alice, datanettest.Open(2), datanettest.Seal(f.Alice, id, "a", 1),
		datanettest.Seal(f.Alice, id, "b", 1))
	second := f.Commit(f.Bob, datanettest.Open(1), datanettest.Seal(f.Bob, id, "c", 1))
	require.Equal(t, []uint64{1, 2, 3}, []uint64{first[0].Rank, first[1].Rank, second[0].Rank},
		"one sequence for everybody")
	require.Equal(t, datanettest.Open(4), before.Sub(f.Bank.Of(f.Ctx, f.Alice)))
	require.Equal(t, datanettest.Open(5), f.ModuleBalance())
	commit, err := f.Keeper.GetCommit(f.Ctx, 1)
	require.NoError(t, err)
	require.Equal(t, []int64{10, 12, 110}, []int64{commit.Height, commit.RevealFrom, commit.RevealUntil})
	require.Equal(t, &types.EventContributionsCommitted{Contributor: f.Bob.String(), FirstRank: 3, Count: 1},
		lastEvent(f, &types.EventContributionsCommitted{}))
	datanettest.Refuse(f, f.Msgs.CommitContributions, datanettest.CommitMsg(f.Poor, datanettest.Open(1),
		datanettest.Seal(f.Poor, id, "p", 1)), solo.ErrFunds)
}

func TestRevealSubmitsAndReturnsTheExcess(t *testing.T) {
	f := datanettest.New(t)
	id := f.Create()
	cheap, large := datanettest.Seal(f.Alice, id, "a", 999), datanettest.Seal(f.Alice, id, "b", 3_000)
	before := f.Bank.Of(f.Ctx, f.Alice)
	items := f.Commit(f.Alice, datanettest.Open(5), cheap, large)
	items[1].Licence = "MIT"
	f.Blocks(2)
	datanettest.Must(f, f.Msgs.RevealContributions, datanettest.RevealMsg(f.Alice, items...))
	// 999 tokens need the minimum of 0.1 OPEN, 3,000 tokens 0.3 OPEN.
	require.Equal(t, datanettest.Open(4), before.Sub(f.Bank.Of(f.Ctx, f.Alice)))
	require.Equal(t, datanettest.Open(4), f.ModuleBalance())
	require.Equal(t, types.Contribution{
		Rank: 2, DatanetId: id, Contributor: f.Alice.String(), Root: large.Item.Root, Segments: large.Item.Segments,
		Tokens: 3_000, Bytes: 15_000,
		StatisticsRoot: large.Item.StatisticsRoot, ContentHash: large.Item.ContentHash, Uri: large.Item.Uri, Title: "b",
		Licence: "MIT", NormVersion: poa.NormVersion,
		Deposit: datanettest.Coin(datanettest.Open(3)), Status: types.CONTRIBUTION_STATUS_SUBMITTED, CommitHeight: 10,
		RevealHeight: 12,
		ReviewFee:    math.ZeroInt(), FeePaid: math.ZeroInt(), AcceptedDeposit: math.ZeroInt(), BoundDeposit: math.ZeroInt(),
		Vesting: math.ZeroInt(), Reserved: math.ZeroInt(),
	}, f.Contribution(2))
	require.Equal(t, "CC-BY-4.0", f.Contribution(1).Licence, "the DataNet's licence")
	require.EqualValues(t, 2, f.Datanet(id).Pending)
	require.Zero(t, f.Datanet(id).Tokens, "tokens count from acceptance")
	require.Equal(t, &types.EventContributionRevealed{Rank: 2, DatanetId: id, Contributor: f.Alice.String(),
		Segments: large.Item.Segments, Tokens: 3_000}, lastEvent(f, &types.EventContributionRevealed{}))
	datanettest.Refuse(f, f.Msgs.RevealContributions, datanettest.RevealMsg(f.Alice, items[0]), types.ErrCommitNotFound)
}

func TestRevealWindowIsThatOfTheCommit(t *testing.T) {
	f := datanettest.New(t)
	id := f.Create()
	items := f.Commit(f.Alice, datanettest.Open(1), datanettest.Seal(f.Alice, id, "a", 1),
		datanettest.Seal(f.Alice, id, "b", 1), datanettest.Seal(f.Alice, id, "c", 1))
	datanettest.Refuse(f, f.Msgs.RevealContributions, datanettest.RevealMsg(f.Alice, items[0]), types.ErrRevealWindow)
	// Other parameters do not move the window of what is sealed already.
	f.SetParams(func(p *types.Params) { p.RevealMinBlocks, p.RevealMaxBlocks = 50, 51 })
	f.Blocks(1)
	datanettest.Refuse(f, f.Msgs.RevealContributions, datanettest.RevealMsg(f.Alice, items[0]), types.ErrRevealWindow)
	f.Blocks(1)
	datanettest.Must(f, f.Msgs.RevealContributions, datanettest.RevealMsg(f.Alice, items[0]))
	f.Blocks(98)
	require.EqualValues(t, 110, f.Ctx.BlockHeight())
	datanettest.Must(f, f.Msgs.RevealContributions, datanettest.RevealMsg(f.Alice, items[1]))
	f.Ctx = f.Ctx.WithBlockHeight(111)
	require.Contains(t, datanettest.Refuse(f, f.Msgs.RevealContributions, datanettest.RevealMsg(f.Alice, items[2]),
		types.ErrRevealWindow), "from block 12 to 110")
}

func TestRevealIsRefused(t *testing.T) {
	f := datanettest.New(t)
	id := f.Create()
	items := f.Commit(f.Alice, datanettest.Open(1), datanettest.Seal(f.Alice, id, "a", 1_000),
		datanettest.Seal(f.Alice, id, "b", 1_001), datanettest.Seal(f.Alice, id, "c", 1))
	f.Blocks(2)
	reveal := func(change func(*types.RevealItem)) *types.MsgRevealContributions {
		item := items[0]
		change(&item)
		return datanettest.RevealMsg(f.Alice, item)
	}
	for name, test := range map[string]struct {
		msg  *types.MsgRevealContributions
		want error
	}{
		"somebody else's": {datanettest.RevealMsg(f.Bob, items[0]), types.ErrUnauthorized},
		"never committed": {reveal(func(i *types.RevealItem) { i.Rank = 99 }), types.ErrCommitNotFound},
		"another root":    {reveal(func(i *types.RevealItem) { i.Root = i.ContentHash }), types.ErrRevealMismatch},
		"another salt":    {reveal(func(i *types.RevealItem) { i.Salt = i.Salt[:31] }), types.ErrRevealMismatch},
		"unknown DataNet": {reveal(func(i *types.RevealItem) { i.DatanetId = 7 }), types.ErrDataNetNotFound},
		"twice":           {datanettest.RevealMsg(f.Alice, items[0], items[0]), types.ErrInvalidItems},
		"nothing":         {datanettest.RevealMsg(f.Alice), types.ErrInvalidItems},
		"short root": {reveal(func(i *types.RevealItem) { i.Root = i.Root[1:] }),
			types.ErrInvalidContribution},
		"no statistics": {reveal(func(i *types.RevealItem) { i.StatisticsRoot = nil }),
			types.ErrInvalidContribution},
		"long content hash": {reveal(func(i *types.RevealItem) { i.ContentHash = make([]byte, 33) }),
			types.ErrInvalidContribution},
		"short salt": {reveal(func(i *types.RevealItem) { i.Salt = i.Salt[:15] }),
			types.ErrInvalidContribution},
		"long salt": {reveal(func(i *types.RevealItem) { i.Salt = make([]byte, 33) }),
			types.ErrInvalidContribution},
		"no segments": {reveal(func(i *types.RevealItem) { i.Segments = 0 }), types.ErrInvalidContribution},
		"too many segments": {reveal(func(i *types.RevealItem) { i.Segments = 1<<20 + 1 }),
			types.ErrInvalidContribution},
		"no tokens": {reveal(func(i *types.RevealItem) { i.Tokens = 0 }), types.ErrInvalidContribution},
		"too many tokens": {reveal(func(i *types.RevealItem) { i.Tokens = 512*uint64(i.Segments) + 1 }),
			types.ErrInvalidContribution},
		"no bytes":       {reveal(func(i *types.RevealItem) { i.Bytes = 0 }), types.ErrInvalidContribution},
		"too many bytes": {reveal(func(i *types.RevealItem) { i.Bytes = 1 << 60 }), types.ErrInvalidContribution},
		"no URI":         {reveal(func(i *types.RevealItem) { i.Uri = "here" }), types.ErrInvalidContribution},
		"long title": {reveal(func(i *types.RevealItem) { i.Title = strings.Repeat("x", 129) }),
			types.ErrInvalidContribution},
		"title not in UTF-8": {reveal(func(i *types.RevealItem) { i.Title = "\xff" }), types.ErrInvalidContribution},
		"long licence": {reveal(func(i *types.RevealItem) { i.Licence = strings.Repeat("x", 999) }),
			types.ErrInvalidContribution},
		"bad address": {&types.MsgRevealContributions{Contributor: "open1", Items: items},
			types.ErrInvalidAddress},
		"second item too big": {datanettest.RevealMsg(f.Alice, items[0], items[1]), types.ErrInvalidDeposit},
	} {
		t.Run(name, func(t *testing.T) { datanettest.Refuse(f, f.Msgs.RevealContributions, test.msg, test.want) })
	}
	// 1,001 tokens × 10^14 aopen.
	require.Contains(t, datanettest.Refuse(f, f.Msgs.RevealContributions, datanettest.RevealMsg(f.Alice, items[1]),
		types.ErrInvalidDeposit), "100100000000000000aopen")
	f.SetParams(func(p *types.Params) { p.MaxPending = 1 })
	items[2].KeepPlace = true
	datanettest.Refuse(f, f.Msgs.RevealContributions, datanettest.RevealMsg(f.Alice, items[0], items[2]),
		types.ErrDataNetClosed)
	f.SetParams(func(p *types.Params) { p.MaxItemsPerMsg = 1 })
	datanettest.Refuse(f, f.Msgs.RevealContributions, datanettest.RevealMsg(f.Alice, items[0], items[2]),
		types.ErrInvalidItems)
	datanettest.Must(f, f.Msgs.UpdateDataNet, &types.MsgUpdateDataNet{Owner: f.Owner.String(), DatanetId: id,
		Name: "Skin", RoyaltyFloor: datanettest.Open(1), Closed: true})
	items[0].KeepPlace = true
	datanettest.Refuse(f, f.Msgs.RevealContributions, datanettest.RevealMsg(f.Alice, items[0]), types.ErrDataNetClosed)
}

func TestCreateIsRefused(t *testing.T) {
	f := datanettest.New(t)
	for name, test := range map[string]struct {
		change func(*types.MsgCreateDataNet)
		want   error
	}{
		"no owner":   {func(m *types.MsgCreateDataNet) { m.Owner = "" }, types.ErrInvalidAddress},
		"short name": {func(m *types.MsgCreateDataNet) { m.Name = "ab" }, types.ErrInvalidDataNet},
		"long name": {func(m *types.MsgCreateDataNet) { m.Name = strings.Repeat("x", 65) },
			types.ErrInvalidDataNet},
		"long description": {func(m *types.MsgCreateDataNet) { m.Description = strings.Repeat("x", 2049) },
			types.ErrInvalidDataNet},
		"long domain": {func(m *types.MsgCreateDataNet) { m.Domain = strings.Repeat("x", 65) },
			types.ErrInvalidDataNet},
		"guidelines": {func(m *types.MsgCreateDataNet) { m.GuidelinesUri = "read this" },
			types.ErrInvalidDataNet},
		"fee by tokens": {func(m *types.MsgCreateDataNet) { m.ReviewFeePerThousand = math.OneInt() },
			types.ErrInvalidDataNet},
		"cheap tokens": {func(m *types.MsgCreateDataNet) {
			m.ReviewPolicy, m.ReviewFee, m.ReviewFeePerThousand = types.REVIEW_POLICY_PANEL, datanettest.Open(10), math.OneInt()
		}, types.ErrInvalidDataNet},
		"negative tokens": {func(m *types.MsgCreateDataNet) {
			m.ReviewPolicy, m.ReviewFee, m.ReviewFeePerThousand = types.REVIEW_POLICY_PANEL, datanettest.Open(10),
				math.NewInt(-1)
		}, types.ErrInvalidDataNet},
		"panel, no fee": {func(m *types.MsgCreateDataNet) { m.ReviewPolicy = types.REVIEW_POLICY_PANEL },
			types.ErrInvalidDataNet},
		"no policy": {func(m *types.MsgCreateDataNet) { m.ReviewPolicy = types.REVIEW_POLICY_UNSPECIFIED },
			types.ErrReviewPolicy},
		"unknown policy": {func(m *types.MsgCreateDataNet) { m.ReviewPolicy = 9 }, types.ErrReviewPolicy},
		"no floor":       {func(m *types.MsgCreateDataNet) { m.RoyaltyFloor = math.Int{} }, types.ErrInvalidDataNet},
		"negative floor": {func(m *types.MsgCreateDataNet) { m.RoyaltyFloor = math.NewInt(-1) },
			types.ErrInvalidDataNet},
		"enormous floor": {func(m *types.MsgCreateDataNet) { m.RoyaltyFloor = math.NewIntWithDecimal(1, 70) },
			types.ErrInvalidDataNet},
		"greedy owner":  {func(m *types.MsgCreateDataNet) { m.OwnerPpm = 200_001 }, types.ErrInvalidDataNet},
		"above a whole": {func(m *types.MsgCreateDataNet) { m.OwnerPpm = 1_000_001 }, types.ErrInvalidDataNet},
	} {
		t.Run(name, func(t *testing.T) {
			msg := datanettest.CreateMsg(f.Owner)
			test.change(msg)
			datanettest.Refuse(f, f.Msgs.CreateDataNet, msg, test.want)
		})
	}
}

func TestCommitIsRefused(t *testing.T) {
	f := datanettest.New(t)
	good := datanettest.Seal(f.Alice, f.Create(), "a", 1)
	commit := func(change func(*types.CommitItem)) *types.MsgCommitContributions {
		msg := datanettest.CommitMsg(f.Alice, datanettest.Open(1), good, good)
		change(&msg.Items[1])
		return msg
	}
	for name, test := range map[string]struct {
		msg  *types.MsgCommitContributions
		want error
	}{
		"no items":    {datanettest.CommitMsg(f.Alice, datanettest.Open(1)), types.ErrInvalidItems},
		"short hash":  {commit(func(i *types.CommitItem) { i.Hash = i.Hash[1:] }), types.ErrInvalidItems},
		"other coins": {commit(func(i *types.CommitItem) { i.Deposit.Denom = "uatom" }), types.ErrInvalidDeposit},
		"no amount": {commit(func(i *types.CommitItem) { i.Deposit.Amount = math.Int{} }),
			types.ErrInvalidDeposit},
		"negative amount": {commit(func(i *types.CommitItem) { i.Deposit.Amount = math.NewInt(-5) }),
			types.ErrInvalidDeposit},
		"enormous amount": {commit(func(i *types.CommitItem) { i.Deposit.Amount = math.NewIntWithDecimal(1, 70) }),
			types.ErrInvalidDeposit},
		"below the least": {commit(func(i *types.CommitItem) { i.Deposit.Amount = datanettest.Open(1).SubRaw(1) }),
			types.ErrInvalidDeposit},
		"no contributor": {&types.MsgCommitContributions{Items: datanettest.CommitMsg(f.Alice, datanettest.Open(1),
			good).Items}, types.ErrInvalidAddress},
		"above the params": {datanettest.CommitMsg(f.Alice, datanettest.Open(1), make([]datanettest.Sealed, 65)...),
			types.ErrInvalidItems},
	} {
		t.Run(name, func(t *testing.T) { datanettest.Refuse(f, f.Msgs.CommitContributions, test.msg, test.want) })
	}
}

func TestAcceptMakesOneVersionPerMessage(t *testing.T) {
	f := datanettest.New(t)
	id := f.Create()
	ranks := f.Submit(f.Alice, id, "a", "b", "c")
	require.EqualValues(t, 1, datanettest.Must(f, f.Msgs.AcceptContributions,
		datanettest.AcceptMsg(f.Owner, id, ranks[1], ranks[0])).Version)
	require.Equal(t, &types.EventContributionsAccepted{DatanetId: id, Version: 1, Ranks: []uint64{ranks[1], ranks[0]}},
		lastEvent(f, &types.EventContributionsAccepted{}))
	require.EqualValues(t, 2, datanettest.Must(f, f.Msgs.AcceptContributions,
		datanettest.AcceptMsg(f.Owner, id, ranks[2])).Version)
	require.NoError(t, f.Keeper.SetInCustody(f.Ctx, id, 2))
	f.Check()

	// The leaves stand by version and rank; each version proves them.
	var leaves, statistics []poa.Hash
	for i, rank := range ranks {
		c := f.Contribution(rank)
		require.Equal(t, types.CONTRIBUTION_STATUS_ACCEPTED, c.Status)
		require.EqualValues(t, i, c.AcceptedIndex)
		require.EqualValues(t, 1_000, c.Score)
		require.Equal(t, f.Ctx.BlockHeight(), c.DecidedHeight)
		leaf, own, err := types.Leaves(c)
		require.NoError(t, err)
		leaves, statistics = append(leaves, leaf), append(statistics, own)
	}
	for version, count := range []int{2, 3} {
		v, err := f.Keeper.GetVersion(f.Ctx, id, uint64(version)+1)
		require.NoError(t, err)
		require.EqualValues(t, count, v.Contributions)
		require.EqualValues(t, 1_000*count, v.Tokens)
		for i := range count {
			path, err := poa.MMRProof(leaves[:count], uint64(i))
			require.NoError(t, err)
			require.NoError(t, poa.VerifyMMR(poa.Hash(v.Root), leaves[i], path))
			path, err = poa.MMRProof(statistics[:count], uint64(i))
			require.NoError(t, err)
			require.NoError(t, poa.VerifyMMR(poa.Hash(v.StatisticsRoot), statistics[i], path))
		}
	}
	require.Zero(t, f.Datanet(id).Pending)
	require.EqualValues(t, 3_000, f.Datanet(id).Tokens)
	require.Equal(t, datanettest.Open(3), f.ModuleBalance(), "deposits of accepted contributions stay")
	_, err := f.Keeper.GetVersion(f.Ctx, id, 3)
	require.ErrorIs(t, err, types.ErrVersionNotFound)
}

func TestRejectAndWithdrawReturnDeposits(t *testing.T) {
	f := datanettest.New(t)
	id := f.Create()
	before := f.Bank.Of(f.Ctx, f.Alice)
	ranks := f.Submit(f.Alice, id, "a", "b", "c")
	datanettest.Must(f, f.Msgs.RejectContributions, datanettest.RejectMsg(f.Owner, id, ranks[0], ranks[2]))
	require.Equal(t, &types.EventContributionsRejected{DatanetId: id, Ranks: []uint64{ranks[0], ranks[2]},
		Reason: "not about skin"}, lastEvent(f, &types.EventContributionsRejected{}))
	require.Equal(t, types.CONTRIBUTION_STATUS_REJECTED, f.Contribution(ranks[0]).Status)
	require.Equal(t, "not about skin", f.Contribution(ranks[0]).Reason)
	datanettest.Must(f, f.Msgs.WithdrawContribution, datanettest.WithdrawMsg(f.Alice, ranks[1]))
	require.Equal(t, &types.EventContributionWithdrawn{Rank: ranks[1], Contributor: f.Alice.String()},
		lastEvent(f, &types.EventContributionWithdrawn{}))
	require.Equal(t, before, f.Bank.Of(f.Ctx, f.Alice))
	require.True(t, f.ModuleBalance().IsZero())
	require.Zero(t, f.Datanet(id).Pending)
	require.Zero(t, f.Datanet(id).Version)
}

func TestDecisionsAreRefused(t *testing.T) {
	f := datanettest.New(t)
	id, other := f.Create(), f.Create()
	ranks := f.Submit(f.Alice, id, "a", "b", "c")
	elsewhere := f.Submit(f.Alice, other, "d")
	datanettest.Must(f, f.Msgs.AcceptContributions, datanettest.AcceptMsg(f.Owner, id, ranks[0]))
	for name, test := range map[string]struct {
		owner   sdk.AccAddress
		datanet uint64
		ranks   []uint64
		want    error
	}{
		"not the owner":      {f.Bob, id, ranks[1:2], types.ErrUnauthorized},
		"unknown DataNet":    {f.Owner, 9, ranks[1:2], types.ErrDataNetNotFound},
		"unknown rank":       {f.Owner, id, []uint64{99}, types.ErrContributionNotFound},
		"another DataNet's":  {f.Owner, id, elsewhere, types.ErrContributionNotFound},
		"decided already":    {f.Owner, id, ranks[:1], types.ErrContributionStatus},
		"one of two decided": {f.Owner, id, []uint64{ranks[1], ranks[0]}, types.ErrContributionStatus},
		"named twice":        {f.Owner, id, []uint64{ranks[1], ranks[1]}, types.ErrInvalidItems},
		"none":               {f.Owner, id, nil, types.ErrInvalidItems},
		"too many":           {f.Owner, id, make([]uint64, 1_001), types.ErrInvalidItems},
	} {
		t.Run(name, func(t *testing.T) {
			datanettest.Refuse(f, f.Msgs.AcceptContributions,
				datanettest.AcceptMsg(test.owner, test.datanet, test.ranks...), test.want)
			datanettest.Refuse(f, f.Msgs.RejectContributions,
				datanettest.RejectMsg(test.owner, test.datanet, test.ranks...), test.want)
		})
	}
	for _, reason := range []string{"", strings.Repeat("x", 257)} {
		msg := datanettest.RejectMsg(f.Owner, id, ranks[1])
		msg.Reason = reason
		datanettest.Refuse(f, f.Msgs.RejectContributions, msg, types.ErrInvalidItems)
	}
	datanettest.Refuse(f, f.Msgs.WithdrawContribution, datanettest.WithdrawMsg(f.Bob, ranks[1]), types.ErrUnauthorized)
	datanettest.Refuse(f, f.Msgs.WithdrawContribution, datanettest.WithdrawMsg(f.Alice, ranks[0]),
		types.ErrContributionStatus)
	datanettest.Refuse(f, f.Msgs.WithdrawContribution, datanettest.WithdrawMsg(f.Alice, 99),
		types.ErrContributionNotFound)

	// A DataNet that is not decided by its owner, as a later version may bring.
	panel := f.Datanet(id)
	panel.ReviewPolicy = types.REVIEW_POLICY_PANEL
	require.NoError(t, f.Keeper.DataNets.Set(f.Ctx, id, panel))
	datanettest.Refuse(f, f.Msgs.AcceptContributions, datanettest.AcceptMsg(f.Owner, id, ranks[1]),
		types.ErrReviewPolicy)
	datanettest.Refuse(f, f.Msgs.RejectContributions, datanettest.RejectMsg(f.Owner, id, ranks[1]),
		types.ErrReviewPolicy)
}

func TestPausedRefusesAllButParams(t *testing.T) {
	f := datanettest.New(t)
	id := f.Create()
	rank := f.Submit(f.Alice, id, "a")[0]
	f.SetParams(func(p *types.Params) { p.Paused = true })
	s := datanettest.Seal(f.Alice, id, "b", 1)
	s.Item.Rank = 2
	datanettest.Refuse(f, f.Msgs.CreateDataNet, datanettest.CreateMsg(f.Owner), types.ErrPaused)
	datanettest.Refuse(f, f.Msgs.UpdateDataNet, &types.MsgUpdateDataNet{Owner: f.Owner.String(), DatanetId: id,
		Name: "Skin", RoyaltyFloor: datanettest.Open(1)}, types.ErrPaused)
	datanettest.Refuse(f, f.Msgs.CommitContributions, datanettest.CommitMsg(f.Alice, datanettest.Open(1), s),
		types.ErrPaused)
	datanettest.Refuse(f, f.Msgs.RevealContributions, datanettest.RevealMsg(f.Alice, s.Item), types.ErrPaused)
	datanettest.Refuse(f, f.Msgs.AcceptContributions, datanettest.AcceptMsg(f.Owner, id, rank), types.ErrPaused)
	datanettest.Refuse(f, f.Msgs.RejectContributions, datanettest.RejectMsg(f.Owner, id, rank), types.ErrPaused)
	datanettest.Refuse(f, f.Msgs.WithdrawContribution, datanettest.WithdrawMsg(f.Alice, rank), types.ErrPaused)
	who, hash := f.Alice.String(), s.Hash[:]
	datanettest.Refuse(f, f.Msgs.BondValidator, &types.MsgBondValidator{Validator: who, DatanetId: id,
		Amount: datanettest.Open(1)}, types.ErrPaused)
	datanettest.Refuse(f, f.Msgs.UnbondValidator, &types.MsgUnbondValidator{Validator: who, DatanetId: id,
		Amount: datanettest.Open(1)}, types.ErrPaused)
	datanettest.Refuse(f, f.Msgs.ActivateValidator, &types.MsgActivateValidator{Validator: who, DatanetId: id},
		types.ErrPaused)
	datanettest.Refuse(f, f.Msgs.SetCredentialPolicy, &types.MsgSetCredentialPolicy{Owner: f.Owner.String(),
		DatanetId: id, Kind: types.CREDENTIAL_KIND_ALLOWLIST}, types.ErrPaused)
	datanettest.Refuse(f, f.Msgs.GrantCredentials, &types.MsgGrantCredentials{Granter: f.Owner.String(), DatanetId: id,
		Addresses: []string{who}}, types.ErrPaused)
	datanettest.Refuse(f, f.Msgs.RevokeCredentials, &types.MsgRevokeCredentials{Granter: f.Owner.String(),
		DatanetId: id, Addresses: []string{who}}, types.ErrPaused)
	datanettest.Refuse(f, f.Msgs.SealGold, &types.MsgSealGold{Planter: who, Cohort: 1, Kind: types.GOLD_KIND_DUPLICATE,
		Hashes: [][]byte{hash}}, types.ErrPaused)
	datanettest.Refuse(f, f.Msgs.OpenGold, &types.MsgOpenGold{Planter: who, Cohort: 1, Rank: rank, Salt: hash},
		types.ErrPaused)
	datanettest.Refuse(f, f.Msgs.CommitBallot, &types.MsgCommitBallot{Validator: who, Cohort: 1, Hash: hash},
		types.ErrPaused)
	datanettest.Refuse(f, f.Msgs.RevealBallot, &types.MsgRevealBallot{Validator: who, Cohort: 1,
		Votes: []types.Vote{datanettest.Yes(1)}, Salt: hash}, types.ErrPaused)
	datanettest.Refuse(f, f.Msgs.Appeal, &types.MsgAppeal{Appellant: who, Rank: rank, Reason: "r"}, types.ErrPaused)
	datanettest.Refuse(f, f.Msgs.ResolveContribution, &types.MsgResolveContribution{Authority: solo.Authority(),
		Rank: rank, Reason: "r"}, types.ErrPaused)
	proof := types.SegmentProof{Text: []byte("text")}
	datanettest.Refuse(f, f.Msgs.ChallengeDuplicate, &types.MsgChallengeDuplicate{Challenger: who, Rank: 2,
		Segment: proof, Original: 1, OriginalSegment: proof}, types.ErrPaused)
	datanettest.Refuse(f, f.Msgs.AcceptSnapshot, &types.MsgAcceptSnapshot{Authority: solo.Authority(), Name: "n",
		Root: hash, Segments: 1}, types.ErrPaused)
	datanettest.Refuse(f, f.Msgs.ProvePriorArt, &types.MsgProvePriorArt{Prover: who, Rank: 1, Segment: proof,
		Snapshot: 1, SnapshotSegment: proof}, types.ErrPaused)
	datanettest.Refuse(f, f.Msgs.RecallContribution, datanettest.RecallMsg(who, rank), types.ErrPaused)
	datanettest.Refuse(f, f.Msgs.ReleaseDeposits, &types.MsgReleaseDeposits{Contributor: who, Ranks: []uint64{rank}},
		types.ErrPaused)
	datanettest.Refuse(f, f.Msgs.FundBounty, &types.MsgFundBounty{Funder: who, DatanetId: id,
		Amount: datanettest.Open(2), Price: datanettest.Open(1), Deadline: f.Ctx.BlockTime()}, types.ErrPaused)
	datanettest.Refuse(f, f.Msgs.FundPoolBounty, &types.MsgFundPoolBounty{Authority: solo.Authority(), DatanetId: id,
		Amount: datanettest.Open(2), Price: datanettest.Open(1), Deadline: f.Ctx.BlockTime()}, types.ErrPaused)
	f.SetParams(func(p *types.Params) { p.Paused = false })
	datanettest.Must(f, f.Msgs.WithdrawContribution, datanettest.WithdrawMsg(f.Alice, rank))
}

func TestOnlyGovernanceChangesParams(t *testing.T) {
	f := datanettest.New(t)
	datanettest.Refuse(f, f.Msgs.UpdateParams, &types.MsgUpdateParams{Authority: f.Owner.String(),
		Params: types.DefaultParams()}, types.ErrUnauthorized)
	datanettest.Refuse(f, f.Msgs.UpdateParams, &types.MsgUpdateParams{Authority: solo.Authority()},
		types.ErrInvalidParams)
}

// A broken counter or range must not go unnoticed.
func TestInvariantsSeeDamage(t *testing.T) {
	for name, damage := range map[string]func(*datanettest.Fixture) error{
		"money is missing": func(f *datanettest.Fixture) error {
			return f.Bank.Add(f.Ctx, solo.ModuleAddress(types.ModuleName), math.NewInt(-1))
		},
		"counter is wrong": func(f *datanettest.Fixture) error {
			d := f.Datanet(1)
			d.Pending++
			return f.Keeper.DataNets.Set(f.Ctx, 1, d)
		},
		"commit without queue entry": func(f *datanettest.Fixture) error {
			commit, err := f.Keeper.GetCommit(f.Ctx, 7)
			return errors.Join(err, f.Keeper.Expiries.Remove(f.Ctx, collections.Join(commit.RevealUntil, commit.Rank)))
		},
		"queue entry without commit": func(f *datanettest.Fixture) error {
			return f.Keeper.Expiries.Set(f.Ctx, collections.Join(int64(500), uint64(99)))
		},
		"range is short": func(f *datanettest.Fixture) error {
			return f.Keeper.StatisticsRange.Set(f.Ctx, 1,
				types.Accumulator{})
		},
		"another root": func(f *datanettest.Fixture) error {
			v, err := f.Keeper.GetVersion(f.Ctx, 1, 1)
			v.Root = make([]byte, 32)
			return errors.Join(err, f.Keeper.Versions.Set(f.Ctx, collections.Join(uint64(1), uint64(1)), v))
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := datanettest.Everything(t)
			require.NoError(t, f.Keeper.CheckInvariants(f.Ctx))
			require.NoError(t, damage(f))
			require.Error(t, f.Keeper.CheckInvariants(f.Ctx))
		})
	}
}

// TestMalformedReviewMessages: what no state makes right is refused before it is read.
func TestMalformedReviewMessages(t *testing.T) {
	r := datanettest.NewReviews(t, 1)
	f, who, hash := r.Fixture, r.Alice.String(), datanettest.Salt("x")
	proof := types.SegmentProof{Text: []byte("text")}
	large := types.SegmentProof{Text: make([]byte, 4_097)}
	deep := types.SegmentProof{Text: []byte("text"), Path: make([][]byte, 33)}
	datanettest.Refuse(f, f.Msgs.BondValidator, &types.MsgBondValidator{Validator: "x", DatanetId: r.ID,
		Amount: datanettest.Open(1)}, types.ErrInvalidAddress)
	datanettest.Refuse(f, f.Msgs.BondValidator, &types.MsgBondValidator{Validator: who, DatanetId: r.ID},
		types.ErrInvalidBond)
	datanettest.Refuse(f, f.Msgs.BondValidator, &types.MsgBondValidator{Validator: who, DatanetId: r.ID,
		Amount: math.NewIntWithDecimal(1, 60)}, types.ErrInvalidBond)
	datanettest.Refuse(f, f.Msgs.UnbondValidator, &types.MsgUnbondValidator{Validator: who, DatanetId: r.ID,
		Amount: datanettest.Open(-1)}, types.ErrInvalidBond)
	datanettest.Refuse(f, f.Msgs.UnbondValidator, &types.MsgUnbondValidator{Validator: who, DatanetId: r.ID,
		Amount: datanettest.Open(1)}, types.ErrValidatorNotFound)
	datanettest.Refuse(f, f.Msgs.ActivateValidator, &types.MsgActivateValidator{Validator: r.Validators[0].String(),
		DatanetId: r.ID}, types.ErrInvalidBond)
	datanettest.Refuse(f, f.Msgs.SetCredentialPolicy, &types.MsgSetCredentialPolicy{Owner: r.Owner.String(),
		DatanetId: r.ID}, types.ErrCredential)
	datanettest.Refuse(f, f.Msgs.SetCredentialPolicy, &types.MsgSetCredentialPolicy{Owner: r.Owner.String(),
		DatanetId: r.ID, Kind: types.CREDENTIAL_KIND_ISSUER}, types.ErrInvalidAddress)
	datanettest.Refuse(f, f.Msgs.SetCredentialPolicy, &types.MsgSetCredentialPolicy{Owner: r.Owner.String(),
		DatanetId: r.ID, Kind: types.CREDENTIAL_KIND_NONE, Issuer: who}, types.ErrCredential)
	datanettest.Refuse(f, f.Msgs.GrantCredentials, &types.MsgGrantCredentials{Granter: r.Owner.String(),
		DatanetId: r.ID, Addresses: []string{who, who}}, types.ErrInvalidItems)
	datanettest.Refuse(f, f.Msgs.SealGold, &types.MsgSealGold{Planter: who, Cohort: 1, Hashes: [][]byte{hash}},
		types.ErrGold)
	datanettest.Refuse(f, f.Msgs.SealGold, &types.MsgSealGold{Planter: who, Cohort: 1, Kind: types.GOLD_KIND_SOUND,
		Hashes: [][]byte{hash[1:]}}, types.ErrGold)
	datanettest.Refuse(f, f.Msgs.SealGold, &types.MsgSealGold{Planter: who, Cohort: 1, Kind: types.GOLD_KIND_SOUND,
		Hashes: [][]byte{hash}}, types.ErrCohortNotFound)
	rank := r.Fresh(r.Alice, 1)[0]
	datanettest.Refuse(f, f.Msgs.SealGold, &types.MsgSealGold{Planter: who, Cohort: 1, Kind: types.GOLD_KIND_SOUND,
		Hashes: [][]byte{hash}}, types.ErrUnauthorized)
	datanettest.Refuse(f, f.Msgs.SealGold, &types.MsgSealGold{Planter: who, Cohort: 1, Kind: types.GOLD_KIND_DUPLICATE,
		Hashes: [][]byte{hash, hash}}, types.ErrGold)
	datanettest.Refuse(f, f.Msgs.SealGold, &types.MsgSealGold{Planter: who, Cohort: 1, Kind: types.GOLD_KIND_DUPLICATE,
		Hashes: make([][]byte, 11)}, types.ErrGold)
	datanettest.Refuse(f, f.Msgs.SealGold, &types.MsgSealGold{Planter: r.Poor.String(), Cohort: 1,
		Kind: types.GOLD_KIND_DUPLICATE, Hashes: [][]byte{hash}}, solo.ErrFunds)
	datanettest.Refuse(f, f.Msgs.OpenGold, &types.MsgOpenGold{Planter: who, Cohort: 1, Rank: 1, Salt: hash[:15]},
		types.ErrGold)
	datanettest.Refuse(f, f.Msgs.OpenGold, &types.MsgOpenGold{Planter: who, Cohort: 1, Rank: 1, Salt: hash,
		Segment: &proof}, types.ErrGold)
	datanettest.Refuse(f, f.Msgs.OpenGold, &types.MsgOpenGold{Planter: who, Cohort: 1, Rank: 1, Salt: hash,
		Segment: &large, OriginalSegment: &proof}, types.ErrDuplicate)
	datanettest.Refuse(f, f.Msgs.CommitBallot, &types.MsgCommitBallot{Validator: who, Cohort: 1, Hash: hash[1:]},
		types.ErrBallot)
	datanettest.Refuse(f, f.Msgs.RevealBallot, &types.MsgRevealBallot{Validator: who, Cohort: 1, Salt: hash},
		types.ErrInvalidItems)
	datanettest.Refuse(f, f.Msgs.RevealBallot, &types.MsgRevealBallot{Validator: who, Cohort: 1, Salt: hash,
		Votes: []types.Vote{{}}}, types.ErrBallot)
	datanettest.Refuse(f, f.Msgs.Appeal, &types.MsgAppeal{Appellant: who, Rank: rank}, types.ErrInvalidItems)
	datanettest.Refuse(f, f.Msgs.Appeal, &types.MsgAppeal{Appellant: who, Rank: rank, Reason: "waits"}, types.ErrAppeal)
	datanettest.Refuse(f, f.Msgs.Appeal, &types.MsgAppeal{Appellant: who, Rank: 99, Reason: "none"},
		types.ErrContributionNotFound)
	datanettest.Refuse(f, f.Msgs.ResolveContribution, &types.MsgResolveContribution{Authority: who, Rank: rank,
		Reason: "r"}, types.ErrUnauthorized)
	datanettest.Refuse(f, f.Msgs.ResolveContribution, &types.MsgResolveContribution{Authority: solo.Authority(),
		Rank: rank, Accept: true, Reason: "r"}, types.ErrInvalidContribution)
	datanettest.Refuse(f, f.Msgs.ResolveContribution, &types.MsgResolveContribution{Authority: solo.Authority(),
		Rank: rank, Reason: "r"}, types.ErrContributionStatus)
	datanettest.Refuse(f, f.Msgs.ChallengeDuplicate, &types.MsgChallengeDuplicate{Challenger: who, Rank: 1, Original: 1,
		Segment: proof, OriginalSegment: proof}, types.ErrDuplicate)
	datanettest.Refuse(f, f.Msgs.ChallengeDuplicate, &types.MsgChallengeDuplicate{Challenger: who, Rank: 2, Original: 1,
		Segment: deep, OriginalSegment: proof}, types.ErrDuplicate)
	datanettest.Refuse(f, f.Msgs.ChallengeDuplicate, &types.MsgChallengeDuplicate{Challenger: who, Rank: 9, Original: 1,
		Segment: proof, OriginalSegment: proof}, types.ErrContributionNotFound)
	datanettest.Refuse(f, f.Msgs.AcceptSnapshot, &types.MsgAcceptSnapshot{Authority: solo.Authority(), Name: "n",
		Root: hash[1:], Segments: 1}, types.ErrSnapshot)
	datanettest.Refuse(f, f.Msgs.RecallContribution, &types.MsgRecallContribution{Signer: who, Rank: rank},
		types.ErrInvalidItems)
	datanettest.Refuse(f, f.Msgs.ReleaseDeposits, &types.MsgReleaseDeposits{Contributor: who,
		Ranks: []uint64{rank, rank}}, types.ErrInvalidItems)
	datanettest.Refuse(f, f.Msgs.ReleaseDeposits, &types.MsgReleaseDeposits{Contributor: who, Ranks: []uint64{rank}},
		types.ErrContributionStatus)
}
