package train

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/kernel"
)

// tiny is a model of 870,000 weights.
var tiny = checkpoint.Config{
	Architecture: checkpoint.Llama, VocabSize: 1024, HiddenSize: 128, IntermediateSize: 352, Layers: 4, Heads: 4,
	KVHeads: 2, HeadDim: 32, MaxPositions: 128, NormEps: 1e-5, RopeTheta: 10000, TieEmbeddings: true, BOS: 1,
	EOS: []int{2},
}

// smolLM2 is the shape of SmolLM2-135M.
var smolLM2 = checkpoint.Config{
	Architecture: checkpoint.Llama, VocabSize: 49152, HiddenSize: 576, IntermediateSize: 1536, Layers: 30, Heads: 9,
	KVHeads: 3, HeadDim: 64, MaxPositions: 8192, NormEps: 1e-5, RopeTheta: 100000, TieEmbeddings: true, BOS: 1,
	EOS: []int{2},
}

// texts returns n texts of the length in tokens, all of which but the first are learned.
func texts(n, length, vocabulary int) []Example {
	random := newSource(2, "texts")
	out := make([]Example, n)
	for i := range out {
		for range length {
			out[i].Tokens = append(out[i].Tokens, random.below(vocabulary))
		}
	}
	return out
}

// benchmarkSteps does steps of count texts of length tokens.
func benchmarkSteps(
	b *testing.B, config checkpoint.Config, dtype checkpoint.DType, s Settings, threads, count, length int,
) {
	pool := kernel.NewPool(threads)
	b.Cleanup(pool.Close)
	tensors, err := Init(config, 1)
	require.NoError(b, err)
	for i := range tensors {
		if dtype == checkpoint.BF16 {
			half := make([]byte, 0, len(tensors[i].Data)/2)
			for j := 0; j < len(tensors[i].Data); j += 4 {
				half = append(half, tensors[i].Data[j+2], tensors[i].Data[j+3])
			}
			tensors[i].DType, tensors[i].Data = checkpoint.BF16, half
		}
	}
	m := fromTensors(b, config, tensors, pool)
	s.Epochs = 1000
	trainer := start(b, m, s, texts(count, length, config.VocabSize), pool)
	weights := m.WeightBytes()
	runtime.GC()
	debug.FreeOSMemory()
	for b.Loop() {
		_, err := trainer.Step(context.Background())
		require.NoError(b, err)
	}
	b.ReportMetric(float64(trainer.tokens)/b.Elapsed().Seconds(), "tokens/s")
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	b.ReportMetric(float64(memory.HeapSys-memory.HeapReleased)/float64(weights), "memory/weights")
}

// BenchmarkTiny is a step of 1,024 tokens of a model of 870,000 weights.
func BenchmarkTiny(b *testing.B) {
	for _, rank := range []int{0, 8} {
		for _, threads := range []int{1, 2} {
			b.Run(fmt.Sprintf("rank=%d/threads=%d", rank, threads), func(b *testing.B) {
				s := quick(rank)
				s.ContextTokens, s.BatchTokens, s.Accumulation = 128, 1024, 1
				benchmarkSteps(b, tiny, checkpoint.F32, s, threads, 8, 129)
			})
		}
	}
}

// BenchmarkSmolLM2 is a step of 256 tokens of an adapter of the 135 million weights of SmolLM2-135M.
func BenchmarkSmolLM2(b *testing.B) {
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("rank=8/threads=%d", threads), func(b *testing.B) {
			s := quick(8)
			s.ContextTokens, s.BatchTokens, s.Accumulation = 256, 256, 1
			benchmarkSteps(b, smolLM2, checkpoint.BF16, s, threads, 1, 257)
		})
	}
}
