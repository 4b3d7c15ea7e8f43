package types

import (
	"slices"

	errorsmod "cosmossdk.io/errors"
)

// ValidateRoyalties reports a table that is not flattened: 1 to MaxDepth rows of
// different models, none of them zero, which sum to 1,000,000.
func ValidateRoyalties(rows []RoyaltyShare) error {
	if len(rows) < 1 || len(rows) > MaxDepth {
		return errorsmod.Wrapf(ErrLineage, "%d royalty rows, want 1 to %d", len(rows), MaxDepth)
	}
	sum := uint64(0)
	for i, row := range rows {
		sum += uint64(row.Ppm)
		if row.Ppm == 0 || slices.ContainsFunc(rows[:i],
			func(earlier RoyaltyShare) bool { return earlier.ModelId == row.ModelId }) {
			return errorsmod.Wrapf(ErrLineage, "royalty row of model %d is zero or stands twice", row.ModelId)
		}
	}
	if sum != ppm {
		return errorsmod.Wrapf(ErrLineage, "royalty rows sum to %d ppm, want %d", sum, ppm)
	}
	return nil
}

// FlattenRoyalties returns the royalty table of a model that gives parentPPM of
// its owner share to its parent: its own row first, then the parent's rows
// scaled. The rows sum to 1,000,000; what rounding leaves goes to the largest
// remainders, ties to the earlier row. Rows of zero are dropped.
//
// parentPPM is at most 1,000,000 and parent, if any, passes ValidateRoyalties;
// a nil parent means none.
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
