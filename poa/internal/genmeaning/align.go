package main

import (
	"cmp"
	"math"
	"slices"

	"github.com/openledger/openledger/poa"
)

// aligner finds which words of two languages stand for each other in texts that do: IBM's model 1, learnt in both
// directions.
type aligner struct {
	english, foreign vocabulary
	texts            []alignedText
	cells            []uint32 // of all texts, row by row: the place in pairs of each foreign word with each English one
	pairs            []pairOf
	index            []uint32 // of pairs by a hash of their words, plus one
}

type alignedText struct {
	english, foreign []uint32 // from 1 on; 0 is no word
	cells            int      // place of its first cell
}

type pairOf struct{ english, foreign uint32 }

// vocabulary numbers words from 1 on.
type vocabulary struct {
	number map[poa.TokenID]uint32
	forms  []map[string]int // by number: how often the word has each form
	texts  []float64        // by number: in how many texts it is
}

func newVocabulary() vocabulary {
	return vocabulary{number: map[poa.TokenID]uint32{}, forms: []map[string]int{nil}, texts: []float64{0}}
}

// numbers returns the numbers of words, each once.
func (v *vocabulary) numbers(words []word) []uint32 {
	var out []uint32
	for _, w := range words {
		n := v.number[w.stem]
		if n == 0 {
			n = uint32(len(v.forms))
			v.number[w.stem] = n
			v.forms, v.texts = append(v.forms, map[string]int{}), append(v.texts, 0)
		}
		v.forms[n][w.text]++
		if !slices.Contains(out, n) {
			out = append(out, n)
			v.texts[n]++
		}
	}
	return out
}

// form is the commonest form of a word.
func (v *vocabulary) form(n uint32) string {
	best, most := "", 0
	for form, count := range v.forms[n] {
		if count > most || count == most && form < best {
			best, most = form, count
		}
	}
	return best
}

func newAligner() *aligner {
	return &aligner{english: newVocabulary(), foreign: newVocabulary(), index: make([]uint32, 1<<16)}
}

// mostWords is how many different words a text may have, and mostTimes how many times as many as its translation.
const (
	mostWords = 25
	mostTimes = 3
)

// add takes a text and its translation.
func (a *aligner) add(english, foreign []word) {
	if len(english) == 0 || len(foreign) == 0 || len(english) > mostWords || len(foreign) > mostWords ||
		len(english) > mostTimes*len(foreign)+1 || len(foreign) > mostTimes*len(english)+1 {
		return
	}
	t := alignedText{english: a.english.numbers(english), foreign: a.foreign.numbers(foreign), cells: len(a.cells)}
	for _, f := range t.foreign {
		for _, e := range t.english {
			a.cells = append(a.cells, a.place(pairOf{e, f}))
		}
	}
	a.texts = append(a.texts, t)
}

// place is where a pair is in a.pairs, which it is put in if it is new.
func (a *aligner) place(p pairOf) uint32 {
	if 2*len(a.pairs) >= len(a.index) {
		a.index = make([]uint32, 2*len(a.index))
		for i, q := range a.pairs {
			*a.slot(q) = uint32(i) + 1
		}
	}
	slot := a.slot(p)
	if *slot == 0 {
		a.pairs = append(a.pairs, p)
		*slot = uint32(len(a.pairs))
	}
	return *slot - 1
}

// slot is where a pair is in a.index, or where it belongs.
func (a *aligner) slot(p pairOf) *uint32 {
	mask := uint64(len(a.index) - 1)
	h := (uint64(p.english)<<32 | uint64(p.foreign)) * 0x9e3779b97f4a7c15
	for at := h >> 20 & mask; ; at = (at + 1) & mask {
		if i := a.index[at]; i == 0 || a.pairs[i-1] == p {
			return &a.index[at]
		}
	}
}

const rounds = 5

// learn returns how often each pair is expected to stand for each other. English words are explained by foreign ones if
// back.
func (a *aligner) learn(back bool) []float32 {
	given, explained := &a.english, &a.foreign
	if back {
		given, explained = explained, given
	}
	chance := make([]float32, len(a.pairs)) // of the explained word, given the other
	none := make([]float32, len(explained.forms))
	for i := range chance {
		chance[i] = 1
	}
	for i := range none {
		none[i] = 0.3
	}
	counts := make([]float32, len(a.pairs))
	noneCounts := make([]float32, len(none))
	totals := make([]float32, len(given.forms))
	for round := range rounds {
		clear(counts)
		clear(noneCounts)
		for i := range a.texts {
			t := &a.texts[i]
			width, rows := len(t.english), t.foreign
			if !back {
				for r, f := range rows {
					row := a.cells[t.cells+r*width : t.cells+(r+1)*width]
					sum := none[f]
					for _, c := range row {
						sum += chance[c]
					}
					for _, c := range row {
						counts[c] += chance[c] / sum
					}
					noneCounts[f] += none[f] / sum
				}
				continue
			}
			for col, e := range t.english {
				sum := none[e]
				for r := range rows {
					sum += chance[a.cells[t.cells+r*width+col]]
				}
				for r := range rows {
					c := a.cells[t.cells+r*width+col]
					counts[c] += chance[c] / sum
				}
				noneCounts[e] += none[e] / sum
			}
		}
		if round == rounds-1 {
			break
		}
		clear(totals)
		for i, p := range a.pairs {
			totals[p.given(back)] += counts[i]
		}
		for i, p := range a.pairs {
			chance[i] = counts[i] / totals[p.given(back)]
		}
		sum := float32(0)
		for _, n := range noneCounts {
			sum += n
		}
		for i, n := range noneCounts {
			none[i] = n / sum
		}
	}
	return counts
}

func (p pairOf) given(back bool) uint32 {
	if back {
		return p.foreign
	}
	return p.english
}

// What a pair must have to be kept: the less often it is expected to stand for each other, the larger its share of the
// texts with the foreign word must be.
var leastShares = [...]struct{ count, share float64 }{{6, 0.08}, {3, 0.2}, {1.4, 0.4}}

const (
	leastDice = 0.02 // of the texts with either word
	sureDice  = 0.7  // where a pair may stay that is expected less often than leastShares has it,
	sureCount = 0.7  // but this often
)

func keep(count, share, dice float64) bool {
	for _, l := range leastShares {
		if count >= l.count {
			return share >= l.share && dice >= leastDice
		}
	}
	return dice >= sureDice && count >= sureCount
}

// lexicon returns the translations that both directions agree on.
func (a *aligner) lexicon() lexicon {
	there, back := a.learn(false), a.learn(true)
	type found struct {
		pairOf
		share float64
	}
	var all []found
	for i, p := range a.pairs {
		n := math.Sqrt(float64(there[i]) * float64(back[i]))
		share := n / a.foreign.texts[p.foreign]
		dice := 2 * n / (a.foreign.texts[p.foreign] + a.english.texts[p.english])
		if !keep(n, share, dice) {
			continue
		}
		all = append(all, found{p, share * n / (n + 0.5)})
	}
	slices.SortFunc(all, func(x, y found) int {
		return cmp.Or(cmp.Compare(x.foreign, y.foreign), cmp.Compare(y.share, x.share), cmp.Compare(x.english, y.english))
	})
	out := lexicon{}
	for _, p := range all {
		out.add(a.foreign.form(p.foreign), a.english.form(p.english), p.share)
	}
	out.shares()
	return out
}
