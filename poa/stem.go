package poa

// Stems are frozen with MethodRAG. They need not be words: they only have to be the same for the forms of one word.

// minStem is the least number of letters that stay when a suffix is cut.
const minStem = 4

// stemSuffixes are cut behind the plural, the first that fits and only one. Longer ones stand first.
var stemSuffixes = []string{"ingly", "ation", "edly", "ment", "ness", "able", "ible", "tion", "ing", "ed", "ly", "er",
	"or", "al", "e"}

// Stems returns one id per token of Tokenize(text): that of its stem, or 0 for a stop word, which has none.
func Stems(text []byte) []TokenID { return stems(NormVersion, text) }

func stems(norm uint8, text []byte) []TokenID {
	var stems []TokenID
	h := tokenHasher{norm: norm}
	for start, end := h.next(text, 0); start < end; start, end = h.next(text, end) {
		stems = append(stems, h.stem(text[start:end]))
	}
	return stems
}

// NewAnswer returns an answer with tokens and stems of its text. (NewSegment takes only as many tokens as a segment
// has.)
func NewAnswer(text []byte) Answer {
	return Answer{Tokens: TokenIDs(text), Stems: Stems(text)}
}

// stem returns the id of a token's stem, or 0 for a stop word.
func (h *tokenHasher) stem(token []byte) TokenID { return h.stemOf(h.id(token)) }

// stemOf returns the stem of the token that was hashed last, whose id is given.
func (h *tokenHasher) stemOf(id TokenID) TokenID {
	if h.norm == NormVersion1 && isStopWordV1(id) || h.norm != NormVersion1 && isStopWord(id) {
		return 0
	}
	if word := stemOf(h.buf); len(word) < len(h.buf) {
		return hashToken(word)
	}
	return id
}

// stemOf returns the stem of a lowered token: plural endings and one suffix are cut from a word of ASCII letters, and
// then the second of two equal letters at the end. It changes the plural -ies to -y in place.
func stemOf(w []byte) []byte {
	for _, c := range w {
		if c < 'a' || c > 'z' {
			return w
		}
	}
	w = singular(w)
	for _, suffix := range stemSuffixes {
		if len(w) >= len(suffix)+minStem && endsWith(w, suffix) {
			w = w[:len(w)-len(suffix)]
			break
		}
	}
	if n := len(w); n > minStem && w[n-1] == w[n-2] {
		w = w[:n-1]
	}
	return w
}

func singular(w []byte) []byte {
	n := len(w)
	switch {
	case n > 5 && endsWith(w, "ies"):
		w[n-3] = 'y'
		return w[:n-2]
	case n > 4 && (endsWith(w, "sses") || endsWith(w, "ches") || endsWith(w, "shes") || endsWith(w, "xes")):
		return w[:n-2]
	case n > 3 && w[n-1] == 's' && w[n-2] != 's' && w[n-2] != 'u' && w[n-2] != 'i':
		return w[:n-1]
	}
	return w
}

func endsWith(w []byte, suffix string) bool {
	return len(w) >= len(suffix) && string(w[len(w)-len(suffix):]) == suffix
}
