package types

import (
	"time"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

const (
	// MaxDepth of a lineage, and so the greatest number of rows of a royalty table.
	MaxDepth = 8

	ppm              = rewardstypes.PPM
	maxUnbondingTime = 365 * 24 * time.Hour
	maxPriceBits     = 100
)

// maxPrice bounds royalties and prices, in aopen: 2^100.
var maxPrice = math.NewInt(1 << 50).Mul(math.NewInt(1 << 50))

// DefaultParams of the module.
func DefaultParams() Params {
	return Params{
		MinBond:            math.NewIntWithDecimal(1_000, rewardstypes.Decimals),
		UnbondingTime:      21 * 24 * time.Hour,
		UnbondingsPerBlock: 100,
		MaxUnbondings:      7,
		MaxManifest:        32,
		MaxParentPpm:       900_000,
		RegistrationFee:    math.NewIntWithDecimal(1, rewardstypes.Decimals),
	}
}

// Validate reports parameters out of bounds.
func (p Params) Validate() error {
	for _, amount := range []struct {
		name  string
		value math.Int
	}{{"min_bond", p.MinBond}, {"registration_fee", p.RegistrationFee}} {
		if amount.value.IsNil() || amount.value.IsNegative() || amount.value.GT(rewardstypes.MaxSupply) {
			return errorsmod.Wrapf(ErrInvalidParams, "%s must be between 0 and the maximum supply", amount.name)
		}
	}
	if p.UnbondingTime <= 0 || p.UnbondingTime > maxUnbondingTime {
		return errorsmod.Wrapf(ErrInvalidParams, "unbonding_time of %s, want more than 0 and at most %s", p.UnbondingTime,
			maxUnbondingTime)
	}
	for _, bound := range []struct {
		name       string
		value, max uint32
	}{
		{"unbondings_per_block", p.UnbondingsPerBlock, 10_000},
		{"max_unbondings", p.MaxUnbondings, 1_000},
		{"max_manifest", p.MaxManifest, 1_000},
	} {
		if bound.value < 1 || bound.value > bound.max {
			return errorsmod.Wrapf(ErrInvalidParams, "%s is %d, must be between 1 and %d", bound.name, bound.value, bound.max)
		}
	}
	if p.MaxParentPpm > ppm {
		return errorsmod.Wrapf(ErrInvalidParams, "max_parent_ppm is %d, at most %d", p.MaxParentPpm, ppm)
	}
	return nil
}
