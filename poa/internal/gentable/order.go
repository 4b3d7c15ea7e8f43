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
	orderWords   = 40    // commonest words of a language, which tell it
	orderClasses = 92    // of words that are told apart, besides the edge of a clause and any other word
	orderTokens  = 2_000 // least text of a language
	leastPart    = 400   // one in so many words is the least for a class
	sourceTokens = 2_000 // least text of a source
)

// writeOrder writes the table of word order that package poa embeds: by language its commonest words, with how many of
// ten thousand tokens each is, the parts (see classing) by which other words are told apart, and how much more or less
// often than by chance one class stands behind another. Classes 0 and 1 are the edge of a clause and any other word. A
// value is a letter: h is 0, each letter up half a bit more.
func writeOrder(out string, groups []string) error {
	var b bytes.Buffer
	fmt.Fprintln(&b, "# Word order of prose, by language. Written once by internal/gentable; this file is normative.")
	for _, g := range groups {
		language, folders, ok := strings.Cut(g, "=")
		if !ok {
			return fmt.Errorf("%q is not language=folder,folder", g)
		}
		var clauses [][]string
		usual := &rates{of: map[string][]float64{}}
		c, err := newCounter(folders, func(p paragraph) {
			for _, clause := range poa.Clauses(p.text) {
				clauses = append(clauses, clause)
				usual.add(p.source, clause)
			}
		})
		if err != nil {
			return err
		}
		if c.tokens < orderTokens {
			continue
		}
		usual.end()
		order(&b, language, clauses, usual)
	}
	return os.WriteFile(out, b.Bytes(), 0o644)
}

// order writes the table of one language.
func order(b *bytes.Buffer, language string, clauses [][]string, usual *rates) {
	c := newClassing(clauses, usual)
	fmt.Fprintf(b, "language %s\nwords %s\nparts %s\n", language, strings.Join(c.rated, " "), strings.Join(c.parts, " "))
	pairs, left, right, total := c.pairs()
	for a := range left {
		row := make([]byte, len(right))
		for k := range right {
			expected := left[a] * right[k] / total
			bits := math.Round(min(max(2*math.Log2((pairs[a*len(right)+k]+2)/(expected+2)), -7), 8))
			row[k] = byte('h' + int(bits))
		}
		fmt.Fprintf(b, "%s\n", row)
	}
}

// classing tells the words of a language apart by how they follow one another.
type classing struct {
	words, parts []string
	rated        []string // the words, with how many of ten thousand tokens each is
	tokens       []string
	counts       []float64
	keys         [][]int  // by token, its possible parts
	names        []string // of possible parts
	of           []int    // class by token
	first, next  []int    // tokens that stand together; -1 is the edge of a clause
	number       []float64
	total        float64
}

// newClassing takes the commonest words as classes, and then one after the other the part of words (a beginning, an
// ending, or a whole word) whose words differ most from the words without a class in what stands before and behind
// them.
func newClassing(clauses [][]string, usual *rates) *classing {
	c := &classing{}
	counts, index := table{counts: map[string]uint64{}}, map[string]int{}
	total := uint64(0)
	type pair struct{ a, b int }
	together := map[pair]float64{}
	var order []pair
	add := func(a, b int) {
		p := pair{a, b}
		if together[p] == 0 {
			order = append(order, p)
		}
		together[p]++
	}
	for _, clause := range clauses {
		before := -1
		for _, word := range clause {
			i, ok := index[word]
			if !ok {
				i = len(c.tokens)
				index[word] = i
				c.tokens = append(c.tokens, word)
			}
			counts.set(word, counts.counts[word]+1)
			total++
			add(before, i)
			before = i
		}
		add(before, -1)
	}
	for _, p := range order {
		c.first, c.next, c.number = append(c.first, p.a), append(c.next, p.b), append(c.number, together[p])
	}
	parts, part := table{counts: map[string]uint64{}}, map[string]int{}
	for _, w := range c.tokens {
		c.counts = append(c.counts, float64(counts.counts[w]))
		if w[0] >= '0' && w[0] <= '9' {
			continue
		}
		for _, p := range append(poa.Parts(w), w) {
			parts.set(p, parts.counts[p]+counts.counts[w])
		}
	}
	for _, p := range parts.tokens {
		if float64(parts.counts[p])*leastPart >= float64(total) {
			part[p] = len(c.names)
			c.names = append(c.names, p)
		}
	}
	for _, w := range c.tokens {
		var keys []int
		if w[0] < '0' || w[0] > '9' {
			for _, p := range append(poa.Parts(w), w) {
				if k, ok := part[p]; ok {
					keys = append(keys, k)
				}
			}
		}
		c.keys = append(c.keys, keys)
	}
	c.of = make([]int, len(c.tokens))
	for i := range c.of {
		c.of[i] = 1
	}
	words := usual.words()
	c.words = words[:min(orderWords, len(words))]
	for i, w := range c.words {
		c.of[index[w]] = i + 2
		rate := uint64(math.Round(usual.middle[w] * 10_000))
		c.rated = append(c.rated, fmt.Sprintf("%s:%d", w, rate))
	}
	c.total = float64(total)
	known := map[int]gain{}
	for step := 0; len(c.words)+len(c.parts) < orderClasses; step++ {
		if step%refresh == 0 {
			clear(known)
		}
		class, most := 1, c.gainOf(1, known)
		for k := len(c.words) + 2; k < len(c.words)+len(c.parts)+2; k++ {
			if g := c.gainOf(k, known); g.bits > most.bits {
				class, most = k, g
			}
		}
		if most.part < 0 {
			break
		}
		c.parts = append(c.parts, fmt.Sprintf("%d:%s", class, c.names[most.part]))
		for i, keys := range c.keys {
			if c.of[i] == class && slices.Contains(keys, most.part) {
				c.of[i] = len(c.words) + len(c.parts) + 1
			}
		}
		delete(known, class)
	}
	return c
}

// refresh is after how many steps what splitting a class gives is measured again, as other classes were split since.
const refresh = 10

// gain is what a part of a class's words tells, in bits; part is -1 if none tells anything.
type gain struct {
	part int
	bits float64
}

func (c *classing) class(token int) int {
	if token < 0 {
		return 0
	}
	return c.of[token]
}

// gainOf returns the part of the words of a class that says most about what stands before and behind them.
func (c *classing) gainOf(class int, known map[int]gain) gain {
	if g, ok := known[class]; ok {
		return g
	}
	n := len(c.words) + len(c.parts) + 2
	beside := make([]float64, (len(c.names)+1)*2*n) // by part: classes behind, then before
	at := func(part int) []float64 { return beside[part*2*n:][:2*n] }
	all := at(len(c.names))
	count := func(token, neighbour int, x float64) {
		all[neighbour] += x
		for _, p := range c.keys[token] {
			beside[p*2*n+neighbour] += x
		}
	}
	for i, x := range c.number {
		a, b := c.first[i], c.next[i]
		if c.class(a) == class {
			count(a, c.class(b), x)
		}
		if c.class(b) == class {
			count(b, n+c.class(a), x)
		}
	}
	before, sum := information(all, nil)
	best := gain{part: -1}
	for p := range c.names {
		own := at(p)
		x := 0.0
		for _, y := range own[:n] {
			x += y
		}
		if least := c.total / leastPart; x < least || sum-x < least {
			continue
		}
		a, _ := information(own, nil)
		b, _ := information(all, own)
		if bits := a + b - before; bits > best.bits {
			best = gain{p, bits}
		}
	}
	known[class] = best
	return best
}

// information returns how many bits the counts of each half, less others, tell their classes in, and their sum.
func information(counts, less []float64) (bits, sum float64) {
	n := len(counts) / 2
	for half := range 2 {
		sum = 0
		for k := half * n; k < half*n+n; k++ {
			x := counts[k]
			if less != nil {
				x -= less[k]
			}
			if x > 0 {
				sum += x
				bits += x * math.Log2(x)
			}
		}
		if sum > 0 {
			bits -= sum * math.Log2(sum)
		}
	}
	return bits, sum
}

// pairs counts which classes stand behind which.
func (c *classing) pairs() (pairs, left, right []float64, total float64) {
	n := len(c.words) + len(c.parts) + 2
	pairs, left, right = make([]float64, n*n), make([]float64, n), make([]float64, n)
	for i, count := range c.number {
		a, b := c.class(c.first[i]), c.class(c.next[i])
		pairs[a*n+b] += count
		left[a] += count
		right[b] += count
		total += count
	}
	return pairs, left, right, total
}

// rates are how common words are in the sources of a language.
type rates struct {
	source  string
	counts  table
	tokens  uint64
	sources int
	of      map[string][]float64
	middle  map[string]float64
	all     []string // the words of of, in the order of their first use
}

func (r *rates) add(source string, clause []string) {
	if source != r.source {
		r.end()
		r.source = source
	}
	if r.counts.counts == nil {
		r.counts.counts = map[string]uint64{}
	}
	for _, w := range clause {
		r.counts.set(w, r.counts.counts[w]+1)
		r.tokens++
	}
}

// end ends a source. Those with little text count together with the next.
func (r *rates) end() {
	if r.tokens < sourceTokens {
		return
	}
	for _, w := range r.counts.tokens {
		if w[0] >= '0' && w[0] <= '9' {
			continue
		}
		if r.of[w] == nil {
			r.all = append(r.all, w)
		}
		r.of[w] = append(r.of[w], float64(r.counts.counts[w])/float64(r.tokens))
	}
	r.sources++
	r.counts, r.tokens = table{}, 0
}

// words returns the words of the language, the commonest first: by how common they are in the middle one of its
// sources. What one manual says in every sentence is no common word.
func (r *rates) words() []string {
	middle := make(map[string]float64, len(r.all))
	r.middle = middle
	for _, w := range r.all {
		of := slices.Clone(r.of[w])
		slices.Sort(of)
		if missing, at := r.sources-len(of), (r.sources-1)/2; at >= missing {
			middle[w] = of[at-missing]
		}
	}
	words := slices.DeleteFunc(slices.Clone(r.all), func(w string) bool { return middle[w] == 0 })
	slices.SortFunc(words, func(a, b string) int { return cmp.Or(cmp.Compare(middle[b], middle[a]), cmp.Compare(a, b)) })
	return words
}
