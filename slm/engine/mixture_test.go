package engine

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// expects is a mixture that always returns the same.
type expects struct {
	share  uint32
	next   []Count
	barred []int
}

func (e expects) Next(_, _ []int) (uint32, []Count, []int) { return e.share, e.next, e.barred }

// TestMixtureAgainstFloats compares the weights of a mixture with probabilities in float64.
func TestMixtureAgainstFloats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 40).Draw(t, "tokens")
		logits := make([]float32, n)
		for i := range logits {
			logits[i] = float32(rapid.Float64Range(-5, 5).Draw(t, "logit"))
		}
		m := expects{share: uint32(rapid.IntRange(0, mixtureOne).Draw(t, "share"))}
		for i := range n {
			if rapid.Bool().Draw(t, "expected") {
				m.next = append(m.next, Count{i, uint64(rapid.IntRange(1, 1000).Draw(t, "count"))})
			}
		}
		s := newSampler(&Request{Prompt: []int{0}, Temperature: 1, Mixture: m, Logprobs: -1})
		s.scratch = slices.Clone(logits)
		var candidates []candidate
		sum := 0.0
		for i, l := range logits {
			candidates = append(candidates, candidate{i, uint64(math.Exp(float64(l)) * (1 << 30))})
			sum += math.Exp(float64(l))
		}
		mixed := s.mix(candidates, nil)
		got := make([]float64, n)
		total := 0.0
		for _, c := range mixed {
			got[c.token] = float64(c.weight)
			total += float64(c.weight)
		}
		counts := 0.0
		for _, c := range m.next {
			counts += float64(c.Count)
		}
		share := float64(m.share) / mixtureOne
		if counts == 0 {
			share = 0
		}
		for i := range n {
			want := (1 - share) * math.Exp(float64(logits[i])) / sum
			for _, c := range m.next {
				if c.Token == i {
					want += share * float64(c.Count) / counts
				}
			}
			if math.Abs(got[i]/total-want) > 1e-6 {
				t.Fatalf("token %d has %v of the sum, want %v", i, got[i]/total, want)
			}
		}
	})
}

// TestMixtureBars: a token that a mixture bars does not occur, even if the model predicts it.
func TestMixtureBars(t *testing.T) {
	logits := []float32{9, 8, 1}
	for _, temperature := range []float64{0, 1} {
		m := expects{share: mixtureOne / 2, next: []Count{{0, 3}, {2, 1}}, barred: []int{0, 1}}
		s := newSampler(&Request{Prompt: []int{0}, Temperature: temperature, Mixture: m, Logprobs: -1})
		for i := range 20 {
			token, err := s.next(slices.Clone(logits), i, nil)
			if err != nil || token.ID != 2 {
				t.Fatalf("token %d, %v: 0 and 1 are barred", token.ID, err)
			}
		}
	}
	// What does not exist is passed over, and so is a mixture that expects nothing.
	for _, m := range []expects{
		{share: mixtureOne, next: []Count{{-1, 5}, {3, 5}}}, {share: mixtureOne}, {next: []Count{{2, 5}}},
		{share: math.MaxUint32},
	} {
		s := newSampler(&Request{Prompt: []int{0}, Mixture: m, Logprobs: -1})
		if token, err := s.next(slices.Clone(logits), 0, nil); err != nil || token.ID != 0 {
			t.Errorf("%+v: token %d, %v", m, token.ID, err)
		}
	}
	// Counts as great as can be do not overflow.
	s := newSampler(&Request{Prompt: []int{0}, Temperature: 1, Logprobs: -1, Mixture: expects{
		share: math.MaxUint32, next: []Count{{0, math.MaxUint64}, {1, math.MaxUint64}, {2, math.MaxUint64}},
	}})
	if _, err := s.next(slices.Clone(logits), 0, nil); err != nil {
		t.Error(err)
	}
}
