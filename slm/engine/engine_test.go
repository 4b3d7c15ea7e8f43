package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/checkpoint/checkpointtest"
	"github.com/openledger/openledger/slm/kernel"
	"github.com/openledger/openledger/slm/model"
)

// letters is a vocabulary of three special tokens, 256 bytes and some words.
type letters struct{}

var words = []string{"the", " ledger", "é", "世界", "\": ", "{\"", "true", "false", "null", "\"}", "[", "]", "12", "\n  "}

func (letters) Bytes(token int) []byte {
	switch {
	case token < 3:
		return nil
	case token < 259:
		return []byte{byte(token - 3)}
	}
	return []byte(words[token-259])
}

func tokensOf(s string) []int {
	tokens := []int{1}
	for i := range len(s) {
		tokens = append(tokens, int(s[i])+3)
	}
	return tokens
}

const vocabulary = 259 + 14

var testConfig = checkpoint.Config{
	Architecture: checkpoint.Llama, VocabSize: vocabulary, HiddenSize: 32, IntermediateSize: 64, Layers: 2, Heads: 4,
	KVHeads: 2, HeadDim: 8, MaxPositions: 512, NormEps: 1e-5, RopeTheta: 10000, TieEmbeddings: true, BOS: 1, EOS: []int{2},
}

func testModel(t testing.TB, pool *kernel.Pool) *model.Model {
	tensors := map[string]checkpoint.Tensor{}
	for _, tensor := range checkpointtest.Tensors(t, testConfig, checkpoint.BF16, 5) {
		tensors[tensor.Name] = tensor
	}
	m, err := model.FromTensors(testConfig, func(name string) (checkpoint.Tensor, bool) {
		tensor, ok := tensors[name]
		return tensor, ok
	}, pool)
	require.NoError(t, err)
	return m
}

func testEngine(t testing.TB, options Options) *Engine {
	e, err := New(testModel(t, nil), letters{}, options)
	require.NoError(t, err)
	t.Cleanup(e.Close)
	return e
}

func answer(t require.TestingT, e *Engine, r Request) Result {
	var text strings.Builder
	var tokens []Token
	result, err := e.Generate(context.Background(), r, func(c Chunk) error {
		require.True(t, utf8.ValidString(c.Text))
		text.WriteString(c.Text)
		tokens = append(tokens, c.Tokens...)
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, result.Text, text.String())
	require.Equal(t, fmt.Sprint(result.Tokens), fmt.Sprint(tokens))
	return result
}

// digest returns a digest of an answer.
func digest(r Result) string {
	sum := sha256.Sum256(fmt.Append(nil, r.Text, r.Finish, r.Tokens))
	return hex.EncodeToString(sum[:8])
}

// TestGolden compares answers with ones that are the same on every machine and in every version.
func TestGolden(t *testing.T) {
	want := map[string]string{
		"greedy":      "e4174a6891f44410",
		"temperature": "0019d49be955afc3",
		"filtered":    "0c1d24e71f459536",
		"penalty":     "104ca0552cd54a04",
		"object":      "43d3ae90c299d224",
		"logprobs":    "ed297d35bc5ea8c6",
	}
	requests := map[string]Request{
		"greedy":      {MaxTokens: 100, Logprobs: -1},
		"temperature": {MaxTokens: 100, Temperature: 1, Seed: 7, Logprobs: -1},
		"filtered":    {MaxTokens: 100, Temperature: 0.8, TopK: 40, TopP: 0.9, MinP: 0.05, Seed: 7, Logprobs: -1},
		"penalty":     {MaxTokens: 100, Temperature: 0.3, RepetitionPenalty: 1.3, Seed: 1 << 63, Logprobs: -1},
		"object":      {MaxTokens: 200, Temperature: 0.7, Seed: 3, Grammar: JSONObject(), Logprobs: -1},
		"logprobs":    {MaxTokens: 20, Logprobs: 5},
	}
	e := testEngine(t, Options{})
	pool := kernel.NewPool(3)
	defer pool.Close()
	other, err := New(testModel(t, pool), letters{}, Options{PromptTokens: 3})
	require.NoError(t, err)
	defer other.Close()
	for name, r := range requests {
		r.Prompt = tokensOf("Who owns the ledger, and who is paid for it? Nobody else says so.")
		got := digest(answer(t, e, r))
		if got != want[name] {
			t.Errorf("%q: %q,", name, got)
		}
		require.Equal(t, got, digest(answer(t, e, r)), "from the prefix cache")
		restore := kernel.ForcePortable()
		require.Equal(t, got, digest(answer(t, other, r)), "portable code, threads, short steps")
		restore()
	}
}

// TestTogether: an answer does not depend on other conversations.
func TestTogether(t *testing.T) {
	e := testEngine(t, Options{Conversations: 5, PromptTokens: 40})
	var requests []Request
	var want []string
	for i := range 24 {
		r := Request{
			Prompt: tokensOf(strings.Repeat("a long beginning that they share; ", i%3) + fmt.Sprint("question ", i)),
			Scope:  fmt.Sprint(i % 2), MaxTokens: 5 + 7*(i%5), Temperature: float64(i % 3), Seed: uint64(i), Logprobs: i%3 - 1,
		}
		if i%4 == 3 {
			r.Grammar = JSONObject()
		}
		requests, want = append(requests, r), append(want, digest(answer(t, e, r)))
	}
	var all sync.WaitGroup
	for round := range 3 {
		for i := range requests {
			all.Go(func() {
				if got := digest(answer(t, e, requests[i])); got != want[i] {
					t.Errorf("round %d: request %d gave another answer", round, i)
				}
			})
		}
	}
	all.Wait()
	stats := e.Stats()
	require.Zero(t, stats.Active)
	require.Zero(t, stats.ReservedBlocks)
	require.Positive(t, stats.CachedTokens)
	require.Positive(t, stats.PrefixBlocks)
}

func TestPrefixCache(t *testing.T) {
	e := testEngine(t, Options{})
	r := Request{Prompt: tokensOf(strings.Repeat("0123456789", 10)), MaxTokens: 40}
	first := answer(t, e, r)
	require.Zero(t, first.CachedTokens)
	second := answer(t, e, r)
	require.Equal(t, 96, second.CachedTokens)
	require.Equal(t, first.Text, second.Text)
	r.Scope = "another"
	require.Zero(t, answer(t, e, r).CachedTokens)
	// The answer's own blocks are shared, too: a conversation goes on.
	r.Scope = ""
	for _, token := range first.Tokens {
		r.Prompt = append(r.Prompt, token.ID)
	}
	require.Equal(t, 128, answer(t, e, r).CachedTokens)
	// A prompt of whole blocks leaves a token to compute.
	r.Prompt = r.Prompt[:64]
	require.Equal(t, 32, answer(t, e, r).CachedTokens)
	// With little memory, the cache gives way and answers stay.
	small := testEngine(t, Options{CacheBytes: 6 * e.model.BlockBytes()})
	r = Request{Prompt: tokensOf(strings.Repeat("0123456789", 10)), MaxTokens: 40}
	for range 3 {
		require.Equal(t, first.Text, answer(t, small, r).Text)
		require.LessOrEqual(t, small.Stats().PrefixBlocks, 6)
		answer(t, small, Request{Prompt: tokensOf(strings.Repeat("another ", 12)), MaxTokens: 40})
	}
	r.MaxTokens = 200
	_, err := small.Generate(context.Background(), r, nil)
	require.ErrorContains(t, err, "need 81920 bytes of cache, the engine has 49152: ask for fewer")
}

func TestStops(t *testing.T) {
	e := testEngine(t, Options{})
	r := Request{Prompt: tokensOf("abc"), MaxTokens: 60, Temperature: 1, Seed: 11, IgnoreEnd: true, Logprobs: -1}
	whole := answer(t, e, r)
	require.Equal(t, FinishLength, whole.Finish)
	require.Len(t, whole.Tokens, 60)
	for from := 5; from < 30; from += 3 {
		stop := string([]rune(whole.Text)[from : from+4])
		if strings.ContainsRune(stop, utf8.RuneError) {
			continue
		}
		r.Stop = []string{"never", stop}
		got := answer(t, e, r)
		require.Equal(t, FinishStop, got.Finish)
		before, _, found := strings.Cut(whole.Text, stop)
		require.True(t, found)
		require.Equal(t, before, got.Text)
	}
	r.Stop = nil
	r.StopTokens = []int{whole.Tokens[9].ID}
	got := answer(t, e, r)
	require.Equal(t, FinishStop, got.Finish)
	require.LessOrEqual(t, len(got.Tokens), 10)
	require.Equal(t, r.StopTokens[0], got.Tokens[len(got.Tokens)-1].ID)
	// To the end of the context.
	r.StopTokens, r.MaxTokens = nil, 0
	require.Len(t, answer(t, e, r).Tokens, 512-4)
}

// TestTextStream: text comes in whole characters, whatever the tokens are, and ends before a stop string.
func TestTextStream(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOf(
			rapid.SampledFrom(
				[]string{"a", "b", "ab", "é", "\xc3", "\xa9", "世", "\xe4\xb8", "\x96", "\xf0\x9f", "\x98\x80"})).Draw(t, "tokens")
		stops := rapid.SliceOfN(rapid.SampledFrom([]string{"aba", "é世", "bb", "世"}), 0, 3).Draw(t, "stops")
		stream := textStream{stops: stops}
		var got strings.Builder
		for _, part := range parts {
			text := stream.add([]byte(part))
			require.True(t, utf8.ValidString(text))
			got.WriteString(text)
		}
		got.WriteString(stream.flush())
		all := strings.Join(parts, "")
		// The first stop string that is complete ends the text; of several, the one that begins first.
		end := len(all)
	find:
		for i := 0; i <= len(parts); i++ {
			so := strings.Join(parts[:i], "")
			for _, stop := range stops {
				if at := strings.Index(so, stop); at >= 0 {
					end = min(end, at)
				}
			}
			if end < len(all) {
				break find
			}
		}
		require.Equal(t, string([]rune(all[:end])), got.String())
	})
}

func TestLogprobs(t *testing.T) {
	e := testEngine(t, Options{})
	r := Request{Prompt: tokensOf("abc"), MaxTokens: 10, Logprobs: 20, Temperature: 1, Seed: 2, RepetitionPenalty: 1.5}
	for _, token := range answer(t, e, r).Tokens {
		require.Len(t, token.Top, 20)
		for i, a := range token.Top {
			require.Less(t, a.Logprob, 0.0)
			require.True(t, i == 0 || a.Logprob <= token.Top[i-1].Logprob)
			if a.ID == token.ID {
				require.InDelta(t, a.Logprob, token.Logprob, 1e-12)
			}
		}
		require.LessOrEqual(t, token.Logprob, token.Top[0].Logprob)
	}
	// They are those of softmax.
	cache := e.model.NewCache()
	logits, err := e.model.Forward([]model.Sequence{{Cache: cache, Tokens: r.Prompt, Positions: []int{3}}})
	require.NoError(t, err)
	var sum float64
	for _, v := range logits.Row(0) {
		sum += math.Exp(float64(v))
	}
	r.Temperature, r.RepetitionPenalty = 0, 0
	first := answer(t, e, r).Tokens[0]
	require.InDelta(t, float64(logits.Row(0)[first.ID])-math.Log(sum), first.Logprob, 1e-5)
	r.Logprobs = 0
	require.Equal(t, first.Logprob, answer(t, e, r).Tokens[0].Logprob)
}

// TestSampling compares the frequencies of drawn tokens with their probabilities.
func TestSampling(t *testing.T) {
	logits := []float32{1, 3, 2, -1, 3, 0}
	probabilities := func(r Request) []float64 {
		counts := make([]float64, len(logits))
		s := newSampler(&r)
		r.Logprobs = -1
		const n = 20000
		for i := range n {
			token, err := s.next(append([]float32{}, logits...), i, nil)
			require.NoError(t, err)
			counts[token.ID] += 1.0 / n
		}
		return counts
	}
	expect := func(r Request, tokens ...int) {
		var sum float64
		want := make([]float64, len(logits))
		for _, i := range tokens {
			want[i] = math.Exp((float64(logits[i]) - 3) / r.Temperature)
			sum += want[i]
		}
		got := probabilities(r)
		for i := range want {
			require.InDelta(t, want[i]/sum, got[i], 0.012, "%+v: token %d", r, i)
			require.Equal(t, want[i] == 0, got[i] == 0)
		}
	}
	expect(Request{Temperature: 1}, 0, 1, 2, 3, 4, 5)
	expect(Request{Temperature: 2, Seed: 9}, 0, 1, 2, 3, 4, 5)
	expect(Request{Temperature: 1, TopK: 3}, 1, 2, 4)
	expect(Request{Temperature: 1, TopK: 1}, 1)
	expect(Request{Temperature: 1, TopP: 0.5}, 1, 4)
	expect(Request{Temperature: 1, TopP: 0.9}, 1, 2, 4)
	expect(Request{Temperature: 1, TopK: 2, TopP: 0.4}, 1)
	expect(Request{Temperature: 1, MinP: 0.3}, 1, 2, 4)
	expect(Request{Temperature: 1, MinP: 1}, 1, 4)
	expect(Request{Temperature: 1e-30}, 1, 4)
	// The penalty takes from tokens that were in the text, whatever their sign.
	r := Request{Temperature: 0, RepetitionPenalty: 2, Prompt: []int{1, 4, 3}, Logprobs: -1}
	s := newSampler(&r)
	token, err := s.next(append([]float32{}, logits...), 0, nil)
	require.NoError(t, err)
	require.Equal(t, 2, token.ID)
	scaled := append([]float32{}, logits...)
	newSampler(&r).penalise(scaled)
	require.Equal(t, []float32{1, 1.5, 2, -2, 1.5, 0}, scaled)
	_, err = s.next([]float32{1, float32(math.NaN())}, 0, nil)
	require.ErrorContains(t, err, "damaged")
	_, err = s.next(append([]float32{}, logits...), 0, newMask(6))
	require.ErrorContains(t, err, "no token of the vocabulary")
}

func TestCancel(t *testing.T) {
	e := testEngine(t, Options{Conversations: 1, Waiting: 1})
	r := Request{Prompt: tokensOf("abc"), MaxTokens: 400, IgnoreEnd: true, Logprobs: -1}
	whole := answer(t, e, r)
	// Between tokens, with what was said so far.
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	result, err := e.Generate(ctx, r, func(Chunk) error {
		if n++; n == 20 {
			cancel()
		}
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	require.GreaterOrEqual(t, len(result.Tokens), 20)
	require.Less(t, len(result.Tokens), 400)
	require.True(t, strings.HasPrefix(whole.Text, result.Text))
	// When the reader fails.
	broken := errors.New("the line is broken")
	_, err = e.Generate(context.Background(), r, func(Chunk) error { return broken })
	require.ErrorIs(t, err, broken)
	// In the queue, which is bounded.
	hold, reading := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		once := sync.Once{}
		_, err := e.Generate(context.Background(), r, func(Chunk) error {
			once.Do(func() { close(reading); <-hold })
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-reading
	ctx, cancel = context.WithCancel(context.Background())
	queued := make(chan error)
	go func() {
		_, err := e.Generate(ctx, r, nil)
		queued <- err
	}()
	require.Eventually(t, func() bool { return e.Stats().Waiting == 1 }, 20e9, 1e6)
	_, err = e.Generate(context.Background(), r, nil)
	require.ErrorIs(t, err, ErrBusy)
	cancel()
	require.ErrorIs(t, <-queued, context.Canceled)
	close(hold)
	all.Wait()
	// A closed engine refuses.
	e.Close()
	_, err = e.Generate(context.Background(), r, nil)
	require.ErrorIs(t, err, ErrClosed)
}

func TestClose(t *testing.T) {
	e := testEngine(t, Options{Conversations: 1})
	r := Request{Prompt: tokensOf("abc"), MaxTokens: 500, IgnoreEnd: true}
	errs, begun := make(chan error, 3), make(chan struct{}, 1000)
	for range 3 {
		go func() {
			_, err := e.Generate(context.Background(), r, func(Chunk) error { begun <- struct{}{}; return nil })
			errs <- err
		}()
	}
	<-begun
	e.Close()
	closed := 0
	for range 3 {
		if err := <-errs; err != nil {
			require.ErrorIs(t, err, ErrClosed)
			closed++
		}
	}
	require.Positive(t, closed)
}

func TestRefusals(t *testing.T) {
	e := testEngine(t, Options{})
	for message, r := range map[string]Request{
		"the prompt has no token":               {},
		"the model reads 512 with its answer":   {Prompt: make([]int, 512)},
		"ask for at most 412":                   {Prompt: make([]int, 100), MaxTokens: 413},
		"token 273 is not in the vocabulary":    {Prompt: []int{273}},
		"token -1 is not in the vocabulary":     {Prompt: []int{1}, StopTokens: []int{-1}},
		"max tokens is -1":                      {Prompt: []int{1}, MaxTokens: -1},
		"temperature is NaN":                    {Prompt: []int{1}, Temperature: math.NaN()},
		"top p is 1.1":                          {Prompt: []int{1}, TopP: 1.1},
		"top k is -1":                           {Prompt: []int{1}, TopK: -1},
		"repetition penalty is -1":              {Prompt: []int{1}, RepetitionPenalty: -1},
		"a stop string has 0 bytes":             {Prompt: []int{1}, Stop: []string{""}},
		"logprobs is 21; give 0 to 20":          {Prompt: []int{1}, Logprobs: 21},
		"17 stop strings and 0 stop tokens; gi": {Prompt: []int{1}, Stop: make([]string, 17)},
	} {
		_, err := e.Generate(context.Background(), r, nil)
		require.ErrorContains(t, err, message)
	}
	_, err := New(e.model, letters{}, Options{CacheBytes: 5})
	require.ErrorContains(t, err, "do not hold one block")
	_, err = New(e.model, letters{}, Options{Waiting: -1})
	require.ErrorContains(t, err, "waiting is -1")
}

func TestJSONAnswers(t *testing.T) {
	e := testEngine(t, Options{})
	complete := 0
	for seed := range uint64(30) {
		r := Request{
			Prompt: tokensOf("a"), MaxTokens: 300, Temperature: 0.5 + float64(seed%5), Seed: seed, Grammar: JSONObject(),
			Logprobs: -1,
		}
		got := answer(t, e, r)
		if got.Finish == FinishLength {
			continue
		}
		complete++
		var object map[string]any
		require.NoError(t, json.Unmarshal([]byte(got.Text), &object), got.Text)
	}
	require.Positive(t, complete)
	g, err := JSONSchema([]byte(`{"type":"object","properties":{"paid":{"type":"boolean"},"to":{"enum":["ann","bob"]},
		"parts":{"type":"array","items":{"type":"integer"},"minItems":1,"maxItems":3}},"required":["paid","to","parts"]}`))
	require.NoError(t, err)
	for seed := range uint64(20) {
		r := Request{Prompt: tokensOf("a"), MaxTokens: 300, Temperature: 1, Seed: seed, Grammar: g, Logprobs: -1}
		got := answer(t, e, r)
		require.Equal(t, FinishStop, got.Finish)
		var v struct {
			Paid  *bool
			To    string
			Parts []json.Number
		}
		require.NoError(t, json.Unmarshal([]byte(got.Text), &v), got.Text)
		require.NotNil(t, v.Paid)
		require.Contains(t, []string{"ann", "bob"}, v.To)
		require.True(t, len(v.Parts) >= 1 && len(v.Parts) <= 3)
	}
}
