package demo

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/openledger/openledger/content/overlap"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

const (
	reviewerCount = 7
	// maxReviewAuthors fit into the first cohort with one altered and one sound item.
	maxReviewAuthors = 8
	// honestTexts of the second cohort.
	honestTexts = 3
	// minReviewTokens of a text of its own: shorter ones say too little to be compared.
	minReviewTokens = 60
	// minChanged words make a near-copy; one word in wordsBetween may change.
	minChanged   = 3
	wordsBetween = 10
)

// nature is what the demo made a text; reviewers have to find it out.
type nature string

const (
	natureHonest    nature = "honest"
	natureSpam      nature = "spam"
	natureNearCopy  nature = "near-copy"
	natureDuplicate nature = "gold: duplicate"
	natureAltered   nature = "gold: altered"
	natureSound     nature = "gold: sound"
)

// gold of a nature, unspecified for what is none.
func (n nature) gold() datanettypes.GoldKind {
	switch n {
	case natureDuplicate:
		return datanettypes.GOLD_KIND_DUPLICATE
	case natureAltered:
		return datanettypes.GOLD_KIND_ALTERED
	case natureSound:
		return datanettypes.GOLD_KIND_SOUND
	}
	return datanettypes.GOLD_KIND_UNSPECIFIED
}

// owners says that the owner vouches for it: its contributor must have let the owner open it as gold.
func (n nature) owners() bool { return n == natureAltered || n == natureSound }

// sound says that panels should accept it.
func (n nature) sound() bool { return n == natureHonest || n == natureSound }

// submission is a text on its way into a review.
type submission struct {
	nature  nature
	name    string // of the contributor
	account chain.Signer
	title   string
	file    poa.SegmentFile

	original *submission // that was copied
	segment  int         // of the original
	copied   uint32      // ppm of the text that stands in it
	changed  int         // words

	reveal datanettypes.RevealItem
	salt   []byte // of gold
}

func (s *submission) rank() uint64 { return s.reveal.Rank }

// texts of both cohorts.
type texts struct{ first, second []*submission }

// pool hands out the texts of authors that are kept back for the parts that the demo plays.
type pool struct {
	names []string
	left  [][][]byte // segments by author
}

// chooseTexts divides a corpus among the parts of the demo.
func chooseTexts(source *source) (*texts, error) {
	if n := len(source.contributors); n > maxReviewAuthors {
		return nil, fmt.Errorf("%d authors do not fit into a cohort: --review takes a corpus of at most %d", n,
			maxReviewAuthors)
	}
	// The texts of all authors and two of the owner's fill one cohort, which a panel reads.
	share := int(datanettypes.DefaultParams().Review.CohortTokens) / (maxReviewAuthors + 2)
	p, err := newPool(source, share)
	if err != nil {
		return nil, err
	}
	honest, err := p.honest()
	if err != nil {
		return nil, err
	}
	var gold [2][]*submission
	for i := range gold {
		if gold[i], err = p.ownersGold(i + 1); err != nil {
			return nil, err
		}
	}
	var t texts
	for i, name := range p.names {
		t.first = append(t.first, &submission{
			nature: natureHonest, name: name, account: authorAccount(name), title: name,
			file: poa.SegmentFile{Segments: p.left[i]},
		})
	}
	nearCopy, duplicate, err := copies(t.first)
	if err != nil {
		return nil, err
	}
	t.first = append(t.first, gold[0]...)
	t.second = append(append(honest, spam(), nearCopy, duplicate), gold[1]...)
	return &t, nil
}

// newPool leaves out texts that copy earlier authors, like a contributor who checks before uploading, and the texts of
// an author above a number of tokens.
func newPool(source *source, most int) (*pool, error) {
	p := &pool{}
	var known []overlap.Known
	for _, c := range source.contributors {
		checker, err := overlap.New(known)
		if err != nil {
			return nil, err
		}
		findings, err := checker.Check(c.prepared.File)
		if err != nil {
			return nil, err
		}
		segments := slices.Clone(c.prepared.File.Segments)
		for _, f := range slices.Backward(findings) {
			if f.Duplicate() {
				segments = slices.Delete(segments, f.Segment, f.Segment+1)
			}
		}
		segments = upToTokens(segments, source.questions, most)
		if len(segments) == 0 {
			continue
		}
		p.names, p.left = append(p.names, c.name), append(p.left, segments)
		known = append(known, overlap.Known{Name: c.name, File: c.prepared.File})
	}
	return p, nil
}

// upToTokens picks texts that together fit into a number of tokens. It prefers those that share words with questions.
func upToTokens(segments [][]byte, questions []string, most int) [][]byte {
	asked := make(map[poa.TokenID]bool)
	for _, question := range questions {
		for _, stem := range poa.Stems([]byte(question)) {
			asked[stem] = stem != 0
		}
	}
	about := make([]int, len(segments)) // how many of their words it has
	places := make([]int, len(segments))
	for i, text := range segments {
		places[i] = i
		seen := make(map[poa.TokenID]bool)
		for _, stem := range poa.Stems(text) {
			if asked[stem] && !seen[stem] {
				seen[stem] = true
				about[i]++
			}
		}
	}
	slices.SortStableFunc(places, func(a, b int) int { return about[b] - about[a] })
	var kept []int
	for _, i := range places {
		if n := len(poa.TokenIDs(segments[i])); n <= most {
			most -= n
			kept = append(kept, i)
		}
	}
	slices.Sort(kept)
	out := make([][]byte, len(kept))
	for i, place := range kept {
		out[i] = segments[place]
	}
	return out
}

// take removes the last text of an author that fits; authors keep at least one.
func (p *pool) take(author int, fits func(text []byte) bool) ([]byte, error) {
	segments := p.left[author]
	for i := len(segments) - 1; i >= 0 && len(segments) > 1; i-- {
		text := segments[i]
		if len(poa.TokenIDs(text)) < minReviewTokens || !fits(text) || !p.own(author, i) {
			continue
		}
		p.left[author] = slices.Delete(segments, i, i+1)
		return text, nil
	}
	return nil, fmt.Errorf("%s has too few texts of %d words that stand for themselves: --review needs a larger corpus",
		p.names[author], minReviewTokens)
}

// own says that nobody would take a text for a copy of another one.
func (p *pool) own(author, segment int) bool {
	known := make([]overlap.Known, len(p.left))
	for i, segments := range p.left {
		if i == author {
			segments = slices.Delete(slices.Clone(segments), segment, segment+1)
		}
		known[i] = overlap.Known{Name: p.names[i], File: poa.SegmentFile{Segments: segments}}
	}
	checker, err := overlap.New(known)
	if err != nil {
		return false
	}
	verdict, err := read(poa.SegmentFile{Segments: [][]byte{p.left[author][segment]}}, checker, 0)
	return err == nil && verdict.vote.Accept
}

// richest author: the one with most texts left.
func (p *pool) richest() int {
	best := 0
	for i, segments := range p.left {
		if len(segments) > len(p.left[best]) {
			best = i
		}
	}
	return best
}

func anyText([]byte) bool { return true }

// honest texts of the second cohort, each of another author if there are enough.
func (p *pool) honest() ([]*submission, error) {
	var out []*submission
	for i := range min(honestTexts, len(p.names)) {
		text, err := p.take(i, anyText)
		if err != nil {
			return nil, err
		}
		out = append(out, &submission{
			nature: natureHonest, name: p.names[i], account: authorAccount(p.names[i]), title: titleOf(text),
			file: poa.SegmentFile{Segments: [][]byte{text}},
		})
	}
	return out, nil
}

// ownersGold is one spoilt and one sound text, under accounts that nobody connects with the owner.
func (p *pool) ownersGold(cohort int) ([]*submission, error) {
	var out []*submission
	for i, n := range []nature{natureAltered, natureSound} {
		fits := anyText
		if n == natureAltered {
			fits = func(text []byte) bool { return spoil(text) != nil }
		}
		text, err := p.take(p.richest(), fits)
		if err != nil {
			return nil, err
		}
		if n == natureAltered {
			text = spoil(text)
		}
		name := fmt.Sprintf("newcomer-%d", 2*cohort+i-1)
		out = append(
			out, &submission{nature: n, name: name, account: newAccount(name), title: titleOf(text),
				file: poa.SegmentFile{Segments: [][]byte{text}}})
	}
	return out, nil
}

// titleOf a text is its heading, or its first words.
func titleOf(text []byte) string {
	heading, _, _ := strings.Cut(strings.TrimLeft(string(text), "# "), "\n")
	return firstWords(heading, 5)
}

// firstWords of a text, with dots if there are more.
func firstWords(text string, n int) string {
	words := strings.Fields(text)
	if len(words) <= n {
		return strings.Join(words, " ")
	}
	return strings.Join(words[:n], " ") + " …"
}

var verb = regexp.MustCompile(` (is|are|can|may|must|should|will|was|were) `)

// spoil adds the opposite of one of its sentences to a text; nil if it has none that can be turned round.
func spoil(text []byte) []byte {
	for _, sentence := range sentences(string(text)) {
		at := verb.FindStringIndex(sentence)
		if at == nil || strings.ContainsAny(sentence, "\"():#") || strings.Contains(sentence, " not ") {
			continue
		}
		opposite := sentence[:at[1]] + "not " + sentence[at[1]:]
		spoilt := append(append(bytes.TrimRightFunc(slices.Clone(text), unicode.IsSpace), ' '), opposite+"."...)
		if contradiction(string(spoilt)) != "" && poa.CheckSegment(spoilt, poa.SegmentRules{}) == nil {
			return spoilt
		}
	}
	return nil
}

// spam is text that passes the rules of segments and says nothing.
func spam() *submission {
	const slogan = "This is the best of all the offers that you will find on the whole of the market. It is the best " +
		"of all the offers for you and for all of your friends. "
	text := []byte(strings.TrimSpace(strings.Repeat(slogan, 5)))
	return &submission{nature: natureSpam, name: "shouter", account: newAccount("shouter"), title: titleOf(text),
		file: poa.SegmentFile{Segments: [][]byte{text}}}
}

// synonyms by which a thief hides where a text comes from.
var synonyms = map[string]string{
	"is": "remains", "are": "remain", "and": "plus", "may": "can", "often": "frequently", "usually": "typically",
	"most": "nearly all", "the": "this",
	"a": "one", "with": "having", "if": "whenever", "when": "once", "but": "yet", "by": "through", "for": "towards",
	"must": "has to", "in": "within",
}

// disguise changes a few words and returns how many.
func disguise(text []byte) ([]byte, int) {
	words := strings.SplitAfter(string(text), " ")
	changed, last := 0, -wordsBetween
	for i, word := range words {
		if other, known := synonyms[strings.TrimSuffix(word, " ")]; known && i-last >= wordsBetween {
			words[i], last = other+" ", i
			changed++
		}
	}
	return []byte(strings.Join(words, "")), changed
}

// copies of texts of the first cohort: one with a few words changed, one as it is.
func copies(first []*submission) (nearCopy, duplicate *submission, err error) {
	for i, original := range first {
		for n := range original.file.Segments {
			if nearCopy == nil {
				nearCopy = copyOf(original, n, "borrower", natureNearCopy, disguise)
			} else if i > 0 || len(first) == 1 {
				duplicate = copyOf(original, n, "watcher", natureDuplicate, func(text []byte) ([]byte, int) { return text, 0 })
			}
			if duplicate != nil {
				return nearCopy, duplicate, nil
			}
		}
	}
	return nil, nil, fmt.Errorf("no text of %d words can be copied: --review needs a larger corpus", minReviewTokens)
}

// copyOf copies a segment, or returns nil if the result would be no duplicate.
func copyOf(original *submission, segment int, name string, n nature, change func([]byte) ([]byte, int)) *submission {
	from := original.file.Segments[segment]
	text, changed := change(from)
	if len(poa.TokenIDs(text)) < minReviewTokens || n == natureNearCopy && changed < minChanged ||
		poa.CheckSegment(text, poa.SegmentRules{}) != nil {
		return nil
	}
	copied, err := poa.CopiedPPM(poa.TokenIDs(text), poa.TokenIDs(from), poa.ProtocolStatistics())
	if err != nil || copied < poa.DuplicatePPM {
		return nil
	}
	return &submission{
		nature: n, name: name, account: newAccount(name), title: titleOf(text),
		file:     poa.SegmentFile{Segments: [][]byte{text}},
		original: original, segment: segment, copied: copied, changed: changed,
	}
}
