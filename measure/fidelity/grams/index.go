// Package grams finds common runs of tokens and alignments between texts. It is written apart from package poa, so that
// one can check the other.
package grams

import (
	"slices"
)

// Place is where a gram stands.
type Place struct {
	hash uint64
	// Text is the place of the text in the list, Offset the token in it.
	Text   uint32
	Offset uint16
}

// Length returns the number of tokens of the gram at the start of the tokens, 0 for none.
type Length func(tokens []uint32) int

// Fixed returns grams of n tokens.
func Fixed(n int) Length {
	return func(tokens []uint32) int {
		if len(tokens) < n {
			return 0
		}
		return n
	}
}

// Heavy returns the shortest grams of least to most tokens with at least the given Q16 bits.
func Heavy(least, most int, bits int32, weight []int32) Length {
	return func(tokens []uint32) int {
		sum := int32(0)
		for n := range min(most, len(tokens)) {
			sum += weight[tokens[n]]
			if n+1 >= least && sum >= bits {
				return n + 1
			}
		}
		return 0
	}
}

// Index lists every place of every gram of a list of texts.
type Index struct {
	Texts  [][]uint32
	length Length
	places []Place
	first  []uint32 // by the top 16 bits of the hash: the first place
}

// NewIndex indexes all places of all texts.
func NewIndex(texts [][]uint32, length Length) *Index {
	x := &Index{Texts: texts, length: length}
	for t, tokens := range texts {
		for i := range tokens {
			if n := length(tokens[i:]); n > 0 {
				x.places = append(x.places, Place{Hash(tokens[i : i+n]), uint32(t), uint16(i)})
			}
		}
	}
	slices.SortFunc(x.places, func(a, b Place) int {
		switch {
		case a.hash != b.hash:
			if a.hash < b.hash {
				return -1
			}
			return 1
		case a.Text != b.Text:
			return int(a.Text) - int(b.Text)
		default:
			return int(a.Offset) - int(b.Offset)
		}
	})
	x.first = make([]uint32, 1<<16+1)
	bucket := uint64(0)
	for i := range x.places {
		for ; bucket <= x.places[i].hash>>48; bucket++ {
			x.first[bucket] = uint32(i)
		}
	}
	for ; bucket < uint64(len(x.first)); bucket++ {
		x.first[bucket] = uint32(len(x.places))
	}
	return x
}

// Hash mixes a gram; equal hashes of different grams are rare enough to be ignored by candidates and are checked by
// runs.
func Hash(tokens []uint32) uint64 {
	h := uint64(len(tokens)) + 0x9E3779B97F4A7C15
	for _, t := range tokens {
		h = (h ^ uint64(t)) * 0xFF51AFD7ED558CCD
		h ^= h >> 29
	}
	return h
}

// At returns the places of the gram at the start of the tokens, by text, then offset, and the gram's length.
func (x *Index) At(tokens []uint32) ([]Place, int) {
	n := x.length(tokens)
	if n == 0 {
		return nil, 0
	}
	h := Hash(tokens[:n])
	bucket := x.places[x.first[h>>48]:x.first[h>>48+1]]
	from, _ := slices.BinarySearchFunc(bucket, h, func(p Place, h uint64) int {
		if p.hash < h {
			return -1
		}
		return 1
	})
	to := from
	for to < len(bucket) && bucket[to].hash == h {
		to++
	}
	return bucket[from:to], n
}

// Run is a maximal run of equal tokens of an answer and a text.
type Run struct {
	Text, Position, Offset, Length int
}

// Runs returns all maximal runs of at least n tokens, where n is the fixed gram of the index.
func (x *Index) Runs(answer []uint32) []Run {
	var out []Run
	for p := range answer {
		places, n := x.At(answer[p:])
		for _, at := range places {
			text, o := x.Texts[at.Text], int(at.Offset)
			if p > 0 && o > 0 && answer[p-1] == text[o-1] {
				continue // inside a run that started earlier
			}
			length := 0
			for p+length < len(answer) && o+length < len(text) && answer[p+length] == text[o+length] {
				length++
			}
			if length >= n { // the hash did not collide
				out = append(out, Run{int(at.Text), p, o, length})
			}
		}
	}
	return out
}

// AllRuns is Runs without an index: it compares the answer with every text.
func AllRuns(texts [][]uint32, answer []uint32, n int) []Run {
	var out []Run
	for t, text := range texts {
		for p := range answer {
			for o := range text {
				if answer[p] != text[o] || p > 0 && o > 0 && answer[p-1] == text[o-1] {
					continue
				}
				length := 0
				for p+length < len(answer) && o+length < len(text) && answer[p+length] == text[o+length] {
					length++
				}
				if length >= n {
					out = append(out, Run{t, p, o, length})
				}
			}
		}
	}
	return out
}
