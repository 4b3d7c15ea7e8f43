// Package overlap compares new text with earlier contributions. It finds duplicates, which earn nothing, and derived
// segments, whose pay passes to the contributions that they derive from.
package overlap

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/openledger/openledger/poa"
)

// Known is an earlier contribution.
type Known struct {
	// Name for people. Rank on chain, or 0 if it is not on chain.
	Name string
	Rank uint64
	File poa.SegmentFile
	// Passed returns what a segment passes on to others; nil if no segment does.
	Passed func(segment uint32) []poa.Derivation
}

// Finding is the result for one new segment.
type Finding struct {
	// Segment of the new file.
	Segment int `json:"segment"`
	// CopiedPPM is the part of the segment's surprisal that is copied from one segment: OfSegment of the contribution Of.
	CopiedPPM uint32 `json:"copied_ppm"`
	Of        string `json:"of,omitempty"`
	Rank      uint64 `json:"rank,omitempty"`
	OfSegment int    `json:"of_segment"`
	// Derived lists the contributions that it derives from, the largest share first.
	Derived []Derived `json:"derived,omitempty"`
}

// Derived is the share of a segment that an earlier contribution explains.
type Derived struct {
	Name string `json:"name"`
	Rank uint64 `json:"rank,omitempty"`
	PPM  uint32 `json:"ppm"`
}

// Duplicate reports whether the chain would take the segment for a duplicate, and not pay it.
func (f Finding) Duplicate() bool { return f.CopiedPPM >= poa.DuplicatePPM }

// Checker compares files with known contributions.
type Checker struct {
	known      []Known
	segments   []poa.Segment // of all known contributions; Rank is the place in known
	index      *poa.Index
	near       poa.NearIndex
	provenance *poa.Provenance
	byRank     map[uint64]int // place in known, by rank in provenance
}

// unranked is the rank of text that is not on chain, and those from it on. No rank of a chain is as high.
const unranked = 1 << 62

// New returns a checker that compares with known contributions. They must be in the order in which they entered their
// DataNet: what a segment derives from depends on that order.
func New(known []Known) (*Checker, error) {
	c := &Checker{
		known: known, index: poa.NewIndex(poa.ProtocolStatistics()), provenance: poa.NewProvenance(),
		byRank: make(map[uint64]int, len(known)),
	}
	for i, k := range known {
		rank := k.Rank
		if rank == 0 {
			rank = unranked + uint64(i)
		}
		c.byRank[rank] = i
		if err := c.provenance.AddFile(rank, k.File, k.Passed); err != nil {
			return nil, err
		}
		for n, text := range k.File.Segments {
			s := poa.NewSegment(uint64(i), uint32(n), text)
			c.segments = append(c.segments, s)
			c.near.Add(s.Tokens)
		}
	}
	return c, c.index.Add(c.segments...)
}

// Check returns a finding for each segment that has a copied passage or is derived.
func (c *Checker) Check(file poa.SegmentFile) ([]Finding, error) {
	var findings []Finding
	for n, text := range file.Segments {
		f, err := c.copied(n, poa.SegmentTokens(text), poa.ProtocolStatistics())
		if err != nil {
			return nil, err
		}
		derived, err := c.provenance.Of(math.MaxUint64, text, len(c.segments)) // a new segment comes after all known ones
		if err != nil {
			return nil, err
		}
		for _, d := range derived {
			// It may be a contribution that only a known one names as its source.
			source := Derived{Name: fmt.Sprintf("contribution %d", d.Rank), Rank: d.Rank, PPM: d.PPM}
			if place, known := c.byRank[d.Rank]; known {
				source.Name, source.Rank = c.known[place].Name, c.known[place].Rank
			}
			f.Derived = append(f.Derived, source)
		}
		if f.CopiedPPM > 0 || len(f.Derived) > 0 {
			findings = append(findings, f)
		}
	}
	return findings, nil
}

// copied returns the earlier segment that a new one copies most of.
func (c *Checker) copied(n int, tokens []poa.TokenID, stats *poa.Statistics) (Finding, error) {
	best := Finding{Segment: n}
	candidates := append(c.index.Candidates(tokens), c.near.Candidates(tokens)...)
	slices.Sort(candidates)
	for _, i := range slices.Compact(candidates) {
		ppm, err := poa.CopiedPPM(tokens, c.segments[i].Tokens, stats)
		if err != nil {
			return best, err
		}
		if ppm > best.CopiedPPM {
			k := c.known[c.segments[i].Rank]
			best.CopiedPPM, best.Of, best.Rank, best.OfSegment = ppm, k.Name, k.Rank, int(c.segments[i].Index)
		}
	}
	return best, nil
}

// Derivation is the declaration that a segment derives from a contribution on chain.
type Derivation struct {
	Segment uint32
	Rank    uint64
	PPM     uint32
}

// Declare returns what a contribution with these findings must declare, by segment and rank.
func Declare(findings []Finding) []Derivation {
	var out []Derivation
	for _, f := range findings {
		for _, d := range f.Derived {
			if d.Rank > 0 {
				out = append(out, Derivation{uint32(f.Segment), d.Rank, d.PPM})
			}
		}
	}
	slices.SortFunc(out, func(a, b Derivation) int {
		return cmp.Or(cmp.Compare(a.Segment, b.Segment), cmp.Compare(a.Rank, b.Rank))
	})
	return out
}
