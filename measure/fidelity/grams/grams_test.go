package grams

import (
	"math/rand"
	"slices"
	"testing"
)

func TestRuns(t *testing.T) {
	texts := [][]uint32{{1, 2, 3, 4, 5, 6}, {9, 2, 3, 4, 9}, {3, 4}}
	answer := []uint32{0, 2, 3, 4, 5, 7}
	want := []Run{{0, 1, 1, 4}, {1, 1, 1, 3}}
	if got := NewIndex(texts, Fixed(3)).Runs(answer); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if got := AllRuns(texts, answer, 3); !slices.Equal(got, want) {
		t.Errorf("without an index: %v", got)
	}
}

func TestRunsAgreeWithComparingAll(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	text := func(n int) []uint32 {
		out := make([]uint32, n)
		for i := range out {
			out[i] = uint32(rng.Intn(3))
		}
		return out
	}
	order := func(a, b Run) int {
		for _, d := range []int{a.Text - b.Text, a.Position - b.Position, a.Offset - b.Offset} {
			if d != 0 {
				return d
			}
		}
		return 0
	}
	for range 200 {
		texts := [][]uint32{text(12), text(5), text(20)}
		answer := text(15)
		got, want := NewIndex(texts, Fixed(3)).Runs(answer), AllRuns(texts, answer, 3)
		slices.SortFunc(got, order)
		slices.SortFunc(want, order)
		if !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
	}
}

func TestHeavyGrams(t *testing.T) {
	weight := []int32{4 << 16, 12 << 16}
	length := Heavy(2, 6, 36<<16, weight)
	for _, c := range []struct {
		tokens []uint32
		want   int
	}{{[]uint32{1, 1, 1, 1}, 3}, {[]uint32{1, 0, 1, 0, 1}, 5}, {[]uint32{0, 0, 0, 0, 0, 0, 0}, 0}, {[]uint32{1, 1}, 0}} {
		if got := length(c.tokens); got != c.want {
			t.Errorf("%v: %d, want %d", c.tokens, got, c.want)
		}
	}
}

// Scores by hand, in bits: every token weighs 10.
func TestBest(t *testing.T) {
	weight := make([]int32, 100)
	for i := range weight {
		weight[i] = 10 << 16
	}
	a := Aligner{Costs: SpanCosts, Weight: weight}
	text := []uint32{1, 2, 3, 4, 5, 6, 7, 8}
	for _, c := range []struct {
		name   string
		answer []uint32
		want   []int32
	}{
		{"equal", []uint32{1, 2, 3}, []int32{30, 30, 30}},
		{"one replaced costs 6", []uint32{1, 2, 50, 4, 5}, []int32{34, 34, 0, 34, 34}},
		{"one inserted costs 6 and 16, too much", []uint32{1, 2, 50, 3, 4}, []int32{20, 20, 0, 20, 20}},
		{"one left out", []uint32{1, 2, 3, 5, 6, 7}, []int32{38, 38, 38, 38, 38, 38}},
		{"not in order", []uint32{2, 1}, []int32{10, 10}},
	} {
		got := a.Best(c.answer, text)
		for p := range got {
			if got[p]>>16 != c.want[p] {
				t.Errorf("%s: position %d has %d bits, want %d", c.name, p, got[p]>>16, c.want[p])
			}
		}
	}
	if got := a.Best(nil, text); len(got) != 0 {
		t.Errorf("empty answer: %v", got)
	}
}
