// Package rules holds the rule of package poa beside those that were rejected (poa/README.md, section 4), all as
// functions from an answer to the owner of every position.
package rules

import (
	"github.com/openledger/openledger/measure/fidelity/grams"
)

// None marks a position that nobody owns.
const None = -1

// Scale holds the thresholds of the rejected rules, so that the same rules run on real text and on worlds of four
// tokens.
type Scale struct {
	// Gram and LongGram are lengths of exact matches, in tokens.
	Gram, LongGram int
	// DocumentCap is the largest number of segments a paid gram may stand in.
	DocumentCap int
	// RunBits and AlignmentBits are thresholds of exact runs and of alignments.
	RunBits, AlignmentBits int32
	// Window is the reach of local continuity, in tokens to either side.
	Window int
}

// Scales of real text and of worlds of tokens of about 8 bits.
var (
	RealScale  = Scale{Gram: 5, LongGram: 12, DocumentCap: 10, RunBits: 60, AlignmentBits: 90, Window: 16}
	WorldScale = Scale{Gram: 3, LongGram: 6, DocumentCap: 2, RunBits: 24, AlignmentBits: 40, Window: 3}
)

// Texts is what a rule may look at. The order of texts is that of registration.
type Texts struct {
	List   [][]uint32
	Weight []int32 // by token, Q16 bits
	// Runs finds all maximal exact matches of at least Scale.Gram tokens.
	Runs func(answer []uint32) []grams.Run
	// Candidates lists the texts worth aligning; nil for all.
	Candidates func(answer []uint32) []int
	Scale      Scale

	aligner *grams.Aligner
}

// Rule returns the place of the owning text for every position of the answer, or None.
type Rule struct {
	Name string
	Own  func(t *Texts, answer []uint32) []int
}

// Rejected are the rules that were compared with the rule of package poa, and rejected.
var Rejected = []Rule{
	{"earliest 5-gram", earliestGram},
	{"12-gram, falling back to 5", fallBack},
	{"document-frequency cap", documentCap},
	{"exact run >= 60 bits, earliest", earliestRun},
	{"local continuity", localContinuity},
	{"longest run wins", longestRun},
	{"best alignment wins", bestAlignment},
}

func unowned(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = None
	}
	return out
}

// claim gives the positions of a run to a text unless an earlier one has them.
func claim(owners []int, r grams.Run) {
	for p := r.Position; p < r.Position+r.Length; p++ {
		if owners[p] == None || r.Text < owners[p] {
			owners[p] = r.Text
		}
	}
}

func earliestGram(t *Texts, answer []uint32) []int {
	owners := unowned(len(answer))
	for _, r := range t.Runs(answer) {
		claim(owners, r)
	}
	return owners
}

func fallBack(t *Texts, answer []uint32) []int {
	long, short := unowned(len(answer)), unowned(len(answer))
	for _, r := range t.Runs(answer) {
		claim(short, r)
		if r.Length >= t.Scale.LongGram {
			claim(long, r)
		}
	}
	for p := range long {
		if long[p] == None {
			long[p] = short[p]
		}
	}
	return long
}

// documentCap pays a gram only if few segments hold it.
func documentCap(t *Texts, answer []uint32) []int {
	owners := unowned(len(answer))
	n := t.Scale.Gram
	texts := make([]map[int]bool, len(answer)) // by the first position of the gram
	for _, r := range t.Runs(answer) {
		for p := r.Position; p+n <= r.Position+r.Length; p++ {
			if texts[p] == nil {
				texts[p] = map[int]bool{}
			}
			texts[p][r.Text] = true
		}
	}
	for p, holders := range texts {
		if len(holders) == 0 || len(holders) > t.Scale.DocumentCap {
			continue
		}
		for text := range holders {
			claim(owners, grams.Run{Text: text, Position: p, Length: n})
		}
	}
	return owners
}

func (t *Texts) bits(answer []uint32, r grams.Run) int64 {
	sum := int64(0)
	for _, token := range answer[r.Position : r.Position+r.Length] {
		sum += int64(t.Weight[token])
	}
	return sum
}

func earliestRun(t *Texts, answer []uint32) []int {
	owners := unowned(len(answer))
	for _, r := range t.Runs(answer) {
		if t.bits(answer, r) >= int64(t.Scale.RunBits)<<16 {
			claim(owners, r)
		}
	}
	return owners
}

func longestRun(t *Texts, answer []uint32) []int {
	owners, best := unowned(len(answer)), make([]int64, len(answer))
	for _, r := range t.Runs(answer) {
		bits := t.bits(answer, r)
		if bits < int64(t.Scale.RunBits)<<16 {
			continue
		}
		for p := r.Position; p < r.Position+r.Length; p++ {
			take(owners, best, p, r.Text, bits)
		}
	}
	return owners
}

// take gives a position to the text with the higher score, ties to the earlier one.
func take(owners []int, best []int64, p, text int, score int64) {
	if owners[p] == None || score > best[p] || score == best[p] && text < owners[p] {
		owners[p], best[p] = text, score
	}
}

// localContinuity gives a position to the text with matches there that matches the most positions around it.
func localContinuity(t *Texts, answer []uint32) []int {
	covered := map[int][]bool{}
	for _, r := range t.Runs(answer) {
		if covered[r.Text] == nil {
			covered[r.Text] = make([]bool, len(answer))
		}
		for p := r.Position; p < r.Position+r.Length; p++ {
			covered[r.Text][p] = true
		}
	}
	owners, best := unowned(len(answer)), make([]int64, len(answer))
	sums := make([]int64, len(answer)+1)
	for text, c := range covered {
		for p, yes := range c {
			sums[p+1] = sums[p]
			if yes {
				sums[p+1]++
			}
		}
		for p, yes := range c {
			if yes {
				take(owners, best, p, text, sums[min(len(answer), p+t.Scale.Window+1)]-sums[max(0, p-t.Scale.Window)])
			}
		}
	}
	return owners
}

func bestAlignment(t *Texts, answer []uint32) []int {
	owners, best := unowned(len(answer)), make([]int64, len(answer))
	if t.aligner == nil {
		t.aligner = &grams.Aligner{Costs: grams.SpanCosts, Weight: t.Weight}
	}
	each := func(text int) {
		for p, score := range t.aligner.Best(answer, t.List[text]) {
			if score >= t.Scale.AlignmentBits<<16 {
				take(owners, best, p, text, int64(score))
			}
		}
	}
	if t.Candidates == nil {
		for text := range t.List {
			each(text)
		}
		return owners
	}
	for _, text := range t.Candidates(answer) {
		each(text)
	}
	return owners
}
