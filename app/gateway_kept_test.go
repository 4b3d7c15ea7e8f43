package app_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/outbox"
	"github.com/openledger/openledger/openlora/session"
	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// eager counts how often the engine begins, and does something before its first piece.
type eager struct {
	speaker
	begun  atomic.Int32
	before func()
}

func (e *eager) Answer(ctx context.Context, q engine.Request, emit func(string) error) (engine.Reply, error) {
	e.begun.Add(1)
	if e.before != nil {
		e.before()
	}
	return e.speaker.Answer(ctx, q, emit)
}

// TestTheChainDecidesBeforeTheFirstWord: the engine begins with the next call of a session while the chain is asked.
// What the chain says then is what counts, and of a call that is refused nothing is sent and nothing is stored.
func TestTheChainDecidesBeforeTheFirstWord(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*testing.T, *chain.Scenario, *chain.Conversation, *session.Client)
		code   string
		begins bool // the engine does, in vain
	}{
		"the session stands": {begins: true},
		"the session is closing": {
			change: func(_ *testing.T, s *chain.Scenario, c *chain.Conversation, _ *session.Client) {
				s.Send(s.Payer, &attributiontypes.MsgCloseSession{Signer: s.Payer.String(), SessionId: c.Session.Id})
			},
			code: api.CodeClosed, begins: true,
		},
		"the voucher is of another session": {
			change: func(_ *testing.T, _ *chain.Scenario, _ *chain.Conversation, asks *session.Client) {
				asks.State.Head = poa.Hash{1}
			},
			code: "wrong_head",
		},
		"the deposit does not cover it": {
			change: func(t *testing.T, _ *chain.Scenario, _ *chain.Conversation, asks *session.Client) {
				asks.MaxFee = amount(t, "20000000000000000000")
			},
			code: "insufficient_deposit",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario(t)
			said := &eager{speaker: speaker{pieces: []string{"a ", "word"}}}
			p := serveGateway(t, s, nodeOf(s), filepath.Join(t.TempDir(), "outbox.db"), said)
			c := s.Open(chain.Open(10))
			asks := clientOf(t, c, p.url)
			_, err := asks.Ask(t.Context(), "What?", nil)
			require.NoError(t, err)
			require.EqualValues(t, 1, said.begun.Load())
			if test.change != nil {
				test.change(t, s, c, asks)
			}
			sent := ""
			_, err = asks.Ask(t.Context(), "And then?", func(piece string) { sent += piece })
			begun := said.begun.Load() - 1
			if test.code == "" {
				require.NoError(t, err)
				require.Equal(t, "a word", sent)
				require.Equal(t, "a word", p.stored(t, c, 2).Answer)
			} else {
				require.ErrorContains(t, err, test.code)
				require.Empty(t, sent)
				var id poa.Hash
				copy(id[:], c.Session.Id)
				_, err = p.box.Call(id, 2)
				require.ErrorIs(t, err, outbox.ErrNotFound, "nothing is stored")
			}
			require.Equal(t, test.begins, begun > 0)
			if test.code == "" || !test.begins {
				return
			}
			_, err = asks.Ask(t.Context(), "And now?", nil)
			require.ErrorContains(t, err, test.code)
			require.Equal(t, begun, said.begun.Load()-1, "the engine begins in vain once")
		})
	}
}

// TestTopUpsAreSeen: a call that the deposit of the call before did not cover is answered when it was topped up since.
func TestTopUpsAreSeen(t *testing.T) {
	s := newScenario(t)
	p := serveGateway(t, s, nodeOf(s), filepath.Join(t.TempDir(), "outbox.db"), &speaker{pieces: []string{"a word"}})
	c := s.Open(chain.Open(3))
	asks := clientOf(t, c, p.url)
	_, err := asks.Ask(t.Context(), "What?", nil)
	require.NoError(t, err)
	asks.MaxFee = amount(t, "4000000000000000000")
	_, err = asks.Ask(t.Context(), "And then?", nil)
	require.ErrorContains(t, err, "insufficient_deposit")
	s.Send(s.Payer, &attributiontypes.MsgTopUpSession{
		Payer: s.Payer.String(), SessionId: c.Session.Id, Amount: chain.Coin(chain.Open(5)),
	})
	_, err = asks.Ask(t.Context(), "And then?", nil)
	require.NoError(t, err)
}

// TestAFailureWhileACallIsRecordedIsAGap: an engine that fails at once fails for a call that is stored.
func TestAFailureWhileACallIsRecordedIsAGap(t *testing.T) {
	s := newScenario(t)
	said := &eager{speaker: speaker{pieces: []string{"a word"}}}
	p := serveGateway(t, s, nodeOf(s), filepath.Join(t.TempDir(), "outbox.db"), said)
	c := s.Open(chain.Open(10))
	asks := clientOf(t, c, p.url)
	_, err := asks.Ask(t.Context(), "What?", nil)
	require.NoError(t, err)
	said.pieces, said.fails = nil, errors.New("no power")
	_, err = asks.Ask(t.Context(), "And then?", nil)
	require.ErrorContains(t, err, "answer_failed")
	require.EqualValues(t, 2, said.begun.Load())
	stored := p.stored(t, c, 2)
	require.True(t, stored.Gap)
	require.False(t, stored.Started)
}
