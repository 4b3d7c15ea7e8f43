package poa

// Marks of a token. They are committed with the answer, because method MEANING changes the source of a text more easily
// where a sentence ends.
const (
	// MarkStarts and MarkEnds say that a sentence starts with a token, or ends with it.
	MarkStarts uint8 = 1 << iota
	MarkEnds
)

// Marks returns the marks of the tokens of a text. A sentence ends where between two tokens there is a line end, a full
// stop of a script without spaces, or another full stop, question or exclamation mark before a space; and where the
// text does.
func Marks(text []byte) []uint8 { return marks(NormVersion, text) }

func marks(norm uint8, text []byte) []uint8 {
	var out []uint8
	h := tokenHasher{norm: norm}
	last := 0
	for start, end := h.next(text, 0); start < end; start, end = h.next(text, end) {
		n := len(out)
		if n == 0 {
			out = append(out, MarkStarts)
		} else if out = append(out, 0); breaksSentence(text[last:start]) {
			out[n-1] |= MarkEnds
			out[n] |= MarkStarts
		}
		last = end
	}
	if n := len(out); n > 0 {
		out[n-1] |= MarkEnds
	}
	return out
}

// Weights of a word that is not a stop word, and of a letter of a script without spaces that is none, in eighths.
const (
	wordWeight   = 13
	letterWeight = 4
)

// Weight returns how much a text says, for method MEANING, in tokens of ordinary English: wordWeight and letterWeight,
// rounded down. It is committed with the answer, because most of its words may stay hidden.
func Weight(text []byte) uint32 { return textWeight(NormVersion, text) }

func textWeight(norm uint8, text []byte) uint32 {
	h, x := tokenHasher{norm: norm}, interpreter{norm: norm}
	eighths := uint32(0)
	for start, end := h.next(text, 0); start < end; start, end = h.next(text, end) {
		switch id := h.id(text[start:end]); {
		case x.stop(id):
		case isAlone(h.buf):
			eighths += letterWeight
		default:
			eighths += wordWeight
		}
	}
	return eighths / 8
}

// breaksSentence reports whether what stands between two tokens ends a sentence.
func breaksSentence(gap []byte) bool {
	stop := false
	for i := 0; i < len(gap); {
		c, size := uint32(gap[i]), 1
		if c >= 0x80 {
			if c, size = decodeRune(gap[i:]); size == 0 {
				i++
				continue
			}
		}
		i += size
		switch c {
		case '\n', '\r', 0x2028, 0x2029, 0x0085,
			'。', '！', '？', '｡', '।', '॥', '؟', '۔', '።', '។', '၊', '။', '…':
			return true
		case '.', '!', '?':
			stop = true
		case ' ', '\t':
			if stop {
				return true
			}
		default:
			if class := unicodeV2.of(c).class; stop && (class == classSpace || class == classLine) {
				return true
			}
		}
	}
	return false
}
