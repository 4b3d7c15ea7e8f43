// Package corpus makes registries of real text to measure attribution on: a folder, the Go source on this machine, or
// the English of its doc comments.
package corpus

import (
	"fmt"
	"math/rand"
	"slices"

	"github.com/openledger/openledger/poa"
)

// Document is one text of one contributor before it is cut. Documents are the contributions of the measurement.
type Document struct {
	// Contributor and Name say where the text comes from.
	Contributor, Name string
	// Pieces are texts of a segment's size.
	Pieces [][]byte
}

// Segment is one registered, or held-out, piece of text.
type Segment struct {
	// Document is the rank of the contribution: its place in the random order of registration.
	Document int
	// Index is the place in the document.
	Index int
	// Text is the content as admitted.
	Text []byte
	// Tokens are dense ids of the corpus' Vocabulary.
	Tokens []uint32
}

// Vocabulary numbers the distinct tokens of one corpus densely.
type Vocabulary struct {
	// IDs holds the canonical id of every dense one.
	IDs   []poa.TokenID
	dense map[poa.TokenID]uint32
}

// NewVocabulary returns an empty one.
func NewVocabulary() *Vocabulary { return &Vocabulary{dense: make(map[poa.TokenID]uint32)} }

// Intern returns the dense id of a token and gives it one if it is new.
func (v *Vocabulary) Intern(id poa.TokenID) uint32 {
	d, ok := v.dense[id]
	if !ok {
		d = uint32(len(v.IDs))
		v.dense[id] = d
		v.IDs = append(v.IDs, id)
	}
	return d
}

// Lookup returns the dense id of a token that has one.
func (v *Vocabulary) Lookup(id poa.TokenID) (uint32, bool) {
	d, ok := v.dense[id]
	return d, ok
}

// InternAll returns the dense ids of a token list.
func (v *Vocabulary) InternAll(ids []poa.TokenID) []uint32 {
	out := make([]uint32, len(ids))
	for i, id := range ids {
		out[i] = v.Intern(id)
	}
	return out
}

// Canonical returns the canonical ids of dense ones.
func (v *Vocabulary) Canonical(tokens []uint32) []poa.TokenID {
	out := make([]poa.TokenID, len(tokens))
	for i, d := range tokens {
		out[i] = v.IDs[d]
	}
	return out
}

// Corpus is a pool of segments in the order of registration, and text that is not registered.
type Corpus struct {
	Name       string
	Vocabulary *Vocabulary
	// Registered are all admitted segments by (Document, Index).
	Registered []Segment
	// HeldOut is the foreign filler: segments of documents that are never registered.
	HeldOut []Segment
	// Documents and Contributors count what is registered.
	Documents, Contributors int
	// Lifted says that the rule on stop words is lifted, as a DataNet of code does.
	Lifted bool
	// Notes say what was left out or too small.
	Notes []string
}

// Shape says how much text a corpus holds.
type Shape struct {
	// Registered and HeldOut are the segments wanted at most.
	Registered, HeldOut int
	// HeldOutPPM is the share of documents held out, in parts per million.
	HeldOutPPM int
}

// Build puts the documents in a seeded random order, holds some out and registers the others. rules are those of the
// DataNet.
func Build(name string, documents []Document, shape Shape, rules poa.SegmentRules, seed int64) *Corpus {
	c := &Corpus{Name: name, Vocabulary: NewVocabulary(), Lifted: rules.AllowFewStopWords}
	// The order must not depend on the order of a directory walk.
	slices.SortFunc(
		documents, func(a, b Document) int { return compareStrings(a.Contributor+"/"+a.Name, b.Contributor+"/"+b.Name) })
	order := rand.New(rand.NewSource(seed)).Perm(len(documents))
	held := 0
	if len(documents) > 1 {
		held = max(1, len(documents)*shape.HeldOutPPM/1_000_000)
	}
	contributors := map[string]bool{}
	refused := map[string]int{}
	for n, i := range order {
		d := &documents[i]
		// A document whose text is refused does not serve as foreign text: the next one is held out as well.
		if n < held || len(c.HeldOut) == 0 && n < len(documents)/2 {
			if len(c.HeldOut) < shape.HeldOut {
				c.HeldOut = append(c.HeldOut, c.admit(d, -1-n, rules, refused)...)
			}
			continue
		}
		if len(c.Registered) >= shape.Registered {
			break
		}
		if segments := c.admit(d, c.Documents, rules, refused); len(segments) > 0 {
			c.Registered = append(c.Registered, segments...)
			c.Documents++
			contributors[d.Contributor] = true
		}
	}
	c.Contributors = len(contributors)
	for _, code := range sortedKeys(refused) {
		c.Notes = append(c.Notes, fmt.Sprintf("%s: %d segments refused: %s", name, refused[code], code))
	}
	return c
}

// admit returns the segments of a document that a DataNet would take.
func (c *Corpus) admit(d *Document, document int, rules poa.SegmentRules, refused map[string]int) []Segment {
	var out []Segment
	for _, text := range d.Pieces {
		if err := poa.CheckSegment(text, rules); err != nil {
			refused[refusal(err)]++
			continue
		}
		out = append(out, Segment{
			Document: document, Index: len(out), Text: text, Tokens: c.Vocabulary.InternAll(poa.TokenIDs(text)),
		})
	}
	return out
}

// Tokens returns the number of tokens of a list of segments.
func Tokens(segments []Segment) int {
	n := 0
	for i := range segments {
		n += len(segments[i].Tokens)
	}
	return n
}
