package engine

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/openledger/openledger/slm/kernel"
)

// sampler chooses tokens for one conversation.
type sampler struct {
	request    *Request
	seen       map[int]bool // tokens of the text, if there is a penalty
	scratch    []float32
	candidates []candidate
	answer     []int
}

func newSampler(r *Request) *sampler {
	s := &sampler{request: r}
	if r.RepetitionPenalty != 0 && r.RepetitionPenalty != 1 {
		s.seen = map[int]bool{}
		for _, token := range r.Prompt {
			s.seen[token] = true
		}
	}
	return s
}

// next returns the token after n tokens of the answer. It changes logits. allowed is nil if the grammar allows all
// tokens.
func (s *sampler) next(logits []float32, n int, allowed *mask) (Token, error) {
	for _, v := range logits {
		if v-v != 0 {
			return Token{}, fmt.Errorf("the model gave %v as a logit: its weights or the adapter are damaged", v)
		}
	}
	token := Token{Logprob: math.NaN()}
	var logSum float64
	if s.request.Logprobs >= 0 {
		logSum = s.logSum(logits)
		token.Top = top(logits, s.request.Logprobs, logSum)
	}
	raw := logits
	if s.request.Logprobs >= 0 && s.seen != nil {
		raw = slices.Clone(logits)
	}
	s.penalise(logits)
	switch {
	case s.request.Temperature == 0 && s.request.Mixture == nil:
		token.ID = greatest(logits, allowed)
	default:
		token.ID = s.draw(logits, n, allowed)
	}
	s.answer = append(s.answer, token.ID)
	if token.ID < 0 {
		return Token{}, fmt.Errorf("no token of the vocabulary goes on as the response format demands")
	}
	if s.request.Logprobs >= 0 {
		token.Logprob = float64(raw[token.ID]) - logSum
	}
	if s.seen != nil {
		s.seen[token.ID] = true
	}
	return token, nil
}

// logSum returns the logarithm of the sum of e^logit.
func (s *sampler) logSum(logits []float32) float64 {
	s.scratch = append(s.scratch[:0], logits...)
	most := kernel.Max(s.scratch)
	return float64(most) + kernel.Log64(float64(kernel.ExpSum(s.scratch, most)))
}

func (s *sampler) penalise(logits []float32) {
	penalty := float32(s.request.RepetitionPenalty)
	for token := range s.seen {
		if logits[token] > 0 {
			logits[token] /= penalty
		} else {
			logits[token] *= penalty
		}
	}
}

// greatest returns the first token with the greatest logit, or -1 if none is allowed.
func greatest(logits []float32, allowed *mask) int {
	best := -1
	for i, v := range logits {
		if allowed.has(i) && (best < 0 || v > logits[best]) {
			best = i
		}
	}
	return best
}

// candidate is a token and its part of the sum of weights.
type candidate struct {
	token  int
	weight uint64
}

// one is the weight of the most likely token. A million tokens of this weight do not overflow.
const one = 1 << 40

// draw returns a random token by weight, or -1 if none is allowed.
func (s *sampler) draw(logits []float32, n int, allowed *mask) int {
	best := greatest(logits, allowed)
	if best < 0 {
		return -1
	}
	most, temperature := logits[best], float32(s.request.Temperature)
	if temperature == 0 {
		temperature = 1 // for weights that a mixture can be added to
	}
	s.scratch = append(s.scratch[:0], logits...)
	for i, v := range s.scratch {
		s.scratch[i] = (v - most) / temperature
	}
	kernel.ExpSum(s.scratch, 0)
	candidates := s.candidates[:0]
	for i, e := range s.scratch {
		if weight := uint64(float64(e) * one); weight > 0 && allowed.has(i) {
			candidates = append(candidates, candidate{i, weight})
		}
	}
	candidates = s.mix(candidates, allowed)
	s.candidates = candidates
	if s.request.Temperature == 0 {
		return heaviest(candidates, best)
	}
	candidates = s.keep(candidates)
	var sum uint64
	for _, c := range candidates {
		sum += c.weight
	}
	at, _ := bits.Mul64(random(s.request.Seed, n), sum)
	for _, c := range candidates {
		if at < c.weight {
			return c.token
		}
		at -= c.weight
	}
	return best
}

// random returns the n-th random number of a seed.
func random(seed uint64, n int) uint64 {
	var in [16]byte
	binary.BigEndian.PutUint64(in[:8], seed)
	binary.BigEndian.PutUint64(in[8:], uint64(n))
	sum := sha256.Sum256(in[:])
	return binary.BigEndian.Uint64(sum[:8])
}

// keep returns the candidates that TopK, TopP and MinP leave, in order of tokens.
func (s *sampler) keep(candidates []candidate) []candidate {
	r := s.request
	if r.MinP > 0 || r.TopP > 0 && r.TopP < 1 || r.TopK > 0 && r.TopK < len(candidates) {
		limit := len(candidates)
		if r.TopK > 0 {
			limit = min(limit, r.TopK)
		}
		candidates = largest(candidates, limit, r.TopP, r.MinP)
		slices.SortFunc(candidates, func(a, b candidate) int { return a.token - b.token })
	}
	return candidates
}

// largest returns up to limit candidates with the greatest weights, the lowest tokens among equals; of these the fewest
// that have the part topP of their weight; of these those with at least the part minP of the greatest.
func largest(candidates []candidate, limit int, topP, minP float64) []candidate {
	var most, total uint64
	for _, c := range candidates {
		most, total = max(most, c.weight), total+c.weight
	}
	if topP == 0 {
		topP = 1
	}
	// Sort no more than is needed: those above a bound that falls until enough are above it.
	var kept []candidate
	for bound := most; ; {
		bound >>= 4
		kept = kept[:0]
		var sum uint64
		for _, c := range candidates {
			if c.weight >= bound {
				kept = append(kept, c)
				sum += c.weight
			}
		}
		if bound == 0 || limit < len(candidates) && len(kept) >= limit ||
			limit == len(candidates) && topP < 1 && sum >= uint64(topP*float64(total)) ||
			limit == len(candidates) && topP == 1 && bound <= uint64(minP*float64(most)) {
			break
		}
	}
	slices.SortFunc(kept, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), a.token-b.token)
	})
	if limit < len(candidates) {
		kept, total = kept[:limit], 0
		for _, c := range kept {
			total += c.weight
		}
	}
	enough, least := uint64(topP*float64(total)), uint64(minP*float64(most))
	var sum uint64
	for i, c := range kept {
		if c.weight < least || topP < 1 && i > 0 && sum >= enough {
			return kept[:i]
		}
		sum += c.weight
	}
	return kept
}

// top returns the n most likely tokens.
func top(logits []float32, n int, logSum float64) []Alternative {
	best := make([]Alternative, 0, n+1)
	for i, v := range logits {
		if n == 0 || len(best) == n && float64(v)-logSum <= best[n-1].Logprob {
			continue
		}
		a := Alternative{i, float64(v) - logSum}
		at := len(best)
		for at > 0 && best[at-1].Logprob < a.Logprob {
			at--
		}
		best = slices.Insert(best, at, a)
		if len(best) > n {
			best = best[:n]
		}
	}
	return best
}
