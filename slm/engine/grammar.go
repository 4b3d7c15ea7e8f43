package engine

import (
	"fmt"
	"strings"
	"sync"
)

// Grammar is a language that answers must belong to. It is read only; JSONObject and JSONSchema return grammars.
//
// It is a set of rules over bytes. A state is the set of all places in the rules that the text so far can lead to, each
// with the places to return to. States are made once, and remember the next state for each byte.
type Grammar struct {
	rules []rule
	start *state

	lock   sync.Mutex
	states map[string]*state
	frames map[frame]*frame
	masks  int // that states hold
}

// rule is a choice of sequences. An empty sequence is empty text.
type rule []sequence

type sequence []element

// element is a byte out of a set, or what a rule allows.
type element struct {
	bytes *byteSet
	rule  int
}

type byteSet [4]uint64

func (s *byteSet) has(b byte) bool { return s[b>>6]>>(b&63)&1 != 0 }

func (s *byteSet) add(from, to byte) {
	for b := int(from); b <= int(to); b++ {
		s[b>>6] |= 1 << (b & 63)
	}
}

// frame is a place in a sequence, and the place to continue after the sequence. Equal frames are the same frame.
type frame struct {
	rule, choice, at int
	back             *frame
}

// state is what can follow a text.
type state struct {
	grammar *Grammar
	frames  []*frame // that wait for a byte
	accepts bool     // the text may end here
	next    [256]*state
	known   [256]bool
	mask    *mask
	tree    *tokenTree // whose mask it is
}

const (
	// maxStates is the largest number of remembered states, and maxInterned of frames; those that are in use stay.
	maxStates   = 1 << 12
	maxInterned = 1 << 16
	// maxMasks is the largest number of states that remember which tokens are allowed.
	maxMasks = 1 << 10
	// maxFrames is the largest number of ways in which a text is parsed at the same time. Schemas with nested alternatives
	// that begin alike have endlessly many ways. Those above the limit are not followed; the answer is in the grammar
	// anyway.
	maxFrames = 256
)

// newGrammar returns the grammar whose answers are those of rule 0. A rule must not reach itself before its first byte
// but at the end of a sequence.
func newGrammar(rules []rule) *Grammar {
	g := &Grammar{rules: rules}
	g.forget()
	b := g.builder()
	b.enter(0, nil)
	g.start = b.state()
	return g
}

// forget drops all states but the first, and the states that the first leads to.
func (g *Grammar) forget() {
	g.states, g.frames, g.masks = map[string]*state{}, map[frame]*frame{}, 0
	if g.start != nil {
		g.start.next, g.start.known = [256]*state{}, [256]bool{}
	}
}

// read returns the state after more bytes, or nil if they cannot follow.
func (s *state) read(text []byte) *state {
	s.grammar.lock.Lock()
	defer s.grammar.lock.Unlock()
	for _, b := range text {
		if s = s.after(b); s == nil {
			return nil
		}
	}
	return s
}

// final reports whether the text is complete and nothing can follow.
func (s *state) final() bool { return s != nil && s.accepts && len(s.frames) == 0 }

// after returns the state after one more byte. The grammar is locked.
func (s *state) after(b byte) *state {
	if s.known[b] {
		return s.next[b]
	}
	if g := s.grammar; len(g.states) >= maxStates || len(g.frames) >= maxInterned {
		g.forget()
	}
	builder := s.grammar.builder()
	for _, f := range s.frames {
		if s.grammar.rules[f.rule][f.choice][f.at].bytes.has(b) {
			builder.goOn(frame{f.rule, f.choice, f.at + 1, f.back})
		}
	}
	s.known[b] = true
	s.next[b] = builder.state()
	return s.next[b]
}

// builder collects the frames of a state.
type builder struct {
	grammar *Grammar
	frames  []*frame
	accepts bool
	held    map[*frame]bool
	entered map[entry]bool
}

func (g *Grammar) builder() *builder {
	return &builder{grammar: g, held: map[*frame]bool{}, entered: map[entry]bool{}}
}

// entry is a rule, and where to go on behind it.
type entry struct {
	rule int
	back *frame
}

// enter adds the beginnings of a rule.
func (b *builder) enter(rule int, back *frame) {
	if b.entered[entry{rule, back}] || len(b.frames) >= maxFrames {
		return
	}
	b.entered[entry{rule, back}] = true
	for choice := range b.grammar.rules[rule] {
		b.goOn(frame{rule, choice, 0, back})
	}
}

// goOn adds the frames that f waits for.
func (b *builder) goOn(f frame) {
	sequence := b.grammar.rules[f.rule][f.choice]
	if f.at == len(sequence) {
		if f.back == nil {
			b.accepts = true
			return
		}
		b.goOn(*f.back)
		return
	}
	if next := sequence[f.at]; next.bytes == nil {
		if f.at+1 == len(sequence) {
			// Nothing follows the rule here: return to where this sequence returns to, so that lists need no depth.
			b.enter(next.rule, f.back)
			return
		}
		b.enter(next.rule, b.grammar.intern(frame{f.rule, f.choice, f.at + 1, f.back}))
		return
	}
	if p := b.grammar.intern(f); !b.held[p] && len(b.frames) < maxFrames {
		b.held[p] = true
		b.frames = append(b.frames, p)
	}
}

// intern returns the one frame that is equal to f.
func (g *Grammar) intern(f frame) *frame {
	if known, ok := g.frames[f]; ok {
		return known
	}
	p := &f
	g.frames[f] = p
	return p
}

// state returns the one state with the builder's frames, or nil if nothing can follow and the text cannot end.
func (b *builder) state() *state {
	if len(b.frames) == 0 && !b.accepts {
		return nil
	}
	var key strings.Builder
	for _, f := range b.frames {
		fmt.Fprintf(&key, "%p ", f)
	}
	fmt.Fprint(&key, b.accepts)
	if known, ok := b.grammar.states[key.String()]; ok {
		return known
	}
	s := &state{grammar: b.grammar, frames: b.frames, accepts: b.accepts}
	b.grammar.states[key.String()] = s
	return s
}
