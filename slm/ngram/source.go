package ngram

import (
	"cmp"
	"slices"

	"github.com/openledger/openledger/slm/engine"
)

// Source says what comes next in a text of somebody who has read the texts of an index. It is an engine.Mixture.
type Source struct {
	Index *Index
	// Wider is an index of more texts, which is asked where Index has seen less than half of the last Longest tokens, and
	// goes before it where it has seen twice as many. It may be nil.
	Wider *Index
	// Longest is how many of the last tokens it looks at; 16 if it is 0.
	Longest int
	// Run is how many tokens of an answer may be one stretch of a text: then it has to go on otherwise. 0 is no bound.
	Run int
	// Openings are what an answer may begin with, such as the first tokens of sentences.
	Openings []Opening
	// End is the token that stands for the end of a text.
	End int
}

// Shares of the prediction that are the texts', in 65536ths, by how many tokens of the context stand in them: one token
// says little, eight are nearly always one place.
var shares = [...]uint32{0, 16384, 32768, 45056, 52429, 57016, 59638, 61604, 62915, 63570, 64225}

// maxPlaces bounds at how many places is looked what follows. There are more only for short stretches.
const maxPlaces = 1024

// Opening is what an answer may begin with, and how well that fits.
type Opening struct {
	Tokens []int
	Weight uint64
}

// opened returns what comes next in the openings that an answer has begun with.
func (s *Source) opened(answer []int) []engine.Count {
	counts := map[int]uint64{}
	for _, o := range s.Openings {
		if len(o.Tokens) > len(answer) && slices.Equal(o.Tokens[:len(answer)], answer) {
			counts[o.Tokens[len(answer)]] += o.Weight
		}
	}
	return sorted(counts)
}

// sorted returns counts in the order of tokens.
func sorted(counts map[int]uint64) []engine.Count {
	all := make([]engine.Count, 0, len(counts))
	for token, n := range counts {
		all = append(all, engine.Count{Token: token, Count: n})
	}
	slices.SortFunc(all, func(a, b engine.Count) int { return cmp.Compare(a.Token, b.Token) })
	return all
}

// Next returns counts of the tokens that may follow a prompt and the beginning of an answer, in the order of tokens,
// and their share of the prediction, in 65536ths. barred are tokens that would make a stretch of one text longer than
// Run.
func (s *Source) Next(prompt, answer []int) (share uint32, next []engine.Count, barred []int) {
	if opened := s.opened(answer); len(opened) > 0 {
		return shares[len(shares)-1], opened, nil
	}
	barred = s.barred(answer)
	context, longest := answer, cmp.Or(s.Longest, 16)
	if len(answer) < longest {
		context = append(slices.Clone(prompt[max(0, len(prompt)-longest):]), answer...)
	}
	index := s.Index
	length, places := index.Longest(context, longest)
	if s.Wider != nil && 2*length < longest {
		if wider, there := s.Wider.Longest(context, longest); wider >= 2*length {
			index, length, places = s.Wider, wider, there
		}
	}
	if length == 0 {
		return 0, nil, barred
	}
	next = s.next(index, places, length)
	next = slices.DeleteFunc(next, func(c engine.Count) bool { return slices.Contains(barred, c.Token) })
	if len(next) == 0 {
		return 0, nil, barred
	}
	return shares[min(length, len(shares)-1)], next, barred
}

// barred returns the tokens that would make a stretch of one text longer than Run.
func (s *Source) barred(answer []int) []int {
	var barred []int
	if s.Run == 0 || len(answer) < s.Run {
		return nil
	}
	for _, index := range []*Index{s.Index, s.Wider} {
		if index == nil {
			continue
		}
		if length, places := index.Longest(answer, s.Run); length >= s.Run {
			for _, c := range s.next(index, places, length) {
				barred = append(barred, c.Token)
			}
		}
	}
	return barred
}

// next counts the tokens that follow a stretch at places, and End where the text ends. If there are many places, it
// looks at evenly spaced ones.
func (s *Source) next(index *Index, places []int32, length int) []engine.Count {
	step := (len(places) + maxPlaces - 1) / maxPlaces
	counts := map[int]uint64{}
	for i := 0; i < len(places); i += step {
		token := int(index.tokens[int(places[i])+length])
		if token == end {
			token = s.End
		}
		counts[token]++
	}
	return sorted(counts)
}
