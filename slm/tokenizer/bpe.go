package tokenizer

import (
	"sync"
	"unicode/utf8"
)

// unknown is the identifier of a character that the vocabulary does not hold.
const unknown = -1

// A symbol is a part text[from:to] of a piece. next and prev are indices; a symbol that was joined to its left
// neighbour has from == to.
type symbol struct{ from, to, prev, next, id int32 }

// A candidate is a merge that may be carried out: it joins the symbol at left with the one behind it, which ends at to.
type candidate struct {
	rank          float64
	left, to, new int32
}

func (a candidate) before(b candidate) bool {
	return a.rank < b.rank || a.rank == b.rank && a.left < b.left
}

// work is the memory of one call. The pieces of a text use it one after another.
type work struct {
	symbols []symbol
	heap    []candidate
}

var works = sync.Pool{New: func() any { return new(work) }}

// maxScan is the largest number of symbols for which a scan of all pairs is faster than a heap.
const maxScan = 24

// maxPiece is the longest text that is merged at once, in bytes: indices are 31 bits.
const maxPiece = 1 << 30

// bpe appends the tokens of a piece of text.
func (t *Tokenizer) bpe(tokens []int, text string, w *work) []int {
	for len(text) > maxPiece {
		tokens, text = t.bpe(tokens, text[:maxPiece], w), text[maxPiece:]
	}
	if t.ignoreMerges {
		if id, ok := t.vocabulary.id(text); ok {
			return append(tokens, int(id))
		}
	}
	t.symbolsOf(text, w)
	if len(w.symbols) <= maxScan {
		t.mergeByScan(text, w)
	} else {
		t.mergeByHeap(text, w)
	}
	return t.appendSymbols(tokens, text, w)
}

// symbolsOf cuts a piece into bytes, or into characters for vocabularies that are not byte-level.
func (t *Tokenizer) symbolsOf(text string, w *work) {
	w.symbols = w.symbols[:0]
	add := func(from, to int, id int32) {
		n := int32(len(w.symbols))
		w.symbols = append(w.symbols, symbol{int32(from), int32(to), n - 1, n + 1, id})
	}
	for i := 0; i < len(text); {
		if t.byteLevel {
			add(i, i+1, t.bytes[text[i]])
			i++
			continue
		}
		r, width := utf8.DecodeRuneInString(text[i:])
		id, ok := t.vocabulary.id(text[i : i+width])
		switch {
		case ok && !(r == utf8.RuneError && width == 1):
			add(i, i+width, id)
		case t.scores == nil && t.hasBytes(text[i:i+width]):
			for j := range width {
				add(i+j, i+j+1, t.bytes[text[i+j]])
			}
		default:
			add(i, i+width, unknown)
		}
		i += width
	}
	if n := len(w.symbols); n > 0 {
		w.symbols[n-1].next = -1
	}
}

// hasBytes reports whether there is a token for each byte.
func (t *Tokenizer) hasBytes(text string) bool {
	if !t.byteFallback {
		return false
	}
	for i := range len(text) {
		if t.bytes[text[i]] == unknown {
			return false
		}
	}
	return true
}

// pair returns the merge of a symbol with the one behind it, if there is one.
func (t *Tokenizer) pair(text string, symbols []symbol, left int32) (candidate, bool) {
	right := symbols[left].next
	if right < 0 {
		return candidate{}, false
	}
	a, b := &symbols[left], &symbols[right]
	if t.scores != nil {
		id, ok := t.vocabulary.id(text[a.from:b.to])
		if !ok {
			return candidate{}, false
		}
		return candidate{-float64(t.scores[id]), left, b.to, id}, true
	}
	if a.id == unknown || b.id == unknown {
		return candidate{}, false
	}
	rank, made, ok := t.merges.find(a.id, b.id)
	return candidate{float64(rank), left, b.to, made}, ok
}

// join carries out a merge.
func join(symbols []symbol, c candidate) {
	left := &symbols[c.left]
	right := &symbols[left.next]
	left.to, left.id, left.next = right.to, c.new, right.next
	if right.next >= 0 {
		symbols[right.next].prev = c.left
	}
	right.to = right.from
}

func (t *Tokenizer) mergeByScan(text string, w *work) {
	if len(w.symbols) == 0 {
		return
	}
	var pairs [maxScan]candidate
	var valid [maxScan]bool
	for i := range w.symbols {
		pairs[i], valid[i] = t.pair(text, w.symbols, int32(i))
	}
	for {
		best := int32(-1)
		for i := int32(0); i >= 0; i = w.symbols[i].next {
			if valid[i] && (best < 0 || pairs[i].before(pairs[best])) {
				best = i
			}
		}
		if best < 0 {
			return
		}
		join(w.symbols, pairs[best])
		pairs[best], valid[best] = t.pair(text, w.symbols, best)
		if prev := w.symbols[best].prev; prev >= 0 {
			pairs[prev], valid[prev] = t.pair(text, w.symbols, prev)
		}
	}
}

func (t *Tokenizer) mergeByHeap(text string, w *work) {
	w.heap = w.heap[:0]
	for i := range w.symbols {
		if c, ok := t.pair(text, w.symbols, int32(i)); ok {
			w.push(c)
		}
	}
	for len(w.heap) > 0 {
		c := w.pop()
		left := &w.symbols[c.left]
		// Symbols only grow, so a pair that covers the same text is the same pair.
		if left.from == left.to || left.next < 0 || w.symbols[left.next].to != c.to {
			continue
		}
		join(w.symbols, c)
		if c, ok := t.pair(text, w.symbols, c.left); ok {
			w.push(c)
		}
		if left.prev >= 0 {
			if c, ok := t.pair(text, w.symbols, left.prev); ok {
				w.push(c)
			}
		}
	}
}

func (w *work) push(c candidate) {
	w.heap = append(w.heap, c)
	i := len(w.heap) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if !c.before(w.heap[parent]) {
			break
		}
		w.heap[i] = w.heap[parent]
		i = parent
	}
	w.heap[i] = c
}

func (w *work) pop() candidate {
	top := w.heap[0]
	last := w.heap[len(w.heap)-1]
	w.heap = w.heap[:len(w.heap)-1]
	n := len(w.heap)
	if n == 0 {
		return top
	}
	i := 0
	for {
		child := 2*i + 1
		if child >= n {
			break
		}
		if child+1 < n && w.heap[child+1].before(w.heap[child]) {
			child++
		}
		if !w.heap[child].before(last) {
			break
		}
		w.heap[i] = w.heap[child]
		i = child
	}
	w.heap[i] = last
	return top
}

// appendSymbols appends what is left when nothing can be merged any more.
func (t *Tokenizer) appendSymbols(tokens []int, text string, w *work) []int {
	fused := false
	for i := int32(0); i >= 0 && int(i) < len(w.symbols); i = w.symbols[i].next {
		s := w.symbols[i]
		switch {
		case s.id != unknown:
			tokens, fused = append(tokens, int(s.id)), false
		case t.scores != nil && t.hasBytes(text[s.from:s.to]):
			for _, b := range []byte(text[s.from:s.to]) {
				tokens = append(tokens, int(t.bytes[b]))
			}
			fused = false
		case t.unknown >= 0 && !(fused && t.fuseUnknown):
			tokens, fused = append(tokens, t.unknown), true
		}
	}
	return tokens
}
