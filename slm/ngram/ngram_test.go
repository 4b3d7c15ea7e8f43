package ngram_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/openledger/openledger/slm/engine"
	"github.com/openledger/openledger/slm/ngram"
)

// texts of few different tokens, so that stretches recur.
var texts = rapid.SliceOfN(rapid.SliceOfN(rapid.IntRange(0, 3), 0, 30), 0, 6)

// TestLongest compares the index with looking everywhere.
func TestLongest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		held := texts.Draw(t, "texts")
		context := rapid.SliceOfN(rapid.IntRange(0, 4), 0, 12).Draw(t, "context")
		most := rapid.IntRange(0, 10).Draw(t, "most")
		length, places := ngram.New(held).Longest(context, most)
		want, count := 0, 0
		for n := 1; n <= min(most, len(context)); n++ {
			if c := occurrences(held, context[len(context)-n:]); c > 0 {
				want, count = n, c
			}
		}
		if length != want || want > 0 && len(places) != count {
			t.Fatalf("%d tokens at %d places, want %d at %d", length, len(places), want, count)
		}
	})
}

func occurrences(texts [][]int, stretch []int) (n int) {
	for _, text := range texts {
		for i := 0; i+len(stretch) <= len(text); i++ {
			if slices.Equal(text[i:i+len(stretch)], stretch) {
				n++
			}
		}
	}
	return n
}

const end = 9

// TestNext: what follows the longest end of the answer comes next, and a text's end where it ends.
func TestNext(t *testing.T) {
	s := ngram.Source{Index: ngram.New([][]int{{1, 2, 3, 4}, {5, 2, 3, 6}, {2, 3, 6}}), End: end}
	for _, c := range []struct {
		prompt, answer []int
		next           []engine.Count
	}{
		{nil, []int{1, 2, 3}, []engine.Count{{Token: 4, Count: 1}}},
		{nil, []int{0, 2, 3}, []engine.Count{{Token: 4, Count: 1}, {Token: 6, Count: 2}}},
		{[]int{5, 2}, []int{3}, []engine.Count{{Token: 6, Count: 1}}},
		{nil, []int{1, 2, 3, 4}, []engine.Count{{Token: end, Count: 1}}},
		{nil, []int{7}, nil},
	} {
		share, next, barred := s.Next(c.prompt, c.answer)
		if !slices.Equal(next, c.next) || barred != nil || (share > 0) != (c.next != nil) {
			t.Errorf("after %v %v: %d, %v without %v", c.prompt, c.answer, share, next, barred)
		}
	}
}

// TestWider: more texts are asked where the first have seen little of what was said.
func TestWider(t *testing.T) {
	s := ngram.Source{Index: ngram.New([][]int{{3, 4}, {7, 1, 2, 8}}), Longest: 4, End: end,
		Wider: ngram.New([][]int{{1, 2, 3, 5}, {0, 7, 1, 2, 6}})}
	for _, c := range []struct {
		answer []int
		token  int
	}{
		{[]int{1, 2, 3}, 5},    // three tokens there, one in the first texts
		{[]int{3}, 4},          // no more there than in the first
		{[]int{0, 7, 1, 2}, 8}, // four tokens there, but three in the first
	} {
		if _, next, _ := s.Next(nil, c.answer); !slices.Equal(next, []engine.Count{{Token: c.token, Count: 1}}) {
			t.Errorf("after %v: %v, want %d", c.answer, next, c.token)
		}
	}
}

// TestOpenings: an answer begins as one of the openings, and then goes on as the texts do.
func TestOpenings(t *testing.T) {
	s := ngram.Source{
		Index: ngram.New([][]int{{1, 2, 3}}), End: end,
		Openings: []ngram.Opening{{Tokens: []int{7, 8}, Weight: 5}, {Tokens: []int{7, 1}, Weight: 2},
			{Tokens: []int{3}, Weight: 1}},
	}
	_, next, _ := s.Next(nil, nil)
	if want := []engine.Count{{Token: 3, Count: 1}, {Token: 7, Count: 7}}; !slices.Equal(next, want) {
		t.Errorf("begins with %v, want %v", next, want)
	}
	_, next, _ = s.Next(nil, []int{7})
	if want := []engine.Count{{Token: 1, Count: 2}, {Token: 8, Count: 5}}; !slices.Equal(next, want) {
		t.Errorf("goes on with %v, want %v", next, want)
	}
	_, next, _ = s.Next(nil, []int{7, 1})
	if want := []engine.Count{{Token: 2, Count: 1}}; !slices.Equal(next, want) {
		t.Errorf("goes on with %v, want %v", next, want)
	}
}

// TestRun: no answer has a longer stretch of one text than Run, whatever the texts.
func TestRun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		held := texts.Draw(t, "texts")
		s := ngram.Source{Index: ngram.New(held), Run: rapid.IntRange(2, 6).Draw(t, "run"), End: end}
		if rapid.Bool().Draw(t, "wider") {
			s.Index, s.Wider = ngram.New(held[:len(held)/2]), s.Index
		}
		answer := []int{rapid.IntRange(0, 3).Draw(t, "first")}
		for range 20 {
			_, next, barred := s.Next(nil, answer)
			free := []int{0, 1, 2, 3, 4}
			if len(next) > 0 {
				free = free[:0]
				for _, c := range next {
					free = append(free, c.Token)
				}
			}
			free = slices.DeleteFunc(free, func(token int) bool { return token == end || slices.Contains(barred, token) })
			if len(free) == 0 {
				break
			}
			answer = append(answer, rapid.SampledFrom(free).Draw(t, "token"))
			if n := min(len(answer), s.Run+1); n == s.Run+1 && occurrences(held, answer[len(answer)-n:]) > 0 {
				t.Fatalf("the last %d tokens of %v stand in the texts, at most %d may", n, answer, s.Run)
			}
		}
	})
}

func BenchmarkNew(b *testing.B) {
	text := make([]int, 1<<16)
	for i := range text {
		text[i] = i * i % 997
	}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		ngram.New([][]int{text})
	}
}
