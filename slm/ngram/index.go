// Package ngram continues a context like the texts that it holds: it finds the longest end of the context in the texts,
// and predicts what follows it there. It makes a small model fluent in the words of texts that the model was not
// trained on (infini-gram, arXiv 2401.17377).
//
//	index := ngram.New(texts)
//	source := ngram.Source{Index: index, Longest: 16, Run: 48}
//
// It only counts, so results are the same on every machine.
package ngram

import (
	"cmp"
	"slices"
)

// Index finds stretches of tokens in texts. It may be used by several goroutines at once.
type Index struct {
	tokens []int32 // of all texts, each followed by end
	sorted []int32 // places in tokens, by what stands there
}

// end follows each text. No token has this id.
const end = -1

// depth is the largest number of tokens by which places are sorted: longer stretches are not distinguished.
const depth = 64

// New returns an index over texts of tokens. Building takes about a microsecond a token, and 8 bytes of memory.
func New(texts [][]int) *Index {
	n := len(texts)
	for _, text := range texts {
		n += len(text)
	}
	x := &Index{tokens: make([]int32, 0, n), sorted: make([]int32, 0, n)}
	for _, text := range texts {
		for _, token := range text {
			x.sorted = append(x.sorted, int32(len(x.tokens)))
			x.tokens = append(x.tokens, int32(token))
		}
		x.tokens = append(x.tokens, end)
	}
	slices.SortFunc(x.sorted, func(a, b int32) int { return cmp.Or(x.compare(a, b), cmp.Compare(a, b)) })
	return x
}

// Len returns the number of tokens.
func (x *Index) Len() int { return len(x.sorted) }

// compare compares what stands at two places, up to depth tokens or the end of a text.
func (x *Index) compare(a, b int32) int {
	if a == b {
		return 0
	}
	for i := range int32(depth) {
		s, t := x.tokens[a+i], x.tokens[b+i]
		if s != t {
			return cmp.Compare(s, t)
		}
		if s == end {
			return 0
		}
	}
	return 0
}

// find returns the places at which a stretch of at most depth tokens stands.
func (x *Index) find(stretch []int) []int32 {
	low, _ := slices.BinarySearchFunc(x.sorted, stretch, x.against)
	high, _ := slices.BinarySearchFunc(x.sorted[low:], stretch, func(place int32, stretch []int) int {
		return cmp.Or(x.against(place, stretch), -1) // after the last that begins so
	})
	return x.sorted[low : low+high]
}

// against compares what stands at a place with a stretch: 0 if it begins so. A text that ends within the stretch comes
// before it.
func (x *Index) against(place int32, stretch []int) int {
	for i, token := range stretch {
		if c := cmp.Compare(x.tokens[int(place)+i], int32(token)); c != 0 {
			return c
		}
	}
	return 0
}

// Longest returns how many of the last tokens of a context occur in the texts as one stretch, at most most, and the
// places where they occur.
func (x *Index) Longest(context []int, most int) (length int, places []int32) {
	most = min(most, depth, len(context))
	low, high := 0, most+1 // low is found, high is not
	for high-low > 1 {
		middle := (low + high) / 2
		if found := x.find(context[len(context)-middle:]); len(found) > 0 {
			low, places = middle, found
		} else {
			high = middle
		}
	}
	return low, places
}
