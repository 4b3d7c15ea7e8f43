package types

import (
	"strings"

	"cosmossdk.io/math"
)

// NewFigure returns an amount of aopen with its share of a whole.
func NewFigure(amount, whole math.Int) Figure {
	return Figure{Aopen: amount, Open: FormatOpen(amount), SharePpm: SharePPMRoundedDown(amount, whole)}
}

// NewFigureAlone returns an amount that is no part of anything.
func NewFigureAlone(amount math.Int) Figure { return NewFigure(amount, math.ZeroInt()) }

// SharePPMRoundedDown returns what part of a whole an amount is, in millionths; 0 of nothing, and 0 of a whole that it
// is no part of.
func SharePPMRoundedDown(amount, whole math.Int) uint32 {
	if !whole.IsPositive() || amount.IsNegative() || amount.GT(whole) {
		return 0
	}
	return uint32(amount.MulRaw(PPM).Quo(whole).Uint64())
}

// FormatOpen writes aopen in OPEN, without zeros at the end.
func FormatOpen(amount math.Int) string {
	digits := amount.Abs().String()
	if missing := Decimals + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	point := len(digits) - Decimals
	text := digits[:point]
	if decimals := strings.TrimRight(digits[point:], "0"); decimals != "" {
		text += "." + decimals
	}
	if amount.IsNegative() {
		text = "-" + text
	}
	return text
}
