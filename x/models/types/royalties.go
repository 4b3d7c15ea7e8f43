package types

import (
	"slices"
)

// FlattenRoyalties returns the royalty table of a model that gives parentPPM of
// its owner share to its parent: its own row first, then the parent's rows
// scaled. The rows sum to 1,000,000; what rounding leaves goes to the largest
// remainders, ties to the earlier row. Rows of zero are dropped.
func FlattenRoyalties(modelID uint64, parentPPM uint32, parent []RoyaltyShare) []RoyaltyShare {
	if parentPPM == 0 || len(parent) == 0 {
		return []RoyaltyShare{{ModelId: modelID, Ppm: ppm}}
	}
	rows := []RoyaltyShare{{ModelId: modelID, Ppm: ppm - parentPPM}}
	left := parentPPM
	order := make([]int, len(parent))
	remainders := make([]uint64, len(parent))
	for i, row := range parent {
		product := uint64(row.Ppm) * uint64(parentPPM)
		part := uint32(product / ppm)
		order[i], remainders[i] = i, product%ppm
		left -= part
		rows = append(rows, RoyaltyShare{ModelId: row.ModelId, Ppm: part})
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case remainders[a] > remainders[b]:
			return -1
		case remainders[a] < remainders[b]:
			return 1
		}
		return 0
	})
	for _, i := range order[:left] {
		rows[i+1].Ppm++
	}
	return slices.DeleteFunc(rows, func(row RoyaltyShare) bool { return row.Ppm == 0 })
}
