package main

import (
	"math"
	"unicode"
	"unicode/utf8"
)

// splitter cuts runs of letters of a script without spaces into units that recur, so that the whole run is as likely as
// can be.
type splitter struct {
	chance map[string]float64 // logarithm
	floor  float64            // of a letter that was never seen
}

const (
	longestUnit  = 4 // letters; of Thai and its kind, which are alphabets, more
	longestSpelt = 12
	leastUnit    = 3 // times that a unit of several letters recurs
	splitRounds  = 4
	longerCost   = 2.5 // for every letter of a unit beyond the usual number
)

// kindOf tells scripts apart within a run: a unit is of one kind. Katakana is kept whole and hiragana left out.
func kindOf(c rune) int {
	switch {
	case unicode.Is(unicode.Han, c) || c == '々':
		return 1
	case unicode.Is(unicode.Katakana, c) || c == 'ー':
		return 2
	case unicode.Is(unicode.Hiragana, c):
		return 3
	case unicode.Is(unicode.Hangul, c):
		return 5
	}
	return 4
}

// pieces cuts a run where its kind changes.
func pieces(run string, each func(kind int, letters []rune)) {
	letters := []rune(run)
	start := 0
	for i := range letters {
		if i+1 == len(letters) || kindOf(letters[i+1]) != kindOf(letters[i]) {
			each(kindOf(letters[i]), letters[start:i+1])
			start = i + 1
		}
	}
}

// learnSplitter learns the units of some runs with their counts.
func learnSplitter(runs map[string]int) *splitter {
	whole := map[string]int{} // pieces that are cut further
	for run, n := range runs {
		pieces(run, func(kind int, letters []rune) {
			if kind == 1 || kind >= 4 {
				whole[string(letters)] += n
			}
		})
	}
	counts := map[string]float64{}
	for piece, n := range whole {
		letters := []rune(piece)
		for i := range letters {
			for k := i + 1; k <= len(letters) && k-i <= reach(letters[i]); k++ {
				if k < len(letters) && unicode.IsMark(letters[k]) {
					continue
				}
				counts[string(letters[i:k])] += float64(n)
			}
		}
	}
	for unit, n := range counts {
		if n < leastUnit && utf8.RuneCountInString(unit) > 1 {
			delete(counts, unit)
		}
	}
	s := &splitter{}
	for range splitRounds {
		s.set(counts)
		next := map[string]float64{}
		for piece, n := range whole {
			for _, unit := range s.cut([]rune(piece)) {
				next[unit] += float64(n)
			}
		}
		counts = next
	}
	s.set(counts)
	return s
}

// reach is how many letters a unit may have that has the letter c, and usual how many it may have at no cost.
func reach(c rune) int {
	switch kindOf(c) {
	case 4:
		return longestSpelt
	case 5:
		return 5
	}
	return longestUnit
}

func usual(c rune) int {
	switch kindOf(c) {
	case 4:
		return 6
	case 5:
		return 3
	}
	return 2
}

func (s *splitter) set(counts map[string]float64) {
	sum := 0.0
	for _, n := range counts {
		sum += n
	}
	s.chance = make(map[string]float64, len(counts))
	for unit, n := range counts {
		s.chance[unit] = math.Log(n / sum)
	}
	s.floor = -math.Log(sum + 1)
}

// cut is the likeliest way to cut letters.
func (s *splitter) cut(letters []rune) []string {
	best := make([]float64, len(letters)+1)
	from := make([]int, len(letters)+1)
	for k := 1; k <= len(letters); k++ {
		best[k] = math.Inf(-1)
		for i := max(0, k-reach(letters[k-1])); i < k; i++ {
			if k < len(letters) && unicode.IsMark(letters[k]) && i != k-1 {
				continue
			}
			chance, known := s.chance[string(letters[i:k])]
			if !known {
				if k-i > 1 {
					continue
				}
				chance = s.floor - 5
			}
			if free := usual(letters[i]); k-i > free {
				chance -= longerCost * float64(k-i-free)
			}
			if best[i]+chance > best[k] {
				best[k], from[k] = best[i]+chance, i
			}
		}
	}
	var out []string
	for k := len(letters); k > 0; k = from[k] {
		out = append([]string{string(letters[from[k]:k])}, out...)
	}
	return out
}

// units cuts those of the words that are runs.
func (s *splitter) units(in []word) []word {
	var out []word
	for _, w := range in {
		if !unspaced(w.text) {
			out = append(out, w)
			continue
		}
		pieces(w.text, func(kind int, letters []rune) {
			switch kind {
			case 2:
				if len(letters) > 1 {
					out = append(out, word{string(letters), runStem(string(letters))})
				}
			case 1, 4, 5:
				for _, unit := range s.cut(letters) {
					if kind == 1 || utf8.RuneCountInString(unit) > 1 {
						out = append(out, word{unit, runStem(unit)})
					}
				}
			}
		})
	}
	return out
}
