package types

import "cosmossdk.io/math"

const (
	// Denom is the base unit of OPEN: 1 OPEN = 10^18 aopen.
	Denom = "aopen"
	// DisplayDenom is the unit people use.
	DisplayDenom = "open"
	// Decimals between Denom and DisplayDenom.
	Decimals = 18
)

// MaxSupply is the most aopen that can ever exist: 1,000,000,000 OPEN. The bank refuses to mint beyond it.
var MaxSupply = math.NewIntWithDecimal(1_000_000_000, Decimals)
