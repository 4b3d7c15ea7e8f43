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
	"github.com/openledger/openledger/testutil/solo"
	"github.com/openledger/openledger/x/datanet/types"
)

// lastEvent returns the newest typed event of a kind.
func lastEvent[E proto.Message](f *fixture, want E) E {
	events := f.Ctx.EventManager().ABCIEvents()
	for i := len(events) - 1; i >= 0; i-- {
		if events[i].Type == proto.MessageName(want) {
			parsed, err := sdk.ParseTypedEvent(events[i])
			require.NoError(f.t, err)
			return parsed.(E)
		}
	}
	require.Fail(f.t, "no event", proto.MessageName(want))
	return want
}

func TestCreateBurnsTheFee(t *testing.T) {
	f := newFixture(t)
	before := f.Bank.Of(f.Ctx, f.owner)
	require.EqualValues(t, 1, f.create())
	require.Equal(t, open(10), before.Sub(f.Bank.Of(f.Ctx, f.owner)))
	require.True(t, f.held().IsZero(), "the fee is burned, not kept")
	require.Equal(t, types.DataNet{
		Id: 1, Owner: f.owner.String(), Name: "Skin", Description: "Notes on skin", Domain: "dermatology", Licence: "CC-BY-4.0",
		GuidelinesUri: "https://example.org/rules", ReviewPolicy: types.REVIEW_POLICY_OWNER, RoyaltyFloor: open(1), OwnerPpm: 50_000, CreatedHeight: 10, ReviewFee: math.ZeroInt(), NextReviewFee: math.ZeroInt(),
		ReviewFeePerThousand: math.ZeroInt(), NextReviewFeePerThousand: math.ZeroInt(), CheckFund: math.ZeroInt(),
		Credentials: types.CredentialPolicy{Kind: types.CREDENTIAL_KIND_NONE, Number: 1, From: solo.Start},
	}, f.datanet(1))
	require.Equal(t, &types.EventDataNetCreated{DatanetId: 1, Owner: f.owner.String(), Name: "Skin"}, lastEvent(f, &types.EventDataNetCreated{}))
	refuse(f, f.msgs.CreateDataNet, createMsg(f.poor), solo.ErrFunds)
	f.setParams(func(p *types.Params) { p.CreationFee = math.ZeroInt() })
	require.EqualValues(t, 2, must(f, f.msgs.CreateDataNet, createMsg(f.poor)).DatanetId)
}

func TestUpdateHandsOver(t *testing.T) {
	f := newFixture(t)
	id := f.create()
	msg := &types.MsgUpdateDataNet{
		Owner: f.owner.String(), DatanetId: id, Name: "Hair", Description: "Notes on hair", RoyaltyFloor: math.ZeroInt(),
		OwnerPpm: 200_000, Closed: true, NewOwner: f.bob.String(),
	}
	must(f, f.msgs.UpdateDataNet, msg)
	updated := f.datanet(id)
	require.Equal(t, "Hair", updated.Name)
	require.Equal(t, f.bob.String(), updated.Owner)
	require.True(t, updated.Closed)
	require.Equal(t, "dermatology", updated.Domain, "the domain stays")
	require.Equal(t, &types.EventDataNetUpdated{DatanetId: id, Owner: f.bob.String()}, lastEvent(f, &types.EventDataNetUpdated{}))
	refuse(f, f.msgs.UpdateDataNet, msg, types.ErrUnauthorized)
	msg.DatanetId = 9
	refuse(f, f.msgs.UpdateDataNet, msg, types.ErrDataNetNotFound)
	msg.Owner, msg.DatanetId, msg.OwnerPpm = f.bob.String(), id, 200_001
	refuse(f, f.msgs.UpdateDataNet, msg, types.ErrInvalidDataNet)
}

func TestCommitFixesRanksAndTakesDeposits(t *testing.T) {
	f := newFixture(t)
	id := f.create()
	before := f.Bank.Of(f.Ctx, f.alice)
	first := f.commit(f.alice, open(2), seal(f.alice, id, "a", 1), seal(f.alice, id, "b", 1))
	second := f.commit(f.bob, open(1), seal(f.bob, id, "c", 1))
	require.Equal(t, []uint64{1, 2, 3}, []uint64{first[0].Rank, first[1].Rank, second[0].Rank}, "one sequence for everybody")
	require.Equal(t, open(4), before.Sub(f.Bank.Of(f.Ctx, f.alice)))
	require.Equal(t, open(5), f.held())
	commit, err := f.Keeper.GetCommit(f.Ctx, 1)
	require.NoError(t, err)
	require.Equal(t, []int64{10, 12, 110}, []int64{commit.Height, commit.RevealFrom, commit.RevealUntil})
	require.Equal(t, &types.EventContributionsCommitted{Contributor: f.bob.String(), FirstRank: 3, Count: 1}, lastEvent(f, &types.EventContributionsCommitted{}))
	refuse(f, f.msgs.CommitContributions, commitMsg(f.poor, open(1), seal(f.poor, id, "p", 1)), solo.ErrFunds)
}

func TestRevealSubmitsAndReturnsTheExcess(t *testing.T) {
	f := newFixture(t)
	id := f.create()
	cheap, large := seal(f.alice, id, "a", 999), seal(f.alice, id, "b", 3_000)
	before := f.Bank.Of(f.Ctx, f.alice)
	items := f.commit(f.alice, open(5), cheap, large)
	items[1].Licence = "MIT"
	f.blocks(2)
	must(f, f.msgs.RevealContributions, revealMsg(f.alice, items...))
	// 999 tokens need the minimum of 0.1 OPEN, 3,000 tokens 0.3 OPEN.
	require.Equal(t, open(4), before.Sub(f.Bank.Of(f.Ctx, f.alice)))
	require.Equal(t, open(4), f.held())
	require.Equal(t, types.Contribution{
		Rank: 2, DatanetId: id, Contributor: f.alice.String(), Root: large.item.Root, Segments: large.item.Segments, Tokens: 3_000, Bytes: 15_000,
		StatisticsRoot: large.item.StatisticsRoot, ContentHash: large.item.ContentHash, Uri: large.item.Uri, Title: "b", Licence: "MIT", NormVersion: poa.NormVersion,
		Deposit: coin(open(3)), Status: types.CONTRIBUTION_STATUS_SUBMITTED, CommitHeight: 10, RevealHeight: 12,
		ReviewFee: math.ZeroInt(), FeePaid: math.ZeroInt(), AcceptedDeposit: math.ZeroInt(), BoundDeposit: math.ZeroInt(),
		Vesting: math.ZeroInt(), Reserved: math.ZeroInt(),
	}, f.contribution(2))
	require.Equal(t, "CC-BY-4.0", f.contribution(1).Licence, "the DataNet's licence")
	require.EqualValues(t, 2, f.datanet(id).Pending)
	require.Zero(t, f.datanet(id).Tokens, "tokens count from acceptance")
	require.Equal(t, &types.EventContributionRevealed{Rank: 2, DatanetId: id, Contributor: f.alice.String(), Segments: large.item.Segments, Tokens: 3_000}, lastEvent(f, &types.EventContributionRevealed{}))
	refuse(f, f.msgs.RevealContributions, revealMsg(f.alice, items[0]), types.ErrCommitNotFound)
}

func TestRevealWindowIsThatOfTheCommit(t *testing.T) {
	f := newFixture(t)
	id := f.create()
	items := f.commit(f.alice, open(1), seal(f.alice, id, "a", 1), seal(f.alice, id, "b", 1), seal(f.alice, id, "c", 1))
	refuse(f, f.msgs.RevealContributions, revealMsg(f.alice, items[0]), types.ErrRevealWindow)
	// Other parameters do not move the window of what is sealed already.
	f.setParams(func(p *types.Params) { p.RevealMinBlocks, p.RevealMaxBlocks = 50, 51 })
	f.blocks(1)
	refuse(f, f.msgs.RevealContributions, revealMsg(f.alice, items[0]), types.ErrRevealWindow)
	f.blocks(1)
	must(f, f.msgs.RevealContributions, revealMsg(f.alice, items[0]))
	f.blocks(98)
	require.EqualValues(t, 110, f.Ctx.BlockHeight())
	must(f, f.msgs.RevealContributions, revealMsg(f.alice, items[1]))
	f.Ctx = f.Ctx.WithBlockHeight(111)
	require.Contains(t, refuse(f, f.msgs.RevealContributions, revealMsg(f.alice, items[2]), types.ErrRevealWindow), "from block 12 to 110")
}

func TestRevealIsRefused(t *testing.T) {
	f := newFixture(t)
	id := f.create()
	items := f.commit(f.alice, open(1), seal(f.alice, id, "a", 1_000), seal(f.alice, id, "b", 1_001), seal(f.alice, id, "c", 1))
	f.blocks(2)
	reveal := func(change func(*types.RevealItem)) *types.MsgRevealContributions {
		item := items[0]
		change(&item)
		return revealMsg(f.alice, item)
	}
	for name, test := range map[string]struct {
		msg  *types.MsgRevealContributions
		want error
	}{
		"somebody else's":     {revealMsg(f.bob, items[0]), types.ErrUnauthorized},
		"never committed":     {reveal(func(i *types.RevealItem) { i.Rank = 99 }), types.ErrCommitNotFound},
		"another root":        {reveal(func(i *types.RevealItem) { i.Root = i.ContentHash }), types.ErrRevealMismatch},
		"another salt":        {reveal(func(i *types.RevealItem) { i.Salt = i.Salt[:31] }), types.ErrRevealMismatch},
		"unknown DataNet":     {reveal(func(i *types.RevealItem) { i.DatanetId = 7 }), types.ErrDataNetNotFound},
		"twice":               {revealMsg(f.alice, items[0], items[0]), types.ErrInvalidItems},
		"nothing":             {revealMsg(f.alice), types.ErrInvalidItems},
		"short root":          {reveal(func(i *types.RevealItem) { i.Root = i.Root[1:] }), types.ErrInvalidContribution},
		"no statistics":       {reveal(func(i *types.RevealItem) { i.StatisticsRoot = nil }), types.ErrInvalidContribution},
		"long content hash":   {reveal(func(i *types.RevealItem) { i.ContentHash = make([]byte, 33) }), types.ErrInvalidContribution},
		"short salt":          {reveal(func(i *types.RevealItem) { i.Salt = i.Salt[:15] }), types.ErrInvalidContribution},
		"long salt":           {reveal(func(i *types.RevealItem) { i.Salt = make([]byte, 33) }), types.ErrInvalidContribution},
		"no segments":         {reveal(func(i *types.RevealItem) { i.Segments = 0 }), types.ErrInvalidContribution},
		"too many segments":   {reveal(func(i *types.RevealItem) { i.Segments = 1<<20 + 1 }), types.ErrInvalidContribution},
		"no tokens":           {reveal(func(i *types.RevealItem) { i.Tokens = 0 }), types.ErrInvalidContribution},
		"too many tokens":     {reveal(func(i *types.RevealItem) { i.Tokens = 512*uint64(i.Segments) + 1 }), types.ErrInvalidContribution},
		"no bytes":            {reveal(func(i *types.RevealItem) { i.Bytes = 0 }), types.ErrInvalidContribution},
		"too many bytes":      {reveal(func(i *types.RevealItem) { i.Bytes = 1 << 60 }), types.ErrInvalidContribution},
		"no URI":              {reveal(func(i *types.RevealItem) { i.Uri = "here" }), types.ErrInvalidContribution},
		"long title":          {reveal(func(i *types.RevealItem) { i.Title = strings.Repeat("x", 129) }), types.ErrInvalidContribution},
		"title not in UTF-8":  {reveal(func(i *types.RevealItem) { i.Title = "\xff" }), types.ErrInvalidContribution},
		"long licence":        {reveal(func(i *types.RevealItem) { i.Licence = strings.Repeat("x", 999) }), types.ErrInvalidContribution},
		"bad address":         {&types.MsgRevealContributions{Contributor: "open1", Items: items}, types.ErrInvalidAddress},
		"second item too big": {revealMsg(f.alice, items[0], items[1]), types.ErrInvalidDeposit},
	} {
		t.Run(name, func(t *testing.T) { refuse(f, f.msgs.RevealContributions, test.msg, test.want) })
	}
	// 1,001 tokens × 10^14 aopen.
	require.Contains(t, refuse(f, f.msgs.RevealContributions, revealMsg(f.alice, items[1]), types.ErrInvalidDeposit), "100100000000000000aopen")
	f.setParams(func(p *types.Params) { p.MaxPending = 1 })
	items[2].KeepPlace = true
	refuse(f, f.msgs.RevealContributions, revealMsg(f.alice, items[0], items[2]), types.ErrDataNetClosed)
	f.setParams(func(p *types.Params) { p.MaxItemsPerMsg = 1 })
	refuse(f, f.msgs.RevealContributions, revealMsg(f.alice, items[0], items[2]), types.ErrInvalidItems)
	must(f, f.msgs.UpdateDataNet, &types.MsgUpdateDataNet{Owner: f.owner.String(), DatanetId: id, Name: "Skin", RoyaltyFloor: open(1), Closed: true})
	items[0].KeepPlace = true
	refuse(f, f.msgs.RevealContributions, revealMsg(f.alice, items[0]), types.ErrDataNetClosed)
}

func TestCreateIsRefused(t *testing.T) {
	f := newFixture(t)
	for name, test := range map[string]struct {
		change func(*types.MsgCreateDataNet)
		want   error
	}{
		"no owner":         {func(m *types.MsgCreateDataNet) { m.Owner = "" }, types.ErrInvalidAddress},
		"short name":       {func(m *types.MsgCreateDataNet) { m.Name = "ab" }, types.ErrInvalidDataNet},
		"long name":        {func(m *types.MsgCreateDataNet) { m.Name = strings.Repeat("x", 65) }, types.ErrInvalidDataNet},
		"long description": {func(m *types.MsgCreateDataNet) { m.Description = strings.Repeat("x", 2049) }, types.ErrInvalidDataNet},
		"long domain":      {func(m *types.MsgCreateDataNet) { m.Domain = strings.Repeat("x", 65) }, types.ErrInvalidDataNet},
		"guidelines":       {func(m *types.MsgCreateDataNet) { m.GuidelinesUri = "read this" }, types.ErrInvalidDataNet},
		"fee by tokens":    {func(m *types.MsgCreateDataNet) { m.ReviewFeePerThousand = math.OneInt() }, types.ErrInvalidDataNet},
		"cheap tokens": {func(m *types.MsgCreateDataNet) {
			m.ReviewPolicy, m.ReviewFee, m.ReviewFeePerThousand = types.REVIEW_POLICY_PANEL, open(10), math.OneInt()
		}, types.ErrInvalidDataNet},
		"negative tokens": {func(m *types.MsgCreateDataNet) {
			m.ReviewPolicy, m.ReviewFee, m.ReviewFeePerThousand = types.REVIEW_POLICY_PANEL, open(10), math.NewInt(-1)
		}, types.ErrInvalidDataNet},
		"panel, no fee":  {func(m *types.MsgCreateDataNet) { m.ReviewPolicy = types.REVIEW_POLICY_PANEL }, types.ErrInvalidDataNet},
		"no policy":      {func(m *types.MsgCreateDataNet) { m.ReviewPolicy = types.REVIEW_POLICY_UNSPECIFIED }, types.ErrReviewPolicy},
		"unknown policy": {func(m *types.MsgCreateDataNet) { m.ReviewPolicy = 9 }, types.ErrReviewPolicy},
		"no floor":       {func(m *types.MsgCreateDataNet) { m.RoyaltyFloor = math.Int{} }, types.ErrInvalidDataNet},
		"negative floor": {func(m *types.MsgCreateDataNet) { m.RoyaltyFloor = math.NewInt(-1) }, types.ErrInvalidDataNet},
		"enormous floor": {func(m *types.MsgCreateDataNet) { m.RoyaltyFloor = math.NewIntWithDecimal(1, 70) }, types.ErrInvalidDataNet},
		"greedy owner":   {func(m *types.MsgCreateDataNet) { m.OwnerPpm = 200_001 }, types.ErrInvalidDataNet},
		"above a whole":  {func(m *types.MsgCreateDataNet) { m.OwnerPpm = 1_000_001 }, types.ErrInvalidDataNet},
	} {
		t.Run(name, func(t *testing.T) {
			msg := createMsg(f.owner)
			test.change(msg)
			refuse(f, f.msgs.CreateDataNet, msg, test.want)
		})
	}
}

func TestCommitIsRefused(t *testing.T) {
	f := newFixture(t)
	good := seal(f.alice, f.create(), "a", 1)
	commit := func(change func(*types.CommitItem)) *types.MsgCommitContributions {
		msg := commitMsg(f.alice, open(1), good, good)
		change(&msg.Items[1])
		return msg
	}
	for name, test := range map[string]struct {
		msg  *types.MsgCommitContributions
		want error
	}{
		"no items":         {commitMsg(f.alice, open(1)), types.ErrInvalidItems},
		"short hash":       {commit(func(i *types.CommitItem) { i.Hash = i.Hash[1:] }), types.ErrInvalidItems},
		"other coins":      {commit(func(i *types.CommitItem) { i.Deposit.Denom = "uatom" }), types.ErrInvalidDeposit},
		"no amount":        {commit(func(i *types.CommitItem) { i.Deposit.Amount = math.Int{} }), types.ErrInvalidDeposit},
		"negative amount":  {commit(func(i *types.CommitItem) { i.Deposit.Amount = math.NewInt(-5) }), types.ErrInvalidDeposit},
		"enormous amount":  {commit(func(i *types.CommitItem) { i.Deposit.Amount = math.NewIntWithDecimal(1, 70) }), types.ErrInvalidDeposit},
		"below the least":  {commit(func(i *types.CommitItem) { i.Deposit.Amount = open(1).SubRaw(1) }), types.ErrInvalidDeposit},
		"no contributor":   {&types.MsgCommitContributions{Items: commitMsg(f.alice, open(1), good).Items}, types.ErrInvalidAddress},
		"above the params": {commitMsg(f.alice, open(1), make([]sealed, 65)...), types.ErrInvalidItems},
	} {
		t.Run(name, func(t *testing.T) { refuse(f, f.msgs.CommitContributions, test.msg, test.want) })
	}
}

func TestAcceptMakesOneVersionPerMessage(t *testing.T) {
	f := newFixture(t)
	id := f.create()
	ranks := f.submit(f.alice, id, "a", "b", "c")
	require.EqualValues(t, 1, must(f, f.msgs.AcceptContributions, acceptMsg(f.owner, id, ranks[1], ranks[0])).Version)
	require.Equal(t, &types.EventContributionsAccepted{DatanetId: id, Version: 1, Ranks: []uint64{ranks[1], ranks[0]}}, lastEvent(f, &types.EventContributionsAccepted{}))
	require.EqualValues(t, 2, must(f, f.msgs.AcceptContributions, acceptMsg(f.owner, id, ranks[2])).Version)
	require.NoError(t, f.Keeper.SetHeld(f.Ctx, id, 2))
	f.check()

	// The leaves stand by version and rank; each version proves them.
	var leaves, statistics []poa.Hash
	for i, rank := range ranks {
		c := f.contribution(rank)
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
	require.Zero(t, f.datanet(id).Pending)
	require.EqualValues(t, 3_000, f.datanet(id).Tokens)
	require.Equal(t, open(3), f.held(), "deposits of accepted contributions stay")
	_, err := f.Keeper.GetVersion(f.Ctx, id, 3)
	require.ErrorIs(t, err, types.ErrVersionNotFound)
}

func TestRejectAndWithdrawReturnDeposits(t *testing.T) {
	f := newFixture(t)
	id := f.create()
	before := f.Bank.Of(f.Ctx, f.alice)
	ranks := f.submit(f.alice, id, "a", "b", "c")
	must(f, f.msgs.RejectContributions, rejectMsg(f.owner, id, ranks[0], ranks[2]))
	require.Equal(t, &types.EventContributionsRejected{DatanetId: id, Ranks: []uint64{ranks[0], ranks[2]}, Reason: "not about skin"}, lastEvent(f, &types.EventContributionsRejected{}))
	require.Equal(t, types.CONTRIBUTION_STATUS_REJECTED, f.contribution(ranks[0]).Status)
	require.Equal(t, "not about skin", f.contribution(ranks[0]).Reason)
	must(f, f.msgs.WithdrawContribution, withdrawMsg(f.alice, ranks[1]))
	require.Equal(t, &types.EventContributionWithdrawn{Rank: ranks[1], Contributor: f.alice.String()}, lastEvent(f, &types.EventContributionWithdrawn{}))
	require.Equal(t, before, f.Bank.Of(f.Ctx, f.alice))
	require.True(t, f.held().IsZero())
	require.Zero(t, f.datanet(id).Pending)
	require.Zero(t, f.datanet(id).Version)
}

func TestDecisionsAreRefused(t *testing.T) {
	f := newFixture(t)
	id, other := f.create(), f.create()
	ranks := f.submit(f.alice, id, "a", "b", "c")
	elsewhere := f.submit(f.alice, other, "d")
	must(f, f.msgs.AcceptContributions, acceptMsg(f.owner, id, ranks[0]))
	for name, test := range map[string]struct {
		owner   sdk.AccAddress
		datanet uint64
		ranks   []uint64
		want    error
	}{
		"not the owner":      {f.bob, id, ranks[1:2], types.ErrUnauthorized},
		"unknown DataNet":    {f.owner, 9, ranks[1:2], types.ErrDataNetNotFound},
		"unknown rank":       {f.owner, id, []uint64{99}, types.ErrContributionNotFound},
		"another DataNet's":  {f.owner, id, elsewhere, types.ErrContributionNotFound},
		"decided already":    {f.owner, id, ranks[:1], types.ErrContributionStatus},
		"one of two decided": {f.owner, id, []uint64{ranks[1], ranks[0]}, types.ErrContributionStatus},
		"named twice":        {f.owner, id, []uint64{ranks[1], ranks[1]}, types.ErrInvalidItems},
		"none":               {f.owner, id, nil, types.ErrInvalidItems},
		"too many":           {f.owner, id, make([]uint64, 1_001), types.ErrInvalidItems},
	} {
		t.Run(name, func(t *testing.T) {
			refuse(f, f.msgs.AcceptContributions, acceptMsg(test.owner, test.datanet, test.ranks...), test.want)
			refuse(f, f.msgs.RejectContributions, rejectMsg(test.owner, test.datanet, test.ranks...), test.want)
		})
	}
	for _, reason := range []string{"", strings.Repeat("x", 257)} {
		msg := rejectMsg(f.owner, id, ranks[1])
		msg.Reason = reason
		refuse(f, f.msgs.RejectContributions, msg, types.ErrInvalidItems)
	}
	refuse(f, f.msgs.WithdrawContribution, withdrawMsg(f.bob, ranks[1]), types.ErrUnauthorized)
	refuse(f, f.msgs.WithdrawContribution, withdrawMsg(f.alice, ranks[0]), types.ErrContributionStatus)
	refuse(f, f.msgs.WithdrawContribution, withdrawMsg(f.alice, 99), types.ErrContributionNotFound)

	// A DataNet that is not decided by its owner, as a later version may bring.
	panel := f.datanet(id)
	panel.ReviewPolicy = types.REVIEW_POLICY_PANEL
	require.NoError(t, f.Keeper.DataNets.Set(f.Ctx, id, panel))
	refuse(f, f.msgs.AcceptContributions, acceptMsg(f.owner, id, ranks[1]), types.ErrReviewPolicy)
	refuse(f, f.msgs.RejectContributions, rejectMsg(f.owner, id, ranks[1]), types.ErrReviewPolicy)
}

func TestPausedRefusesAllButParams(t *testing.T) {
	f := newFixture(t)
	id := f.create()
	rank := f.submit(f.alice, id, "a")[0]
	f.setParams(func(p *types.Params) { p.Paused = true })
	s := seal(f.alice, id, "b", 1)
	s.item.Rank = 2
	refuse(f, f.msgs.CreateDataNet, createMsg(f.owner), types.ErrPaused)
	refuse(f, f.msgs.UpdateDataNet, &types.MsgUpdateDataNet{Owner: f.owner.String(), DatanetId: id, Name: "Skin", RoyaltyFloor: open(1)}, types.ErrPaused)
	refuse(f, f.msgs.CommitContributions, commitMsg(f.alice, open(1), s), types.ErrPaused)
	refuse(f, f.msgs.RevealContributions, revealMsg(f.alice, s.item), types.ErrPaused)
	refuse(f, f.msgs.AcceptContributions, acceptMsg(f.owner, id, rank), types.ErrPaused)
	refuse(f, f.msgs.RejectContributions, rejectMsg(f.owner, id, rank), types.ErrPaused)
	refuse(f, f.msgs.WithdrawContribution, withdrawMsg(f.alice, rank), types.ErrPaused)
	who, hash := f.alice.String(), s.hash[:]
	refuse(f, f.msgs.BondValidator, &types.MsgBondValidator{Validator: who, DatanetId: id, Amount: open(1)}, types.ErrPaused)
	refuse(f, f.msgs.UnbondValidator, &types.MsgUnbondValidator{Validator: who, DatanetId: id, Amount: open(1)}, types.ErrPaused)
	refuse(f, f.msgs.ActivateValidator, &types.MsgActivateValidator{Validator: who, DatanetId: id}, types.ErrPaused)
	refuse(f, f.msgs.SetCredentialPolicy, &types.MsgSetCredentialPolicy{Owner: f.owner.String(), DatanetId: id, Kind: types.CREDENTIAL_KIND_ALLOWLIST}, types.ErrPaused)
	refuse(f, f.msgs.GrantCredentials, &types.MsgGrantCredentials{Granter: f.owner.String(), DatanetId: id, Addresses: []string{who}}, types.ErrPaused)
	refuse(f, f.msgs.RevokeCredentials, &types.MsgRevokeCredentials{Granter: f.owner.String(), DatanetId: id, Addresses: []string{who}}, types.ErrPaused)
	refuse(f, f.msgs.SealGold, &types.MsgSealGold{Planter: who, Cohort: 1, Kind: types.GOLD_KIND_DUPLICATE, Hashes: [][]byte{hash}}, types.ErrPaused)
	refuse(f, f.msgs.OpenGold, &types.MsgOpenGold{Planter: who, Cohort: 1, Rank: rank, Salt: hash}, types.ErrPaused)
	refuse(f, f.msgs.CommitBallot, &types.MsgCommitBallot{Validator: who, Cohort: 1, Hash: hash}, types.ErrPaused)
	refuse(f, f.msgs.RevealBallot, &types.MsgRevealBallot{Validator: who, Cohort: 1, Votes: []types.Vote{yes(1)}, Salt: hash}, types.ErrPaused)
	refuse(f, f.msgs.Appeal, &types.MsgAppeal{Appellant: who, Rank: rank, Reason: "r"}, types.ErrPaused)
	refuse(f, f.msgs.ResolveContribution, &types.MsgResolveContribution{Authority: solo.Authority(), Rank: rank, Reason: "r"}, types.ErrPaused)
	proof := types.SegmentProof{Text: []byte("text")}
	refuse(f, f.msgs.ChallengeDuplicate, &types.MsgChallengeDuplicate{Challenger: who, Rank: 2, Segment: proof, Original: 1, OriginalSegment: proof}, types.ErrPaused)
	refuse(f, f.msgs.AcceptSnapshot, &types.MsgAcceptSnapshot{Authority: solo.Authority(), Name: "n", Root: hash, Segments: 1}, types.ErrPaused)
	refuse(f, f.msgs.ProvePriorArt, &types.MsgProvePriorArt{Prover: who, Rank: 1, Segment: proof, Snapshot: 1, SnapshotSegment: proof}, types.ErrPaused)
	refuse(f, f.msgs.RecallContribution, recallMsg(who, rank), types.ErrPaused)
	refuse(f, f.msgs.ReleaseDeposits, &types.MsgReleaseDeposits{Contributor: who, Ranks: []uint64{rank}}, types.ErrPaused)
	refuse(f, f.msgs.FundBounty, &types.MsgFundBounty{Funder: who, DatanetId: id, Amount: open(2), Price: open(1), Deadline: f.Ctx.BlockTime()}, types.ErrPaused)
	refuse(f, f.msgs.FundPoolBounty, &types.MsgFundPoolBounty{Authority: solo.Authority(), DatanetId: id, Amount: open(2), Price: open(1), Deadline: f.Ctx.BlockTime()}, types.ErrPaused)
	f.setParams(func(p *types.Params) { p.Paused = false })
	must(f, f.msgs.WithdrawContribution, withdrawMsg(f.alice, rank))
}

func TestOnlyGovernanceChangesParams(t *testing.T) {
	f := newFixture(t)
	refuse(f, f.msgs.UpdateParams, &types.MsgUpdateParams{Authority: f.owner.String(), Params: types.DefaultParams()}, types.ErrUnauthorized)
	refuse(f, f.msgs.UpdateParams, &types.MsgUpdateParams{Authority: solo.Authority()}, types.ErrInvalidParams)
}

// A broken counter or range must not go unnoticed.
func TestInvariantsSeeDamage(t *testing.T) {
	for name, damage := range map[string]func(*fixture) error{
		"money is missing": func(f *fixture) error {
			return f.Bank.Add(f.Ctx, solo.ModuleAddress(types.ModuleName), math.NewInt(-1))
		},
		"counter is wrong": func(f *fixture) error {
			d := f.datanet(1)
			d.Pending++
			return f.Keeper.DataNets.Set(f.Ctx, 1, d)
		},
		"commit without queue entry": func(f *fixture) error {
			commit, err := f.Keeper.GetCommit(f.Ctx, 7)
			return errors.Join(err, f.Keeper.Expiries.Remove(f.Ctx, collections.Join(commit.RevealUntil, commit.Rank)))
		},
		"queue entry without commit": func(f *fixture) error {
			return f.Keeper.Expiries.Set(f.Ctx, collections.Join(int64(500), uint64(99)))
		},
		"range is short": func(f *fixture) error { return f.Keeper.StatisticsRange.Set(f.Ctx, 1, types.Accumulator{}) },
		"another root": func(f *fixture) error {
			v, err := f.Keeper.GetVersion(f.Ctx, 1, 1)
			v.Root = make([]byte, 32)
			return errors.Join(err, f.Keeper.Versions.Set(f.Ctx, collections.Join(uint64(1), uint64(1)), v))
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := everything(t)
			require.NoError(t, f.Keeper.CheckInvariants(f.Ctx))
			require.NoError(t, damage(f))
			require.Error(t, f.Keeper.CheckInvariants(f.Ctx))
		})
	}
}

// TestMalformedReviewMessages: what no state makes right is refused before it is read.
func TestMalformedReviewMessages(t *testing.T) {
	r := newReviews(t, 1)
	f, who, hash := r.fixture, r.alice.String(), salt("x")
	proof := types.SegmentProof{Text: []byte("text")}
	large := types.SegmentProof{Text: make([]byte, 4_097)}
	deep := types.SegmentProof{Text: []byte("text"), Path: make([][]byte, 33)}
	refuse(f, f.msgs.BondValidator, &types.MsgBondValidator{Validator: "x", DatanetId: r.id, Amount: open(1)}, types.ErrInvalidAddress)
	refuse(f, f.msgs.BondValidator, &types.MsgBondValidator{Validator: who, DatanetId: r.id}, types.ErrInvalidBond)
	refuse(f, f.msgs.BondValidator, &types.MsgBondValidator{Validator: who, DatanetId: r.id, Amount: math.NewIntWithDecimal(1, 60)}, types.ErrInvalidBond)
	refuse(f, f.msgs.UnbondValidator, &types.MsgUnbondValidator{Validator: who, DatanetId: r.id, Amount: open(-1)}, types.ErrInvalidBond)
	refuse(f, f.msgs.UnbondValidator, &types.MsgUnbondValidator{Validator: who, DatanetId: r.id, Amount: open(1)}, types.ErrValidatorNotFound)
	refuse(f, f.msgs.ActivateValidator, &types.MsgActivateValidator{Validator: r.validators[0].String(), DatanetId: r.id}, types.ErrInvalidBond)
	refuse(f, f.msgs.SetCredentialPolicy, &types.MsgSetCredentialPolicy{Owner: r.owner.String(), DatanetId: r.id}, types.ErrCredential)
	refuse(f, f.msgs.SetCredentialPolicy, &types.MsgSetCredentialPolicy{Owner: r.owner.String(), DatanetId: r.id, Kind: types.CREDENTIAL_KIND_ISSUER}, types.ErrInvalidAddress)
	refuse(f, f.msgs.SetCredentialPolicy, &types.MsgSetCredentialPolicy{Owner: r.owner.String(), DatanetId: r.id, Kind: types.CREDENTIAL_KIND_NONE, Issuer: who}, types.ErrCredential)
	refuse(f, f.msgs.GrantCredentials, &types.MsgGrantCredentials{Granter: r.owner.String(), DatanetId: r.id, Addresses: []string{who, who}}, types.ErrInvalidItems)
	refuse(f, f.msgs.SealGold, &types.MsgSealGold{Planter: who, Cohort: 1, Hashes: [][]byte{hash}}, types.ErrGold)
	refuse(f, f.msgs.SealGold, &types.MsgSealGold{Planter: who, Cohort: 1, Kind: types.GOLD_KIND_SOUND, Hashes: [][]byte{hash[1:]}}, types.ErrGold)
	refuse(f, f.msgs.SealGold, &types.MsgSealGold{Planter: who, Cohort: 1, Kind: types.GOLD_KIND_SOUND, Hashes: [][]byte{hash}}, types.ErrCohortNotFound)
	rank := r.fresh(r.alice, 1)[0]
	refuse(f, f.msgs.SealGold, &types.MsgSealGold{Planter: who, Cohort: 1, Kind: types.GOLD_KIND_SOUND, Hashes: [][]byte{hash}}, types.ErrUnauthorized)
	refuse(f, f.msgs.SealGold, &types.MsgSealGold{Planter: who, Cohort: 1, Kind: types.GOLD_KIND_DUPLICATE, Hashes: [][]byte{hash, hash}}, types.ErrGold)
	refuse(f, f.msgs.SealGold, &types.MsgSealGold{Planter: who, Cohort: 1, Kind: types.GOLD_KIND_DUPLICATE, Hashes: make([][]byte, 11)}, types.ErrGold)
	refuse(f, f.msgs.SealGold, &types.MsgSealGold{Planter: r.poor.String(), Cohort: 1, Kind: types.GOLD_KIND_DUPLICATE, Hashes: [][]byte{hash}}, solo.ErrFunds)
	refuse(f, f.msgs.OpenGold, &types.MsgOpenGold{Planter: who, Cohort: 1, Rank: 1, Salt: hash[:15]}, types.ErrGold)
	refuse(f, f.msgs.OpenGold, &types.MsgOpenGold{Planter: who, Cohort: 1, Rank: 1, Salt: hash, Segment: &proof}, types.ErrGold)
	refuse(f, f.msgs.OpenGold, &types.MsgOpenGold{Planter: who, Cohort: 1, Rank: 1, Salt: hash, Segment: &large, OriginalSegment: &proof}, types.ErrDuplicate)
	refuse(f, f.msgs.CommitBallot, &types.MsgCommitBallot{Validator: who, Cohort: 1, Hash: hash[1:]}, types.ErrBallot)
	refuse(f, f.msgs.RevealBallot, &types.MsgRevealBallot{Validator: who, Cohort: 1, Salt: hash}, types.ErrInvalidItems)
	refuse(f, f.msgs.RevealBallot, &types.MsgRevealBallot{Validator: who, Cohort: 1, Salt: hash, Votes: []types.Vote{{}}}, types.ErrBallot)
	refuse(f, f.msgs.Appeal, &types.MsgAppeal{Appellant: who, Rank: rank}, types.ErrInvalidItems)
	refuse(f, f.msgs.Appeal, &types.MsgAppeal{Appellant: who, Rank: rank, Reason: "waits"}, types.ErrAppeal)
	refuse(f, f.msgs.Appeal, &types.MsgAppeal{Appellant: who, Rank: 99, Reason: "none"}, types.ErrContributionNotFound)
	refuse(f, f.msgs.ResolveContribution, &types.MsgResolveContribution{Authority: who, Rank: rank, Reason: "r"}, types.ErrUnauthorized)
	refuse(f, f.msgs.ResolveContribution, &types.MsgResolveContribution{Authority: solo.Authority(), Rank: rank, Accept: true, Reason: "r"}, types.ErrInvalidContribution)
	refuse(f, f.msgs.ResolveContribution, &types.MsgResolveContribution{Authority: solo.Authority(), Rank: rank, Reason: "r"}, types.ErrContributionStatus)
	refuse(f, f.msgs.ChallengeDuplicate, &types.MsgChallengeDuplicate{Challenger: who, Rank: 1, Original: 1, Segment: proof, OriginalSegment: proof}, types.ErrDuplicate)
	refuse(f, f.msgs.ChallengeDuplicate, &types.MsgChallengeDuplicate{Challenger: who, Rank: 2, Original: 1, Segment: deep, OriginalSegment: proof}, types.ErrDuplicate)
	refuse(f, f.msgs.ChallengeDuplicate, &types.MsgChallengeDuplicate{Challenger: who, Rank: 9, Original: 1, Segment: proof, OriginalSegment: proof}, types.ErrContributionNotFound)
	refuse(f, f.msgs.AcceptSnapshot, &types.MsgAcceptSnapshot{Authority: solo.Authority(), Name: "n", Root: hash[1:], Segments: 1}, types.ErrSnapshot)
	refuse(f, f.msgs.RecallContribution, &types.MsgRecallContribution{Signer: who, Rank: rank}, types.ErrInvalidItems)
	refuse(f, f.msgs.ReleaseDeposits, &types.MsgReleaseDeposits{Contributor: who, Ranks: []uint64{rank, rank}}, types.ErrInvalidItems)
	refuse(f, f.msgs.ReleaseDeposits, &types.MsgReleaseDeposits{Contributor: who, Ranks: []uint64{rank}}, types.ErrContributionStatus)
}
