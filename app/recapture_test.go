package app_test

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"time"

	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/app"
	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// notices of 57 tokens, such as whoever answers can append to every answer.
var notices = map[string]string{
	"Aldous": "These remarks accompany everything that our service returns so consult a licensed physician before " +
		"relying on statements about illness " +
		"dosage or surgery because summaries omit contraindications interactions and personal circumstances that only an " +
		"examination reveals to " +
		"somebody qualified who judges them properly in good time and nothing said here replaces the advice of those who know you",
	"Berenice": "Prepared by an automatic librarian whose shelves were last dusted in spring this digest may lag " +
		"behind newer guidelines so readers " +
		"ought to compare it with the manufacturer leaflet and their pharmacist while emergencies belong on the telephone " +
		"and never into any " +
		"chat window however patient the voice behind it seems to be during that long night before help has finally arrived",
	"Cornelius": "Liability for damage caused through use of such material is excluded as far as statute permits and " +
		"readers outside the " +
		"jurisdiction of incorporation should verify whether local rules demand further warnings since professional " +
		"bodies differ about " +
		"consent retention and disclosure which makes any summary perishable and every printed copy a poor witness once " +
		"the courts have spoken again",
}

func notice(by string) string {
	words := strings.Fields(notices[by])
	return strings.Join(words[:57], " ")
}

// recapture is a chain on which three people have registered a notice each.
type recapture struct {
	*chain.Scenario
	own, served, other chain.Contribution // of the model's owner, the provider and a second account
}

func newRecapture(t *testing.T, method modelstypes.AttributionMethod) *recapture {
	t.Helper()
	r := &recapture{Scenario: newScenario(t)}
	r.own = r.Contribute(r.Owner, notice("Aldous"))
	r.served = r.Contribute(r.Provider, notice("Berenice"))
	r.other = r.Contribute(r.Stranger, notice("Cornelius"))
	r.Contribute(r.Alice, library(50)...)
	r.Accept()
	r.AwaitHeld()
	r.Publish(method)
	r.Reindex()
	return r
}

// library is text that nobody asks about: it makes a notice a small part of the manifest.
func library(segments int) []string {
	random := rand.New(rand.NewSource(1))
	common := strings.Fields("the of and to in is that it for with as on be by this are from or an which")
	out := make([]string, segments)
	for i := range out {
		words := make([]string, 170)
		for j := range words {
			words[j] = fmt.Sprintf("term%d", random.Intn(5_000))
			if random.Intn(5) < 2 {
				words[j] = common[random.Intn(len(common))]
			}
		}
		out[i] = strings.Join(words, " ")
	}
	return out
}

// honest is the i-th answer before anything is appended: a quotation, or the same in other words.
func honest(i int, paraphrased bool) string {
	text := chain.Texts[i%2][i/2%2] + " " + chain.Texts[(i+1)%2][i/4%2]
	if paraphrased {
		text = strings.NewReplacer("directs", "governs", "growth", "lengthening", "sending", "giving", "cells", "units",
			"divide", "split", "faster", "quicker",
			"phase", "period", "shrinks", "narrows", "open", "lead", "onto", "to", "surface", "outside", "answer", "respond",
			"fibres", "nerves",
			"secrete", "give off", "smell", "odour", "bacteria", "germs", "broken", "taken").Replace(text)
	}
	return text
}

// answered submits batches of answers with a notice behind each, and returns the id of the last batch.
func (r *recapture) answered(c *chain.Conversation, batches, answers int, behind func(i int) string,
	paraphrased bool) (id uint64) {
	r.T.Helper()
	n := 0
	for range batches {
		for range answers {
			c.Ask(honest(n, paraphrased) + " " + behind(n))
			n++
		}
		_, id = c.Submit(c.Acknowledged())
		r.Blocks(1)
	}
	return id
}

// share of the data share of a batch that an account earns as contributor, in thousandths, as it is paid and as its
// weights say.
func (r *recapture) share(c *chain.Conversation, id uint64, rank uint64) (paid, weighed int64) {
	r.T.Helper()
	batch, err := r.App.AttributionKeeper.GetBatch(r.Ctx(), id)
	require.NoError(r.T, err)
	contribution, err := r.App.DatanetKeeper.GetContribution(r.Ctx(), rank)
	require.NoError(r.T, err)
	credits, err := batchCredits(r.Scenario, id, contribution.Contributor)
	require.NoError(r.T, err)
	data := chain.Royalty.MulRaw(int64(batch.Receipts)).MulRaw(int64(batch.Terms.DataPpm)).QuoRaw(1_000_000)
	earned := sdkmath.ZeroInt()
	for _, account := range credits.Accounts {
		earned = earned.Add(account.Contributed)
	}
	sum := uint64(0)
	for _, answered := range c.Answers[len(c.Answers)-int(batch.Receipts):] {
		for _, entry := range answered.Receipt.Entries {
			if entry.Rank == rank {
				sum += uint64(entry.WeightPPM)
			}
		}
	}
	return earned.MulRaw(1_000).Quo(data).Int64(), int64(sum / uint64(batch.Receipts) / 1_000)
}

// TestNoticeEarnsNothing: what the model's owner or the provider registered and appends to each answer pays them
// nothing, whatever the method and however the rest of the answer is worded. The same by a second account fades to the
// floor.
func TestNoticeEarnsNothing(t *testing.T) {
	const tokens = 57
	for by := range notices {
		require.Len(t, poa.TokenIDs([]byte(notice(by))), tokens, by)
	}
	for _, method := range []modelstypes.AttributionMethod{modelstypes.ATTRIBUTION_METHOD_SPAN,
		modelstypes.ATTRIBUTION_METHOD_RAG} {
		r := newRecapture(t, method)
		for _, paraphrased := range []bool{false, true} {
			for _, whose := range []struct {
				name string
				chain.Contribution
			}{{"owner", r.own}, {"provider", r.served}} {
				c := r.Open(chain.Open(200))
				behind := string(whose.File.Segments[0])
				id := r.answered(c, 1, 10, func(int) string { return behind }, paraphrased)
				paid, weighed := r.share(c, id, whose.Rank)
				require.Greater(t, weighed, int64(250), "the attack itself must work")
				require.Zero(t, paid, "%s, %s", whose.name, method)
				t.Logf("%s, paraphrased %t: notice of the %s is .%03d of the data share and is paid .%03d", method, paraphrased,
					whose.name, weighed, paid)
			}
		}
		c := r.Open(chain.Open(1_000))
		behind := string(r.other.File.Segments[0])
		id := r.answered(c, 6, 150, func(int) string { return behind }, true)
		paid, weighed := r.share(c, id, r.other.Rank)
		require.Greater(t, weighed, int64(250))
		require.Less(t, paid, int64(145), "the cap of %d tokens of some 9,000, and what the prior adds", tokens)
		t.Logf("%s: notice of a second account is .%03d of the data share and is paid .%03d", method, weighed, paid)
		r.frozen(t, c, id)
	}
}

// frozen checks that a batch with reductions pays what its queries say, now and after whatever happens later.
func (r *recapture) frozen(t *testing.T, c *chain.Conversation, id uint64) {
	t.Helper()
	credits, err := batchCredits(r.Scenario, id, "")
	require.NoError(t, err)
	require.NotEmpty(t, credits.Reductions)
	batch, err := r.App.AttributionKeeper.GetBatch(r.Ctx(), id)
	require.NoError(t, err)
	sum, pool := sdkmath.ZeroInt(), sdkmath.ZeroInt()
	for n := c.Session.Calls - uint64(batch.Receipts) + 1; n <= c.Session.Calls; n++ {
		found, err := r.Receipt(c.ReceiptID(n))
		require.NoError(t, err)
		require.NotEmpty(t, found.Reductions)
		p := found.Payout
		parts := p.Provider.Add(p.Burned).Add(p.Lineage).Add(p.Validators).Add(p.BountyPool).Add(p.Retired)
		for _, entry := range p.Entries {
			parts = parts.Add(entry.Amount).Add(entry.OwnerAmount)
		}
		require.Equal(t, p.Fee.String(), parts.String(), "every aopen of the fee goes somewhere")
		sum, pool = sum.Add(p.Fee).Sub(p.Burned).Sub(p.Validators).Sub(p.BountyPool).Sub(p.Retired), pool.Add(p.BountyPool)
	}
	amount, _ := sumCredits(t, r.Scenario, id)
	require.Equal(t, sum.String(), amount.String())
	require.True(t, pool.IsPositive())

	// A new owner of the model, and an import, change nothing of it.
	r.Send(r.Owner, &modelstypes.MsgUpdateModel{Owner: r.Owner.String(), ModelId: r.ModelID, Description: "handed over",
		NewOwner: r.Bob.String()})
	later, err := batchCredits(r.Scenario, id, r.Stranger.String())
	require.NoError(t, err)
	require.Equal(t, contributedOf(credits, r.Stranger), contributedOf(later, r.Stranger))
	require.Equal(t, credits.Reductions, later.Reductions)
	imported := *r.Scenario
	imported.Chain = r.Import(r.Export())
	after, err := batchCredits(&imported, id, r.Stranger.String())
	require.NoError(t, err)
	require.Equal(t, later, after)
	before, err := r.App.ModelsKeeper.GetProvider(r.Ctx(), r.Provider.Address)
	require.NoError(t, err)
	kept, err := imported.App.ModelsKeeper.GetProvider(imported.Ctx(), r.Provider.Address)
	require.NoError(t, err)
	require.NotEmpty(t, before.Recurring)
	require.Equal(t, before.Recurring, kept.Recurring)

	// With the batch its reductions go.
	r.Skip(25 * time.Hour)
	r.Blocks(3)
	_, err = batchCredits(r.Scenario, id, "")
	require.Error(t, err)
	exported, err := r.App.AttributionKeeper.ExportGenesis(r.Ctx())
	require.NoError(t, err)
	require.Empty(t, exported.Reductions)
}

func contributedOf(credits *attributiontypes.QueryBatchCreditsResponse, account chain.Account) string {
	for _, credit := range credits.Accounts {
		if credit.Address == account.String() {
			return credit.Contributed.String()
		}
	}
	return "nothing"
}

// TestOwnTextIsPaidWhereGovernanceSaysSo: the rules are parameters.
func TestOwnTextIsPaidWhereGovernanceSaysSo(t *testing.T) {
	for _, rule := range []struct {
		own, fades bool
	}{{true, true}, {true, false}, {false, false}} {
		s := chain.NewScenario(func(accounts []chain.Account) *chain.Chain {
			return chain.New(t, accounts, func(a *app.App, state map[string]json.RawMessage) {
				g := attributiontypes.DefaultGenesis()
				a.AppCodec().MustUnmarshalJSON(state[attributiontypes.ModuleName], g)
				g.Params.PayOwnText = rule.own
				if !rule.fades {
					g.Params.FadeFloorPpm = 0
				}
				state[attributiontypes.ModuleName] = a.AppCodec().MustMarshalJSON(g)
			})
		})
		r := &recapture{Scenario: s}
		r.own = r.Contribute(r.Owner, notice("Aldous"))
		r.Accept()
		r.AwaitHeld()
		r.Publish(modelstypes.ATTRIBUTION_METHOD_SPAN)
		r.Reindex()
		c := r.Open(chain.Open(100))
		behind := string(r.own.File.Segments[0])
		id := r.answered(c, 1, 10, func(int) string { return behind }, false)
		paid, _ := r.share(c, id, r.own.Rank)
		require.Equal(t, rule.own, paid > 0)
		provider, err := r.App.ModelsKeeper.GetProvider(r.Ctx(), r.Provider.Address)
		require.NoError(t, err)
		require.Equal(t, rule.fades, len(provider.Recurring) > 0)
	}
}

// TestLossOfOwnTextIsNotCompensated: a lie takes nothing from the owner of the model, whose text would not have been
// paid.
func TestLossOfOwnTextIsNotCompensated(t *testing.T) {
	s, c, batch := lie(t)
	proof := earlier(t, s, c)
	s.Send(s.Owner, &modelstypes.MsgUpdateModel{Owner: s.Owner.String(), ModelId: s.ModelID, Description: "handed over",
		NewOwner: s.Alice.String()})
	before := wealth(s, s.Alice)
	response := newDispute(t, s.Bob, batch, 0, proof).play(s)
	require.True(t, response.Upheld)
	require.Equal(t, before.String(), wealth(s, s.Alice).String())
}
