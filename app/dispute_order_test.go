package app_test

import (
	"crypto/ed25519"
	"testing"

	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// bare is a proof of another lie in the receipt that shows nobody's loss: the provider has signed another answer as
// well. Only the provider can make it, whenever it wants to.
func bare(s *chain.Scenario, c *chain.Conversation) poa.Dispute {
	a := c.Answers[0]
	shown := a.Outcome
	shown.AnswerRoot[0] ^= 1
	var session poa.Hash
	copy(session[:], c.Session.Id)
	statement := poa.SignedAnswer{ChainID: chain.ID, Session: session, N: 1, Outcome: shown}
	proof := header(a)
	proof.WrongAnswer = &poa.SignedOutcome{Outcome: shown}
	copy(proof.WrongAnswer.Signature[:], ed25519.Sign(s.AnswerKey, statement.SignBytes()))
	return proof
}

// conviction of a batch, nil if its slash is divided.
func conviction(s *chain.Scenario, batch uint64) *attributiontypes.Conviction {
	found, err := s.App.AttributionKeeper.Convictions.Get(s.Ctx(), batch)
	if err != nil {
		return nil
	}
	return &found
}

// rewardOf a challenger: half of what the harmed leave, and so much that 40 % are burned.
func rewardOf(slash, compensated sdkmath.Int) sdkmath.Int {
	return sdkmath.MinInt(slash.Sub(compensated).QuoRaw(2),
		slash.Sub(slash.MulRaw(40).AddRaw(99).QuoRaw(100)).Sub(compensated))
}

// TestFirstCommitHasTheReward: a liar who sees a commit and proves its lie itself, first and without anybody's loss,
// takes nothing: the slash waits for the earlier commit, whose challenger has the reward and whose proof pays the
// harmed.
func TestFirstCommitHasTheReward(t *testing.T) {
	s, c, batch := lie(t)
	before, err := s.App.AttributionKeeper.GetBatch(s.Ctx(), batch)
	require.NoError(t, err)
	honest, liar := newDispute(t, s.Bob, batch, 0, earlier(t, s, c)), newDispute(t, s.Stranger, batch, 0, bare(s, c))
	s.Send(s.Bob, honest.commit())
	s.Send(s.Stranger, liar.commit())
	alice, bob, stranger := wealth(s, s.Alice), wealth(s, s.Bob), wealth(s, s.Stranger)
	bonds := s.Balance(authtypes.NewModuleAddress(attributiontypes.ModuleName))

	verdict := liar.verdict(s)
	require.Equal(t, attributiontypes.DISPUTE_VERDICT_UPHELD, verdict.Verdict)
	require.True(t, verdict.Pending)
	require.True(t, verdict.Reward.IsZero())
	require.Equal(t, before.Liability, verdict.Slashed)
	require.NotNil(t, conviction(s, batch))
	s.Blocks(3)
	require.NotNil(t, conviction(s, batch), "the earlier commit stands")
	// The bond of the liar has left the module, the slash has come.
	require.Equal(t, bonds.Sub(chain.Open(10)).Add(before.Liability).String(),
		s.Balance(authtypes.NewModuleAddress(attributiontypes.ModuleName)).String())
	imported := s.Import(s.Export()) // with the slash undivided
	require.NotNil(t, conviction(&chain.Scenario{Chain: imported}, batch))

	verdict = honest.verdict(s)
	require.Equal(t, attributiontypes.DISPUTE_VERDICT_UPHELD, verdict.Verdict)
	require.Nil(t, conviction(s, batch), "divided at the end of the block of the reveal")
	slash := before.Liability
	compensated := wealth(s, s.Alice).Sub(alice)
	require.True(t, compensated.IsPositive())
	back := chain.Open(10).Sub(chain.Fee()) // the bond, less the gas of the reveal
	require.Equal(t, bob.Add(rewardOf(slash, compensated)).Add(back).String(), wealth(s, s.Bob).String(),
		"the first commit has the reward")
	require.Equal(t, stranger.Add(back).String(), wealth(s, s.Stranger).String(), "the liar has the bond, and no more")
	imported.Blocks(1)
}

// TestEarlierCommitThatFailsLeavesTheReward: whoever commits first and proves nothing, or nothing in time, is passed
// over, and the slash is divided then.
func TestEarlierCommitThatFailsLeavesTheReward(t *testing.T) {
	for name, fail := range map[string]func(s *chain.Scenario, d dispute){
		"refuted": func(s *chain.Scenario, d dispute) {
			require.Equal(t, attributiontypes.DISPUTE_VERDICT_REFUTED, d.verdict(s).Verdict)
		},
		"not revealed": func(s *chain.Scenario, d dispute) { s.Blocks(100) },
	} {
		t.Run(name, func(t *testing.T) {
			s, c, batch := lie(t)
			found, err := s.App.AttributionKeeper.GetBatch(s.Ctx(), batch)
			require.NoError(t, err)
			weights := header(c.Answers[0])
			weights.WrongWeights = &poa.WrongWeights{Rows: c.Answers[0].Attribution.Rows,
				TotalBits: c.Answers[0].Attribution.TotalBits}
			nothing, right := newDispute(t, s.Payer, batch, 0, weights), newDispute(t, s.Bob, batch, 0, earlier(t, s, c))
			s.Send(s.Payer, nothing.commit())
			s.Send(s.Bob, right.commit())
			bob, alice := wealth(s, s.Bob), wealth(s, s.Alice)
			require.True(t, right.verdict(s).Pending)
			require.True(t, wealth(s, s.Alice).Equal(alice))
			fail(s, nothing)
			s.Blocks(1)
			require.Nil(t, conviction(s, batch))
			require.True(t, wealth(s, s.Alice).GT(alice))
			reward := rewardOf(found.Liability, wealth(s, s.Alice).Sub(alice))
			require.Equal(t, bob.Add(reward).Add(chain.Open(10)).Sub(chain.Fee()).String(), wealth(s, s.Bob).String())
		})
	}
}

// TestLossesAreAddedUpOnce: while a slash waits, each proof adds the losses that it shows, whoever has the reward; one
// that two proofs show is paid once.
func TestLossesAreAddedUpOnce(t *testing.T) {
	once := func(twice bool) sdkmath.Int {
		s, c, batch := lie(t)
		first, second := newDispute(t, s.Stranger, batch, 0, bare(s, c)), newDispute(t, s.Bob, batch, 0, earlier(t, s, c))
		third := newDispute(t, s.Owner, batch, 0, earlier(t, s, c))
		s.Send(s.Stranger, first.commit())
		s.Send(s.Bob, second.commit())
		s.Send(s.Owner, third.commit())
		alice := wealth(s, s.Alice)
		require.True(t, second.verdict(s).Pending)
		if twice {
			verdict := third.verdict(s)
			require.Equal(t, attributiontypes.DISPUTE_VERDICT_UPHELD_AGAIN, verdict.Verdict)
			require.True(t, verdict.Pending)
		}
		require.Equal(t, attributiontypes.DISPUTE_VERDICT_UPHELD, first.verdict(s).Verdict, "it was committed first")
		return wealth(s, s.Alice).Sub(alice)
	}
	paid, again := once(false), once(true)
	require.True(t, paid.IsPositive(), "the first commit shows no loss, the second does")
	require.Equal(t, paid.String(), again.String())
}
