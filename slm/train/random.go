package train

import (
	"crypto/sha256"
	"encoding/binary"
	"math"

	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/kernel"
)

// source gives random numbers that are the same on every machine: SHA-256 of a seed, a name and a count.
type source struct {
	in    []byte
	count uint64
	block [32]byte
	next  int
}

func newSource(seed uint64, name string) *source {
	in := binary.BigEndian.AppendUint64(nil, seed)
	in = append(in, name...)
	return &source{in: binary.BigEndian.AppendUint64(in, 0), next: 32}
}

// bits returns 64 random bits.
func (s *source) bits() uint64 {
	if s.next == len(s.block) {
		binary.BigEndian.PutUint64(s.in[len(s.in)-8:], s.count)
		s.block = sha256.Sum256(s.in)
		s.count++
		s.next = 0
	}
	s.next += 8
	return binary.BigEndian.Uint64(s.block[s.next-8:])
}

// unit returns a number in [0, 1).
func (s *source) unit() float64 { return float64(s.bits()>>11) / (1 << 53) }

// below returns a number from 0 to n-1.
func (s *source) below(n int) int { return int(s.bits() % uint64(n)) } // n is far below 2^64, so the bias is negligible

// normal returns two numbers of the normal distribution, by the method of Box and Muller.
func (s *source) normal() [2]float64 {
	radius := math.Sqrt(float64(-2 * kernel.Log64(1-s.unit())))
	sin, cos := kernel.SinCos64(float64(2 * math.Pi * s.unit()))
	return [2]float64{float64(radius * cos), float64(radius * sin)}
}

// Init returns the tensors of an untrained model in F32: matrices are normal with a standard deviation of 0.02, those
// that write to the residual stream of 0.02/sqrt(2·layers); norms are 1 and biases 0.
func Init(config checkpoint.Config, seed uint64) ([]checkpoint.Tensor, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	var tensors []checkpoint.Tensor
	for _, layout := range config.Layouts() {
		t := checkpoint.Tensor{Name: layout.Name, DType: checkpoint.F32, Shape: layout.Shape}
		n, _ := t.Elements()
		values, random := make([]float32, n), newSource(seed, layout.Name)
		deviation := 0.02
		if writesResidual(layout.Name) {
			deviation /= math.Sqrt(2 * float64(config.Layers))
		}
		for i := 0; len(layout.Shape) == 2 && i < n; i += 2 {
			for j, v := range random.normal() {
				if i+j < n {
					values[i+j] = float32(v * deviation)
				}
			}
		}
		if isNorm(layout.Name) {
			for i := range values {
				values[i] = 1
			}
		}
		t.Data = kernel.Bytes(values)
		tensors = append(tensors, t)
	}
	return tensors, nil
}
