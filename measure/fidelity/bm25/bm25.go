// Package bm25 ranks texts for a question with the integer BM25 of poa/README.md, section 4a: k1 = 1.2, b = 0.75.
package bm25

import (
	"cmp"
	"slices"

	"github.com/openledger/openledger/poa"
)

// Index holds the postings of a list of texts.
type Index struct {
	texts    [][]uint32
	postings map[uint32][]posting
	average  int64 // length of a text in thousandths of a token
}

type posting struct{ text, count int32 }

// New indexes the texts.
func New(texts [][]uint32) *Index {
	x := &Index{texts: texts, postings: make(map[uint32][]posting)}
	total := int64(0)
	for t, text := range texts {
		total += int64(len(text))
		for _, token := range text {
			list := x.postings[token]
			if n := len(list); n > 0 && list[n-1].text == int32(t) {
				list[n-1].count++
				continue
			}
			x.postings[token] = append(list, posting{int32(t), 1})
		}
	}
	x.average = max(1, 1000*total/int64(max(1, len(texts))))
	return x
}

// DocumentFrequency returns the number of texts with the token.
func (x *Index) DocumentFrequency(token uint32) int { return len(x.postings[token]) }

// Scores returns the score of every text; repeated words of the question count once.
func (x *Index) Scores(question []uint32) []float64 {
	scores := x.scores(question)
	out := make([]float64, len(x.texts))
	for t, s := range scores {
		out[t] = float64(s)
	}
	return out
}

func (x *Index) scores(question []uint32) map[int32]int64 {
	scores := map[int32]int64{}
	words := slices.Clone(question)
	slices.Sort(words)
	for _, token := range slices.Compact(words) {
		list := x.postings[token]
		idf := int64(poa.Log2Q16(uint64(2*len(x.texts)+2))) - int64(poa.Log2Q16(uint64(2*len(list)+1)))
		for _, p := range list {
			tf := int64(p.count)
			den := 1000*tf + 300 + 900*int64(len(x.texts[p.text]))*1000/x.average
			scores[p.text] += idf * tf * 2200 / den
		}
	}
	return scores
}

// Top returns the k best texts for the question, ties to the earlier one.
func (x *Index) Top(question []uint32, k int) []int {
	scores := x.scores(question)
	places := make([]int, 0, len(scores))
	for t := range scores {
		places = append(places, int(t))
	}
	slices.SortFunc(places, func(a, b int) int {
		return cmp.Or(cmp.Compare(scores[int32(b)], scores[int32(a)]), cmp.Compare(a, b))
	})
	return places[:min(k, len(places))]
}
