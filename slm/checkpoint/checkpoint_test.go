package checkpoint_test

import (
	"testing"

	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/checkpoint/checkpointtest"
)

func small(architecture string) checkpoint.Config {
	config := checkpoint.Config{
		Architecture: architecture, VocabSize: 96, HiddenSize: 64, IntermediateSize: 160, Layers: 2, Heads: 4, KVHeads: 2,
		HeadDim: 16, MaxPositions: 128, NormEps: 1e-5, RopeTheta: 10000, BOS: 1, EOS: []int{2},
	}
	switch architecture {
	case checkpoint.Qwen2:
		config.AttentionBias = true
	case checkpoint.Qwen3:
		config.QKNorm, config.HeadDim = true, 32
	}
	return config
}

func TestRandomFolderOpens(t *testing.T) {
	for _, architecture := range []string{checkpoint.Llama, checkpoint.Mistral, checkpoint.Qwen2, checkpoint.Qwen3} {
		for _, dtype := range []checkpoint.DType{checkpoint.F32, checkpoint.F16, checkpoint.BF16} {
			config := small(architecture)
			c, err := checkpoint.Open(checkpointtest.Random(t, config, dtype, 7))
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range checkpointtest.Tensors(t, config, dtype, 7) {
				got, ok := c.Tensor(want.Name)
				if !ok || string(got.Data) != string(want.Data) || got.DType != dtype {
					t.Fatalf("%s %s: %s is not what was written", architecture, dtype, want.Name)
				}
			}
			if got, want := len(c.Names()), len(config.Layouts()); got != want {
				t.Fatalf("%d tensors, want %d", got, want)
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
