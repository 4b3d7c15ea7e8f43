package main

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/openledger/openledger/poa"
)

const (
	orderClasses = 62    // of words that are told apart in a language, besides the edge of a clause and any other word
	orderParts   = 30    // of them by how they end or begin, in languages that have words of several letters
	orderTokens  = 2_000 // least text of a language
)

// writeOrder writes the table of word order that package poa embeds: by language its commonest words, and how much more or less often
// than by chance one stands behind another; other words are told apart by their commonest endings or beginnings. Classes 0 and 1 are the edge of a
// clause and any other word. A value is a letter: h is 0, each letter up half a bit more. share is how many of a thousand tokens are
// listed words.
func writeOrder(out string, groups []string) error {
	var b bytes.Buffer
	fmt.Fprintln(&b, "# Word order of prose, by language. Written once by internal/gentable; this file is normative.")
	for _, g := range groups {
		language, folders, ok := strings.Cut(g, "=")
		if !ok {
			return fmt.Errorf("%q is not language=folder,folder", g)
		}
		var clauses [][]string
		c := &counter{windows: table{counts: map[string]uint64{}}, seen: map[[32]byte]bool{}}
		c.take = func(p []byte) {
			for _, clause := range poa.Clauses(p) {
				clauses = append(clauses, clause)
			}
		}
		for _, folder := range strings.Split(folders, ",") {
			if err := c.folder(folder); err != nil {
				return err
			}
		}
		if c.tokens < orderTokens {
			continue
		}
		order(&b, language, clauses)
	}
	return os.WriteFile(out, b.Bytes(), 0o644)
}

// order writes the table of one language, with the parts of words that say more.
func order(b *bytes.Buffer, language string, clauses [][]string) {
	endings, more := orderOf("endings", false, language, clauses)
	if beginnings, bits := orderOf("beginnings", true, language, clauses); bits > more {
		endings = beginnings
	}
	b.Write(endings)
}

// orderOf returns the table of one language, and how many half bits it gives the text that it is measured on.
func orderOf(kind string, first bool, language string, clauses [][]string) ([]byte, float64) {
	counts, parts := table{counts: map[string]uint64{}}, table{counts: map[string]uint64{}}
	tokens := uint64(0)
	for _, clause := range clauses {
		for _, word := range clause {
			counts.set(word, counts.counts[word]+1)
			tokens++
		}
	}
	words := commonest(&counts)
	listed := make(map[string]bool)
	for _, w := range words[:min(orderClasses-orderParts, len(words))] {
		listed[w] = true
	}
	for _, w := range counts.tokens {
		if e := poa.Part(w, first); e != "" && !listed[w] {
			parts.set(e, parts.counts[e]+counts.counts[w])
		}
	}
	ends := commonest(&parts)
	ends = ends[:min(orderParts, len(ends))]
	words = words[:min(orderClasses-len(ends), len(words))]
	class := make(map[string]int, len(words))
	share := uint64(0)
	for i, w := range words {
		class[w] = i + 2
		share += counts.counts[w]
	}
	partClass := make(map[string]int, len(ends))
	for i, e := range ends {
		partClass[e] = i + 2 + len(words)
	}
	n := len(words) + len(ends) + 2
	pairs, left, right, total := make([]float64, n*n), make([]float64, n), make([]float64, n), 0.0
	add := func(a, b int) {
		pairs[a*n+b]++
		left[a]++
		right[b]++
		total++
	}
	of := func(w string) int {
		if k, ok := class[w]; ok {
			return k
		}
		if k, ok := partClass[poa.Part(w, first)]; ok {
			return k
		}
		return 1
	}
	for _, clause := range clauses {
		before := 0
		for _, w := range clause {
			add(before, of(w))
			before = of(w)
		}
		add(before, 0)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "language %s\nshare %d\nwords %s\n%s %s\n", language, share*1000/tokens, strings.Join(words, " "), kind, strings.Join(ends, " "))
	sum := 0.0
	for a := range n {
		row := make([]byte, n)
		for k := range n {
			expected := left[a] * right[k] / total
			bits := math.Round(min(max(2*math.Log2((pairs[a*n+k]+2)/(expected+2)), -7), 8))
			sum += bits * pairs[a*n+k]
			row[k] = byte('h' + int(bits))
		}
		fmt.Fprintf(&b, "%s\n", row)
	}
	return b.Bytes(), sum
}

// commonest returns the tokens of a table that start with no figure, the commonest first.
func commonest(t *table) []string {
	words := slices.DeleteFunc(slices.Clone(t.tokens), func(w string) bool { return w[0] >= '0' && w[0] <= '9' })
	slices.SortFunc(words, func(a, b string) int { return cmp.Or(cmp.Compare(t.counts[b], t.counts[a]), cmp.Compare(a, b)) })
	return words
}
