package terms

import (
	"cmp"
	"slices"

	"github.com/openledger/openledger/poa"
)

// Index ranks texts by the terms that they share with a question. Except for Add, it is safe for concurrent use.
type Index struct {
	postings map[Term][]posting
	lengths  []int64
	total    int64 // of lengths
}

type posting struct{ text, count int32 }

// NewIndex returns an empty index. A text is named by its place in the order of Add.
func NewIndex() *Index { return &Index{postings: make(map[Term][]posting)} }

// Add appends a text. No other method may run at the same time.
func (x *Index) Add(text string) {
	at := int32(len(x.lengths))
	found := Of(text)
	for _, term := range found {
		list := x.postings[term]
		if n := len(list); n > 0 && list[n-1].text == at {
			list[n-1].count++
			continue
		}
		x.postings[term] = append(list, posting{at, 1})
	}
	x.total += int64(len(found))
	x.lengths = append(x.lengths, int64(len(found)))
}

// Rarity returns how rare a term is among the texts, in Q16 bits: log2(2N+2) − log2(2·df+1), but not below 0. A term
// that no text has is as rare as one that a single text has. Otherwise, among few texts, one missing word would
// outweigh all words that are there.
func (x *Index) Rarity(term Term) int64 {
	n, df := uint64(len(x.lengths)), uint64(max(1, len(x.postings[term])))
	return max(0, int64(poa.Log2Q16(2*n+2))-int64(poa.Log2Q16(2*df+1)))
}

// Rank returns the places of the k texts that fit a question best, best first. It computes BM25 as poa.Search does, but
// over terms. Of texts that fit equally well, the one that was added first comes first.
func (x *Index) Rank(question string, k int) []int {
	wanted := make(map[Term]int64)
	var order []Term
	for _, word := range Words(question) {
		for _, term := range word.Terms {
			if _, ok := wanted[term]; !ok {
				order = append(order, term)
			}
			wanted[term] = max(wanted[term], word.Worth)
		}
	}
	average := int64(1) // thousandths of a term
	if len(x.lengths) > 0 {
		average = max(1, 1000*x.total/int64(len(x.lengths)))
	}
	scores := make([]int64, len(x.lengths))
	var found []int
	for _, term := range order {
		rarity := x.Rarity(term)
		for _, p := range x.postings[term] {
			tf := int64(p.count)
			gain := rarity * wanted[term] / WholeWord * tf * 2200 / (1000*tf + 300 + 900*x.lengths[p.text]*1000/average)
			if scores[p.text] == 0 && gain > 0 {
				found = append(found, int(p.text))
			}
			scores[p.text] += gain
		}
	}
	slices.SortFunc(found, func(a, b int) int { return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(a, b)) })
	return found[:min(max(k, 0), len(found))]
}
