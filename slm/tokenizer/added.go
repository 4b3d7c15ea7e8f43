package tokenizer

import (
	"slices"
	"sort"
	"unicode"
	"unicode/utf8"
)

// Limits of added tokens.
const (
	maxAdded      = 1 << 12
	maxAddedBytes = 512     // of one token
	maxFinder     = 1 << 17 // bytes of all tokens that are looked for
)

// An addedToken is found in text before it is split and merged.
type addedToken struct {
	id                                int
	content                           string
	special                           bool
	singleWord, stripLeft, stripRight bool
	raw                               bool // found in the text before it is normalised
	outside                           bool // not in the model's vocabulary
}

// A finder finds added tokens: at the first place where one begins, the longest.
type finder struct {
	contents []string // sorted
	tokens   []int    // the index of the token with each content
	begins   [256]bool
}

// add adds a token. If two tokens have the same content, the later one is found.
func (f *finder) add(content string, token int) {
	f.begins[content[0]] = true
	i, found := slices.BinarySearch(f.contents, content)
	if found {
		f.tokens[i] = token
		return
	}
	f.contents = slices.Insert(f.contents, i, content)
	f.tokens = slices.Insert(f.tokens, i, token)
}

// has returns the token with a content.
func (f *finder) has(content string) (token int, found bool) {
	i, found := slices.BinarySearch(f.contents, content)
	if !found {
		return 0, false
	}
	return f.tokens[i], true
}

// at calls found with the tokens that text begins with, shortest first.
func (f *finder) at(text string, found func(token, length int)) {
	from, to := 0, len(f.contents) // those that begin with text[:i]
	for i := range len(text) {
		from += sort.Search(to-from, func(j int) bool {
			return len(f.contents[from+j]) > i && f.contents[from+j][i] >= text[i]
		})
		to = from + sort.Search(to-from, func(j int) bool { return f.contents[from+j][i] > text[i] })
		if from == to {
			return
		}
		if len(f.contents[from]) == i+1 {
			found(f.tokens[from], i+1)
		}
	}
}

// cut splits text at added tokens. allowed reports whether a token may be found at text[from:to]. It calls between with
// the text between tokens, which is never empty, and where that begins, and token with each token.
func (t *Tokenizer) cut(f *finder, text string, allowed func(a *addedToken, from, to int) bool,
	between func(text string, from int), token func(id int)) {
	done := 0
	for i := 0; i < len(text) && len(f.contents) > 0; {
		if !f.begins[text[i]] {
			i++
			continue
		}
		best, end := -1, 0
		f.at(text[i:], func(index, length int) {
			if a := &t.added[index]; allowed(a, i, i+length) && (!a.singleWord || isWord(text, i, i+length)) {
				best, end = index, i+length
			}
		})
		if best < 0 {
			i++
			continue
		}
		from, to := i, end
		if t.added[best].stripLeft {
			for from > done {
				r, width := utf8.DecodeLastRuneInString(text[done:from])
				if !unicode.IsSpace(r) {
					break
				}
				from -= width
			}
		}
		if t.added[best].stripRight {
			to += run(text[to:], space)
		}
		if from > done {
			between(text[done:from], done)
		}
		token(t.added[best].id)
		done, i = to, to
	}
	if done < len(text) {
		between(text[done:], done)
	}
}

// isWord reports whether no letter, digit or underscore touches text[from:to].
func isWord(text string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:from])
	after, _ := utf8.DecodeRuneInString(text[to:])
	return (from == 0 || !inWord(before)) && (to == len(text) || !inWord(after))
}

func inWord(r rune) bool {
	return r == '_' || unicode.In(r, unicode.L, unicode.M, unicode.Nd, unicode.Nl, unicode.Pc)
}
