package rules

import (
	"slices"

	"github.com/openledger/openledger/measure/fidelity/grams"
)

// Seeds of candidates for alignment, as those of poa's index but with more texts per gram.
const (
	seedBits  = 36
	seedTexts = 64
)

// Candidates returns a function that lists the texts that share a seed with an answer: a gram of 2 to 6 tokens with 36
// bits, of each the first 64 texts.
func Candidates(texts [][]uint32, weight []int32) func(answer []uint32) []int {
	x := grams.NewIndex(texts, grams.Heavy(2, 6, seedBits<<16, weight))
	return func(answer []uint32) []int {
		seen := map[int]bool{}
		for p := range answer {
			places, _ := x.At(answer[p:])
			n, last := 0, -1
			for _, at := range places {
				if int(at.Text) != last {
					last = int(at.Text)
					n++
				}
				if n > seedTexts {
					break
				}
				seen[last] = true
			}
		}
		out := make([]int, 0, len(seen))
		for t := range seen {
			out = append(out, t)
		}
		slices.Sort(out)
		return out
	}
}
