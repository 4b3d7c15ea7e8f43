package main

import (
	"cmp"
	"slices"
)

// shuffled returns entries in the order of hashes.
func shuffled(entries []entry) []entry {
	type keyed struct {
		key uint64
		entry
	}
	all := make([]keyed, len(entries))
	for i, e := range entries {
		all[i] = keyed{draw(e.name, e.text), e}
	}
	slices.SortStableFunc(all, func(a, b keyed) int { return cmp.Compare(a.key, b.key) })
	out := make([]entry, len(all))
	for i, k := range all {
		out[i] = k.entry
	}
	return out
}
