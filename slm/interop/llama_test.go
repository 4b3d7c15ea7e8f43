//go:build interop

package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/openledger/openledger/slm/adapter/adaptertest"
	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/checkpoint/checkpointtest"
	"github.com/openledger/openledger/slm/gguf"
	"github.com/openledger/openledger/slm/tokenizer"
	"github.com/openledger/openledger/testutil/peers"
)

// post asks a server and reads its answer.
func post(t testing.TB, address, path string, request, response any) {
	t.Helper()
	body, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.Post("http://"+address+path, "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err == nil && r.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", r.Status, text)
	}
	if err == nil {
		err = json.Unmarshal(text, response)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A completion is an answer of llama-server with the probabilities of all tokens.
type completion struct {
	Tokens        []int `json:"tokens"`
	Probabilities []struct {
		Top []struct {
			ID  int     `json:"id"`
			Log float64 `json:"logprob"`
		} `json:"top_logprobs"`
	} `json:"completion_probabilities"`
}

// vocabulary is the metadata of n tokens that are whole characters each: llama-server tells no probabilities of a token
// that ends within one.
func vocabulary(n int) []gguf.Pair {
	tokens, kinds := make([]string, n), make([]int32, n)
	for i := range tokens {
		tokens[i], kinds[i] = fmt.Sprintf("t%d.", i), 1
	}
	return []gguf.Pair{
		{Key: "tokenizer.ggml.model", Value: "gpt2"}, {Key: "tokenizer.ggml.pre", Value: "gpt-2"},
		{Key: "tokenizer.ggml.tokens", Value: tokens}, {Key: "tokenizer.ggml.token_type", Value: kinds},
		{Key: "tokenizer.ggml.merges", Value: []string{"t 1"}}, {Key: "tokenizer.ggml.add_bos_token", Value: false},
		{Key: "tokenizer.ggml.eos_token_id", Value: uint32(n - 1)},
	}
}

// logProbabilities returns log softmax of logits.
func logProbabilities(logits []float32) []float64 {
	largest, sum := math.Inf(-1), 0.0
	for _, x := range logits {
		largest = max(largest, float64(x))
	}
	for _, x := range logits {
		sum += math.Exp(float64(x) - largest)
	}
	out := make([]float64, len(logits))
	for i, x := range logits {
		out[i] = float64(x) - largest - math.Log(sum)
	}
	return out
}

// llama-server computes what we compute from the GGUF files that we write, bases and adapters. Weights of F32 must
// agree within the tolerance. For the others llama.cpp rounds what it multiplies them with to the type of the weights,
// or to int8, so only the greedy tokens must be the same, unless two are as near as the largest difference of that
// step.
func TestLlamaServer(t *testing.T) {
	metadata := vocabulary(384)
	all := configs()
	names := []string{}
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		config := all[name]
		dtypes := []checkpoint.DType{checkpoint.F32}
		if name == config.Architecture {
			dtypes = append(dtypes, checkpoint.F16, checkpoint.BF16, checkpoint.Q8_0)
		}
		for _, dtype := range dtypes {
			t.Run(name+" "+dtype.String(), func(t *testing.T) { againstServer(t, config, dtype, metadata) })
		}
	}
}

func againstServer(t *testing.T, config checkpoint.Config, dtype checkpoint.DType, metadata []gguf.Pair) {
	stored := dtype
	if dtype == checkpoint.Q8_0 {
		stored = checkpoint.F32
	}
	c, err := checkpoint.Open(checkpointtest.Random(t, config, stored, 11))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	base, lora := filepath.Join(t.TempDir(), "base.gguf"), filepath.Join(t.TempDir(), "lora.gguf")
	if err := c.WriteGGUF(base, checkpoint.Options{DType: &dtype, Metadata: metadata}); err != nil {
		t.Fatal(err)
	}
	if err := adaptertest.Random(t, config, 4, 0.5, 3).WriteGGUF(lora, config); err != nil {
		t.Fatal(err)
	}
	address, _ := peers.Llama(t, "-m", base, "--lora", lora, "--cache-type-k", "f32", "--cache-type-v", "f32",
		"--flash-attn", "off", "--parallel", "1", "--no-warmup")
	tokens := prompt(384)
	count := steps
	if config.SlidingWindow > 0 {
		tokens, count = tokens[:8], config.SlidingWindow-8
	}
	for scale, path := range []string{"", lora} {
		var theirs completion
		post(t, address, "/completion", map[string]any{
			"prompt": tokens, "n_predict": count, "temperature": 0, "n_probs": 384, "cache_prompt": false,
			"return_tokens": true, "ignore_eos": true, "lora": []map[string]any{{"id": 0, "scale": scale}},
		}, &theirs)
		mine := oursAfter(t, base, path, tokens, theirs.Tokens)
		if len(theirs.Tokens) != count || len(theirs.Probabilities) != count {
			t.Fatalf("%d tokens and %d probabilities, want %d", len(theirs.Tokens), len(theirs.Probabilities), count)
		}
		worst, near := 0.0, 0
		for i, step := range theirs.Probabilities {
			log, apart := logProbabilities(mine[i]), 0.0
			for _, top := range step.Top {
				apart = max(apart, math.Abs(top.Log-log[top.ID]))
			}
			worst = max(worst, apart)
			log[384-1] = math.Inf(-1) // the end is not chosen
			best := 0
			for id := range log {
				if log[id] > log[best] {
					best = id
				}
			}
			switch gap := log[best] - log[theirs.Tokens[i]]; {
			case gap == 0:
			case gap < 2*apart && dtype != checkpoint.F32:
				near++
			default:
				t.Errorf("token %d is %d, theirs %d", i, best, theirs.Tokens[i])
			}
		}
		t.Logf("%s %s, adapter %v: log probabilities differ by at most %.1e; %d of %d greedy tokens are the same",
			config.Architecture, dtype, path != "", worst, count-near, count)
		if dtype == checkpoint.F32 && worst > tolerance {
			t.Errorf("log probabilities differ by %v", worst)
		}
	}
}

// llama-server makes the tokens that we make with the tokenizer of a GGUF file.
func TestLlamaTokens(t *testing.T) {
	toks := map[string]*tokenizer.Tokenizer{}
	for _, split := range []string{
		tokenizer.SplitGPT2, tokenizer.SplitSmolLM, tokenizer.SplitLlama3, tokenizer.SplitQwen2,
	} {
		tok, err := tokenizer.Train(texts(t), tokenizer.Recipe{
			Tokens: 1500, Special: []string{"<s>", "</s>"}, BOS: "<s>", EOS: "</s>", Split: split,
		})
		if err != nil {
			t.Fatal(err)
		}
		toks[split] = tok
	}
	folder := t.TempDir()
	python(t, "tokenizers", map[string]any{
		"folder": folder, "texts": texts(t), "samples": []string{}, "characters": []string{}, "kinds": []string{"llama2"},
		"patterns": map[string]string{"llama3": "", "qwen2": "", "tekken": ""},
	}, &map[string][]encoding{})
	tok, err := tokenizer.Open(filepath.Join(folder, "llama2"))
	if err != nil {
		t.Fatal(err)
	}
	tok.BOS, tok.EOS = "<s>", "</s>"
	toks["llama"] = tok
	for name, tok := range toks {
		t.Run(name, func(t *testing.T) { sameTokens(t, tok) })
	}
}

// sameTokens writes a tokenizer to a GGUF file and compares the tokens of llama-server with ours, of the file and of
// tok.
func sameTokens(t *testing.T, tok *tokenizer.Tokenizer) {
	config := checkpointtest.Config(checkpoint.Llama)
	config.VocabSize, config.Layers = tok.Len(), 1
	c, err := checkpoint.Open(checkpointtest.Random(t, config, checkpoint.F16, 1))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	metadata, err := tok.GGUF(tok.Len())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "model.gguf")
	if err := c.WriteGGUF(file, checkpoint.Options{Metadata: metadata}); err != nil {
		t.Fatal(err)
	}
	opened, err := checkpoint.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	ours, err := tokenizer.FromGGUF(opened.GGUF())
	if err != nil {
		t.Fatal(err)
	}
	address, _ := peers.Llama(t, "-m", file, "--no-warmup")
	compared, different, apart := 0, 0, 0
	for _, sample := range samples() {
		if strings.ContainsRune(sample, 0) {
			continue // a text ends there for llama.cpp
		}
		for _, special := range []bool{false, true} {
			var theirs struct{ Tokens []int }
			post(t, address, "/tokenize", map[string]any{
				"content": sample, "add_special": false, "parse_special": special,
			}, &theirs)
			parts := []tokenizer.Part{{Text: sample, Trusted: special}}
			mine := ours.EncodeParts(parts)
			if !slices.Equal(mine, theirs.Tokens) {
				different++
				t.Logf("%.60q (special %v): %v, llama.cpp %v", sample, special, mine, theirs.Tokens)
			}
			if !slices.Equal(mine, tok.EncodeParts(parts)) {
				apart++
			}
			compared++
		}
	}
	t.Logf("%d samples: %d differ from llama.cpp, %d between the GGUF file and what it was made from",
		compared, different, apart)
	if different > 0 {
		t.Errorf("%d samples have other tokens", different)
	}
}
