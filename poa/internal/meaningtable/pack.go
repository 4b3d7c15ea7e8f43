package main

import (
	"math"
	"slices"

	"github.com/openledger/openledger/poa"
)

// Parameters of what a match is worth, in bits.
const (
	most        = 5.5   // of any match
	exactOff    = 1.125 // how rarely a text in other words keeps a word
	familyOff   = 1     // more if only the family is the same
	synonymOff  = 4     // more if another word stands for it
	foreignOff  = 1     // more if it is translated
	leastBits   = 16    // sixteenths: what is worth less is left out
	synonyms    = 10    // of a concept, at most
	foreigns    = 6
	knownBits   = 70 // of what is not listed
	familyKnown = 54
)

func sixteenths(bits float64) int {
	return int(math.Round(16 * (min(bits, most) - exactOff)))
}

// pack returns the rows of the table: concepts that are common, and those that have neighbours.
func pack(c *counts, l *lexicon) []poa.ConceptRow {
	rows := map[string]*poa.ConceptRow{}
	var names []string
	row := func(name string) *poa.ConceptRow {
		r := rows[name]
		if r == nil {
			r = &poa.ConceptRow{Name: name, Bits: int8(sixteenths(c.rarity(c.concept[name])))}
			rows[name] = r
			names = append(names, name)
		}
		return r
	}
	add := func(relation *relation, off float64, limit int, foreign bool) {
		for _, name := range relation.names {
			sum := c.concept[name]
			r := &poa.ConceptRow{}
			for _, n := range relation.of(name) {
				if len(r.Neighbours) == limit {
					break
				}
				sum += c.concept[n.name]
				if bits := sixteenths(c.rarity(sum) - off + math.Log2(n.weight)); bits >= leastBits {
					r.Neighbours = append(r.Neighbours, poa.Neighbour{Name: n.name, Bits: int8(bits)})
				}
			}
			if len(r.Neighbours) > 0 {
				to := row(name)
				to.Neighbours, to.Foreign = append(to.Neighbours, r.Neighbours...), foreign
				for _, n := range r.Neighbours {
					row(n.Name)
				}
			}
		}
	}
	add(&l.english, synonymOff, synonyms, false)
	add(&l.foreign, foreignOff, foreigns, true)
	for _, name := range sortedKeys(c.concept) {
		if sixteenths(c.rarity(c.concept[name])) < knownBits {
			row(name)
		}
	}
	for _, name := range sortedKeys(c.family) {
		if bits := sixteenths(c.rarity(c.family[name]) - familyOff); bits < familyKnown {
			row(name).Bits = int8(bits)
		}
	}
	out := make([]poa.ConceptRow, len(names))
	for i, name := range names {
		out[i] = *rows[name]
	}
	return out
}

func sortedKeys(m map[string]float64) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
