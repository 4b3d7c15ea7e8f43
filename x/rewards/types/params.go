package types

import (
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"
)

// MinMarginPPM is the least share of a fee, in millionths, that is gone for
// good: burn · (1 − bonus). It keeps an account that plays every role in a
// receipt from getting its fee back.
const MinMarginPPM = 30_000

const (
	maxPagesPerBlock   = 100_000
	maxPayoutsPerBlock = 10_000
	maxBlockSeconds    = 3_600
	maxEpochBlocks     = 1_000_000
	maxValidators      = 1_000
)

// DefaultTerms of the fee split.
func DefaultTerms() Terms {
	return Terms{DataPpm: 600_000, LineagePpm: 150_000, ValidatorsPpm: 100_000, BurnPpm: 150_000, BonusPpm: 666_666}
}

// DefaultParams of the module.
func DefaultParams() Params {
	return Params{
		Terms:                 DefaultTerms(),
		BonusPerSecond:        math.NewIntWithDecimal(10, Decimals),
		MaxBlockSeconds:       60,
		PagesPerBlock:         1_280,
		PayoutsPerBlock:       8,
		PayoutThreshold:       math.NewIntWithDecimal(1, Decimals-2),
		EpochBlocks:           600,
		EmissionPpmPerYear:    80_000,
		EmissionBountyPpm:     0,
		MaxValidatorsPerEpoch: 200,
		MinGasPrice:           DefaultMinGasPrice(),
	}
}

// Validate reports terms that do not sum up or that would let receipts be farmed.
func (t Terms) Validate() error {
	sum := uint64(t.DataPpm) + uint64(t.LineagePpm) + uint64(t.ValidatorsPpm) + uint64(t.BurnPpm)
	if sum != PPM {
		return errorsmod.Wrapf(ErrInvalidParams, "data, lineage, validators and burn sum to %d ppm, not %d", sum, PPM)
	}
	if t.BonusPpm >= PPM {
		return errorsmod.Wrapf(ErrInvalidParams, "bonus of %d ppm must be below %d", t.BonusPpm, PPM)
	}
	if margin := uint64(t.BurnPpm) * uint64(PPM-t.BonusPpm) / PPM; margin < MinMarginPPM {
		return errorsmod.Wrapf(ErrInvalidParams,
			"burn · (1 − bonus) is %d ppm of a fee, below %d: whoever holds every role could farm the bonus", margin,
			MinMarginPPM)
	}
	return nil
}

// Validate reports parameters out of bounds.
func (p Params) Validate() error {
	if err := p.Terms.Validate(); err != nil {
		return err
	}
	if err := validateAmount("bonus_per_second", p.BonusPerSecond); err != nil {
		return errorsmod.Wrap(ErrInvalidParams, err.Error())
	}
	if p.BonusPerSecond.GT(MaxSupply) {
		return errorsmod.Wrapf(ErrInvalidParams, "bonus_per_second %s is above the maximum supply", p.BonusPerSecond)
	}
	if err := validateAmount("payout_threshold", p.PayoutThreshold); err != nil {
		return errorsmod.Wrap(ErrInvalidParams, err.Error())
	}
	if !p.PayoutThreshold.IsPositive() {
		return errorsmod.Wrap(ErrInvalidParams, "payout_threshold must be positive")
	}
	if err := validateAmount("min_gas_price", p.MinGasPrice); err != nil {
		return errorsmod.Wrap(ErrInvalidParams, err.Error())
	}
	if p.MinGasPrice.GT(MaxMinGasPrice()) {
		return errorsmod.Wrapf(ErrInvalidParams,
			"min_gas_price %s is above %s: nobody could pay for the proposal that lowers it", p.MinGasPrice, MaxMinGasPrice())
	}
	for _, bound := range []struct {
		name     string
		value    uint32
		min, max uint32
	}{
		{"max_block_seconds", p.MaxBlockSeconds, 1, maxBlockSeconds},
		{"pages_per_block", p.PagesPerBlock, 1, maxPagesPerBlock},
		{"payouts_per_block", p.PayoutsPerBlock, 1, maxPayoutsPerBlock},
		{"epoch_blocks", p.EpochBlocks, 1, maxEpochBlocks},
		{"emission_ppm_per_year", p.EmissionPpmPerYear, 0, PPM},
		{"emission_bounty_ppm", p.EmissionBountyPpm, 0, PPM},
		{"max_validators_per_epoch", p.MaxValidatorsPerEpoch, 1, maxValidators},
	} {
		if bound.value < bound.min || bound.value > bound.max {
			return errorsmod.Wrapf(ErrInvalidParams, "%s is %d, must be between %d and %d", bound.name, bound.value, bound.min,
				bound.max)
		}
	}
	return nil
}
