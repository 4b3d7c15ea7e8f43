package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/terms"
	"github.com/openledger/openledger/slm/base"
	"github.com/openledger/openledger/slm/chat"
	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/checkpoint/checkpointtest"
)

func embedded(t *testing.T, path string) *engine.Embedded {
	t.Helper()
	e, err := engine.NewEmbedded(path, chat.Options{Threads: 1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	return e
}

// say returns an answer, and the text that was emitted.
func say(t *testing.T, e engine.Engine, r engine.Request) (engine.Reply, string, error) {
	t.Helper()
	var emitted strings.Builder
	reply, err := e.Answer(t.Context(), r, func(piece string) error {
		emitted.WriteString(piece)
		return nil
	})
	return reply, emitted.String(), err
}

// sourced is a question about hair with what was retrieved for it.
func sourced(question string) engine.Request {
	return engine.Request{
		Messages: []api.Message{{Role: "user", Content: question}}, Passages: slices.Clone(passages), MaxTokens: 100,
		Rarity: func(terms.Term) int64 { return 8 << 16 },
	}
}

const aboutHair = "When does a follicle shed the old hair?"

// TestBaseSpeaksInTheWordsOfItsSources: the base that ships begins with what the sources say about the question, and is
// silent about other subjects.
func TestBaseSpeaksInTheWordsOfItsSources(t *testing.T) {
	e := embedded(t, "")
	r := sourced(aboutHair)
	reply, emitted, err := say(t, e, r)
	require.NoError(t, err)
	require.Equal(t, reply.Text, emitted)
	require.NotEmpty(t, reply.Text)
	again, _, err := say(t, e, r)
	require.NoError(t, err)
	require.Equal(t, reply, again, "temperature 0 is always the same")
	t.Logf("%s", reply.Text)

	r.Messages = []api.Message{{Role: "user", Content: "What is the capital of France?"}}
	reply, emitted, err = say(t, e, r)
	require.ErrorIs(t, err, engine.ErrSilent)
	require.NotEmpty(t, reply.Text)
	require.Empty(t, emitted)
}

// TestBaseReadsTheManifest: where an answer leaves its passages, it continues like other texts of the manifest.
func TestBaseReadsTheManifest(t *testing.T) {
	e := embedded(t, "")
	r := sourced(aboutHair)
	more := engine.Texts{Name: "more", Bytes: 1, All: slices.Values([][]byte{
		[]byte("Hair that was shed grows again, as long as the follicle lives. The old hair falls out within a few weeks."),
	})}
	different := 0
	for seed := range 20 {
		r.Options = api.Options{"temperature": json.RawMessage("1.5"), "seed": json.RawMessage(strconv.Itoa(seed))}
		r.Manifest = engine.Texts{}
		alone, _, err := say(t, e, r)
		require.NoError(t, err)
		r.Manifest = more
		read, _, err := say(t, e, r)
		require.NoError(t, err)
		again, _, err := say(t, e, r)
		require.NoError(t, err)
		require.Equal(t, read, again)
		if alone.Text != read.Text {
			different++
			t.Logf("alone: %s\nread:  %s", alone.Text, read.Text)
		}
	}
	require.Positive(t, different)
}

// TestEmbeddedOptions: options are honoured or refused by name.
func TestEmbeddedOptions(t *testing.T) {
	e := embedded(t, "")
	with := func(name, value string) api.Options { return api.Options{name: json.RawMessage(value)} }
	for _, ok := range []api.Options{
		with("temperature", "0.7"), with("top_p", "0.9"), with("top_k", "40"), with("min_p", "0.05"), with("seed", "-3"),
		with("stop", `"."`), with("stop", `["a","b"]`), with("response_format", `{"type":"json_object"}`),
		with("response_format", `{"type":"text"}`), with("presence_penalty", "0"), with("tools", "[]"),
		with("response_format", `{"type":"json_schema","json_schema":{"schema":{"type":"object","properties":{"a":{"type":"string"}}}}}`),
	} {
		require.NoError(t, e.Accepts(ok), "%s", ok)
	}
	for _, refused := range []api.Options{
		with("temperature", "3"), with("temperature", `"hot"`), with("top_p", "1.5"), with("top_k", "-1"),
		with("top_k", "0.5"),
		with("seed", `"x"`), with("stop", "[1]"), with("stop", `[""]`), with("stop", `["a","b","c","d","e"]`),
		with("tools", `[{"type":"function"}]`), with("presence_penalty", "1"), with("logit_bias", `{"1":2}`),
		with("response_format", `{"type":"xml"}`), with("response_format", `"json"`),
	} {
		var parameter *api.ParameterError
		err := e.Accepts(refused)
		require.ErrorAs(t, err, &parameter, "%s", refused)
		for name := range refused {
			require.Equal(t, name, parameter.Param)
		}
	}
	r := sourced(aboutHair)
	r.Options = with("response_format", `{"type":"json_object"}`)
	reply, _, err := say(t, e, r)
	require.NoError(t, err)
	if reply.Finish == engine.FinishStop {
		require.True(t, json.Valid([]byte(reply.Text)), reply.Text)
	}
}

// TestEmbeddedContext: what does not fit into the context is left out, the oldest messages and the worst passages
// first. A question that does not fit even alone is refused.
func TestEmbeddedContext(t *testing.T) {
	e := embedded(t, "")
	r := sourced(aboutHair)
	long := strings.Repeat("A sentence about nothing that goes on for a while. ", 60)
	for range 4 {
		r.Passages = append(r.Passages, []byte(long))
		r.Messages = append([]api.Message{{Role: "user", Content: long}, {Role: "assistant", Content: long}}, r.Messages...)
	}
	_, emitted, err := say(t, e, r)
	require.NoError(t, err)
	require.NotEmpty(t, emitted)

	r = sourced(aboutHair)
	r.Messages[len(r.Messages)-1].Content += strings.Repeat(" and the words of the question", 200)
	_, _, err = say(t, e, r)
	var parameter *api.ParameterError
	require.ErrorAs(t, err, &parameter)
	require.Equal(t, "messages", parameter.Param)
}

// TestEmbeddedEnds: a client that is gone, a full answer and a closed engine end the work.
func TestEmbeddedEnds(t *testing.T) {
	e := embedded(t, "")
	full := errors.New("full")
	reply, err := e.Answer(t.Context(), sourced(aboutHair), func(string) error { return full })
	require.ErrorIs(t, err, full)
	require.NotEmpty(t, reply.Text)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = e.Answer(ctx, sourced(aboutHair), func(string) error { return nil })
	require.ErrorIs(t, err, context.Canceled)
}

// TestEmbeddedTakesOtherModels: a folder with another architecture answers, whatever it says; one without a model is
// refused.
func TestEmbeddedTakesOtherModels(t *testing.T) {
	config := checkpointtest.Config("qwen3")
	config.VocabSize = base.Vocabulary
	folder := checkpointtest.Random(t, config, checkpoint.BF16, 1)
	for _, name := range []string{"tokenizer.json", "tokenizer_config.json"} {
		content, err := fs.ReadFile(base.Files(), name)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), content, 0o600))
	}
	e := embedded(t, folder)
	r := sourced("Anything at all?")
	r.MaxTokens = 2
	r.Passages = nil
	_, _, err := say(t, e, r)
	require.NoError(t, err)

	_, err = engine.NewEmbedded(t.TempDir(), chat.Options{})
	require.Error(t, err)
	require.NoError(t, os.Remove(filepath.Join(folder, "tokenizer.json")))
	_, err = engine.NewEmbedded(folder, chat.Options{})
	require.ErrorContains(t, err, "tokenizer.json")
}
