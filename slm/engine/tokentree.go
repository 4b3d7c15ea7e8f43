package engine

// mask is a set of tokens. A nil mask allows all.
type mask struct {
	words []uint64
}

func newMask(size int) *mask { return &mask{make([]uint64, (size+63)/64)} }

func (m *mask) has(token int) bool { return m == nil || m.words[token>>6]>>(token&63)&1 != 0 }

func (m *mask) add(token int) { m.words[token>>6] |= 1 << (token & 63) }

// tokenTree is the vocabulary as a tree of bytes, so that a common beginning of tokens is read once.
type tokenTree struct {
	nodes []treeNode
	size  int
}

// treeNode is the end of some bytes. Children follow each other in a list.
type treeNode struct {
	b           byte
	tokens      []int
	child, next int32 // 0: none
}

func newTokenTree(vocabulary Vocabulary, size int) *tokenTree {
	t := &tokenTree{nodes: []treeNode{{}}, size: size}
	for token := range size {
		text := vocabulary.Bytes(token)
		if len(text) == 0 {
			continue
		}
		at := int32(0)
		for _, b := range text {
			at = t.child(at, b)
		}
		t.nodes[at].tokens = append(t.nodes[at].tokens, token)
	}
	return t
}

func (t *tokenTree) child(at int32, b byte) int32 {
	for c := t.nodes[at].child; c != 0; c = t.nodes[c].next {
		if t.nodes[c].b == b {
			return c
		}
	}
	t.nodes = append(t.nodes, treeNode{b: b, next: t.nodes[at].child})
	t.nodes[at].child = int32(len(t.nodes) - 1)
	return t.nodes[at].child
}

// allowed returns the tokens that can follow in a state; ends are those that may where the text may end.
func (t *tokenTree) allowed(s *state, ends []int) *mask {
	g := s.grammar
	g.lock.Lock()
	defer g.lock.Unlock()
	if s.mask != nil && s.tree == t {
		return s.mask
	}
	m := newMask(t.size)
	t.walk(m, 0, s)
	if s.accepts {
		for _, token := range ends {
			m.add(token)
		}
	}
	if g.masks < maxMasks {
		g.masks++
		s.mask, s.tree = m, t
	}
	return m
}

func (t *tokenTree) walk(m *mask, at int32, s *state) {
	for c := t.nodes[at].child; c != 0; c = t.nodes[c].next {
		next := s.after(t.nodes[c].b)
		if next == nil {
			continue
		}
		for _, token := range t.nodes[c].tokens {
			m.add(token)
		}
		t.walk(m, c, next)
	}
}
