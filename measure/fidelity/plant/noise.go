package plant

import (
	"fmt"
	"math/rand"
)

// Noise changes the tokens of an answer, one by one and independently.
type Noise struct {
	// Percent of the tokens is changed.
	Percent int
	// Edits draws insertions, deletions and substitutions with equal probability; otherwise all are substitutions.
	Edits bool
}

// String names the noise.
func (n Noise) String() string {
	if n.Edits {
		return fmt.Sprintf("%d%% ins/del/sub", n.Percent)
	}
	return fmt.Sprintf("%d%% sub", n.Percent)
}

// Apply returns the answer with noise. What is owed stays: it is what was quoted.
func (n Noise) Apply(rng *rand.Rand, a Answer, random func(*rand.Rand) uint32) Answer {
	out := a
	out.Tokens, out.Planted = nil, nil
	add := func(t uint32, planted bool) {
		out.Tokens, out.Planted = append(out.Tokens, t), append(out.Planted, planted)
	}
	for i, t := range a.Tokens {
		if rng.Intn(100) >= n.Percent {
			add(t, a.Planted[i])
			continue
		}
		kind := 2
		if n.Edits {
			kind = rng.Intn(3)
		}
		switch kind {
		case 0: // deleted
		case 1:
			add(t, a.Planted[i])
			add(random(rng), a.Planted[i])
		case 2:
			add(random(rng), a.Planted[i])
		}
	}
	return out
}

// RandomToken draws a token of the registry by its frequency.
func (g *Generator) RandomToken(rng *rand.Rand) uint32 {
	for {
		if text := g.Registry.Segments[rng.Intn(len(g.Registry.Segments))].Tokens; len(text) > 0 {
			return text[rng.Intn(len(text))]
		}
	}
}
