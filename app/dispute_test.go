package app_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"cosmossdk.io/collections"
	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// dispute is a challenger with a proof.
type dispute struct {
	challenger chain.Account
	batch      uint64
	index      uint32
	proof      []byte
	salt       []byte
}

func newDispute(t *testing.T, challenger chain.Account, batch uint64, index uint32, proof poa.Dispute) dispute {
	t.Helper()
	encoded, err := proof.MarshalBinary()
	require.NoError(t, err)
	salt := sha256.Sum256(append([]byte("salt of "), challenger.Address...))
	return dispute{challenger, batch, index, encoded, salt[:]}
}

func (d dispute) commit() *attributiontypes.MsgCommitDispute {
	hash := poa.DisputeCommitment(d.challenger.Address, d.batch, d.index, d.proof, d.salt)
	return &attributiontypes.MsgCommitDispute{Challenger: d.challenger.String(), Commitment: hash[:]}
}

func (d dispute) reveal() *attributiontypes.MsgRevealDispute {
	return &attributiontypes.MsgRevealDispute{Challenger: d.challenger.String(), BatchId: d.batch, Index: d.index,
		Proof: d.proof, Salt: d.salt}
}

// play commits, reveals and returns the verdict.
func (d dispute) play(s *chain.Scenario) attributiontypes.MsgRevealDisputeResponse {
	s.T.Helper()
	s.Send(d.challenger, d.commit())
	return d.verdict(s)
}

func (d dispute) verdict(s *chain.Scenario) attributiontypes.MsgRevealDisputeResponse {
	s.T.Helper()
	var response attributiontypes.MsgRevealDisputeResponse
	require.NoError(s.T, chain.Decode(s.Send(d.challenger, d.reveal()), &response))
	return response
}

// wealth of an account: what it has at the bank and in the ledger.
func wealth(s *chain.Scenario, account chain.Account) sdkmath.Int {
	s.T.Helper()
	earnings, err := s.Earnings(account.Address)
	require.NoError(s.T, err)
	return s.Balance(account.Address).Add(earnings.Claimable.Amount)
}

// lie publishes a friend's copy of Alice's text, and has the provider pay the
// friend as if Alice had never written it.
func lie(t *testing.T) (*chain.Scenario, *chain.Conversation, uint64) {
	t.Helper()
	s := newScenario(t)
	s.Contribute(s.Stranger, chain.Texts[0]...)
	s.Accept()
	s.Publish(modelstypes.ATTRIBUTION_METHOD_SPAN)
	s.Reindex(s.Contributions[0].Rank)
	c := s.Open(chain.Open(100))
	c.Ask(answer())
	_, batch := c.Submit(c.Acknowledged())
	return s, c, batch
}

func header(a chain.Answered) poa.Dispute {
	return poa.Dispute{QueryHash: a.Receipt.QueryHash, AnswerRoot: a.Receipt.AnswerRoot,
		EvidenceRoot: a.Receipt.EvidenceRoot}
}

// earlier is the proof that Alice's segment stands before the row that pays the friend.
func earlier(t *testing.T, s *chain.Scenario, c *chain.Conversation) poa.Dispute {
	t.Helper()
	a := c.Answers[0]
	i := slices.IndexFunc(a.Attribution.Rows, func(r poa.Row) bool { return r.Rank != s.Contributions[1].Rank })
	require.GreaterOrEqual(t, i, 0)
	row, err := poa.NewRowProof(a.Attribution, i)
	require.NoError(t, err)
	segment, err := s.SegmentProof(s.Contributions[0].Rank, row.Row.Segment)
	require.NoError(t, err)
	var positions []uint32
	for p := row.Row.Position; p < row.Row.Position+row.Row.Length; p++ {
		positions = append(positions, p)
	}
	opened, err := poa.Narrow(c.Evidence.Answers[0], positions)
	require.NoError(t, err)
	d := header(a)
	d.EarlierSegment = &poa.EarlierSegment{Row: row, Segment: segment, Opened: opened}
	return d
}

// TestProvenLie: the harmed contributor gets the exact loss, the challenger part
// of the rest, at least 40 % are burned, and the provider is frozen.
func TestProvenLie(t *testing.T) {
	s, c, batch := lie(t)
	before, err := s.App.AttributionKeeper.GetBatch(s.Ctx(), batch)
	require.NoError(t, err)
	provider, err := s.App.ModelsKeeper.GetProvider(s.Ctx(), s.Provider.Address)
	require.NoError(t, err)
	receipt, err := s.Receipt(c.ReceiptID(1))
	require.NoError(t, err)

	d, replay := newDispute(t, s.Bob, batch, 0, earlier(t, s, c)), newDispute(t, s.Payer, batch, 0, earlier(t, s, c))
	alice, bob, bonds := wealth(s, s.Alice), wealth(s, s.Bob),
		s.Balance(authtypes.NewModuleAddress(modelstypes.ModuleName))
	s.Send(s.Bob, d.commit())
	s.Refuse(s.Bob, attributiontypes.ErrInvalidDispute, d.commit())
	other := d
	other.challenger = s.Payer
	s.Refuse(s.Payer, attributiontypes.ErrDisputeNotFound, other.reveal())
	verdict := d.verdict(s)
	require.True(t, verdict.Upheld, verdict.Verdict)

	// Exactly what the friend took for the same words.
	taken := sdkmath.ZeroInt()
	for i, entry := range receipt.Receipt.Entries {
		if entry.Rank == s.Contributions[2].Rank {
			taken = receipt.Payout.Entries[i].Amount.Add(receipt.Payout.Entries[i].Bonus)
		}
	}
	require.True(t, taken.IsPositive())
	compensated := wealth(s, s.Alice).Sub(alice)
	// the receipt rounds to ppm
	require.True(t, compensated.Sub(taken).Abs().MulRaw(100_000).LTE(taken), "%s instead of %s", compensated, taken)

	require.Equal(t, before.Liability, verdict.Slashed)
	fees := bob.Add(verdict.Reward).Sub(wealth(s, s.Bob)) // the bond is back, gas is paid
	require.True(t, !fees.IsNegative() && fees.LT(chain.Open(1)), fees.String())
	burned := verdict.Slashed.Sub(compensated).Sub(verdict.Reward)
	require.True(t, burned.MulRaw(100).GTE(verdict.Slashed.MulRaw(40)))
	require.False(t, verdict.Pending, "nobody committed before")
	require.Equal(t, verdict.Slashed, bonds.Sub(s.Balance(authtypes.NewModuleAddress(modelstypes.ModuleName))))

	after, err := s.App.ModelsKeeper.GetProvider(s.Ctx(), s.Provider.Address)
	require.NoError(t, err)
	require.True(t, after.Frozen)
	require.Equal(t, provider.Bond.Sub(verdict.Slashed), after.Bond)
	disproven, err := s.App.AttributionKeeper.GetBatch(s.Ctx(), batch)
	require.NoError(t, err)
	require.Equal(t, attributiontypes.BATCH_STATUS_DISPROVEN, disproven.Status)

	// Frozen: no new batch. Replayed: the bond is lost, the provider is not slashed twice.
	c.Ask(answer())
	s.Refuse(s.Provider, modelstypes.ErrProviderFrozen, c.Acknowledged())
	payer := wealth(s, s.Payer)
	verdict = replay.play(s)
	require.False(t, verdict.Upheld)
	require.Equal(t, attributiontypes.DISPUTE_VERDICT_TOO_LATE, verdict.Verdict)
	require.True(t, payer.Sub(wealth(s, s.Payer)).GTE(chain.Open(10)))

	// State survives export in between, and closes.
	imported := s.Import(s.Export())
	imported.Skip(25 * time.Hour)
	imported.Blocks(2)
	_, err = imported.App.AttributionKeeper.GetBatch(imported.Ctx(), batch)
	require.ErrorIs(t, err, attributiontypes.ErrBatchNotFound)
}

// TestCompensationAfterDerivations: a contributor whose text passes two fifths on to its source has lost three.
func TestCompensationAfterDerivations(t *testing.T) {
	compensation := func(derivations ...datanettypes.Derivation) sdkmath.Int {
		s, c, batch := lie(t)
		s.SkipInvariants = true // derivations are declared with the text, not afterwards
		alices, err := s.App.DatanetKeeper.GetContribution(s.Ctx(), s.Contributions[0].Rank)
		require.NoError(t, err)
		alices.Derivations = derivations
		require.NoError(t, s.App.DatanetKeeper.Contributions.Set(s.Ctx(), s.Contributions[0].Rank, alices))
		before := wealth(s, s.Alice)
		require.True(t, newDispute(t, s.Bob, batch, 0, earlier(t, s, c)).play(s).Upheld)
		return wealth(s, s.Alice).Sub(before)
	}
	whole, part := compensation(), compensation(datanettypes.Derivation{Rank: 2, Ppm: 400_000})
	require.True(t, part.IsPositive())
	require.True(t, part.MulRaw(5).Sub(whole.MulRaw(3)).Abs().MulRaw(100_000).LTE(whole), "%s of %s", part, whole)
	require.True(t, compensation(datanettypes.Derivation{Rank: 2, Ppm: 1_000_000}).IsZero())
}

// Two challengers who committed before the verdict: the second gets the bond back and no more.
func TestSecondChallengerKeepsTheBond(t *testing.T) {
	s, c, batch := lie(t)
	first, second := newDispute(t, s.Bob, batch, 0, earlier(t, s, c)), newDispute(t, s.Payer, batch, 0, earlier(t, s, c))
	s.Send(s.Bob, first.commit())
	s.Send(s.Payer, second.commit())
	require.True(t, first.verdict(s).Upheld)
	before := wealth(s, s.Payer)
	verdict := second.verdict(s)
	require.True(t, verdict.Upheld)
	require.True(t, verdict.Slashed.IsZero())
	require.True(t, wealth(s, s.Payer).Sub(before).GT(chain.Open(9)))
}

// A dispute is revealed in reveal_until for the last time, also when the sweep has not come to it.
func TestRevealEndsWhenItSays(t *testing.T) {
	s, c, batch := lie(t)
	s.SkipInvariants = true // the queue is emptied below, so that no sweep finds the disputes
	late, inTime := newDispute(t, s.Bob, batch, 0, earlier(t, s, c)), newDispute(t, s.Payer, batch, 0, earlier(t, s, c))
	unswept := func(d dispute) attributiontypes.Dispute {
		s.Send(d.challenger, d.commit())
		found, err := s.App.AttributionKeeper.Disputes.Get(s.Ctx(), d.commit().Commitment)
		require.NoError(t, err)
		require.NoError(
			t, s.App.AttributionKeeper.DisputeDeadlines.Remove(s.Ctx(), collections.Join(found.RevealUntil, found.Commitment)))
		return found
	}
	first := unswept(late)
	s.Blocks(int(first.RevealUntil - s.Height()))
	s.Refuse(s.Bob, attributiontypes.ErrDisputeNotFound, late.reveal())

	second := unswept(inTime)
	s.Blocks(int(second.RevealUntil - s.Height() - 1))
	require.True(t, inTime.verdict(s).Upheld)
	require.Equal(t, second.RevealUntil, s.Height())
}

// TestFailedVerdictBurnsNothing: a proof that the chain cannot judge stays committed, with its bond.
func TestFailedVerdictBurnsNothing(t *testing.T) {
	s, c, batch := lie(t)
	weights := header(c.Answers[0])
	weights.WrongWeights = &poa.WrongWeights{Rows: c.Answers[0].Attribution.Rows,
		TotalBits: c.Answers[0].Attribution.TotalBits}
	right, wrong := newDispute(t, s.Bob, batch, 0, earlier(t, s, c)), newDispute(t, s.Payer, batch, 0, weights)
	s.Send(s.Bob, right.commit())
	s.Send(s.Payer, wrong.commit())
	s.SkipInvariants = true // state is damaged

	datanet, err := s.App.DatanetKeeper.GetDataNet(s.Ctx(), s.DatanetID)
	require.NoError(t, err)
	require.NoError(t, s.App.DatanetKeeper.DataNets.Remove(s.Ctx(), s.DatanetID))
	s.Refuse(s.Bob, datanettypes.ErrDataNetNotFound, right.reveal())
	s.Refuse(s.Payer, datanettypes.ErrDataNetNotFound, wrong.reveal())
	require.NoError(t, s.App.DatanetKeeper.DataNets.Set(s.Ctx(), s.DatanetID, datanet))

	key := collections.Join(s.ModelID, c.Session.ModelVersion)
	version, err := s.App.ModelsKeeper.Versions.Get(s.Ctx(), key)
	require.NoError(t, err)
	require.NoError(t, s.App.ModelsKeeper.Versions.Remove(s.Ctx(), key))
	s.Refuse(s.Bob, modelstypes.ErrModelNotFound, right.reveal())
	require.NoError(t, s.App.ModelsKeeper.Versions.Set(s.Ctx(), key, version))

	s.SkipInvariants = false
	require.False(t, wrong.verdict(s).Upheld, "the weights are right, and now that can be told")
	require.True(t, right.verdict(s).Upheld)
}

// TestFrivolousDisputes cost their bond and change nothing else.
func TestFrivolousDisputes(t *testing.T) {
	s := newScenario(t)
	c := s.Open(chain.Open(100))
	c.Ask(answer())
	_, batch := c.Submit(c.Acknowledged())
	a := c.Answers[0]
	weights := header(a)
	weights.WrongWeights = &poa.WrongWeights{Rows: a.Attribution.Rows, TotalBits: a.Attribution.TotalBits}
	row, err := poa.NewRowProof(a.Attribution, 0)
	require.NoError(t, err)
	var positions []uint32
	for p := row.Row.Position; p < row.Row.Position+row.Row.Length; p++ {
		positions = append(positions, p)
	}
	opened, err := poa.Narrow(c.Evidence.Answers[0], positions)
	require.NoError(t, err)
	bits := header(a)
	bits.WrongBits = &poa.WrongBits{Row: row, Opened: opened}
	unsigned := header(a)
	unsigned.WrongAnswer = &poa.SignedOutcome{Outcome: poa.Outcome{AnswerRoot: poa.Hash{1}}}
	for _, proof := range []poa.Dispute{weights, bits, unsigned} {
		before, held := wealth(s, s.Bob), s.Balance(authtypes.NewModuleAddress(attributiontypes.ModuleName))
		verdict := newDispute(t, s.Bob, batch, 0, proof).play(s)
		require.False(t, verdict.Upheld)
		require.Equal(t, attributiontypes.DISPUTE_VERDICT_REFUTED, verdict.Verdict)
		require.True(t, before.Sub(wealth(s, s.Bob)).GTE(chain.Open(10)))
		require.Equal(t, held, s.Balance(authtypes.NewModuleAddress(attributiontypes.ModuleName)), "the bond is burned")
	}
	garbage := newDispute(t, s.Bob, batch, 0, weights)
	garbage.proof = []byte("no proof at all")
	require.False(t, garbage.play(s).Upheld)
	provider, err := s.App.ModelsKeeper.GetProvider(s.Ctx(), s.Provider.Address)
	require.NoError(t, err)
	require.False(t, provider.Frozen)

	// A commitment to a receipt that does not exist, and one that is never revealed.
	lost := newDispute(t, s.Payer, batch, 7, weights)
	s.Send(s.Payer, lost.commit())
	s.Refuse(s.Payer, attributiontypes.ErrReceiptNotFound, lost.reveal())
	s.Blocks(101)
	s.Refuse(s.Payer, attributiontypes.ErrDisputeNotFound, lost.reveal())
	unfinished, err := s.App.AttributionKeeper.Disputes.Has(s.Ctx(), lost.commit().Commitment)
	require.NoError(t, err)
	require.False(t, unfinished)

	// Malformed messages change nothing.
	s.Refuse(s.Bob, attributiontypes.ErrInvalidDispute,
		&attributiontypes.MsgCommitDispute{Challenger: s.Bob.String(), Commitment: []byte{1}})
	s.Refuse(s.Bob, attributiontypes.ErrInvalidDispute,
		&attributiontypes.MsgRevealDispute{Challenger: s.Bob.String(), BatchId: batch, Salt: make([]byte, 32)})
	s.Refuse(s.Bob, attributiontypes.ErrInvalidDispute,
		&attributiontypes.MsgRevealDispute{Challenger: s.Bob.String(), BatchId: batch, Proof: []byte{1}})
	s.Refuse(s.Bob, attributiontypes.ErrInvalidAddress,
		&attributiontypes.MsgCommitDispute{Challenger: "nobody", Commitment: make([]byte, 32)})
}

// The payer proves that the provider signed another answer than it recorded.
func TestWrongAnswer(t *testing.T) {
	s := newScenario(t)
	c := s.Open(chain.Open(100))
	c.Ask(answer())
	_, batch := c.Submit(c.Acknowledged())
	a := c.Answers[0]
	shown := a.Outcome
	shown.AnswerRoot[0] ^= 1
	var session poa.Hash
	copy(session[:], c.Session.Id)
	statement := poa.SignedAnswer{ChainID: chain.ID, Session: session, N: 1, Outcome: shown}
	proof := header(a)
	proof.WrongAnswer = &poa.SignedOutcome{Outcome: shown}
	copy(proof.WrongAnswer.Signature[:], ed25519.Sign(s.AnswerKey, statement.SignBytes()))
	verdict := newDispute(t, s.Payer, batch, 0, proof).play(s)
	require.True(t, verdict.Upheld, verdict.Verdict)
	require.True(t, verdict.Reward.IsPositive())
}

// Disputing oneself never pays: whoever is provider, challenger and harmed
// contributor ends with less than before.
func TestSelfDisputeNeverPays(t *testing.T) {
	s, c, batch := lie(t)
	found, err := s.App.AttributionKeeper.GetBatch(s.Ctx(), batch)
	require.NoError(t, err)
	mine := func() sdkmath.Int {
		provider, err := s.App.ModelsKeeper.GetProvider(s.Ctx(), s.Provider.Address)
		require.NoError(t, err)
		return wealth(s, s.Alice).Add(wealth(s, s.Bob)).Add(wealth(s, s.Provider)).Add(provider.Bond)
	}
	before := mine()
	verdict := newDispute(t, s.Bob, batch, 0, earlier(t, s, c)).play(s)
	require.True(t, verdict.Upheld)
	lost := before.Sub(mine())
	// Two fifths of twice what the batch can have brought are gone.
	require.True(t, lost.GTE(found.Liability.MulRaw(2).QuoRaw(5)))
}

// Answers under method RAG carry windows and words, and the chain recomputes them.
func TestMethodRAGIsVerifiedOnChain(t *testing.T) {
	s := newScenario(t)
	s.Publish(modelstypes.ATTRIBUTION_METHOD_RAG)
	c := s.Open(chain.Open(100))
	paraphrase := "Hair growth is directed by signals that the dermal papilla sends to matrix cells in the follicle. " +
		"The eccrine sweat glands answer acetylcholine and open onto the skin surface; their fibres are sympathetic."
	c.Ask(paraphrase)
	c.Ask(answer())
	c.Submit(c.Acknowledged())
	found, err := s.Receipt(c.ReceiptID(1))
	require.NoError(t, err)
	require.EqualValues(t, poa.MethodRAG, found.Receipt.Method)
	require.Len(t, found.Receipt.Entries, 2)
	require.True(t, slices.ContainsFunc(c.Answers[0].Attribution.Rows, func(r poa.Row) bool { return r.Window }))
}

// Answers under method MEANING are paid for what their words mean, and the chain recomputes it.
func TestMethodMeaningIsVerifiedOnChain(t *testing.T) {
	s := newScenario(t)
	s.Publish(modelstypes.ATTRIBUTION_METHOD_MEANING)
	c := s.Open(chain.Open(100))
	c.Ask("Signals that the dermal papilla sends to matrix cells in the follicle direct how hair grows. " +
		"The eccrine sweat glands answer acetylcholine and open onto the skin surface; their fibres are sympathetic.")
	c.Ask(answer())
	c.Submit(c.Acknowledged())
	found, err := s.Receipt(c.ReceiptID(1))
	require.NoError(t, err)
	require.EqualValues(t, poa.MethodMeaning, found.Receipt.Method)
	require.Len(t, found.Receipt.Entries, 2)
	require.True(t, slices.ContainsFunc(c.Answers[0].Attribution.Rows, func(r poa.Row) bool { return r.Window }))
}
