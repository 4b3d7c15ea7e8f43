package keeper_test

import (
	"crypto/ed25519"
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	"github.com/openledger/openledger/x/attribution/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// destroyed returns what was burned between two moments beside what receipts burn, in aopen.
func (l *ledger) destroyed(supply math.Int, totals rewardstypes.Totals) math.Int {
	now, minted := l.totals(), math.ZeroInt()
	minted = minted.Add(now.Emitted.Sub(totals.Emitted)).Add(now.Bonus.Sub(totals.Bonus))
	burned := now.Burned.Sub(totals.Burned).Add(now.Retired.Sub(totals.Retired))
	return supply.Add(minted).Sub(burned).Sub(l.App.BankKeeper.GetSupply(l.Ctx(), rewardstypes.Denom).Amount)
}

func (l *ledger) supply() math.Int {
	return l.App.BankKeeper.GetSupply(l.Ctx(), rewardstypes.Denom).Amount
}

// answered has one answer recorded.
func (l *ledger) answered() (*chain.Conversation, uint64) {
	c := l.Open(chain.Open(100))
	c.Ask(answer())
	_, id := c.Submit(c.Acknowledged())
	l.Blocks(2)
	return c, id
}

// TestRefutedDisputesLoseTheBond: a proof that shows nothing costs the challenger the bond, and so does one that is
// never shown. The bond is burned, and nobody else gains or loses an aopen.
func TestRefutedDisputesLoseTheBond(t *testing.T) {
	for name, shown := range map[string]bool{"refuted": true, "never revealed": false} {
		t.Run(name, func(t *testing.T) {
			l := newLedger(t)
			_, id := l.answered()
			bond, batch := l.params().DisputeBond, l.batch(id)
			provider, err := l.App.ModelsKeeper.GetProvider(l.Ctx(), l.Provider.Address)
			require.NoError(t, err)
			held, wealth, supply, totals := l.held(), l.wealth(l.Bob), l.supply(), l.totals()
			d := newDispute(l.Bob, id, []byte("this is no proof at all"))
			l.Send(l.Bob, d.commit())
			same(t, held.Add(bond), l.held())
			sent := int64(1)
			if shown {
				var response types.MsgRevealDisputeResponse
				require.NoError(t, chain.Decode(l.Send(l.Bob, d.reveal()), &response))
				require.False(t, response.Upheld)
				require.True(t, response.Slashed.IsZero() && response.Reward.IsZero())
				sent++
			} else {
				l.Blocks(int(l.params().DisputeRevealBlocks) + 2)
			}
			same(t, held, l.held())
			same(t, wealth.Sub(bond).Sub(chain.Fee().MulRaw(sent)), l.wealth(l.Bob))
			same(t, bond, l.destroyed(supply, totals), "the bond is burned")
			require.Equal(t, batch, l.batch(id))
			after, err := l.App.ModelsKeeper.GetProvider(l.Ctx(), l.Provider.Address)
			require.NoError(t, err)
			require.Equal(t, provider, after)
		})
	}
}

// TestProvenLieDividesTheSlash: the provider loses what the batch is liable for, and nothing else; the challenger has
// the bond and the reward; the harmed have their loss; what is left is burned. The parts are the whole.
func TestProvenLieDividesTheSlash(t *testing.T) {
	l := newLedger(t)
	c, id := l.answered()
	provider, err := l.App.ModelsKeeper.GetProvider(l.Ctx(), l.Provider.Address)
	require.NoError(t, err)
	liability := l.batch(id).Liability
	require.True(t, liability.IsPositive())

	// The provider has signed another answer for the same call.
	a := c.Answers[0]
	signed := a.Outcome
	signed.AnswerRoot[0] ^= 1
	var session poa.Hash
	copy(session[:], c.Session.Id)
	statement := poa.SignedAnswer{ChainID: chain.ID, Session: session, N: 1, Outcome: signed}
	proof := poa.Dispute{QueryHash: a.Receipt.QueryHash, AnswerRoot: a.Receipt.AnswerRoot,
		EvidenceRoot: a.Receipt.EvidenceRoot}
	proof.WrongAnswer = &poa.SignedOutcome{Outcome: signed}
	copy(proof.WrongAnswer.Signature[:], ed25519.Sign(l.AnswerKey, statement.SignBytes()))
	encoded, err := proof.MarshalBinary()
	require.NoError(t, err)

	held, supply, totals := l.held(), l.supply(), l.totals()
	wealth := make(map[string]math.Int)
	people := []chain.Account{l.Owner, l.Alice, l.Bob, l.Payer, l.Stranger}
	for _, who := range people {
		wealth[who.Name] = l.wealth(who)
	}
	d := newDispute(l.Stranger, id, encoded)
	l.Send(l.Stranger, d.commit())
	result := l.Send(l.Stranger, d.reveal())
	var response types.MsgRevealDisputeResponse
	require.NoError(t, chain.Decode(result, &response))
	require.True(t, response.Upheld, response.Verdict)
	same(t, liability, response.Slashed)

	compensated, reward := amountIn(t, result, "EventSlashDivided", "compensated"),
		amountIn(t, result, "EventSlashDivided", "reward")
	burned := amountIn(t, result, "EventSlashDivided", "burned")
	same(t, liability, compensated.Add(reward).Add(burned))
	same(t, response.Reward, reward)
	require.True(t, burned.MulRaw(100).GTE(liability.MulRaw(40)))
	gained := math.ZeroInt()
	for _, who := range people {
		gained = gained.Add(l.wealth(who)).Sub(wealth[who.Name])
	}
	same(t, compensated.Add(reward).Sub(chain.Fee().MulRaw(2)), gained, "the bond is back, and nobody else has anything")
	same(t, wealth[l.Stranger.Name].Add(reward).Sub(chain.Fee().MulRaw(2)), l.wealth(l.Stranger))
	same(t, held, l.held())
	same(t, burned, l.destroyed(supply, totals))

	after, err := l.App.ModelsKeeper.GetProvider(l.Ctx(), l.Provider.Address)
	require.NoError(t, err)
	same(t, provider.Bond.Sub(liability), after.Bond)
	same(t, provider.Liability.Sub(liability), after.Liability)
	require.True(t, after.Frozen)
	require.Equal(t, types.BATCH_STATUS_DISPROVEN, l.batch(id).Status)
	require.True(t, l.batch(id).Liability.IsZero())
}
