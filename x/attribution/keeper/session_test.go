package keeper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	"github.com/openledger/openledger/x/attribution/types"
)

// TestEveryEndOfASessionReturnsTheDeposit: the payer closes, the provider closes, or nobody does; the rest of the
// deposit returns to the last aopen, after the claim window unless the provider gives it up, and vouchers of before are
// good until then.
func TestEveryEndOfASessionReturnsTheDeposit(t *testing.T) {
	for name, end := range map[string]func(l *ledger, c *chain.Conversation) (sent int64, window bool){
		"payer closes": func(l *ledger, c *chain.Conversation) (int64, bool) {
			l.Send(l.Payer, &types.MsgCloseSession{Signer: l.Payer.String(), SessionId: c.Session.Id})
			return 1, true
		},
		"provider closes": func(l *ledger, c *chain.Conversation) (int64, bool) {
			l.Send(l.Provider, &types.MsgCloseSession{Signer: l.Provider.String(), SessionId: c.Session.Id})
			return 0, false
		},
		"nobody closes": func(l *ledger, _ *chain.Conversation) (int64, bool) {
			l.Skip(l.params().IdleExpiry)
			l.Blocks(1)
			return 0, true
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLedger(t)
			held, wealth, deposit := l.held(), l.wealth(l.Payer), chain.Open(50).AddRaw(3)
			c := l.Open(deposit)
			c.Ask(answer())
			_, first := c.Submit(c.Acknowledged())
			fees := l.batch(first).Fees
			c.Gap(poa.AckCall)
			c.Ask(chain.Texts[1][0])
			voucher := c.Acknowledged() // the payer has signed it, the provider has not claimed it yet
			sent, window := end(l, c)
			sent++ // to open
			if window {
				same(t, held.Add(deposit).Sub(fees), l.held(), "the claim window is open")
				_, second := c.Submit(voucher)
				fees = fees.Add(l.batch(second).Fees)
				l.Refuse(l.Payer, types.ErrSessionClosed, topUp(l, c))
				sent++ // what is refused pays for its gas
				l.Skip(l.params().ClaimWindow)
			}
			l.Blocks(2)
			same(t, held, l.held())
			same(t, wealth.Sub(fees).Sub(chain.Fee().MulRaw(sent)), l.wealth(l.Payer))
			l.Refuse(l.Payer, types.ErrSessionClosed, topUp(l, c))
			l.Refuse(l.Provider, types.ErrSessionClosed,
				&types.MsgCloseSession{Signer: l.Provider.String(), SessionId: c.Session.Id})
		})
	}
}

func topUp(l *ledger, c *chain.Conversation) *types.MsgTopUpSession {
	return &types.MsgTopUpSession{Payer: l.Payer.String(), SessionId: c.Session.Id, Amount: chain.Coin(math.OneInt())}
}

// TestSessionsAreRefused: whoever may not change a session, or asks for what cannot be, changes nothing.
func TestSessionsAreRefused(t *testing.T) {
	l := newLedger(t)
	c := l.Open(chain.Open(50))
	l.Refuse(l.Stranger, types.ErrUnauthorized,
		&types.MsgCloseSession{Signer: l.Stranger.String(), SessionId: c.Session.Id})
	l.Refuse(l.Payer, types.ErrSessionNotFound,
		&types.MsgCloseSession{Signer: l.Payer.String(), SessionId: make([]byte, 32)})
	open := &types.MsgOpenSession{
		Payer: l.Payer.String(), Provider: l.Provider.String(), ModelId: l.ModelID, SessionKey: c.Session.SessionKey,
		Deposit: chain.Coin(l.params().MinDeposit.SubRaw(1)),
	}
	l.Refuse(l.Payer, types.ErrInvalidDeposit, open)
	open.Deposit, open.MaxPrice = chain.Coin(chain.Open(1)), &types.Price{
		Input: chain.InputPrice, Output: chain.OutputPrice, Royalty: chain.Royalty.SubRaw(1),
	}
	l.Refuse(l.Payer, types.ErrPrice, open)

	// Calls that were recorded cannot be closed away, and nobody is paid twice for them.
	c.Ask(answer())
	_, id := c.Submit(c.Acknowledged())
	require.EqualValues(t, 1, c.Session.Calls)
	_, head := c.CloseHead()
	l.Refuse(l.Payer, types.ErrInvalidSession, &types.MsgCloseSession{
		Signer: l.Payer.String(), SessionId: c.Session.Id, Calls: c.Session.Calls, Head: head,
	})
	require.Equal(t, types.BATCH_STATUS_FINAL, l.batch(id).Status)
}
