package session_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/chain/chaintest"
	"github.com/openledger/openledger/openlora/session"
	"github.com/openledger/openledger/openlora/session/gatewaytest"
	"github.com/openledger/openledger/poa"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// fee of the answer to "hair?": one token, eight tokens, and the royalty.
const fee = 1_000 + 8*2_000 + gatewaytest.Royalty

// conversation is a session with a gateway.
type conversation struct {
	*session.Client
	gateway *gatewaytest.Gateway
	dir     string
}

// converse opens a session whose deposit is enough for a hundred answers.
func converse(t *testing.T) *conversation {
	t.Helper()
	node := chaintest.Start(t)
	gateway := gatewaytest.New(t, node, "one", 1)
	c := &conversation{gateway: gateway, dir: t.TempDir()}
	payer := chain.NewSigner(secp256k1.GenPrivKeyFromSecret([]byte("payer")))
	var err error
	c.Client, err = session.Open(t.Context(), node.Dial(t), payer, gateway.URL,
		api.ModelInfo{ModelID: 1, Provider: gateway.Provider}, sdk.NewInt64Coin(rewardstypes.Denom, 100*fee), c.dir)
	require.NoError(t, err)
	c.MaxFee = poa.NewAmount(2 * fee)
	return c
}

// restart continues from the state on disk, as after a crash.
func (c *conversation) restart(t *testing.T) {
	t.Helper()
	most := c.MaxFee
	c.Unlock()
	var err error
	c.Client, err = session.Load(filepath.Join(c.dir, c.State.ID.String()+".json"))
	require.NoError(t, err)
	require.NoError(t, c.Lock())
	c.MaxFee = most
}

// onDisk is what a program that starts anew goes on from.
func (c *conversation) onDisk(t *testing.T) session.State {
	t.Helper()
	kept, err := session.Load(filepath.Join(c.dir, c.State.ID.String()+".json"))
	require.NoError(t, err)
	return kept.State
}

func (c *conversation) spent() string { return c.State.Spent.String() }

var question = []byte(`{"messages":[{"role":"user","content":"hair?"}]}`)

// TestConversation: each voucher acknowledges the answer before it, even if the program restarts after each.
func TestConversation(t *testing.T) {
	c := converse(t)
	for n := 1; n <= 4; n++ {
		answer, err := c.Ask(t.Context(), "hair?", nil)
		require.NoError(t, err)
		require.Equal(t, gatewaytest.Saying, answer.Text)
		require.Equal(t, fmt.Sprint(n*fee), c.spent())
		c.restart(t)
		require.EqualValues(t, n, c.State.N)
		answers, acknowledged := c.gateway.Charged()
		require.Equal(t, n, answers)
		require.Equal(t, n-1, acknowledged)
	}
	require.NoError(t, c.Acknowledge(t.Context()))
	require.NoError(t, c.Acknowledge(t.Context()), "there is nothing more to acknowledge")
	_, acknowledged := c.gateway.Charged()
	require.Equal(t, 4, acknowledged)
	require.EqualValues(t, 5, c.State.N)
}

// TestEveryChangeOfAnAnswerIsRefused: an answer with any change is refused, and the client signs nothing more.
func TestEveryChangeOfAnAnswerIsRefused(t *testing.T) {
	proof := func(change func(*api.Answer)) func(*api.ChatResponse) {
		return func(r *api.ChatResponse) { change(r.OpenLedger) }
	}
	for name, change := range map[string]func(*api.ChatResponse){
		"another first word": func(r *api.ChatResponse) { r.Choices[0].Message.Content = "Fur grows from the roots of the skin." },
		"no text":            func(r *api.ChatResponse) { r.Choices[0].Message.Content = "" },
		"another root":       proof(func(a *api.Answer) { a.AnswerRoot[0] ^= 1 }),
		"a higher fee":       proof(func(a *api.Answer) { a.Fee = fmt.Sprint(fee + 1) }),
		"a lower fee":        proof(func(a *api.Answer) { a.Fee = fmt.Sprint(fee - 1) }),
		"no fee":             proof(func(a *api.Answer) { a.Fee = "" }),
		"a negative fee":     proof(func(a *api.Answer) { a.Fee = "-1" }),
		"more input":         proof(func(a *api.Answer) { a.InputTokens++ }),
		"more output":        proof(func(a *api.Answer) { a.OutputTokens++ }),
		"less output":        proof(func(a *api.Answer) { a.OutputTokens-- }),
		"another call":       proof(func(a *api.Answer) { a.N++ }),
		"another session":    proof(func(a *api.Answer) { a.Session[3] ^= 1 }),
		"another signature":  proof(func(a *api.Answer) { a.AnswerSignature[7] ^= 1 }),
		"no signature":       proof(func(a *api.Answer) { a.AnswerSignature = nil }),
		"a gap with a fee":   proof(func(a *api.Answer) { a.Gap = true }),
		"a gap with sources": proof(func(a *api.Answer) { *a = gap(a, a.Sources) }),
		"letters of two alphabets": func(r *api.ChatResponse) {
			r.Choices[0].Message.Content = "Hаir grows from the roots of the skin." // the а is Cyrillic
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, streamed := range []bool{false, true} {
				c := converse(t)
				c.gateway.Change = change
				var take func(session.Piece)
				if streamed {
					take = func(session.Piece) {}
				}
				_, err := c.Complete(t.Context(), question, "", take)
				require.ErrorIs(t, err, session.ErrAnswer)
				require.Equal(t, "0", c.spent())
				require.NotNil(t, c.State.Pending, "what the provider says it is owed is not forgotten")
				c.restart(t)
				require.NotNil(t, c.State.Pending)
				_, acknowledged := c.gateway.Charged()
				require.Zero(t, acknowledged)
			}
		})
	}
}

// gap turns an answer into one that costs nothing.
func gap(a *api.Answer, sources []api.Source) api.Answer {
	return api.Answer{ReceiptID: a.ReceiptID, Session: a.Session, N: a.N, Fee: "0", Gap: true, Sources: sources}
}

// TestMaximum: an answer above the maximum fee is refused, even if it is signed.
func TestMaximum(t *testing.T) {
	c := converse(t)
	c.MaxFee = poa.NewAmount(fee - 1)
	_, err := c.Ask(t.Context(), "hair?", nil)
	require.ErrorIs(t, err, session.ErrAnswer)
	require.ErrorContains(t, err, "the maximum")
}

// TestLostAnswersCostOnce: the connection is cut after the first words, and the answer is paid once.
func TestLostAnswersCostOnce(t *testing.T) {
	for _, restarts := range []bool{false, true} {
		c := converse(t)
		c.gateway.Behave(gatewaytest.Cuts)
		shown := ""
		take := func(p session.Piece) { shown += p.Content }
		_, err := c.Complete(t.Context(), question, "", take)
		require.Error(t, err)
		require.Equal(t, gatewaytest.Saying[:10], shown)
		if restarts {
			c.restart(t)
		}
		_, err = c.Complete(t.Context(), question, "", take)
		require.ErrorIs(t, err, session.ErrPending)
		shown = ""
		answer, err := c.Again(t.Context(), take)
		require.NoError(t, err)
		require.Equal(t, gatewaytest.Saying, answer.Text)
		require.Equal(t, gatewaytest.Saying, shown)
		require.Equal(t, fmt.Sprint(fee), c.spent())
		answers, _ := c.gateway.Charged()
		require.Equal(t, 1, answers)
	}
	c := converse(t)
	c.gateway.Behave(gatewaytest.Cuts)
	answer, err := c.Ask(t.Context(), "hair?", nil)
	require.NoError(t, err, "Ask asks once more by itself")
	require.Equal(t, gatewaytest.Saying, answer.Text)
	require.Equal(t, fmt.Sprint(fee), c.spent())
}

// TestAnotherAnswerThanWasShown: an answer that does not begin with what was shown is refused.
func TestAnotherAnswerThanWasShown(t *testing.T) {
	c := converse(t)
	c.gateway.Behave(gatewaytest.Cuts)
	_, err := c.Complete(t.Context(), question, "", func(session.Piece) {})
	require.Error(t, err)
	c.restart(t)
	c.State.Pending.Shown = "Hair falls"
	_, err = c.Again(t.Context(), func(session.Piece) {})
	require.ErrorIs(t, err, session.ErrAnswer)
}

// TestRefusals: a call that was recorded as failed is a gap, which takes its number; one that was not recorded is
// withdrawn. Neither costs anything, and the conversation continues.
func TestRefusals(t *testing.T) {
	for how, n := range map[string]uint64{gatewaytest.Fails: 1, gatewaytest.Busy: 0, gatewaytest.Refuses: 0} {
		for _, asks := range map[string]func(*conversation, context.Context) error{
			"Ask": func(c *conversation, ctx context.Context) error {
				_, err := c.Ask(ctx, "hair?", nil)
				return err
			},
			"Complete": func(c *conversation, ctx context.Context) error {
				_, err := c.Complete(ctx, question, "", nil)
				return err
			},
		} {
			c := converse(t)
			c.gateway.Behave(how)
			var refused *session.GatewayError
			require.ErrorAs(t, asks(c, t.Context()), &refused, how)
			c.restart(t)
			require.Nil(t, c.State.Pending, how)
			require.Equal(t, n, c.State.N, how)
			c.gateway.Behave(gatewaytest.Honest)
			require.NoError(t, asks(c, t.Context()), how)
			require.Equal(t, fmt.Sprint(fee), c.spent())
		}
	}
}

// TestSilence costs nothing, and counts as a gap.
func TestSilence(t *testing.T) {
	c := converse(t)
	c.gateway.Behave(gatewaytest.Silences)
	answer, err := c.Ask(t.Context(), "hair?", nil)
	require.NoError(t, err)
	require.True(t, answer.Proof.Gap)
	require.Equal(t, "0", c.spent())
	require.EqualValues(t, 1, c.State.N)
	require.Equal(t, poa.Outcome{}, c.State.Last)
}

// TestSettle: Settle finds out the state of a question that nobody waits for, without a new answer.
func TestSettle(t *testing.T) {
	lost := func(t *testing.T, how string) *conversation {
		c := converse(t)
		c.gateway.Behave(how)
		_, err := c.Complete(t.Context(), question, "", func(session.Piece) {})
		require.Error(t, err)
		return c
	}
	t.Run("answered", func(t *testing.T) {
		c := lost(t, gatewaytest.Cuts)
		answer, err := c.Settle(t.Context(), time.Hour)
		require.NoError(t, err)
		require.Equal(t, gatewaytest.Saying, answer.Text)
		require.Equal(t, fmt.Sprint(fee), c.spent())
	})
	t.Run("not recorded", func(t *testing.T) {
		c := converse(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := c.Complete(ctx, question, "", nil)
		require.Error(t, err)
		require.NotNil(t, c.State.Pending)
		_, err = c.Settle(t.Context(), time.Hour)
		require.ErrorIs(t, err, session.ErrPending, "it may be on its way")
		answer, err := c.Settle(t.Context(), 0)
		require.NoError(t, err)
		require.Nil(t, answer)
		require.Nil(t, c.State.Pending)
		require.Zero(t, c.State.N)
		require.Empty(t, c.gateway.Asked)
	})
	t.Run("nothing pending", func(t *testing.T) {
		answer, err := converse(t).Settle(t.Context(), 0)
		require.NoError(t, err)
		require.Nil(t, answer)
	})
}

// TestNote: the session does not continue from an answer that is not noted. Said is called before Note, each time that
// the answer comes.
func TestNote(t *testing.T) {
	c := converse(t)
	full := errors.New("the disk is full")
	said := 0
	c.Said = func(*session.Answer) { said++ }
	c.Note = func(session.Pending, *session.Answer) error { return full }
	_, err := c.Complete(t.Context(), question, "somebody", nil)
	require.ErrorIs(t, err, full)
	require.NotNil(t, c.State.Pending)
	require.Equal(t, 1, said)
	var noted []string
	c.Note = func(asked session.Pending, answer *session.Answer) error {
		require.Equal(t, 2, said)
		noted = append(noted, asked.Label+": "+answer.Text)
		return nil
	}
	_, err = c.Again(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, []string{"somebody: " + gatewaytest.Saying}, noted)
	require.Equal(t, 2, said)
	answers, _ := c.gateway.Charged()
	require.Equal(t, 1, answers)
}

// TestLater: what is put off is written with the next question or acknowledgement. Before that, the question is pending
// for whoever reads the file.
func TestLater(t *testing.T) {
	c := converse(t)
	c.Later = true
	_, err := c.Complete(t.Context(), question, "", nil)
	require.NoError(t, err)
	require.Nil(t, c.State.Pending)
	require.NotNil(t, c.onDisk(t).Pending)
	require.NoError(t, c.Flush())
	require.Nil(t, c.onDisk(t).Pending)

	_, err = c.Complete(t.Context(), question, "", nil)
	require.NoError(t, err)
	crashed := c.onDisk(t)
	require.EqualValues(t, 2, crashed.Pending.Call.N)
	require.NoError(t, c.Acknowledge(t.Context()))
	require.Equal(t, c.State.N, c.onDisk(t).N)
	answers, _ := c.gateway.Charged()
	require.Equal(t, 2, answers)

	// A crash before anything more is written: the answer is asked for again, and charged once.
	d := converse(t)
	d.Later = true
	_, err = d.Complete(t.Context(), question, "", nil)
	require.NoError(t, err)
	d.State = d.onDisk(t)
	again, err := d.Recover(t.Context())
	require.NoError(t, err)
	require.Equal(t, gatewaytest.Saying, again.Text)
	answers, _ = d.gateway.Charged()
	require.Equal(t, 1, answers)
	require.Equal(t, fmt.Sprint(fee), d.spent())
}

// TestBodiesAreAskedAsTheyAre: a program's request reaches the gateway unchanged, with only the voucher added.
func TestBodiesAreAskedAsTheyAre(t *testing.T) {
	c := converse(t)
	_, err := c.Complete(t.Context(), []byte(`{"messages":[{"role":"user","content":"hair?"}],"temperature":0.5,"stop":["."]}`),
		"", nil)
	require.NoError(t, err)
	var asked map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(c.gateway.Asked[0], &asked))
	require.JSONEq(t, "0.5", string(asked["temperature"]))
	require.JSONEq(t, `["."]`, string(asked["stop"]))
	require.JSONEq(t, "false", string(asked["stream"]))
	require.Len(t, asked, 5)
}
