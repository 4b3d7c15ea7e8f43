package types

import (
	"time"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

const (
	day = 24 * time.Hour
	// maxWindow bounds every duration.
	maxWindow = 10 * 365 * day
	// maxSeats bounds panels, so that a step of the end-blocker stays small.
	maxSeats = 31
	// maxGas bounds a price in gas: times the pairs of two segments it stays far below 2^64.
	maxGas = 1_000_000_000
	// maxCohortItems bounds cohorts for the same reason.
	maxCohortItems = 100
	// minSeats of a panel: fewer do not decide about others.
	minSeats = 3
	// maxCohortTokens bounds what a seat may have to read.
	maxCohortTokens = 10_000_000
)

// DefaultReviewParams of panel review.
func DefaultReviewParams() ReviewParams {
	return ReviewParams{
		MinBond:               math.NewIntWithDecimal(100, rewardstypes.Decimals),
		BondPerFee:            400,
		MinFee:                math.NewIntWithDecimal(5, rewardstypes.Decimals-2),
		GasRefund:             math.NewIntWithDecimal(5, rewardstypes.Decimals-3),
		CohortItems:           20,
		MaxCohortItems:        25,
		GoldPpm:               200_000,
		GoldFees:              5,
		MaxGold:               10,
		Seats:                 7,
		AcceptSeats:           5,
		AppealSeats:           15,
		AppealFees:            5,
		AppealDepositFees:     10,
		DecisivePpm:           800_000,
		MissedPpm:             5_000,
		GoldSlashPpm:          10_000,
		DuplicatePpm:          10_000,
		OverturnedPpm:         200_000,
		MaxOpenPerContributor: 200,
		FillWindow:            3 * day,
		CommitWindow:          2 * day,
		RevealWindow:          day,
		GoldWindow:            day,
		AppealWindow:          3 * day,
		LiabilityWindow:       14 * day,
		Unbonding:             42 * day,
		CredentialDelay:       7 * day,
		CheckPpm:              100_000,
		MinSeats:              minSeats,
		MinFeePerThousand:     math.NewIntWithDecimal(5, rewardstypes.Decimals-2),
		CohortTokens:          64 * FeeTokens,
		MaxCohortTokens:       96 * FeeTokens,
		FallenPpm:             600_000,
	}
}

// Validate reports parameters out of bounds, and sets of parameters under which
// reviewers could leave before they answer for what they did, or lose less by
// failing than an honest reviewer earns.
func (p ReviewParams) Validate() error {
	for _, amount := range []struct {
		name  string
		value math.Int
	}{{"min_bond", p.MinBond}, {"min_fee", p.MinFee}, {"min_fee_per_thousand", p.MinFeePerThousand}, {"gas_refund",
		p.GasRefund}} {
		if amount.value.IsNil() || amount.value.IsNegative() || amount.value.BigIntMut().BitLen() > 90 {
			return errorsmod.Wrapf(ErrInvalidParams, "review.%s must be between 0 and 2^90 aopen", amount.name)
		}
	}
	if !p.MinBond.IsPositive() || !p.MinFee.IsPositive() {
		return errorsmod.Wrap(ErrInvalidParams, "review.min_bond and review.min_fee must be positive")
	}
	for _, bound := range []struct {
		name            string
		value, min, max uint32
	}{
		{"bond_per_fee", p.BondPerFee, 1, 1_000_000},
		{"cohort_items", p.CohortItems, 3, maxCohortItems},
		{"max_cohort_items", p.MaxCohortItems, p.CohortItems, maxCohortItems},
		{"gold_ppm", p.GoldPpm, ppm / 10, ppm / 2},
		{"gold_fees", p.GoldFees, 1, 10_000},
		{"max_gold", p.MaxGold, 2, maxCohortItems},
		{"seats", p.Seats, minSeats, maxSeats},
		{"min_seats", p.MinSeats, minSeats, p.Seats},
		{"accept_seats", p.AcceptSeats, p.Seats/2 + 1, p.Seats},
		{"appeal_seats", p.AppealSeats, p.Seats, maxSeats},
		{"appeal_fees", p.AppealFees, 1, 10_000},
		{"appeal_deposit_fees", p.AppealDepositFees, 1, 10_000},
		{"decisive_ppm", p.DecisivePpm, ppm/2 + 1, ppm},
		{"missed_ppm", p.MissedPpm, 0, ppm},
		{"gold_slash_ppm", p.GoldSlashPpm, 0, ppm},
		{"duplicate_ppm", p.DuplicatePpm, 0, ppm},
		{"overturned_ppm", p.OverturnedPpm, 0, ppm},
		{"check_ppm", p.CheckPpm, 0, ppm / 2},
		{"fallen_ppm", p.FallenPpm, ppm/2 + 1, ppm},
		{"max_open_per_contributor", p.MaxOpenPerContributor, 1, 10_000_000},
	} {
		if bound.value < bound.min || bound.value > bound.max {
			return errorsmod.Wrapf(ErrInvalidParams, "review.%s is %d, must be between %d and %d", bound.name,
				bound.value, bound.min, bound.max)
		}
	}
	if needed := GoldNeeded(int(p.MaxCohortItems), p.GoldPpm); needed > int(p.MaxGold) {
		return errorsmod.Wrapf(ErrInvalidParams, "review.max_gold is %d, a cohort of %d items needs %d", p.MaxGold,
			p.MaxCohortItems, needed)
	}
	if p.CohortTokens < minSeats*FeeTokens || p.CohortTokens > maxCohortTokens {
		return errorsmod.Wrapf(ErrInvalidParams, "review.cohort_tokens is %d, must be between %d and %d",
			p.CohortTokens, minSeats*FeeTokens, maxCohortTokens)
	}
	if p.MaxCohortTokens < p.CohortTokens+FeeTokens || p.MaxCohortTokens > 2*p.CohortTokens {
		return errorsmod.Wrapf(ErrInvalidParams, "review.max_cohort_tokens is %d, must be between %d and %d",
			p.MaxCohortTokens, p.CohortTokens+FeeTokens, 2*p.CohortTokens)
	}
	// A reviewer who fails all gold must lose at least what a perfect seat of a full cohort earns.
	if uint64(p.BondPerFee)*uint64(p.GoldSlashPpm)*uint64(p.Seats) < uint64(p.MaxCohortItems)*ppm {
		return errorsmod.Wrapf(ErrInvalidParams,
			"review.gold_slash_ppm of a bond of %d fees is less than a seat earns for %d items: raise one of them",
			p.BondPerFee, p.MaxCohortItems)
	}
	return p.validateWindows()
}

// MaxItemTokens is the most that one contribution under panel review may have: so it finds room in a cohort that is
// not full, whatever is in it.
func (p ReviewParams) MaxItemTokens() uint64 { return p.MaxCohortTokens - p.CohortTokens }

func (p ReviewParams) validateWindows() error {
	for _, window := range []struct {
		name  string
		value time.Duration
	}{
		{"fill_window", p.FillWindow}, {"commit_window", p.CommitWindow}, {"reveal_window", p.RevealWindow},
		{"gold_window", p.GoldWindow}, {"appeal_window", p.AppealWindow}, {"liability_window", p.LiabilityWindow},
		{"unbonding", p.Unbonding}, {"credential_delay", p.CredentialDelay},
	} {
		if window.value < time.Second || window.value > maxWindow {
			return errorsmod.Wrapf(ErrInvalidParams, "review.%s is %s, must be between a second and ten years",
				window.name, window.value)
		}
	}
	// A panel may be drawn twice, and drawing may take as long as sealing.
	panel := 2 * (2*p.CommitWindow + p.RevealWindow)
	if least := p.AppealWindow + panel; p.LiabilityWindow < least {
		return errorsmod.Wrapf(ErrInvalidParams, "review.liability_window is %s, an appeal can take %s",
			p.LiabilityWindow, least)
	}
	if least := panel + p.GoldWindow + p.LiabilityWindow; p.Unbonding < least {
		return errorsmod.Wrapf(ErrInvalidParams, "review.unbonding is %s, a seat can be slashed for %s", p.Unbonding,
			least)
	}
	return nil
}

// DefaultStandingParams of accepted contributions: deposits decay by 2 % a month.
func DefaultStandingParams() StandingParams {
	return StandingParams{
		RecallDelay:     14 * day,
		DecayInterval:   30 * day,
		DecayPpm:        20_000,
		Vesting:         90 * day,
		MaxBountyWindow: 365 * day,
		PoolBountyPpm:   100_000,
		GasPerAlignment: 200_000,
		GasPerPair:      20,
		MaxPriceFees:    100,
	}
}

// Validate reports parameters out of bounds.
func (p StandingParams) Validate() error {
	for _, window := range []struct {
		name  string
		value time.Duration
	}{{"recall_delay", p.RecallDelay}, {"decay_interval", p.DecayInterval}, {"vesting",
		p.Vesting}, {"max_bounty_window", p.MaxBountyWindow}} {
		if window.value < time.Second || window.value > maxWindow {
			return errorsmod.Wrapf(ErrInvalidParams, "standing.%s is %s, must be between a second and ten years",
				window.name, window.value)
		}
	}
	if p.DecayPpm < 1 || p.DecayPpm > ppm {
		return errorsmod.Wrapf(ErrInvalidParams, "standing.decay_ppm is %d, must be between 1 and %d", p.DecayPpm, ppm)
	}
	if p.PoolBountyPpm > ppm/10 {
		return errorsmod.Wrapf(ErrInvalidParams,
			"standing.pool_bounty_ppm is %d, at most %d: a panel must have ten times at stake what it gives away",
			p.PoolBountyPpm, ppm/10)
	}
	if p.MaxPriceFees < 1 || p.MaxPriceFees > 10_000 {
		return errorsmod.Wrapf(ErrInvalidParams, "standing.max_price_fees is %d, must be between 1 and 10,000",
			p.MaxPriceFees)
	}
	if p.GasPerAlignment < 1 || p.GasPerAlignment > maxGas || p.GasPerPair < 1 || p.GasPerPair > maxGas {
		return errorsmod.Wrapf(ErrInvalidParams,
			"standing.gas_per_alignment is %d, gas_per_pair %d, must be between 1 and %d", p.GasPerAlignment,
			p.GasPerPair, maxGas)
	}
	return nil
}
