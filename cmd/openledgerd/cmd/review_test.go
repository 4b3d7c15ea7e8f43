package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/server"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/app"
	"github.com/openledger/openledger/cmd/openledgerd/review"
	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

// panels is a chain with a DataNet under panel review, and the tools of the
// accounts on it.
type panels struct {
	*testing.T
	*chain.Scenario
	clientCtx client.Context
	query     datanettypes.QueryClient
	accounts  map[string]chain.Account // by address
	reviewers []chain.Account
}

func newPanels(t *testing.T, reviewers int) *panels {
	t.Helper()
	p := &panels{T: t, accounts: make(map[string]chain.Account)}
	for i := range reviewers {
		p.reviewers = append(p.reviewers, chain.NewAccount(fmt.Sprintf("reviewer %d", i)))
	}
	p.Scenario = chain.NewScenario(func(accounts []chain.Account) *chain.Chain {
		all := append(slices.Clone(accounts), p.reviewers...)
		for _, account := range all {
			p.accounts[account.String()] = account
		}
		return chain.New(t, all, func(a *app.App, state map[string]json.RawMessage) {
			var genesis datanettypes.GenesisState
			a.AppCodec().MustUnmarshalJSON(state[datanettypes.ModuleName], &genesis)
			genesis.Params.Review.CohortItems = 3
			state[datanettypes.ModuleName] = a.AppCodec().MustMarshalJSON(&genesis)
		})
	})
	result := p.Send(p.Owner, &datanettypes.MsgCreateDataNet{
		AllowFewStopWords: true, // the texts are drawn words
		Owner:             p.Owner.String(), Name: "Glands", Description: "Notes on the glands of the skin.\nNo pictures.",
		Domain: "dermatology", Licence: "CC-BY-4.0",
		GuidelinesUri: "https://example.org/glands", ReviewPolicy: datanettypes.REVIEW_POLICY_PANEL, ReviewFee: chain.Open(1),
		RoyaltyFloor: chain.Royalty,
	})
	var created datanettypes.MsgCreateDataNetResponse
	require.NoError(t, chain.Decode(result, &created))
	p.DatanetID = created.DatanetId
	for _, account := range p.reviewers {
		p.Send(account, &datanettypes.MsgBondValidator{Validator: account.String(), DatanetId: p.DatanetID,
			Amount: chain.Open(400)})
	}
	p.clientCtx = client.Context{}.WithGRPCClient(serveQueries(t, p.Scenario)).WithHomeDir(t.TempDir()).WithChainID(
		chain.ID)
	p.query = datanettypes.NewQueryClient(p.clientCtx)
	return p
}

// blockTx puts transactions into blocks of the chain of a test.
type blockTx struct {
	*panels
	account chain.Account
	sent    []sdk.Msg
	// before and after a block, fail as a node does.
	before, after error
}

var errNode = errors.New("the node does not answer")

func (b *blockTx) send(_ context.Context, msgs ...sdk.Msg) (*sdk.TxResponse, error) {
	if b.before != nil {
		return nil, b.before
	}
	result := b.Block(chain.Tx{Signer: b.account, Msgs: msgs})[0]
	if result.Code != 0 {
		return nil, fmt.Errorf("transaction failed: %s", result.Log)
	}
	b.sent = append(b.sent, msgs...)
	if b.after != nil {
		return nil, b.after
	}
	return &sdk.TxResponse{Height: b.Height(), TxHash: "HASH"}, nil
}

// tool is the command line of an account.
type tool struct {
	*reviewer
	tx  *blockTx
	out *strings.Builder
	err *strings.Builder
}

func (p *panels) tool(account chain.Account) *tool {
	out, warnings := new(strings.Builder), new(strings.Builder)
	tx, waited := &blockTx{panels: p, account: account}, 0
	return &tool{tx: tx, out: out, err: warnings, reviewer: &reviewer{
		query: p.query, address: account.String(), tx: tx,
		store: review.NewStore(p.clientCtx.HomeDir, chain.ID, account.String()),
		marks: review.NewMarks(p.clientCtx.HomeDir, chain.ID), out: out, shown: newProgress(warnings), now: p.Time,
		interval: time.Second,
		pause: func(ctx context.Context, _ time.Duration) error {
			if waited++; waited > 20 {
				return errors.New("it waits for ever")
			}
			p.Blocks(1)
			return ctx.Err()
		},
	}}
}

func (p *panels) texts(cmd *cobra.Command) *texts {
	p.Helper()
	texts, err := openTexts(cmd, p.clientCtx)
	require.NoError(p, err)
	p.Cleanup(func() { require.NoError(p, texts.Close()) })
	return texts
}

func (p *panels) hold(contributions ...chain.Contribution) {
	contributor{T: p.T, Scenario: p.Scenario, home: p.clientCtx.HomeDir}.hold(contributions...)
}

func (p *panels) contribution(rank uint64) datanettypes.Contribution {
	p.Helper()
	found, err := p.query.Contribution(context.Background(), &datanettypes.QueryContributionRequest{Rank: rank})
	require.NoError(p, err)
	return found.Contribution
}

func (p *panels) cohortOf(rank uint64) datanettypes.Cohort {
	p.Helper()
	found, err := p.query.Cohort(context.Background(), &datanettypes.QueryCohortRequest{Id: p.contribution(rank).Cohort})
	require.NoError(p, err)
	return found.Cohort
}

// marked contributes what the owner may open as gold, under another account.
func (p *panels) marked(contributor chain.Account, segments ...string) uint64 {
	p.Helper()
	mark, err := review.NewMark(p.Owner.String(), p.Time())
	require.NoError(p, err)
	require.NoError(p, review.NewMarks(p.clientCtx.HomeDir, chain.ID).Save(mark))
	return p.ContributeMarked(contributor, must(mark.Hash()), segments...).Rank
}

// items of a cohort.
type items struct{ fresh, duplicate, altered, sound uint64 }

// all in the order of the cohort.
func (i items) all() []uint64 { return []uint64{i.fresh, i.duplicate, i.altered, i.sound} }

// cohort fills a cohort with a fresh item, a copy, a spoilt and a sound one, and
// has its gold sealed, by the owner and a stranger.
func (p *panels) cohort() items {
	p.Helper()
	texts := prose(rand.New(rand.NewSource(7)), 4)
	var i items
	i.fresh = p.Contribute(p.Alice, texts[0], texts[1]).Rank
	i.duplicate = p.Contribute(p.Bob, chain.Texts[0][1]).Rank
	i.altered = p.marked(p.Provider, texts[2])
	i.sound = p.marked(p.Provider, texts[3])
	p.hold(p.Contributions...)
	cmd, _ := command(p.T, reviewGoldSealCmd(), nil)
	stranger, owner := p.tool(p.Stranger), p.tool(p.Owner)
	require.NoError(
		p, stranger.sealGold(context.Background(), p.texts(cmd), i.duplicate, datanettypes.GOLD_KIND_DUPLICATE,
			p.Contributions[0].Rank))
	require.NoError(p, owner.sealGold(context.Background(), p.texts(cmd), i.altered, datanettypes.GOLD_KIND_ALTERED, 0))
	require.NoError(p, owner.sealGold(context.Background(), p.texts(cmd), i.sound, datanettypes.GOLD_KIND_SOUND, 0))
	require.Contains(p, stranger.out.String(), "100.0 % of segment 0")
	require.Contains(p, owner.out.String(), "sealed      altered gold")
	require.Contains(p, owner.out.String(), "sealed      sound gold")
	require.Equal(p, i.all(), p.cohortOf(i.fresh).Items)
	require.Equal(p, datanettypes.COHORT_PHASE_DRAWING, p.cohortOf(i.fresh).Phase)
	return i
}

// drawn waits for the panel and returns the tools of those seated.
func (p *panels) drawn(rank uint64) []*tool {
	p.Helper()
	for range 50 {
		if p.cohortOf(rank).Phase == datanettypes.COHORT_PHASE_COMMIT {
			break
		}
		p.Blocks(1)
	}
	cohort := p.cohortOf(rank)
	require.Equal(p, datanettypes.COHORT_PHASE_COMMIT, cohort.Phase)
	var tools []*tool
	for _, account := range p.reviewers {
		if cohort.Seated(account.String()) > 0 {
			tools = append(tools, p.tool(account))
		}
	}
	return tools
}

var (
	good   = datanettypes.Vote{Accept: true, Score: 820}
	copies = datanettypes.Vote{Reason: datanettypes.REJECT_REASON_DUPLICATE}
	wrong  = datanettypes.Vote{Reason: datanettypes.REJECT_REASON_WRONG}
)

func (p *panels) ballot(cohort uint64, address string) *datanettypes.Ballot {
	p.Helper()
	found, err := p.query.Cohort(context.Background(), &datanettypes.QueryCohortRequest{Id: cohort})
	require.NoError(p, err)
	for _, ballot := range found.Ballots {
		if ballot.Address == address {
			return &ballot
		}
	}
	return nil
}

// TestReviewFromSeatToPay plays a review with the tools alone.
func TestReviewFromSeatToPay(t *testing.T) {
	p := newPanels(t, 3)
	ctx := context.Background()
	i := p.cohort()
	tools := p.drawn(i.fresh)
	require.Greater(t, len(tools), 1, "seats are drawn by the hash of the block, which does not change in tests")
	cohort := p.cohortOf(i.fresh)

	// All but the first vote with --no-wait, and leave `review run` running.
	for _, tool := range tools[1:] {
		require.NoError(t, tool.vote(ctx, i.fresh, 0, good, false))
		require.NoError(t, tool.vote(ctx, i.duplicate, 0, copies, false))
		require.NoError(t, tool.vote(ctx, i.altered, 0, wrong, false))
		require.Nil(t, p.ballot(cohort.Id, tool.address), "one item is undecided")
		require.Contains(t, tool.out.String(), fmt.Sprintf("undecided   1 of 4: %d\n", i.sound))
		require.NoError(t, tool.vote(ctx, i.sound, 0, good, false))
		require.NotNil(t, p.ballot(cohort.Id, tool.address))
		require.Contains(t, tool.out.String(), "next        leave `openledgerd review run` running")
		require.NoError(t, tool.pass(ctx))
		require.Len(t, tool.tx.sent, 1, "it cannot be opened yet")
	}
	last := tools[0]
	require.NoError(t, last.vote(ctx, i.fresh, 0, good, true))
	require.NoError(t, last.vote(ctx, i.duplicate, 0, copies, true))
	require.NoError(t, last.vote(ctx, i.altered, 0, wrong, true))
	require.NoError(t, last.vote(ctx, i.sound, 0, good, true))
	require.Contains(t, last.out.String(), "opened      ballot for cohort")
	require.NoError(t, last.vote(ctx, i.sound, 0, good, true), "again: nothing is left to do")
	require.ErrorContains(t, last.vote(ctx, i.sound, 0, copies, true), "too late to decide")
	for _, tool := range tools[1:] {
		require.NoError(t, tool.pass(ctx))
		require.NoError(t, tool.pass(ctx))
		require.Len(t, tool.tx.sent, 2)
	}
	require.Equal(t, datanettypes.COHORT_PHASE_GOLD, p.cohortOf(i.fresh).Phase)

	before := p.Balance(p.Stranger.Address)
	stranger, owner := p.tool(p.Stranger), p.tool(p.Owner)
	require.NoError(t, stranger.pass(ctx))
	require.Contains(t, stranger.out.String(), fmt.Sprintf("opened      gold for contribution %d", i.duplicate))
	require.True(t, p.Balance(p.Stranger.Address).GT(before.Add(chain.Open(4))), "the deposit is back")
	require.FileExists(t, owner.marks.Path(p.contribution(i.sound).Mark))
	require.NoError(t, owner.pass(ctx))
	require.Equal(t, datanettypes.COHORT_PHASE_DECIDED, p.cohortOf(i.fresh).Phase)
	require.Equal(t, datanettypes.CONTRIBUTION_STATUS_ACCEPTED, p.contribution(i.fresh).Status)
	require.EqualValues(t, 820, p.contribution(i.fresh).Score)
	require.Equal(t, datanettypes.CONTRIBUTION_STATUS_REJECTED, p.contribution(i.duplicate).Status)
	require.Equal(t, "gold: altered", p.contribution(i.altered).Reason)
	require.Equal(t, datanettypes.CONTRIBUTION_STATUS_ACCEPTED, p.contribution(i.sound).Status)
	for _, tool := range append(tools, stranger, owner) {
		require.NoError(t, tool.pass(ctx))
		cohorts, err := tool.store.Cohorts()
		require.NoError(t, err)
		require.Empty(t, cohorts, "nothing can be opened any more")
	}
	require.NoFileExists(t, owner.marks.Path(p.contribution(i.sound).Mark))
	require.ErrorContains(t, last.vote(ctx, i.fresh, 0, good, true), "not under review")
}

// TestReviewGoesOn wherever it was interrupted.
func TestReviewGoesOn(t *testing.T) {
	p := newPanels(t, 3)
	ctx := context.Background()
	i := p.cohort()
	tools := p.drawn(i.fresh)
	cohort := p.cohortOf(i.fresh)
	first, second := tools[0], tools[1]
	salts := func() int {
		state, err := first.store.Load(cohort.Id)
		require.NoError(t, err)
		require.Empty(t, state.Damaged)
		return len(state.Ballots)
	}
	require.NoError(t, first.vote(ctx, i.fresh, 0, good, false))
	require.NoError(t, first.vote(ctx, i.duplicate, 0, copies, false))
	require.NoError(t, first.vote(ctx, i.altered, 0, wrong, false))

	// Written, not sent.
	first.tx.before = errNode
	require.ErrorIs(t, first.vote(ctx, i.sound, 0, good, false), errNode)
	require.Equal(t, 1, salts())
	require.Nil(t, p.ballot(cohort.Id, first.address))
	require.ErrorIs(t, first.run(ctx, true), errNode, "--once says what failed")
	require.Equal(t, 1, salts(), "the ballot is sent again, not another one")

	// Sent, not recorded: the chain has it, the program does not know.
	first.tx.before, first.tx.after = nil, errNode
	require.ErrorIs(t, first.run(ctx, true), errNode)
	require.Len(t, first.tx.sent, 1)
	first.tx.after = nil
	require.NoError(t, first.run(ctx, true))
	require.Len(t, first.tx.sent, 1, "it is not sent twice")
	sealed := p.ballot(cohort.Id, first.address).Hash

	// A changed decision replaces the ballot.
	require.NoError(t, first.vote(ctx, i.sound, 0, datanettypes.Vote{Accept: true, Score: 500}, false))
	require.Equal(t, 2, salts())
	replaced := p.ballot(cohort.Id, first.address).Hash
	require.NotEqual(t, sealed, replaced)

	// A change that does not reach the chain leaves the ballot before it to be opened.
	first.tx.before = errNode
	require.ErrorIs(t, first.vote(ctx, i.sound, 0, datanettypes.Vote{Accept: true, Score: 400}, false), errNode)
	require.Equal(t, 3, salts())
	first.tx.before = nil
	for _, tool := range tools[1:] {
		for _, rank := range []uint64{i.fresh, i.duplicate, i.altered} {
			require.NoError(t, tool.vote(ctx, rank, 0, good, false))
		}
		require.NoError(t, tool.vote(ctx, i.sound, 0, good, false))
	}
	require.Equal(t, datanettypes.COHORT_PHASE_REVEAL, p.cohortOf(i.fresh).Phase)
	require.Equal(t, replaced, p.ballot(cohort.Id, first.address).Hash)

	// Opened, not recorded.
	first.tx.after = errNode
	require.ErrorIs(t, first.run(ctx, true), errNode)
	first.tx.after = nil
	require.NoError(t, first.run(ctx, true))
	require.EqualValues(t, 500, p.ballot(cohort.Id, first.address).Votes[3].Score)

	// A user who lost the folder is told while it can be restored.
	require.NoError(t, os.Rename(second.store.Dir, second.store.Dir+".lost"))
	require.ErrorContains(t, second.follow(ctx, cohort.Id, true), "copy "+second.store.Dir)
	require.NoError(t, second.pass(ctx))
	require.Contains(t, second.err.String(), "copy "+second.store.Dir)
	require.NoError(t, os.Rename(second.store.Dir+".lost", second.store.Dir))
	require.NoError(t, second.follow(ctx, cohort.Id, true))
	require.Contains(t, second.out.String(), "opened      ballot")
}

// TestFollowKeepsTryingToOpen: the fee of a transaction is less than what an
// unopened ballot costs.
func TestFollowKeepsTryingToOpen(t *testing.T) {
	p := newPanels(t, 3)
	ctx := context.Background()
	i := p.cohort()
	tools := p.drawn(i.fresh)
	tool, others := tools[0], tools[1:]
	for _, other := range others {
		for _, rank := range i.all() {
			require.NoError(t, other.vote(ctx, rank, 0, good, false))
		}
	}
	for _, rank := range []uint64{i.fresh, i.duplicate, i.altered} {
		require.NoError(t, tool.vote(ctx, rank, 0, good, true))
	}
	tries := 0
	tool.pause = func(context.Context, time.Duration) error {
		if tries++; tries == 1 {
			tool.tx.before = errNode
		} else if tries == 4 {
			tool.tx.before = nil
		}
		return nil
	}
	require.NoError(t, tool.vote(ctx, i.sound, 0, good, true))
	require.Equal(t, 4, tries)
	require.Equal(t, 1, strings.Count(tool.err.String(), errNode.Error()), "it is said once")
	for _, other := range others {
		require.NoError(t, other.follow(ctx, p.cohortOf(i.fresh).Id, true))
	}
	require.Equal(t, datanettypes.COHORT_PHASE_GOLD, p.cohortOf(i.fresh).Phase)
}

// TestInterrupt ends cleanly and says what to do.
func TestInterrupt(t *testing.T) {
	p := newPanels(t, 3)
	i := p.cohort()
	tool := p.drawn(i.fresh)[0]
	ctx, cancel := context.WithCancel(context.Background())
	tool.pause = func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }
	for _, rank := range []uint64{i.fresh, i.duplicate, i.altered} {
		require.NoError(t, tool.vote(ctx, rank, 0, good, true))
	}
	require.ErrorContains(t, tool.vote(ctx, i.sound, 0, good, true), "run `openledgerd review run` before the deadline")
	require.NoError(t, p.tool(tool.tx.account).run(canceled(), false))
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// TestMissed: nobody sealed, and another panel is drawn.
func TestMissed(t *testing.T) {
	p := newPanels(t, 3)
	ctx := context.Background()
	i := p.cohort()
	tool := p.drawn(i.fresh)[0]
	cohort := p.cohortOf(i.fresh)
	require.NoError(t, tool.vote(ctx, i.fresh, 0, good, true))
	p.Scenario.Skip(72 * time.Hour)
	p.Blocks(2)
	require.EqualValues(t, 2, p.cohortOf(i.fresh).Round)
	require.NoError(t, tool.follow(ctx, cohort.Id, true))
	require.Contains(t, tool.out.String(), "dismissed")
	require.NoError(t, tool.follow(ctx, 99, true))
	require.Contains(t, tool.out.String(), "gone        cohort 99")
	tool.out.Reset()
	queue, err := tool.queue(ctx)
	require.NoError(t, err)
	require.NoError(t, tool.printQueue(ctx, queue))
	require.Contains(t, tool.out.String(), fmt.Sprintf("not drawn: `openledgerd tx datanet activate %d`", p.DatanetID))
	// What was decided is kept for the case that the account is drawn again.
	require.NoError(t, tool.pass(ctx))
	state, err := tool.store.Load(cohort.Id)
	require.NoError(t, err)
	require.Equal(t, map[uint64]datanettypes.Vote{i.fresh: good}, state.Decisions)
}

// TestGoldThatWouldNotHold is not sealed.
func TestGoldThatWouldNotHold(t *testing.T) {
	p := newPanels(t, 1)
	ctx := context.Background()
	own := p.Contribute(p.Alice, prose(rand.New(rand.NewSource(3)), 1)...).Rank
	first := p.Contributions[0].Rank
	cmd, _ := command(t, reviewGoldSealCmd(), nil)
	texts, tool := p.texts(cmd), p.tool(p.Stranger)
	seal := func(kind datanettypes.GoldKind, original uint64) error {
		return tool.sealGold(ctx, texts, own, kind, original)
	}
	require.ErrorContains(t, seal(datanettypes.GOLD_KIND_DUPLICATE, first), "cannot be fetched")
	p.hold(p.Contributions...)
	require.ErrorContains(t, seal(datanettypes.GOLD_KIND_DUPLICATE, first),
		"at most 0.0 % of one is copied, and the chain asks for 50 %")
	require.ErrorContains(t, seal(datanettypes.GOLD_KIND_DUPLICATE, own), "not earlier")
	require.ErrorContains(t, seal(datanettypes.GOLD_KIND_SOUND, 0), "only the owner")
	require.ErrorContains(t, tool.sealGold(ctx, texts, first, datanettypes.GOLD_KIND_SOUND, 0), "waits for no panel")
	require.Empty(t, tool.tx.sent)
	cohorts, err := tool.store.Cohorts()
	require.NoError(t, err)
	require.Empty(t, cohorts)

	// A copy of what validators do not hold yet is no gold.
	require.NoError(t, tool.held(ctx, first))
	require.ErrorContains(
		t, heldIn(datanettypes.Contribution{Rank: 9, AcceptedVersion: 4},
			datanettypes.DataNet{Id: 2, Version: 4, HeldVersion: 3}),
		"contribution 9 was accepted for version 4 of DataNet 2, and validators do not hold its text yet")

	// Its contributor has not agreed to its being gold, or to that of somebody else.
	owner := p.tool(p.Owner)
	err = owner.sealGold(ctx, texts, own, datanettypes.GOLD_KIND_ALTERED, 0)
	require.ErrorContains(t, err, owner.marks.Path(p.contribution(own).Mark)+" is not there")
	require.ErrorContains(t, err, fmt.Sprintf("data contribute PATH --datanet %d --gold-for %s", p.DatanetID, p.Owner))
	mark, err := review.NewMark(p.Stranger.String(), p.Time())
	require.NoError(t, err)
	require.NoError(t, owner.marks.Save(mark))
	others := p.ContributeMarked(p.Bob, must(mark.Hash()), prose(rand.New(rand.NewSource(4)), 1)...).Rank
	require.ErrorContains(t, owner.sealGold(ctx, texts, others, datanettypes.GOLD_KIND_SOUND, 0),
		"contributed with --gold-for "+p.Stranger.String())
	require.Empty(t, owner.tx.sent)

	// Interrupted, it goes on with the same salt, and is sealed once.
	sound := p.marked(p.Provider, prose(rand.New(rand.NewSource(5)), 1)...)
	owner.tx.after = errNode
	require.ErrorIs(t, owner.sealGold(ctx, texts, sound, datanettypes.GOLD_KIND_SOUND, 0), errNode)
	owner.tx.after = nil
	require.NoError(t, owner.sealGold(ctx, texts, sound, datanettypes.GOLD_KIND_SOUND, 0))
	require.Len(t, owner.tx.sent, 1)
	require.ErrorContains(t, owner.sealGold(ctx, texts, sound, datanettypes.GOLD_KIND_ALTERED, 0), "gold once")
	require.Len(t, p.cohortOf(sound).Gold, 1)
	state, err := owner.store.Load(p.cohortOf(sound).Id)
	require.NoError(t, err)
	require.Equal(t, p.contribution(sound).Mark, datanettypes.GoldMark(p.Owner.Address, state.Gold[0].Salt),
		"the chain asks for the salt of the mark")
}

// TestFindCopy: what is found is what the chain takes.
func TestFindCopy(t *testing.T) {
	p := newPanels(t, 1)
	texts := prose(rand.New(rand.NewSource(5)), 6)
	original := p.Contribute(p.Alice, texts[:5]...)
	rank := func(result chain.Contribution) uint64 { return result.Rank }
	edited := strings.Fields(texts[3])
	for i := 9; i < len(edited); i += 10 {
		edited[i] = "changed"
	}
	later := rank(p.Contribute(p.Bob, texts[5], strings.Join(edited, " ")))
	p.hold(p.Contributions...)
	cmd, _ := command(t, dataChallengeCmd(), nil)
	_, err := findCopy(context.Background(), p.query, p.texts(cmd), later, original.Rank)
	require.ErrorContains(t, err, "was never accepted")

	accepted := p.Contributions[0]
	copier := rank(p.Contribute(p.Bob, texts[5], string(accepted.File.Segments[1])))
	p.hold(p.Contributions...)
	found, err := findCopy(context.Background(), p.query, p.texts(cmd), copier, accepted.Rank)
	require.NoError(t, err)
	require.Equal(t, 1, found.pair.Later)
	require.Equal(t, 1, found.pair.Earlier)
	for _, shown := range []struct {
		rank  uint64
		proof datanettypes.SegmentProof
	}{{copier, found.segment}, {accepted.Rank, found.originalSegment}} {
		c := p.contribution(shown.rank)
		require.NoError(t, shown.proof.Validate())
		require.NoError(t, shown.proof.Verify(c.Root, sdk.MustAccAddressFromBech32(c.Contributor), c.Segments, c.Norm()))
	}
	copied, err := poa.CopiedPPM(poa.TokenIDs(found.segment.Text), poa.TokenIDs(found.originalSegment.Text),
		poa.ProtocolStatistics())
	require.NoError(t, err)
	require.GreaterOrEqual(t, copied, uint32(poa.DuplicatePPM))
}

// TestChallenge is upheld by the chain.
func TestChallenge(t *testing.T) {
	p := newPanels(t, 0)
	ctx := context.Background()
	p.DatanetID = 1 // where the owner accepts
	texts := prose(rand.New(rand.NewSource(5)), 1)
	copier := p.Contribute(p.Bob, texts[0], chain.Texts[0][0]).Rank
	p.hold(p.Contributions...)
	cmd, _ := command(t, dataChallengeCmd(), nil)
	tx, out := &blockTx{panels: p, account: p.Stranger}, new(strings.Builder)
	run := func(send transactor) error {
		return challenge(ctx, out, p.query, p.texts(cmd), send, p.Stranger.String(), copier, p.Contributions[0].Rank)
	}
	require.ErrorContains(t, run(tx), "under review")
	p.Accept()
	require.NoError(t, run(nil))
	require.Contains(t, out.String(), "copied      100.0 % of segment 1")
	require.Contains(t, out.String(), "nothing was sent")
	p.AwaitHeld()
	require.ErrorContains(t, run(tx), "has earned nothing")
	c := p.Open(chain.Open(100))
	c.Ask(chain.Texts[0][1])
	c.Submit(c.Acknowledged())
	require.NoError(t, run(tx))
	require.Contains(t, out.String(), "stopped     segment 1 of contribution 3 earns nothing")
	require.Equal(t, datanettypes.CONTRIBUTION_STATUS_ACCEPTED, p.contribution(copier).Status)
	require.EqualValues(t, 1, p.contribution(copier).StoppedNow())
	require.ErrorIs(t, run(tx), errNoCopy)
}

// TestQueue shows what is next.
func TestQueue(t *testing.T) {
	p := newPanels(t, 3)
	ctx := context.Background()
	i := p.cohort()
	tool := p.drawn(i.fresh)[0]
	cohort := p.cohortOf(i.fresh)
	require.NoError(t, tool.vote(ctx, i.duplicate, 0, copies, false))
	tool.out.Reset()
	queue, err := tool.queue(ctx)
	require.NoError(t, err)
	require.NoError(t, tool.printQueue(ctx, queue))
	require.Equal(t, fmt.Sprintf(`cohort %d   review for DataNet %d, Glands
  phase     commit until %s, 2 d left
  seats     %d of 3
  decided   1 of 4 items
  undecided %d %d %d
  ballot    not sealed
  next      look at each undecided item with `+"`openledgerd review show %d` and decide it with `openledgerd review vote %d`\n",
		cohort.Id, p.DatanetID, cohort.Deadline.Local().Format(timeLayout), cohort.Seated(tool.address), i.fresh, i.altered,
		i.sound, i.fresh, i.fresh), tool.out.String())

	encoded, err := json.Marshal(queue)
	require.NoError(t, err)
	var decoded []map[string]any
	require.NoError(t, json.Unmarshal(encoded, &decoded))
	require.Len(t, decoded, 1)
	require.Equal(t, "commit", decoded[0]["phase"])
	require.Equal(t, "decide", decoded[0]["step"])
	require.EqualValues(t, 2*24*3600, decoded[0]["seconds_left"])

	stranger := p.tool(p.Stranger)
	queue, err = stranger.queue(ctx)
	require.NoError(t, err)
	require.NotNil(t, queue, "JSON is a list")
	require.NoError(t, stranger.printQueue(ctx, queue))
	require.Contains(t, stranger.out.String(), "no cohort has a seat")
	require.Contains(t, stranger.out.String(), "tx datanet bond")
}

// show runs the command.
func (p *panels) show(tool *tool, rank uint64, args ...string) (string, string, error) {
	p.Helper()
	tool.out.Reset()
	cmd, warnings := command(p.T, reviewShowCmd(), args)
	err := tool.show(cmd, p.texts(cmd), rank)
	return tool.out.String(), warnings.String(), err
}

func TestShow(t *testing.T) {
	p := newPanels(t, 3)
	i := p.cohort()
	tool := p.drawn(i.fresh)[0]
	require.NoError(t, tool.vote(context.Background(), i.fresh, 0, good, false))

	out, warnings, err := p.show(tool, i.fresh)
	require.NoError(t, err)
	require.Empty(t, warnings)
	cohort, c := p.cohortOf(i.fresh), p.contribution(i.fresh)
	file := p.Contributions[2].File
	require.Equal(t, fmt.Sprintf(`contribution %d: notes
by          %s
licence     CC-BY-4.0
DataNet     %d, Glands; domain dermatology
description Notes on the glands of the skin.
            No pictures.
guidelines  https://example.org/glands
claims      2 segments, %d tokens, %d bytes
status      submitted
review      cohort %d, review, phase commit until %s, 2 d left
decided     by you: accept, score 820
text        from %s: content hash %x and root are those of the chain
checks      counts, statistics and rules hold
checked     2 segments against 0 contributions: 0 duplicates, 0 derived

[0]
%s

[1]
%s
`, i.fresh, p.Alice, p.DatanetID, c.Tokens, c.Bytes, cohort.Id, cohort.Deadline.Local().Format(timeLayout),
		filepath.Join(p.clientCtx.HomeDir, "content"), c.ContentHash, file.Segments[0], file.Segments[1]), out)

	// The text that it copies is of another DataNet: --against names it.
	against := filepath.Join(t.TempDir(), "original.olseg")
	require.NoError(t, os.WriteFile(against, marshal(t, p.Contributions[0].File), 0o600))
	out, _, err = p.show(tool, i.duplicate, "--against", against, "--segments", "0")
	require.NoError(t, err)
	require.Contains(t, out, "duplicate   segment 0: 100.0 % stands in segment 1 of original.olseg")
	require.Contains(t, out, "against 2 contributions", "the earlier item of the same cohort is the other one")
	require.NotContains(t, out, "\n[0]")
	require.Contains(t, out, "… and 1 more segments")

	out, _, err = p.show(tool, i.duplicate, "--datanet", "1", "--segments", "0")
	require.NoError(t, err)
	require.Contains(t, out, "duplicate   segment 0: 100.0 % stands in segment 1 of contribution 1:")

	// A folder that holds the item itself does not make it a duplicate.
	out, _, err = p.show(tool, i.sound, "--against", filepath.Join(p.clientCtx.HomeDir, "content"))
	require.NoError(t, err)
	require.Contains(t, out, "0 duplicates")
}

// TestShowFetches from the contributor and from attestors, checks what it gets,
// and says what to do when there is nothing.
func TestShowFetches(t *testing.T) {
	p := newPanels(t, 3)
	i := p.cohort()
	tool := p.drawn(i.fresh)[0]
	store := filepath.Join(t.TempDir(), "empty")
	hash := fmt.Sprintf("%x", p.contribution(i.fresh).ContentHash)

	_, _, err := p.show(tool, i.fresh, "--content", store)
	require.ErrorContains(t, err, "did not say where it is published")
	require.ErrorContains(t, err, "give --attestor")
	require.ErrorContains(t, err, fmt.Sprintf("openledgerd review vote %d --reject --reason unavailable", i.fresh))

	served := make(map[string][]byte)
	attestor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, held := served[r.URL.Path]
		if !held {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(content)
	}))
	defer attestor.Close()
	_, _, err = p.show(tool, i.fresh, "--content", store, "--attestor", attestor.URL)
	require.ErrorContains(t, err, "404")
	encoded := marshal(t, p.Contributions[2].File)
	forged := slices.Clone(encoded)
	forged[len(forged)-1] ^= 1
	served["/v1/content/"+hash] = forged
	_, _, err = p.show(tool, i.fresh, "--content", store, "--attestor", attestor.URL)
	require.ErrorContains(t, err, "does not have its hash")
	served["/v1/content/"+hash] = encoded
	out, _, err := p.show(tool, i.fresh, "--content", store, "--attestor", attestor.URL)
	require.NoError(t, err)
	require.Contains(t, out, "text        from "+attestor.URL)
	out, _, err = p.show(tool, i.fresh, "--content", store)
	require.NoError(t, err)
	require.Contains(t, out, "text        from "+store, "it is kept")

	// The earlier items of the cohort that nobody looked at are named.
	served[fmt.Sprintf("/v1/content/%x", p.contribution(i.altered).ContentHash)] = marshal(t, p.Contributions[4].File)
	out, warnings, err := p.show(tool, i.altered, "--content", store, "--attestor", attestor.URL)
	require.NoError(t, err)
	require.Contains(t, out, "against 1 contributions")
	require.Contains(t, warnings, fmt.Sprintf("missing: contribution %d", i.fresh+1))
	require.Contains(t, warnings, "not compared with 1 of 2 contributions")
	served[fmt.Sprintf("/v1/content/%x", p.contribution(i.fresh+1).ContentHash)] = marshal(t, p.Contributions[3].File)
	out, warnings, err = p.show(tool, i.altered, "--content", store, "--attestor", attestor.URL, "--fetch-missing")
	require.NoError(t, err)
	require.Contains(t, out, "against 2 contributions")
	require.Empty(t, warnings)
}

// TestShowAppeal shows the reasons of both sides.
func TestShowAppeal(t *testing.T) {
	p := newPanels(t, 3)
	ctx := context.Background()
	i := p.cohort()
	for _, tool := range p.drawn(i.fresh) {
		require.NoError(t, tool.vote(ctx, i.fresh, 0, datanettypes.Vote{Reason: datanettypes.REJECT_REASON_OFF_TOPIC}, false))
		require.NoError(t, tool.vote(ctx, i.duplicate, 0, copies, false))
		require.NoError(t, tool.vote(ctx, i.altered, 0, wrong, false))
		require.NoError(t, tool.vote(ctx, i.sound, 0, good, false))
	}
	for _, account := range append(slices.Clone(p.reviewers), p.Owner, p.Stranger) {
		require.NoError(t, p.tool(account).pass(ctx))
	}
	require.Equal(t, datanettypes.CONTRIBUTION_STATUS_REJECTED, p.contribution(i.fresh).Status)
	// As many as decided, who have not decided yet.
	judges := []chain.Account{p.Payer, p.Bob, p.Provider}
	for _, judge := range judges {
		p.Send(judge, &datanettypes.MsgBondValidator{Validator: judge.String(), DatanetId: p.DatanetID,
			Amount: chain.Open(400)})
	}
	p.Send(p.Alice, &datanettypes.MsgAppeal{Appellant: p.Alice.String(), Rank: i.fresh, Reason: "line 3 \x1b[31mcites it"})
	p.Blocks(6)
	var seated []*tool
	for _, account := range append(judges, p.reviewers...) { // one of them may have had no seat in the first panel
		if judge := p.tool(account); len(must(judge.assignments(ctx))) > 0 {
			seated = append(seated, judge)
		}
	}
	require.NotEmpty(t, seated)
	judge := seated[0]
	queue, err := judge.queue(ctx)
	require.NoError(t, err)
	require.Len(t, queue, 1)
	require.Equal(t, "appeal", queue[0].Kind)
	out, _, err := p.show(judge, i.fresh, "--segments", "1")
	require.NoError(t, err)
	require.Regexp(t, `first panel cohort \d+ rejected it: 0 of 3 seats accept; "3 of 3 seats reject: off_topic 3"`, out)
	require.Contains(t, out, fmt.Sprintf(`appellant   %s: "line 3 `, p.Alice))
	require.NotContains(t, out, "\x1b")

	// A check is an appeal that nobody made.
	check := must(judge.assignments(ctx))[0].Cohort
	check.Kind, check.Appellant, check.Reason = datanettypes.COHORT_KIND_CHECK, "", "drawn by chance"
	judge.out.Reset()
	require.NoError(t, judge.printReviews(p.contribution(i.fresh), []datanettypes.Cohort{check}))
	require.Contains(t, judge.out.String(), fmt.Sprintf("review      cohort %d, check, phase commit", check.Id))
	require.Contains(t, judge.out.String(), "drawn by chance")
	require.Contains(t, judge.out.String(), "Decide anew")
	require.NotContains(t, judge.out.String(), "appellant")

	for _, judge := range seated {
		require.NoError(t, judge.vote(ctx, i.fresh, 0, good, false))
	}
	for _, judge := range seated {
		require.NoError(t, judge.pass(ctx))
	}
	require.Equal(t, datanettypes.CONTRIBUTION_STATUS_ACCEPTED, p.contribution(i.fresh).Status)
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func TestVoteOf(t *testing.T) {
	for args, want := range map[string]any{
		"--accept --score 820":        good,
		"--reject --reason duplicate": copies,
		"--reject --reason off_topic --score 3": datanettypes.Vote{Reason: datanettypes.REJECT_REASON_OFF_TOPIC,
			Score: 3},
		"--reject --reason unavailable":             datanettypes.Vote{Reason: datanettypes.REJECT_REASON_UNAVAILABLE},
		"--accept":                                  "--score 1 to 1000",
		"--accept --score 1001":                     "at most 1000",
		"--accept --score 820 --reason spam":        "goes with --reject",
		"--reject":                                  "choose why",
		"--reject --reason boring":                  "spam, duplicate, off-topic, wrong, quality, rights, unavailable",
		"--accept --reject --score 1 --reason spam": "give --accept",
		"": "give --accept",
	} {
		cmd, _ := command(t, reviewVoteCmd(), strings.Fields(args))
		vote, err := voteOf(cmd)
		if text, fails := want.(string); fails {
			require.ErrorContains(t, err, text, args)
			continue
		}
		require.NoError(t, err, args)
		require.Equal(t, want, vote, args)
		require.NoError(t, datanettypes.ValidateVotes([]datanettypes.Vote{vote}))
	}
}

// TestAttestorIsNoSection: app.toml has a section with the name of the flag.
func TestAttestorIsNoSection(t *testing.T) {
	home := t.TempDir()
	for _, test := range []struct{ args, want []string }{
		{nil, nil},
		{[]string{"--attestor", "http://a.example:8090"}, []string{"http://a.example:8090"}},
	} {
		root := NewRootCmd()
		root.PersistentFlags().String(flags.FlagHome, home, "") // as svrcmd.Execute does
		show, _, err := root.Find([]string{"review", "show"})
		require.NoError(t, err)
		var got []string
		show.RunE = func(cmd *cobra.Command, _ []string) (err error) {
			got, err = cmd.Flags().GetStringArray(flagMirror)
			return err
		}
		root.SetArgs(append([]string{"review", "show", "17"}, test.args...))
		ctx := context.WithValue(context.Background(), client.ClientContextKey, &client.Context{})
		require.NoError(t, root.ExecuteContext(context.WithValue(ctx, server.ServerContextKey, server.NewDefaultContext())))
		require.ElementsMatch(t, test.want, got)
	}
}

// TestPlain: what strangers wrote does not move the cursor or turn text round.
func TestPlain(t *testing.T) {
	require.Equal(t, "é 漢\n\tx", printable("é 漢\n\tx"))
	require.Equal(t, `\u{1b}[2J\u{202e}a\xff`, printable("\x1b[2J\u202ea\xff"))
	require.Equal(t, `one \u{d} two`, printableLine("one\n \r\n\ttwo"))
}

func TestLeft(t *testing.T) {
	for d, want := range map[time.Duration]string{
		28 * time.Hour: "1 d 4 h left", 24 * time.Hour: "1 d left", 90 * time.Minute: "1 h 30 min left",
		61 * time.Second: "1 min 1 s left",
		time.Millisecond: "less than 1 s left", 0: "over", -time.Hour: "over",
	} {
		require.Equal(t, want, timeLeft(d))
	}
}
