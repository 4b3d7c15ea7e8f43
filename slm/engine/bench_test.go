package engine

import (
	"fmt"
	"testing"
)

// BenchmarkSampler is one token out of a vocabulary of 49,152.
func BenchmarkSampler(b *testing.B) {
	logits := make([]float32, 49152)
	for i := range logits {
		logits[i] = float32(random(1, i)>>40) / (1 << 20)
	}
	for name, r := range map[string]Request{
		"greedy":      {Logprobs: -1},
		"temperature": {Logprobs: -1, Temperature: 1},
		"top-k":       {Logprobs: -1, Temperature: 1, TopK: 40},
		"top-p":       {Logprobs: -1, Temperature: 1, TopP: 0.95},
		"logprobs":    {Logprobs: 5},
	} {
		b.Run(name, func(b *testing.B) {
			s, scratch := newSampler(&r), make([]float32, len(logits))
			for b.Loop() {
				copy(scratch, logits)
				if _, err := s.next(scratch, 0, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// many is a vocabulary of 49,152 tokens of up to three bytes.
type many struct{}

func (many) Bytes(token int) []byte {
	switch {
	case token < 3:
		return nil
	case token < 259:
		return []byte{byte(token - 3)}
	}
	return fmt.Appendf(nil, "%x", token)
}

// BenchmarkGrammar finds which of 49,152 tokens may follow inside a string, in a state that is new.
func BenchmarkGrammar(b *testing.B) {
	tree := newTokenTree(many{}, 49152)
	for b.Loop() {
		g := JSONObject()
		g = newGrammar(g.rules)
		tree.allowed(g.start.read([]byte(`{"a":["x`)), nil)
	}
}
