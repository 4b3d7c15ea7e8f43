package app_test

import (
	"slices"
	"testing"
	"time"

	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// influenced has an adapter answer in words of nobody but one sentence of Alice's, with a query that asks Bob's text.
// lie changes what the provider claims. The batch is attested, and open.
func influenced(t *testing.T, lie func(c *chain.Conversation, att *poa.Attribution)) (*chain.Conversation, uint64) {
	t.Helper()
	return influencedBy(t, 0, lie)
}

// influencedBy is influenced with a quieter query: of exponent 11, scores are below one bit a token, so noise counts.
func influencedBy(t *testing.T, exponent int8, lie func(c *chain.Conversation, att *poa.Attribution)) (
	*chain.Conversation, uint64,
) {
	t.Helper()
	s := attested(t)
	s.Voter = say(unknown, unknown, unknown, unknown)
	rows := s.InfluenceRows()
	rows[0].SharePPM, rows[1].SharePPM = 900_000, 100_000 // the table gives Bob at most two fifths of the part
	s.PublishAdapter(rows)
	c := s.Open(chain.Open(100))
	c.Query = &poa.LoraQuery{Sketch: s.Influence()[1].Sketch}
	c.Query.Exponent = exponent
	if lie != nil {
		c.Lie = func(att *poa.Attribution) { lie(c, att) }
	}
	c.Ask("In short: " + chain.Texts[0][0] + " The rest is of no book: lanterns drift across quiet harbours while " +
		"bakers argue about marmalade, umbrellas and the price of yellow bicycles in winter.")
	_, id := c.Submit(c.Attested(c.Acknowledged()))
	return c, id
}

// decided has validators say yes to what is open.
func decided(s *chain.Scenario) {
	s.Voter = chain.AllSay(valid)
	s.Blocks(2)
}

// claimed is what the chain has recorded of the first answer, with what leads to it.
func claimed(t *testing.T, c *chain.Conversation) poa.Claim {
	t.Helper()
	found, err := c.Receipt(c.ReceiptID(1))
	require.NoError(t, err)
	record, err := found.Receipt.Record()
	require.NoError(t, err)
	a := c.Answers[0]
	seal := a.Attribution.Lora.Seal()
	return poa.Claim{Record: record, QueryHash: a.Receipt.QueryHash, AnswerRoot: a.Receipt.AnswerRoot,
		EvidenceRoot: a.Receipt.EvidenceRoot, Bundle: c.Evidence.Root(), Lora: &seal, Training: c.Training()}
}

// ofLora is header of an answer by method LORA.
func ofLora(c *chain.Conversation) poa.Dispute {
	d := header(c.Answers[0])
	seal := c.Answers[0].Attribution.Lora.Seal()
	d.Lora = &seal
	return d
}

// aboutInfluence are the proofs of kinds 7, 8 and 9 that there are about an answer, and that of kind 5.
func aboutInfluence(t *testing.T, c *chain.Conversation) []poa.Dispute {
	t.Helper()
	att, rows := c.Answers[0].Attribution, c.Influence()
	var out []poa.Dispute
	for i := range rows {
		score, err := poa.NewWrongScore(att, rows, i)
		require.NoError(t, err)
		amount, err := poa.NewWrongAmount(att, rows, i)
		require.NoError(t, err)
		sum, err := poa.NewWrongSum(att, i)
		require.NoError(t, err)
		of := [...]poa.Dispute{ofLora(c), ofLora(c), ofLora(c)}
		of[0].WrongScore, of[1].WrongAmount, of[2].WrongSum = &score, &amount, &sum
		out = append(out, of[:]...)
	}
	neighbours, err := poa.NewWrongSum(att, 0, 1)
	require.NoError(t, err)
	weights, err := poa.NewWrongWeights(att, att.Entries)
	require.NoError(t, err)
	both, all := ofLora(c), ofLora(c)
	both.WrongSum, all.WrongWeights = &neighbours, &weights
	return append(out, both, all)
}

// TestProvenLieAboutInfluence: whoever lies about a score, an amount or a sum is slashed for the batch and frozen by
// one proof that fits a message, before the verdict of validators and after it. The challenger has the bond and the
// reward, and whoever got less than the influence file says has the difference, without a bonus.
func TestProvenLieAboutInfluence(t *testing.T) {
	for name, lie := range map[string]struct {
		change   func(c *chain.Conversation, att *poa.Attribution)
		kind     string
		harmed   bool // the proof shows that Bob lost something
		exponent int8 // of the query
	}{
		"score": {func(c *chain.Conversation, att *poa.Attribution) {
			friends := slices.Clone(c.Influence())
			friends[0].Sketch = friends[1].Sketch // a friend answers to the query, too
			require.NoError(c.T, att.AddLora(friends, c.Query))
			c.Weigh(att)
		}, poa.KindWrongScore, false, 0},
		"score with its noise": {func(c *chain.Conversation, att *poa.Attribution) {
			sum := uint64(0)
			for i := range att.Lora.Rows {
				row := &att.Lora.Rows[i]
				row.Score = c.Query.Score(&c.Influence()[i], 0) // as if there were no strangers
				sum += row.Score
				row.Sum = sum
			}
			c.Weigh(att)
		}, poa.KindWrongScore, false, 11},
		"above the bound": {func(c *chain.Conversation, att *poa.Attribution) {
			att.Lora.Rows[1].Amount = att.Lora.Bits
			c.Weigh(att)
		}, poa.KindWrongAmount, false, 0},
		"nothing for who was asked": {func(c *chain.Conversation, att *poa.Attribution) {
			att.Lora.Rows[1].Amount = 0
			c.Weigh(att)
		}, poa.KindWrongAmount, true, 0},
		"sum": {func(_ *chain.Conversation, att *poa.Attribution) { att.Lora.Rows[0].Sum++ }, poa.KindWrongSum, false, 0},
		"more than the part may be": {func(c *chain.Conversation, att *poa.Attribution) {
			att.Lora.Bits = att.TotalBits/2 + 1
			c.Weigh(att)
		}, poa.KindWrongSum, false, 0},
	} {
		for _, final := range []bool{false, true} {
			t.Run(name+map[bool]string{true: ", final", false: ", open"}[final], func(t *testing.T) {
				c, id := influencedBy(t, lie.exponent, lie.change)
				s := c.Scenario
				if final {
					decided(s)
				}
				found, err := poa.LoraDisputes(claimed(t, c), c.Answers[0].Attribution, s.Influence(), s.Source())
				require.NoError(t, err)
				at := slices.IndexFunc(found, func(d poa.Dispute) bool { return d.Kind() == lie.kind })
				require.GreaterOrEqual(t, at, 0, "%d disputes, none is of kind %s", len(found), lie.kind)

				before := batchOf(t, s, id)
				bonded, err := s.App.ModelsKeeper.GetProvider(s.Ctx(), s.Provider.Address)
				require.NoError(t, err)
				d := newDispute(t, s.Stranger, id, 0, found[at])
				require.LessOrEqual(t, len(d.proof), poa.MaxDisputeBytes)
				s.Send(s.Stranger, d.commit())
				alice, bob, stranger, payer := wealth(s, s.Alice), wealth(s, s.Bob), wealth(s, s.Stranger), wealth(s, s.Payer)
				verdict := d.verdict(s)
				require.Equal(t, attributiontypes.DISPUTE_VERDICT_UPHELD, verdict.Verdict)
				require.Equal(t, before.Liability, verdict.Slashed)
				require.False(t, verdict.Pending)

				lost := wealth(s, s.Bob).Sub(bob)
				require.Equal(t, lie.harmed, lost.IsPositive(), lost.String())
				require.Equal(t, alice.String(), wealth(s, s.Alice).String())
				require.Equal(t, rewardOf(before.Liability, lost).String(), verdict.Reward.String())
				require.Equal(t, stranger.Add(chain.Open(10)).Add(verdict.Reward).Sub(chain.Fee()).String(),
					wealth(s, s.Stranger).String())
				after, err := s.App.ModelsKeeper.GetProvider(s.Ctx(), s.Provider.Address)
				require.NoError(t, err)
				require.True(t, after.Frozen)
				require.Equal(t, bonded.Bond.Sub(verdict.Slashed).String(), after.Bond.String())
				require.Equal(t, attributiontypes.BATCH_STATUS_DISPROVEN, batchOf(t, s, id).Status)
				refund := sdkmath.ZeroInt()
				if !final { // what was not decided is refunded
					refund = before.Fees
				}
				require.Equal(t, payer.Add(refund).String(), wealth(s, s.Payer).String())

				c.Lie = nil
				c.Ask(answer())
				s.Refuse(s.Provider, modelstypes.ErrProviderFrozen, c.Attested(c.Acknowledged()))
				imported := s.Import(s.Export())
				imported.Skip(25 * time.Hour)
				imported.Blocks(2)
				_, err = imported.App.AttributionKeeper.GetBatch(imported.Ctx(), id)
				require.ErrorIs(t, err, attributiontypes.ErrBatchNotFound)
			})
		}
	}
}

// TestLossByInfluenceEarnsNoBonus: what Bob has when the lie is proven is what an honest answer would have paid him.
func TestLossByInfluenceEarnsNoBonus(t *testing.T) {
	c, _ := influenced(t, nil)
	bob := wealth(c.Scenario, c.Bob)
	decided(c.Scenario)
	honest := wealth(c.Scenario, c.Bob).Sub(bob)
	require.True(t, honest.IsPositive())

	c, id := influenced(t, func(c *chain.Conversation, att *poa.Attribution) {
		att.Lora.Rows[1].Amount = 0
		c.Weigh(att)
	})
	s := c.Scenario
	bob = wealth(s, s.Bob)
	decided(s)
	require.Equal(t, bob.String(), wealth(s, s.Bob).String())
	found, err := poa.LoraDisputes(claimed(t, c), c.Answers[0].Attribution, s.Influence(), s.Source())
	require.NoError(t, err)
	require.True(t, newDispute(t, s.Stranger, id, 0, found[0]).play(s).Upheld)
	lost := wealth(s, s.Bob).Sub(bob)
	// the receipt rounds to ppm
	require.True(t, lost.Sub(honest).Abs().MulRaw(100_000).LTE(honest), "%s instead of %s", lost, honest)
}

// TestHonestInfluenceConvictsNobody: whatever can be said about the rows of an honest answer is refuted, before the
// verdict and after it, costs the bond, which is burned, and changes nothing else.
func TestHonestInfluenceConvictsNobody(t *testing.T) {
	c, id := influenced(t, nil)
	s := c.Scenario
	require.True(t, slices.ContainsFunc(c.Answers[0].Receipt.Entries, func(e poa.Entry) bool { return e.LoraPPM > 0 }))
	found, err := poa.LoraDisputes(claimed(t, c), c.Answers[0].Attribution, s.Influence(), s.Source())
	require.NoError(t, err)
	require.Empty(t, found)
	kinds := make(map[string]bool)
	for i, proof := range aboutInfluence(t, c) {
		if i == 4 {
			decided(s)
		}
		batch := batchOf(t, s, id)
		provider, err := s.App.ModelsKeeper.GetProvider(s.Ctx(), s.Provider.Address)
		require.NoError(t, err)
		before, held := wealth(s, s.Stranger), s.Balance(authtypes.NewModuleAddress(attributiontypes.ModuleName))
		verdict := newDispute(t, s.Stranger, id, 0, proof).play(s)
		require.False(t, verdict.Upheld, proof.Kind())
		require.Equal(t, attributiontypes.DISPUTE_VERDICT_REFUTED, verdict.Verdict, proof.Kind())
		require.Equal(t, sdkmath.ZeroInt(), verdict.Slashed)
		require.Equal(t, before.Sub(chain.Open(10)).Sub(chain.Fee().MulRaw(2)).String(), wealth(s, s.Stranger).String())
		require.Equal(t, held, s.Balance(authtypes.NewModuleAddress(attributiontypes.ModuleName)), "the bond is burned")
		require.Equal(t, batch, batchOf(t, s, id))
		after, err := s.App.ModelsKeeper.GetProvider(s.Ctx(), s.Provider.Address)
		require.NoError(t, err)
		require.Equal(t, provider, after)
		kinds[proof.Kind()] = true
	}
	for _, kind := range []string{poa.KindWrongScore, poa.KindWrongAmount, poa.KindWrongSum, poa.KindWrongWeights} {
		require.True(t, kinds[kind], kind)
	}
	require.Equal(t, attributiontypes.BATCH_STATUS_FINAL, batchOf(t, s, id).Status)
}

// TestBadProofsAboutInfluence: proofs that are not about the receipt, or no proofs, are refused with a code and prove
// nothing of a lie that there is; the right one does.
func TestBadProofsAboutInfluence(t *testing.T) {
	c, id := influenced(t, func(c *chain.Conversation, att *poa.Attribution) {
		att.Lora.Rows[1].Amount++
	})
	s := c.Scenario
	decided(s)
	found, err := poa.LoraDisputes(claimed(t, c), c.Answers[0].Attribution, s.Influence(), s.Source())
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, poa.KindWrongAmount, found[0].Kind())

	for name, change := range map[string]func(d *poa.Dispute){
		"share of nobody's table": func(d *poa.Dispute) { d.WrongAmount.PPM++ },
		"row that was not sealed": func(d *poa.Dispute) { d.WrongAmount.Row.Row.Amount++ },
		"another seal":            func(d *poa.Dispute) { seal := *d.Lora; seal.Bits++; d.Lora = &seal },
		"another answer":          func(d *poa.Dispute) { d.AnswerRoot[0] ^= 1 },
		"another place":           func(d *poa.Dispute) { d.WrongAmount.Row.Index ^= 1 },
		"a right row": func(d *poa.Dispute) {
			right, err := poa.NewWrongAmount(c.Answers[0].Attribution, s.Influence(), 0)
			require.NoError(t, err)
			d.WrongAmount = &right
		},
	} {
		d, amount := found[0], *found[0].WrongAmount
		d.WrongAmount = &amount
		change(&d)
		verdict := newDispute(t, s.Stranger, id, 0, d).play(s)
		require.Equal(t, attributiontypes.DISPUTE_VERDICT_REFUTED, verdict.Verdict, name)
	}
	cut := newDispute(t, s.Stranger, id, 0, found[0])
	cut.proof = cut.proof[:len(cut.proof)-1]
	require.Equal(t, attributiontypes.DISPUTE_VERDICT_REFUTED, cut.play(s).Verdict)
	large := newDispute(t, s.Stranger, id, 0, found[0])
	large.proof = make([]byte, poa.MaxDisputeBytes+1)
	s.Send(s.Stranger, large.commit())
	s.Refuse(s.Stranger, attributiontypes.ErrInvalidDispute, large.reveal())

	right := newDispute(t, s.Bob, id, 0, found[0])
	s.Refuse(s.Bob, attributiontypes.ErrDisputeNotFound, right.reveal())
	elsewhere := newDispute(t, s.Bob, id, 1, found[0])
	s.Send(s.Bob, elsewhere.commit())
	s.Refuse(s.Bob, attributiontypes.ErrReceiptNotFound, elsewhere.reveal())
	results := s.Block(chain.Tx{Signer: s.Bob, Gas: 50_000_000, Msgs: []sdk.Msg{right.commit()}},
		chain.Tx{Signer: s.Bob, Gas: 50_000_000, Msgs: []sdk.Msg{right.reveal()}})
	require.Zero(t, results[0].Code, results[0].Log)
	require.Equal(t, attributiontypes.ErrDisputeEarly.ABCICode(), results[1].Code, results[1].Log)
	require.True(t, right.verdict(s).Upheld)
}

// TestProofsAboutInfluenceNeedIt: of an answer by another method they show nothing.
func TestProofsAboutInfluenceNeedIt(t *testing.T) {
	s := newScenario(t)
	c := s.Open(chain.Open(100))
	c.Ask(answer())
	_, id := c.Submit(c.Acknowledged())
	att := c.Answers[0].Attribution
	rows := s.InfluenceRows()
	require.NoError(t, att.AddLora(rows, &poa.LoraQuery{Sketch: rows[0].Sketch}))
	att.Lora.Rows[0].Score++
	score, err := poa.NewWrongScore(att, rows, 0)
	require.NoError(t, err)
	d := header(c.Answers[0])
	seal := att.Lora.Seal()
	d.Lora, d.WrongScore = &seal, &score
	require.Equal(t, attributiontypes.DISPUTE_VERDICT_REFUTED, newDispute(t, s.Stranger, id, 0, d).play(s).Verdict)
}
