package reexecute_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/reexecute"
	"github.com/openledger/openledger/openlora/session"
	"github.com/openledger/openledger/poa"
)

// fixed is an engine whose query holds the lengths of question and answer.
type fixed struct{}

func (fixed) Sketch(_ context.Context, _ *engine.Adapter, messages []api.Message,
	answer string) (*poa.LoraQuery, error) {
	if len(messages) == 0 {
		return nil, errors.New("nothing was asked")
	}
	query := &poa.LoraQuery{Sketch: poa.Sketch{Exponent: 3}}
	query.Packed[0], query.Packed[1] = byte(len(messages[0].Content)), byte(len(answer))
	return query, nil
}

func asked(t *testing.T) (reexecute.Call, poa.Claim) {
	c := reexecute.CallOf(session.Pending{
		Body: json.RawMessage(`{"messages":[{"role":"user","content":"What directs hair?"}]}`),
		Call: api.Call{CallKey: poa.LeafHash([]byte("key"))},
	}, &session.Answer{Text: "The dermal papilla does.", Unproved: " And more.", Message: api.Message{Role: "assistant",
		Content: "The dermal papilla does. And more."}, Proof: api.Answer{ReceiptID: strings.Repeat("ab", 32) + "-7"}})
	query, err := api.Query(c.Body)
	require.NoError(t, err)
	return c, poa.Claim{Record: poa.Record{Method: poa.MethodLora}, QueryHash: api.QueryHash(c.CallKey, query),
		AnswerRoot: poa.TextRoot(c.CallKey, []byte("The dermal papilla does."), poa.MethodLora)}
}

// TestQueriesAreComputedAgain: the outcome is equal for the same query, different for another one, and table without a
// query.
func TestQueriesAreComputedAgain(t *testing.T) {
	c, claim := asked(t)
	right, err := fixed{}.Sketch(context.Background(), nil, []api.Message{{Content: "What directs hair?"}}, c.Answer)
	require.NoError(t, err)
	wrong := *right
	wrong.Packed[poa.SketchSize/2-1]++
	for evidence, want := range map[*poa.LoraQuery]reexecute.Outcome{
		right: reexecute.Equal, &wrong: reexecute.Different, nil: reexecute.Table,
	} {
		got, err := reexecute.Run(context.Background(), c, claim, evidence, fixed{}, nil)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

// TestOtherCallsAreRefused: question, answer, key and method must be those of the receipt.
func TestOtherCallsAreRefused(t *testing.T) {
	c, claim := asked(t)
	run := func(c reexecute.Call, claim poa.Claim) error {
		_, err := reexecute.Run(context.Background(), c, claim, &poa.LoraQuery{}, fixed{}, nil)
		return err
	}
	require.NoError(t, run(c, claim))
	other := c
	other.Answer = "The dermal papilla does not."
	require.ErrorIs(t, run(other, claim), reexecute.ErrNotTheCall)
	other = c
	other.Body = json.RawMessage(`{"messages":[{"role":"user","content":"What else?"}]}`)
	require.ErrorIs(t, run(other, claim), reexecute.ErrNotTheCall)
	other = c
	other.CallKey[0]++
	require.ErrorIs(t, run(other, claim), reexecute.ErrNotTheCall)
	claim.Record.Method = poa.MethodMeaning
	require.ErrorContains(t, run(c, claim), "receipts verify")
}

// TestCallsAreKeptForTheirOwnerAlone: a saved call reads back the same, and others cannot read the file.
func TestCallsAreKeptForTheirOwnerAlone(t *testing.T) {
	c, _ := asked(t)
	path := filepath.Join(t.TempDir(), "call.json")
	require.NoError(t, c.Save(path))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	back, err := reexecute.Read(path)
	require.NoError(t, err)
	require.JSONEq(t, string(c.Body), string(back.Body))
	back.Body = c.Body
	require.Equal(t, c, back)
	require.NoError(t, os.WriteFile(path, []byte(`{"receipt":"x"}`), 0o600))
	_, err = reexecute.Read(path)
	require.ErrorContains(t, err, "--call-file")
}
