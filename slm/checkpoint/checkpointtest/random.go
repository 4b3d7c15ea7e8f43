// Package checkpointtest makes checkpoints of random weights for tests.
package checkpointtest

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openledger/openledger/slm/checkpoint"
)

// Random writes a Hugging Face folder with random weights to a folder of the test's own and returns its path; for Q8_0,
// and where config.RopeInterleaved is set, it writes a GGUF file and returns the file's path. The same
// config, dtype and seed give the same bytes on every machine: weights come from SHA-256 of the seed, the tensor's name
// and a counter. Matrices are uniform with the variance 1/in, norms are 1 ± 1/8, biases are within ± 1/8.
func Random(t testing.TB, config checkpoint.Config, dtype checkpoint.DType, seed uint64) string {
	t.Helper()
	path := t.TempDir()
	plain := config
	plain.RopeInterleaved = false
	of := dtype
	if dtype == checkpoint.Q8_0 {
		of = checkpoint.F32
	}
	c, err := checkpoint.New(plain, Tensors(t, plain, of, seed))
	if err != nil {
		t.Fatal(err)
	}
	if dtype == checkpoint.Q8_0 || config.RopeInterleaved {
		path = filepath.Join(path, "model.gguf")
		err = c.WriteGGUF(path, checkpoint.Options{DType: &dtype})
	} else {
		err = c.WriteFolder(path, checkpoint.Options{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Config returns a small configuration of an architecture: 2 layers, 4 query heads, 2 key heads, 96 tokens. All widths
// are multiples of 32.
func Config(architecture string) checkpoint.Config {
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

// Tensors returns random tensors of a configuration: F32, F16 or BF16.
func Tensors(t testing.TB, config checkpoint.Config, dtype checkpoint.DType, seed uint64) []checkpoint.Tensor {
	t.Helper()
	if err := config.Validate(); err != nil {
		t.Fatal(err)
	}
	var tensors []checkpoint.Tensor
	for _, layout := range config.Layouts() {
		tensors = append(tensors, Tensor(t, layout, dtype, seed))
	}
	return tensors
}

// Tensor returns a random tensor of a layout: F32, F16 or BF16.
func Tensor(t testing.TB, layout checkpoint.Layout, dtype checkpoint.DType, seed uint64) checkpoint.Tensor {
	tensor := checkpoint.Tensor{Name: layout.Name, DType: dtype, Shape: layout.Shape}
	n, _ := tensor.Elements()
	offset, spread := 0.0, 0.125
	switch {
	case len(layout.Shape) == 2:
		spread = math.Sqrt(3 / float64(layout.Shape[1]))
	case strings.HasSuffix(layout.Name, "norm.weight"):
		offset = 1
	}
	source := newSource(seed, layout.Name)
	for range n {
		value := float32(offset + float64(spread*source.unit()))
		switch dtype {
		case checkpoint.F32:
			tensor.Data = binary.LittleEndian.AppendUint32(tensor.Data, math.Float32bits(value))
		case checkpoint.BF16:
			tensor.Data = binary.LittleEndian.AppendUint16(tensor.Data, uint16(math.Float32bits(value)>>16))
		case checkpoint.F16:
			tensor.Data = binary.LittleEndian.AppendUint16(tensor.Data, half(value))
		default:
			t.Fatalf("random weights of %s are not made", dtype)
		}
	}
	return tensor
}

// half cuts a float32 of a magnitude below 65,536 to an IEEE 754 half; what is below 2^-14 becomes zero.
func half(value float32) uint16 {
	bits := math.Float32bits(value)
	sign, exponent := uint16(bits>>16&0x8000), int(bits>>23&0xff)-127+15
	if exponent <= 0 {
		return sign
	}
	return sign | uint16(exponent)<<10 | uint16(bits>>13&0x3ff)
}

// source gives 16 bits at a time of SHA-256 over a key and a counter.
type source struct {
	input [32 + 8]byte
	block [32]byte
	next  int
}

func newSource(seed uint64, name string) *source {
	s := &source{next: 32}
	key := sha256.Sum256(append(binary.LittleEndian.AppendUint64(nil, seed), name...))
	copy(s.input[:], key[:])
	return s
}

// unit returns a number that is uniform in (-1, 1) in steps of 2^-15.
func (s *source) unit() float64 {
	if s.next == len(s.block) {
		s.block = sha256.Sum256(s.input[:])
		binary.LittleEndian.PutUint64(s.input[32:], binary.LittleEndian.Uint64(s.input[32:])+1)
		s.next = 0
	}
	n := binary.LittleEndian.Uint16(s.block[s.next:])
	s.next += 2
	return (float64(n) + 0.5 - 32768) / 32768
}
