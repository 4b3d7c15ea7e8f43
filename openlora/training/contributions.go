package training

import (
	"context"

	"github.com/openledger/openledger/content/corpus"
	"github.com/openledger/openledger/content/manifest"
	"github.com/openledger/openledger/poa"
)

// Contribution is a contribution that an adapter is trained on. Contributions are sorted by rank.
type Contribution struct {
	Name     string // for people
	Rank     uint64
	Tokens   uint32 // number of canonical tokens of all segments
	Segments [][]byte
	// Derived returns what a segment derives from earlier contributions.
	Derived func(segment uint32) []poa.Derivation
}

// FromManifest returns the contributions of a manifest.
func FromManifest(loaded []manifest.Contribution) []Contribution {
	var all []Contribution
	for i := range loaded {
		c := &loaded[i]
		all = append(all, Contribution{
			Name: c.Contributor, Rank: c.Rank, Tokens: uint32(c.Tokens), Segments: c.File.Segments,
			Derived: manifest.Passed(c.Derivations),
		})
	}
	return all
}

// FromFolder reads the files below a folder, for trials without a chain. Each document is a contribution, in the order
// of paths. Derivations are computed as validators compute them.
func FromFolder(ctx context.Context, folder string) ([]Contribution, error) {
	documents, _, err := corpus.Read(ctx, folder, corpus.Options{})
	if err != nil {
		return nil, err
	}
	var all []Contribution
	earlier, segments := poa.NewProvenance(), 0
	for _, document := range documents {
		prepared := corpus.Prepare([]corpus.Document{document}, poa.SegmentRules{AllowFewStopWords: true})
		file := poa.SegmentFile{Segments: prepared.File.Segments}
		if len(file.Segments) == 0 {
			continue
		}
		rank := uint64(len(all) + 1)
		derivations, err := manifest.Derivations(earlier, rank, file, segments, ctx.Err)
		if err != nil {
			return nil, err
		}
		derived := manifest.Passed(derivations)
		if err := earlier.AddFile(rank, file, derived); err != nil {
			return nil, err
		}
		segments += len(file.Segments)
		all = append(all, Contribution{
			Name: document.Name, Rank: rank, Tokens: uint32(file.Tokens()), Segments: file.Segments, Derived: derived,
		})
	}
	return all, nil
}
