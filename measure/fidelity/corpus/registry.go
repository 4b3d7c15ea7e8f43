package corpus

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/openledger/openledger/poa"
)

// Registry is a list of segments in the order of registration with one table of token weights.
type Registry struct {
	Vocabulary *Vocabulary
	Segments   []Segment
	// Statistics is the table of the registry's version.
	Statistics *poa.Statistics
	// Weight holds the surprisal of every token of the vocabulary, in Q16 bits, by dense id.
	Weight []int32
}

// minOwnTable is the size in tokens from which TableAuto takes the registry's own table. The chain always takes the
// protocol's.
const minOwnTable = 1_000_000

// Tables a registry can weigh tokens with.
const (
	TableProtocol = "protocol"
	TableCorpus   = "corpus"
	TableAuto     = "auto"
)

// NewRegistry returns a registry. With TableProtocol tokens weigh what the protocol's table says, with TableCorpus what
// the segments' own frequencies say (a token counts once per segment), with TableAuto the latter from 1,000,000 tokens
// on.
func NewRegistry(v *Vocabulary, segments []Segment, table string) (*Registry, error) {
	r := &Registry{Vocabulary: v, Segments: segments, Statistics: poa.ProtocolStatistics()}
	if table == TableCorpus || table == TableAuto && Tokens(segments) >= minOwnTable {
		s, err := ownTable(v, segments)
		if err != nil {
			return nil, err
		}
		r.Statistics = s
	}
	r.Weight = make([]int32, len(v.IDs))
	for d, id := range v.IDs {
		r.Weight[d] = r.Statistics.Surprisal(id)
	}
	return r, nil
}

func ownTable(v *Vocabulary, segments []Segment) (*poa.Statistics, error) {
	df := make([]uint32, len(v.IDs))
	last := make([]int32, len(v.IDs)) // one more than the last segment that counted the token
	for i := range segments {
		for _, d := range segments[i].Tokens {
			if last[d] != int32(i+1) {
				last[d] = int32(i + 1)
				df[d]++
			}
		}
	}
	var rows []poa.TokenCount
	for d, n := range df {
		if n > 0 {
			rows = append(rows, poa.TokenCount{ID: v.IDs[d], DF: n})
		}
	}
	slices.SortFunc(rows, func(a, b poa.TokenCount) int { return cmp.Compare(a.ID, b.ID) })
	s, err := poa.NewStatistics(1, uint64(max(1, Tokens(segments))), rows)
	if err != nil {
		return nil, fmt.Errorf("table of the corpus: %w", err)
	}
	return s, nil
}

// Segment returns the i-th segment as package poa takes it.
func (r *Registry) Segment(i int) poa.Segment {
	s := &r.Segments[i]
	return poa.Segment{Rank: uint64(s.Document), Index: uint32(s.Index), Tokens: r.Vocabulary.Canonical(s.Tokens)}
}

// Index returns poa's index over the registry.
func (r *Registry) Index() (*poa.Index, error) {
	x := poa.NewIndex(r.Statistics)
	for i := range r.Segments {
		if err := x.Add(r.Segment(i)); err != nil {
			return nil, fmt.Errorf("segment %d: %w", i, err)
		}
	}
	return x, nil
}

// Bits returns the weight of a list of tokens in bits.
func (r *Registry) Bits(tokens []uint32) float64 {
	sum := int64(0)
	for _, d := range tokens {
		sum += int64(r.Weight[d])
	}
	return float64(sum) / 65536
}
