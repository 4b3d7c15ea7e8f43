package demo

import (
	"cmp"
	"slices"

	"github.com/openledger/openledger/content/manifest"
	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

// revealed is text that is about to be opened.
type revealed struct {
	item *datanettypes.RevealItem
	file poa.SegmentFile
	// enters says that it will be accepted: only then others may derive from it.
	enters bool
}

// derive computes what texts derive from, among those that entered the DataNet before and each other, as validators
// will.
func (w *world) derive(texts []revealed) error {
	if w.provenance == nil {
		w.provenance = poa.NewProvenance()
	}
	// What is accepted together enters in the order of rank.
	texts = slices.SortedFunc(slices.Values(texts),
		func(a, b revealed) int { return cmp.Compare(a.item.Rank, b.item.Rank) })
	derived := 0
	for _, text := range texts {
		if !text.enters {
			continue
		}
		table, err := manifest.Derivations(w.provenance, text.item.Rank, text.file, w.provenance.Len(),
			func() error { return nil })
		if err != nil {
			return err
		}
		text.item.Derivations = table
		if err := w.provenance.AddFile(text.item.Rank, text.file, manifest.Passed(table)); err != nil {
			return err
		}
		if len(table) > 0 {
			derived++
		}
	}
	w.progress("derived   %d of %d contributions pass a share on; validators compute it again", derived, len(texts))
	return nil
}
