package model

import (
	"hash"

	"github.com/openledger/openledger/slm/kernel"
)

// Hash writes all weights to h, such as a SHA-256, in a fixed order and in the form of the checkpoint. Models with the
// same configuration and tensors write the same bytes.
func (m *Model) Hash(h hash.Hash) {
	m.Embeddings.Hash(h)
	if m.Head != m.Embeddings {
		m.Head.Hash(h)
	}
	vectors := [][]float32{m.Norm}
	for i := range m.Layers {
		l := &m.Layers[i]
		vectors = append(vectors, l.AttentionNorm, l.MLPNorm, l.QueryNorm, l.KeyNorm)
		for _, p := range l.Projections {
			p.Weights.Hash(h)
			vectors = append(vectors, p.Bias)
		}
	}
	for _, v := range vectors {
		h.Write(kernel.Bytes(v))
	}
}
