package adapters_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/content/artifact"
	"github.com/openledger/openledger/openlora/adapters"
	"github.com/openledger/openledger/slm/adapter"
	"github.com/openledger/openledger/slm/adapter/adaptertest"
	"github.com/openledger/openledger/slm/base"
	"github.com/openledger/openledger/slm/chat"
	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/checkpoint/checkpointtest"
	slm "github.com/openledger/openledger/slm/engine"
	"github.com/openledger/openledger/slm/kernel"
	"github.com/openledger/openledger/slm/model"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// shape135M is the configuration of SmolLM2-135M.
var shape135M = checkpoint.Config{
	Architecture: checkpoint.Llama, VocabSize: 49152, HiddenSize: 576, IntermediateSize: 1536, Layers: 30, Heads: 9,
	KVHeads: 3, HeadDim: 64, MaxPositions: 8192, NormEps: 1e-5, RopeTheta: 100000, TieEmbeddings: true, BOS: 1,
	EOS: []int{2},
}

// resident returns the bytes of the process that are in memory.
func resident(b *testing.B) int64 {
	b.Helper()
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Skip("no /proc/self/statm on this system")
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	require.NoError(b, err)
	return pages * int64(os.Getpagesize())
}

// files writes n adapters of rank 8 on all projections, and returns their paths. They differ in two bytes only, because
// making weights takes longer than loading them.
func files(b *testing.B, config checkpoint.Config, n int, narrow bool) []string {
	b.Helper()
	folder := b.TempDir()
	made := adaptertest.Random(b, config, 8, 0.5, 1)
	if narrow {
		var err error
		made, err = made.As(checkpoint.BF16)
		require.NoError(b, err)
	}
	first := filepath.Join(folder, "0")
	require.NoError(b, made.WriteFile(first, config, "base"))
	content, err := os.ReadFile(first)
	require.NoError(b, err)
	paths := []string{first}
	for i := 1; i < n; i++ {
		path := filepath.Join(folder, strconv.Itoa(i))
		content[len(content)-4], content[len(content)-8] = byte(i), byte(i>>8) // the lowest bits of weights
		require.NoError(b, os.WriteFile(path, content, 0o600))
		paths = append(paths, path)
	}
	return paths
}

// opened maps an adapter for the engine.
func opened(b *testing.B, path string, config checkpoint.Config) *model.Adapter {
	b.Helper()
	file, err := adapter.Open(path)
	require.NoError(b, err)
	b.Cleanup(func() { _ = file.Close() })
	targets, err := file.For(config)
	require.NoError(b, err)
	var changes []model.LowRank
	for _, t := range targets {
		changes = append(changes, model.LowRank{Layer: t.Layer, Projection: t.Projection, A: t.A, B: t.B})
	}
	made, err := model.NewAdapter(config, file.Scale, changes)
	require.NoError(b, err)
	return made
}

// BenchmarkThousand loads a thousand adapters of the base that ships, has each answer a word, and then switches between
// them.
func BenchmarkThousand(b *testing.B) {
	m, err := chat.Base(chat.Options{Threads: 1})
	require.NoError(b, err)
	defer m.Close()
	say := func(a *model.Adapter) time.Duration {
		began := time.Now()
		_, err := m.Engine.Generate(b.Context(), slm.Request{Prompt: []int{0, 3, 100, 200}, Adapter: a, MaxTokens: 1,
			Logprobs: -1, IgnoreEnd: true}, nil)
		require.NoError(b, err)
		return time.Since(began)
	}
	for _, narrow := range []bool{false, true} {
		b.Run(map[bool]string{false: "F32", true: "BF16"}[narrow], func(b *testing.B) {
			paths := files(b, base.Config(), 1000, narrow)
			say(nil)
			for b.Loop() {
				before := resident(b)
				all := make([]*model.Adapter, len(paths))
				for i, path := range paths {
					all[i] = opened(b, path, base.Config())
					say(all[i])
				}
				b.ReportMetric(float64(resident(b)-before)/1e6, "MB-resident")
				var same, other []time.Duration
				for i := range 2000 {
					other = append(other, say(all[i*7%1000]))
					same = append(same, say(all[i*7%1000]))
				}
				slices.Sort(same)
				slices.Sort(other)
				b.ReportMetric(float64((other[1000]-same[1000]).Nanoseconds())/1e3, "µs-switch-p50")
				b.ReportMetric(float64((other[1980]-same[1980]).Nanoseconds())/1e3, "µs-switch-p99")
				runtime.KeepAlive(all)
			}
		})
	}
}

// BenchmarkCold loads adapters of the base that ships through the shelf: from the disk, from another gateway, and from
// memory.
func BenchmarkCold(b *testing.B) {
	const n = 200
	paths := files(b, base.Config(), n, false)
	theirs, err := artifact.Open(b.TempDir())
	require.NoError(b, err)
	mux := http.NewServeMux()
	mux.Handle("GET "+artifact.Route+"{sha256}", theirs.Handler(4))
	gateway := httptest.NewServer(mux)
	defer gateway.Close()
	w := newWorld(b)
	w.config.Memory = 1 << 30
	w.chain.providers["other"] = gateway.URL
	for i, path := range paths {
		content, err := os.ReadFile(path)
		require.NoError(b, err)
		_, _, err = theirs.PutFile(b.Context(), path, 1<<30)
		require.NoError(b, err)
		id := uint64(i + 2)
		w.chain.add(id, modelstypes.MODEL_KIND_ADAPTER, 1, sha256.Sum256(content), "", 2)
		w.chain.offers[id] = []string{"other"}
	}
	use := func(b *testing.B, s *adapters.Shelf, name string) {
		var took []time.Duration
		for i := range n {
			began := time.Now()
			lease, err := s.Use(b.Context(), uint64(i+2), 1)
			took = append(took, time.Since(began))
			require.NoError(b, err)
			lease.Release()
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[n/2].Microseconds())/1e3, "ms-"+name+"-p50")
		b.ReportMetric(float64(took[n*99/100].Microseconds())/1e3, "ms-"+name+"-p99")
	}
	for b.Loop() {
		s := w.shelf()
		use(b, s, "gateway")
		use(b, s, "memory")
		for i := range n {
			require.NoError(b, w.engine.Unload(b.Context(), fmt.Sprintf("openledger-%d-1", i+2)))
		}
		use(b, w.shelf(), "disk")
	}
}

// BenchmarkMany measures 64 conversations with the base that ships, each with a prompt of 128 tokens and an answer of
// 64: on one adapter and on 64, in turns.
func BenchmarkMany(b *testing.B) {
	const conversations, prompt, answer = 64, 128, 64
	m, err := chat.Base(chat.Options{Engine: slm.Options{Conversations: conversations}})
	require.NoError(b, err)
	defer m.Close()
	for _, narrow := range []bool{false, true} {
		b.Run(map[bool]string{false: "F32", true: "BF16"}[narrow], func(b *testing.B) {
			var all []*model.Adapter
			for _, path := range files(b, base.Config(), conversations, narrow) {
				all = append(all, opened(b, path, base.Config()))
			}
			round := 0
			run := func(pick func(i int) *model.Adapter) float64 {
				round++
				var group sync.WaitGroup
				began := time.Now()
				for i := range conversations {
					group.Go(func() {
						tokens := make([]int, prompt)
						for j := range tokens {
							tokens[j] = 5 + (i*131+j*17+round*7)%2000
						}
						_, err := m.Engine.Generate(context.Background(), slm.Request{Prompt: tokens, Adapter: pick(i),
							MaxTokens: answer, Logprobs: -1, IgnoreEnd: true, Scope: fmt.Sprint(round, i)}, nil)
						if err != nil {
							b.Error(err)
						}
					})
				}
				group.Wait()
				return conversations * answer / time.Since(began).Seconds()
			}
			for b.Loop() {
				var one, each, ratio []float64
				for range 7 {
					o, e := run(func(int) *model.Adapter { return all[0] }), run(func(i int) *model.Adapter { return all[i] })
					one, each, ratio = append(one, o), append(each, e), append(ratio, e/o)
				}
				slices.Sort(ratio)
				b.ReportMetric(slices.Max(one), "tokens/s-one")
				b.ReportMetric(slices.Max(each), "tokens/s-each")
				b.ReportMetric(slices.Max(each)/slices.Max(one), "ratio-of-best")
				b.ReportMetric(ratio[len(ratio)/2], "ratio-median")
			}
		})
	}
}

// Benchmark135M loads a hundred adapters on a base in the shape of SmolLM2-135M, and has each read a token.
func Benchmark135M(b *testing.B) {
	tensors := map[string]checkpoint.Tensor{}
	folder := b.TempDir()
	path := filepath.Join(folder, "model")
	require.NoError(b, os.MkdirAll(path, 0o755))
	for _, layout := range shape135M.Layouts() {
		kind := checkpoint.BF16
		if len(layout.Shape) == 1 {
			kind = checkpoint.F32
		}
		tensors[layout.Name] = checkpointtest.Tensor(b, layout, kind, 1)
	}
	paths := files(b, shape135M, 100, false)
	info, err := os.Stat(paths[0])
	require.NoError(b, err)
	for b.Loop() {
		m, err := model.FromTensors(shape135M, func(name string) (checkpoint.Tensor, bool) {
			t, ok := tensors[name]
			return t, ok
		}, kernel.NewPool(1))
		require.NoError(b, err)
		read := func(a *model.Adapter) {
			_, err := m.Forward([]model.Sequence{{Cache: m.NewCache(), Tokens: []int{5}, Adapter: a}})
			require.NoError(b, err)
		}
		read(nil)
		before := resident(b)
		all := make([]*model.Adapter, len(paths))
		for i, path := range paths {
			all[i] = opened(b, path, shape135M)
			read(all[i])
		}
		grown := float64(resident(b) - before)
		b.ReportMetric(float64(m.WeightBytes())/1e6, "MB-base")
		b.ReportMetric(float64(info.Size())/1e6, "MB-adapter")
		b.ReportMetric(grown/1e6, "MB-grown")
		b.ReportMetric((float64(m.WeightBytes())+grown)/(float64(m.WeightBytes())+100*float64(info.Size())),
			"of-base-and-adapters")
		runtime.KeepAlive(all)
	}
}
