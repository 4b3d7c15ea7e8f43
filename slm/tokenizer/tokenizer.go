package tokenizer

import (
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// A Tokenizer turns text into tokens and back. It may be used by several goroutines at once.
type Tokenizer struct {
	// ChatTemplate is the Jinja template that came with the tokenizer, or empty. BOS and EOS are the texts of the tokens
	// that templates call bos_token and eos_token; empty where there is none.
	ChatTemplate string
	BOS, EOS     string

	// vocabulary holds bytes where it is byte-level and the token is not verbatim, and what the file writes otherwise.
	vocabulary vocabulary
	outputs    []func(string) string // what makes the bytes of an answer of what the vocabulary holds, in order
	bytes      [256]int32            // tokens of single bytes, or unknown
	added      []addedToken
	raw        finder // added tokens that are found in the text as it is
	later      finder // and those that are found when it was normalised

	merges       merges
	scores       []float32 // of a GGUF file of llama, by identifier; merges is not used then
	byteLevel    bool
	byteFallback bool
	ignoreMerges bool
	fuseUnknown  bool
	unknown      int // the token of characters that have none, or -1

	normalizers []normalizer
	splitters   []splitter
	pattern     *pattern // of byte-level vocabularies
	digits      bool     // digits stand alone before pattern splits
	stripBegin  int      // spaces that are taken off the beginning of decoded text
	prefix      []int
	suffix      []int
}

// A Part is a stretch of text. Special tokens are recognised in trusted parts alone.
type Part struct {
	Text    string
	Trusted bool // written by the operator or a template, not by a user
}

// Encode returns the tokens of text that nobody vouches for. No special token is among them, but the tokenizer's token
// for characters that it does not know, if it has one. Added tokens that their file does not call special, such as
// <tool_call> of Qwen, are ordinary vocabulary and are found in any text. Prefix and Suffix are not added.
func (t *Tokenizer) Encode(text string) []int { return t.EncodeParts([]Part{{Text: text}}) }

// EncodeParts returns the tokens of parts that follow one another as one text. Prefix and Suffix are not added.
func (t *Tokenizer) EncodeParts(parts []Part) []int {
	var whole strings.Builder
	ends := make([]int, len(parts)) // of parts, in whole
	for i, part := range parts {
		whole.WriteString(part.Text)
		ends[i] = whole.Len()
	}
	trusted := func(a *addedToken, from, to int) bool {
		if !a.special {
			return true
		}
		i, _ := slices.BinarySearch(ends, from+1)
		for ; i < len(parts) && ends[i]-len(parts[i].Text) < to; i++ {
			if !parts[i].Trusted && len(parts[i].Text) > 0 {
				return false
			}
		}
		return true
	}
	w := works.Get().(*work)
	defer works.Put(w)
	tokens := make([]int, 0, whole.Len()/3+1)
	one := func(id int) { tokens = append(tokens, id) }
	t.cut(&t.raw, whole.String(), trusted, func(text string, from int) {
		for _, normalize := range t.normalizers {
			text = normalize(text)
		}
		ordinary := func(a *addedToken, _, _ int) bool { return !a.special }
		t.cut(&t.later, text, ordinary, func(text string, at int) {
			t.split(t.splitters, text, from+at == 0, func(piece string) { tokens = t.bpe(tokens, piece, w) })
		}, one)
	}, one)
	return tokens
}

// A normalizer changes text before it is split.
type normalizer func(text string) string

// form returns the normalizer of a Unicode normal form.
func form(form norm.Form) normalizer { return form.String }

// A splitter cuts text into pieces that are merged each for itself, and calls piece with each. first reports whether
// text is the beginning of what is encoded.
type splitter func(text string, first bool, piece func(string))

func (t *Tokenizer) split(steps []splitter, text string, first bool, piece func(string)) {
	if len(steps) == 0 {
		piece(text)
		return
	}
	begun := false
	steps[0](text, first, func(part string) {
		t.split(steps[1:], part, first && !begun, piece)
		begun = true
	})
}

func splitPattern(p *pattern) splitter {
	return func(text string, _ bool, piece func(string)) {
		for len(text) > 0 {
			n := p.first(text)
			piece(text[:n])
			text = text[n:]
		}
	}
}

// splitDigits makes a piece of every character of \p{N}; what is between them stays whole.
func splitDigits(text string, _ bool, piece func(string)) {
	from := 0
	for i := 0; i < len(text); {
		c, width := next(text[i:])
		if c == number {
			if i > from {
				piece(text[from:i])
			}
			piece(text[i : i+width])
			from = i + width
		}
		i += width
	}
	if from < len(text) {
		piece(text[from:])
	}
}

func prefixSpace(text string, _ bool, piece func(string)) {
	if !strings.HasPrefix(text, " ") {
		text = " " + text
	}
	piece(text)
}

// metaspace writes spaces as a mark, with one before the text as the scheme says (always, first, never), and cuts
// before each mark if split is set.
func metaspace(mark, scheme string, split bool) splitter {
	return func(text string, first bool, piece func(string)) {
		text = strings.ReplaceAll(text, " ", mark)
		if (scheme == "always" || scheme == "first" && first) && !strings.HasPrefix(text, mark) {
			text = mark + text
		}
		for split {
			i := strings.Index(text[min(1, len(text)):], mark)
			if i < 0 {
				break
			}
			piece(text[:i+1])
			text = text[i+1:]
		}
		if text != "" {
			piece(text)
		}
	}
}

// Len is the number of identifiers: tokens are 0 to Len-1. The model may have more rows.
func (t *Tokenizer) Len() int { return t.vocabulary.len() }

// Token returns a token as its file writes it, or empty for an identifier that has none.
func (t *Tokenizer) Token(id int) string {
	if id < 0 || id >= t.Len() {
		return ""
	}
	text := t.vocabulary.text(id)
	if t.byteLevel && !t.vocabulary.is(id, isVerbatim) {
		return toByteLevel(text)
	}
	return text
}

// output returns the bytes that a token adds to a text.
func (t *Tokenizer) output(id int) string {
	text := t.vocabulary.text(id)
	for _, step := range t.outputs {
		text = step(text)
	}
	return text
}

// ID returns the identifier of a token as its file writes it.
func (t *Tokenizer) ID(token string) (int, bool) {
	for _, a := range t.added {
		if a.content == token {
			return a.id, true
		}
	}
	if t.byteLevel {
		bytes, ok := fromByteLevel(token)
		if !ok {
			return 0, false
		}
		token = bytes
	}
	id, ok := t.vocabulary.id(token)
	return int(id), ok
}

// Special reports whether a token is special: never returned for what users write, and left out of decoded text.
func (t *Tokenizer) Special(id int) bool {
	return id >= 0 && id < t.Len() && t.vocabulary.is(id, isSpecial)
}

// Prefix and Suffix are the tokens that the tokenizer's file puts before and behind a text that does not come from a
// chat template, such as a token for the beginning of text. They must not be changed.
func (t *Tokenizer) Prefix() []int { return t.prefix }

// Suffix is described at [Tokenizer.Prefix].
func (t *Tokenizer) Suffix() []int { return t.suffix }
