package answers

import (
	"slices"
	"strings"

	"github.com/openledger/openledger/poa"
)

// glossaryWords of a document stand in one segment of a glossary, and glossaryForms are what its sentences look like.
const glossaryWords = 90

var glossaryForms = []string{
	"The * is a * of the * and has the * in it.", "A * with * is known as the * of a *.",
	"In * there may be a * or a *, and this is the *.",
	"It is * that the * is for the *, and * to the *.",
}

// Glossary registers glossaries of the words of every document that answers come from, of those that prose may look
// like, and pays the answers. It returns how many segments are refused, and how many registered.
func (w *World) Glossary() (loss Loss, refused, registered int, err error) {
	owners, words := map[string][]int{}, map[string][]string{}
	var documents []string
	for _, p := range w.victims() {
		d := Document(w.Passage(p).ID)
		if owners[d] == nil {
			documents = append(documents, d)
		}
		owners[d] = append(owners[d], p)
		for _, word := range contentWords(w.Set.Passages[w.order[p]].Text) {
			if !slices.Contains(words[d], word) {
				words[d] = append(words[d], word)
			}
		}
	}
	var thefts []stolen
	for _, d := range documents {
		s := stolen{owners: owners[d]}
		for part := range slices.Chunk(words[d], glossaryWords) {
			text := glossary(part)
			if poa.CheckSegment(text, poa.SegmentRules{}) != nil {
				refused++
				continue
			}
			registered++
			s.texts = append(s.texts, text)
		}
		thefts = append(thefts, s)
	}
	loss, err = w.rob(thefts)
	return loss, refused, registered, err
}

// contentWords returns the words of a text that are not common, in small letters, in their order.
func contentWords(text string) []string {
	var out []string
	for _, t := range poa.Tokenize([]byte(text)) {
		if word := strings.ToLower(text[t.Start:t.End]); !poa.CommonWord([]byte(word)) {
			out = append(out, word)
		}
	}
	return out
}

// glossary writes sentences of the words.
func glossary(words []string) []byte {
	var b strings.Builder
	for form := 0; len(words) > 0; form++ {
		if form > 0 {
			b.WriteByte(' ')
		}
		for _, c := range glossaryForms[form%len(glossaryForms)] {
			if c == '*' && len(words) > 0 {
				b.WriteString(words[0])
				words = words[1:]
				continue
			}
			b.WriteRune(c)
		}
	}
	return []byte(strings.ReplaceAll(b.String(), "*", "one"))
}
