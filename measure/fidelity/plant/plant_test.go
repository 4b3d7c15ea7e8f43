package plant

import (
	"errors"
	"fmt"
	"math"
	"math/rand"
	"slices"
	"testing"

	"github.com/openledger/openledger/measure/fidelity/corpus"
	"github.com/openledger/openledger/measure/fidelity/grams"
	"github.com/openledger/openledger/poa"
)

// registry makes segments of n tokens that no two segments share, one document each.
func registry(t *testing.T, segments, n int) (*corpus.Registry, []corpus.Segment) {
	t.Helper()
	v := corpus.NewVocabulary()
	make := func(document int) corpus.Segment {
		s := corpus.Segment{Document: document}
		for i := range n {
			s.Tokens = append(s.Tokens, v.Intern(poa.TokenIDs(fmt.Appendf(nil, "w%dx%d", document+1000, i))[0]))
		}
		return s
	}
	var list []corpus.Segment
	for i := range segments {
		list = append(list, make(i))
	}
	foreign := []corpus.Segment{make(-1), make(-2)}
	r, err := corpus.NewRegistry(v, list, corpus.TableProtocol)
	if err != nil {
		t.Fatal(err)
	}
	return r, foreign
}

func generator(t *testing.T, r *corpus.Registry, foreign []corpus.Segment) *Generator {
	t.Helper()
	g, err := NewGenerator(r, foreign, grams.NewIndex(corpus.Texts(r.Segments), grams.Fixed(5)))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestAnswer(t *testing.T) {
	r, foreign := registry(t, 10, 100)
	g := generator(t, r, foreign)
	for seed := range int64(50) {
		a := g.Answer(rand.New(rand.NewSource(seed)), 300)
		planted := 0
		for p, yes := range a.Planted {
			document := -1
			for i := range r.Segments {
				if slices.Contains(r.Segments[i].Tokens, a.Tokens[p]) {
					document = i
				}
			}
			if yes {
				planted++
			}
			if yes != slices.Contains(a.Quoted[:], document) {
				t.Fatalf("position %d is of document %d, planted %v", p, document, yes)
			}
		}
		if len(a.Tokens) != 300 || planted != 180 {
			t.Fatalf("%d tokens, %d planted", len(a.Tokens), planted)
		}
		// Every token weighs the same, so the truth is the parts.
		for k, place := range a.Quoted {
			if got, want := a.Rightful[place]/a.Rightful.Sum(), float64(Parts[k])/100; math.Abs(got-want) > 1e-9 {
				t.Fatalf("source %d is owed %v, want %v", k, got, want)
			}
		}
	}
}

// A quotation belongs to the earliest segment that holds it word for word.
func TestRightfulOwner(t *testing.T) {
	r, foreign := registry(t, 6, 60)
	copy(r.Segments[1].Tokens[10:40], r.Segments[5].Tokens[20:50]) // 1 holds a part of 5
	g := generator(t, r, foreign)
	text := r.Segments[5].Tokens
	for _, c := range []struct{ from, to, want int }{{20, 40, 1}, {35, 50, 1}, {19, 40, 5}, {36, 51, 5}, {0, 15, 5}} {
		if got := Earliest(g.Grams, text[c.from:c.to], 5); got != c.want {
			t.Errorf("tokens %d to %d: %d, want %d", c.from, c.to, got, c.want)
		}
	}
	if got := Earliest(g.Grams, text[20:23], 5); got != 5 {
		t.Errorf("shorter than a gram: %d", got)
	}
	g.Source = func(*rand.Rand) int { return 5 }
	for seed := range int64(30) {
		a := g.Answer(rand.New(rand.NewSource(seed)), 300)
		if a.Quoted[0] == 5 && a.Rightful[1] > 0 && a.Rightful[1] > a.Sampled[1] {
			return
		}
	}
	t.Error("no answer owes the earlier holder")
}

func TestChunks(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	for n := range 400 {
		sum := 0
		for _, length := range chunks(rng, n) {
			if length > MaxChunk || n >= MinChunk && length < MinChunk {
				t.Fatalf("%d tokens: a chunk of %d", n, length)
			}
			sum += length
		}
		if sum != n {
			t.Fatalf("%d tokens: chunks of %d", n, sum)
		}
	}
}

func TestNoise(t *testing.T) {
	r, foreign := registry(t, 10, 100)
	g := generator(t, r, foreign)
	a := g.Answer(rand.New(rand.NewSource(1)), 3000)
	none := Noise{}.Apply(rand.New(rand.NewSource(2)), a, g.RandomToken)
	if !slices.Equal(none.Tokens, a.Tokens) || !slices.Equal(none.Planted, a.Planted) {
		t.Error("no noise changed the answer")
	}
	sub := Noise{Percent: 20}.Apply(rand.New(rand.NewSource(2)), a, g.RandomToken)
	changed := 0
	for p := range sub.Tokens {
		if sub.Tokens[p] != a.Tokens[p] {
			changed++
		}
	}
	if len(sub.Tokens) != len(a.Tokens) || changed < 500 || changed > 700 {
		t.Errorf("%d of 3000 changed", changed)
	}
	edits := Noise{Percent: 20, Edits: true}.Apply(rand.New(rand.NewSource(2)), a, g.RandomToken)
	if len(edits.Tokens) == len(a.Tokens) || len(edits.Tokens) != len(edits.Planted) {
		t.Errorf("%d tokens, %d marks", len(edits.Tokens), len(edits.Planted))
	}
	if edits.Rightful.Sum() != a.Rightful.Sum() {
		t.Error("noise changed what is owed")
	}
}

func TestTooSmall(t *testing.T) {
	r, foreign := registry(t, 2, 100)
	index := grams.NewIndex(corpus.Texts(r.Segments), grams.Fixed(5))
	if _, err := NewGenerator(r, foreign, index); !errors.Is(err, ErrTooSmall) {
		t.Errorf("two documents: %v", err)
	}
	r, _ = registry(t, 5, 100)
	if _, err := NewGenerator(r, nil, index); !errors.Is(err, ErrTooSmall) {
		t.Errorf("no foreign text: %v", err)
	}
	r, foreign = registry(t, 5, 10)
	if _, err := NewGenerator(r, foreign, index); !errors.Is(err, ErrTooSmall) {
		t.Errorf("short segments: %v", err)
	}
}
