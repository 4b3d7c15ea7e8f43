package poa

// InterpretAnswer returns an answer with what method MEANING needs of its text.
func InterpretAnswer(text []byte) Answer {
	ids, words := folded(NormVersion, text, MaxAnswerTokens+1)
	a := Answer{Tokens: ids, Marks: Marks(text), Weight: Weight(text)}
	if len(ids) <= MaxAnswerTokens {
		a.Meanings = newInterpreter(NormVersion).answer(ids, words, a.Marks)
	}
	return a
}

// Interpret sets the concepts of a segment from its text, which method MEANING needs.
func (s *Segment) Interpret(content []byte) { s.interpret(NormVersion, content) }

// interpret also sets the tokens, if they are not.
func (s *Segment) interpret(norm uint8, content []byte) {
	ids, words := folded(norm, content, MaxSegmentTokens)
	s.Concepts, s.Stemmed = newInterpreter(norm).segment(ids, words, marks(norm, content)[:len(words)])
	if s.Tokens == nil {
		s.Tokens = ids
	}
}

// folded returns ids and folded tokens of a text, at most so many.
func folded(norm uint8, text []byte, most int) (ids []TokenID, words [][]byte) {
	h := tokenHasher{norm: norm}
	room := min(len(text)/4+1, most)
	ids, words = make([]TokenID, 0, room), make([][]byte, 0, room)
	all := make([]byte, 0, len(text)) // the words, one behind the other
	for start, end := h.next(text, 0); start < end && len(ids) < most; start, end = h.next(text, end) {
		ids = append(ids, h.id(text[start:end]))
		from := len(all)
		all = append(all, h.buf...)
		words = append(words, all[from:len(all):len(all)])
	}
	return ids, words
}
