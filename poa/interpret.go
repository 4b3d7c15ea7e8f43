package poa

import "bytes"

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

func (s *Segment) interpret(norm uint8, content []byte) {
	ids, words := folded(norm, content, MaxSegmentTokens)
	s.Concepts, s.Stemmed = newInterpreter(norm).segment(ids, words, marks(norm, content)[:len(words)])
}

// folded returns ids and folded tokens of a text, at most so many.
func folded(norm uint8, text []byte, most int) (ids []TokenID, words [][]byte) {
	h := tokenHasher{norm: norm}
	for start, end := h.next(text, 0); start < end && len(ids) < most; start, end = h.next(text, end) {
		ids = append(ids, h.id(text[start:end]))
		words = append(words, bytes.Clone(h.buf))
	}
	return ids, words
}
