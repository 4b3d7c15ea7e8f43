package model

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/kernel"
)

// SmolLM2 is the shape of SmolLM2-135M.
var smolLM2 = checkpoint.Config{
	Architecture: checkpoint.Llama, VocabSize: 49152, HiddenSize: 576, IntermediateSize: 1536, Layers: 30, Heads: 9,
	KVHeads: 3, HeadDim: 64, MaxPositions: 8192, NormEps: 1e-5, RopeTheta: 100000, TieEmbeddings: true, BOS: 1,
	EOS: []int{2},
}

// quick fills tensors with small numbers of any kind, in less time than random weights take.
func quick(config checkpoint.Config, dtype checkpoint.DType) func(string) (checkpoint.Tensor, bool) {
	tensors := map[string]checkpoint.Tensor{}
	for _, layout := range config.Layouts() {
		t := checkpoint.Tensor{Name: layout.Name, DType: dtype, Shape: layout.Shape}
		if len(layout.Shape) == 1 {
			t.DType = checkpoint.F32
		}
		n, _ := t.Elements()
		size, _ := t.DType.RowBytes(n)
		t.Data = make([]byte, size)
		sum := sha256.Sum256([]byte(layout.Name))
		state := binary.LittleEndian.Uint64(sum[:])
		for i := range t.Data {
			state = state*6364136223846793005 + 1442695040888963407
			t.Data[i] = byte(state >> 56)
		}
		// Exponents that keep numbers within ± 1/8.
		for i := 0; i < n; i++ {
			switch t.DType {
			case checkpoint.F32:
				t.Data[4*i+3] = t.Data[4*i+3]&0x80 | 0x3c
			case checkpoint.F16:
				t.Data[2*i+1] = t.Data[2*i+1]&0x83 | 0x28
			case checkpoint.BF16:
				t.Data[2*i+1] = t.Data[2*i+1]&0x80 | 0x3d
			case checkpoint.Q8_0:
				if i%32 == 0 {
					t.Data[i/32*34+1] = 0x10
				}
			}
		}
		tensors[layout.Name] = t
	}
	return func(name string) (checkpoint.Tensor, bool) {
		t, ok := tensors[name]
		return t, ok
	}
}

func benchmarkModel(b *testing.B, dtype checkpoint.DType, threads int) *Model {
	pool := kernel.NewPool(threads)
	b.Cleanup(pool.Close)
	m, err := FromTensors(smolLM2, quick(smolLM2, dtype), pool)
	require.NoError(b, err)
	return m
}

// BenchmarkDecode measures one token after 64 others of one conversation, or of eight, in the shape of SmolLM2-135M.
func BenchmarkDecode(b *testing.B) {
	for _, dtype := range dtypes {
		for _, threads := range []int{1, 2} {
			m := benchmarkModel(b, dtype, threads)
			for _, conversations := range []int{1, 8} {
				b.Run(fmt.Sprintf("%s/threads=%d/conversations=%d", dtype, threads, conversations), func(b *testing.B) {
					var step []Sequence
					for range conversations {
						s := Sequence{Cache: m.NewCache(), Tokens: text(1, 64, smolLM2.VocabSize)}
						_, err := m.Forward([]Sequence{s})
						require.NoError(b, err)
						s.Tokens, s.Positions = []int{5}, []int{0}
						step = append(step, s)
					}
					for b.Loop() {
						_, err := m.Forward(step)
						require.NoError(b, err)
						for _, s := range step {
							s.Cache.Truncate(64)
						}
					}
					b.ReportMetric(float64(conversations*b.N)/b.Elapsed().Seconds(), "tokens/s")
				})
			}
		}
	}
}

// BenchmarkPrefill measures a prompt of 256 tokens.
func BenchmarkPrefill(b *testing.B) {
	for _, dtype := range dtypes {
		for _, threads := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/threads=%d", dtype, threads), func(b *testing.B) {
				m := benchmarkModel(b, dtype, threads)
				tokens := text(1, 256, smolLM2.VocabSize)
				for b.Loop() {
					_, err := m.Forward([]Sequence{{Cache: m.NewCache(), Tokens: tokens, Positions: []int{255}}})
					require.NoError(b, err)
				}
				b.ReportMetric(float64(256*b.N)/b.Elapsed().Seconds(), "tokens/s")
			})
		}
	}
}

// shipped is the shape of the base that ships.
var shipped = checkpoint.Config{
	Architecture: checkpoint.Llama, VocabSize: 2048, HiddenSize: 128, IntermediateSize: 352, Layers: 4, Heads: 4,
	KVHeads: 2, HeadDim: 32, MaxPositions: 512, NormEps: 1e-5, RopeTheta: 10000, TieEmbeddings: true, EOS: []int{1},
}

// BenchmarkAdapters measures one token of each of several conversations: without adapters, with one shared adapter, and
// with an adapter for each, of rank 8 on all projections.
func BenchmarkAdapters(b *testing.B) {
	for _, c := range []struct {
		name          string
		config        checkpoint.Config
		conversations int
	}{{"shipped", shipped, 64}, {"135M", smolLM2, 8}, {"135M", smolLM2, 64}} {
		pool := kernel.NewPool(2)
		b.Cleanup(pool.Close)
		m, err := FromTensors(c.config, quick(c.config, checkpoint.BF16), pool)
		require.NoError(b, err)
		adapters := make([]*Adapter, c.conversations)
		for i := range adapters {
			adapters[i], _ = randomAdapter(b, c.config, 8, checkpoint.Projections[:]...)
		}
		for _, which := range []struct {
			name string
			pick func(i int) *Adapter
		}{
			{"none", func(int) *Adapter { return nil }}, {"one", func(int) *Adapter { return adapters[0] }},
			{"each", func(i int) *Adapter { return adapters[i] }},
		} {
			b.Run(fmt.Sprintf("%s/conversations=%d/%s", c.name, c.conversations, which.name), func(b *testing.B) {
				var step []Sequence
				for i := range c.conversations {
					s := Sequence{Cache: m.NewCache(), Tokens: text(1, 64, c.config.VocabSize), Adapter: which.pick(i)}
					_, err := m.Forward([]Sequence{s})
					require.NoError(b, err)
					s.Tokens, s.Positions = []int{5}, []int{0}
					step = append(step, s)
				}
				for b.Loop() {
					_, err := m.Forward(step)
					require.NoError(b, err)
					for _, s := range step {
						s.Cache.Truncate(64)
					}
				}
				b.ReportMetric(float64(c.conversations*b.N)/b.Elapsed().Seconds(), "tokens/s")
			})
		}
	}
}
