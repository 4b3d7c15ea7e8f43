//go:build interop

package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openledger/openledger/slm/adapter"
	"github.com/openledger/openledger/slm/adapter/adaptertest"
	"github.com/openledger/openledger/slm/base"
	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/engine"
	"github.com/openledger/openledger/slm/kernel"
	"github.com/openledger/openledger/slm/model"
	"github.com/openledger/openledger/testutil/peers"
)

const (
	manyConversations = 64
	manyPrompt        = 128 // tokens
	manyAnswer        = 64  // tokens
)

// silent is a vocabulary whose tokens have no text.
type silentVocabulary struct{}

func (silentVocabulary) Bytes(int) []byte { return nil }

// manyTokens is the prompt of a conversation, another one in each round.
func manyTokens(conversation, round, size int) []int {
	tokens := make([]int, manyPrompt)
	for i := range tokens {
		tokens[i] = 5 + (conversation*131+i*17+round*7)%(size-6)
	}
	return tokens
}

// Many adapters beside llama-server, in turns: 64 conversations with the base that ships on one adapter and on 64 of
// rank 8, and what changing the adapter adds to one word. A table in the log, and nothing fails by it.
func TestManyAdapters(t *testing.T) {
	opened, _, err := base.Open()
	if err != nil {
		t.Fatal(err)
	}
	config := opened.Config
	folder := t.TempDir()
	file := filepath.Join(folder, "base.gguf")
	dtype := checkpoint.F16
	options := checkpoint.Options{DType: &dtype, Metadata: vocabulary(config.VocabSize)}
	if err := opened.WriteGGUF(file, options); err != nil {
		t.Fatal(err)
	}
	pool := kernel.NewPool(2)
	defer pool.Close()
	m, _ := loaded(t, file, "", pool)
	e, err := engine.New(m, silentVocabulary{}, engine.Options{Conversations: manyConversations})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var paths []string
	var ours []*model.Adapter
	for i := range manyConversations {
		path := filepath.Join(folder, fmt.Sprintf("%d.gguf", i))
		if err := adaptertest.Random(t, config, 8, 0.5, uint64(i)).WriteGGUF(path, config); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
		a, err := adapter.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		targets, err := a.For(m.Config())
		if err != nil {
			t.Fatal(err)
		}
		var changes []model.LowRank
		for _, of := range targets {
			changes = append(changes, model.LowRank{Layer: of.Layer, Projection: of.Projection, A: of.A, B: of.B})
		}
		made, err := model.NewAdapter(m.Config(), a.Scale, changes)
		if err != nil {
			t.Fatal(err)
		}
		ours = append(ours, made)
	}
	address, _ := peers.Llama(t, "-m", file, "--lora", strings.Join(paths, ","), "--lora-init-without-apply", "--parallel",
		fmt.Sprint(manyConversations), "--ctx-size", fmt.Sprint(manyConversations*256), "--no-warmup", "--threads", "2")
	say := map[string]func(tokens []int, adapter, words int){
		"slm": func(tokens []int, which, words int) {
			_, err := e.Generate(t.Context(), engine.Request{Prompt: tokens, Adapter: ours[which], MaxTokens: words,
				Logprobs: -1, IgnoreEnd: true, Scope: fmt.Sprint(tokens)}, nil)
			if err != nil {
				t.Error(err)
			}
		},
		"llama-server": func(tokens []int, which, words int) {
			var answer struct {
				Tokens []int `json:"tokens"`
			}
			post(t, address, "/completion", map[string]any{"prompt": tokens, "n_predict": words, "temperature": 0,
				"cache_prompt": false, "ignore_eos": true, "return_tokens": true,
				"lora": []map[string]any{{"id": which, "scale": 1}}}, &answer)
			if len(answer.Tokens) != words {
				t.Errorf("%d tokens, want %d", len(answer.Tokens), words)
			}
		},
	}
	best := map[string][2]float64{}
	changed := map[string][2][]time.Duration{}
	for round := range 5 {
		for name, one := range say {
			rates := best[name]
			for k, pick := range []func(i int) int{func(int) int { return 0 }, func(i int) int { return i }} {
				var group sync.WaitGroup
				began := time.Now()
				for i := range manyConversations {
					group.Go(func() { one(manyTokens(i, 2*round+k, config.VocabSize), pick(i), manyAnswer) })
				}
				group.Wait()
				rates[k] = max(rates[k], manyConversations*manyAnswer/time.Since(began).Seconds())
			}
			best[name] = rates
			took := changed[name]
			for i := range 100 {
				for k := range took { // the first call changes the adapter, the second does not
					began := time.Now()
					one(manyTokens(i, 0, config.VocabSize)[:4], i*7%manyConversations, 1)
					took[k] = append(took[k], time.Since(began))
				}
			}
			changed[name] = took
		}
	}
	load, _ := os.ReadFile("/proc/loadavg")
	var table strings.Builder
	fmt.Fprintf(&table, "%d conversations, %d tokens read and %d said by each, best of 5 turns; llama.cpp's %s; load %s\n",
		manyConversations, manyPrompt, manyAnswer, filepath.Base(peers.Backend(t)), strings.Fields(string(load))[0])
	table.WriteString("| | one adapter, tokens/s | 64 adapters, tokens/s | ratio | a change adds, ms |\n")
	table.WriteString("|---|---:|---:|---:|---:|\n")
	for _, name := range []string{"slm", "llama-server"} {
		took := changed[name]
		slices.Sort(took[0])
		slices.Sort(took[1])
		middle := len(took[0]) / 2
		fmt.Fprintf(&table, "| %s | %.0f | %.0f | %.2f | %.3f |\n", name, best[name][0], best[name][1],
			best[name][1]/best[name][0], float64((took[0][middle]-took[1][middle]).Microseconds())/1e3)
	}
	t.Logf("\n%s", table.String())
}
