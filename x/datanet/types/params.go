package types

import (
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

const (
	ppm             = 1_000_000
	maxAmountBits   = 127
	maxRevealBlocks = 100_000
)

// DefaultParams of the module.
func DefaultParams() Params {
	return Params{
		DepositPerToken:  math.NewIntWithDecimal(1, rewardstypes.Decimals-4),
		MinDeposit:       math.NewIntWithDecimal(1, rewardstypes.Decimals-1),
		RevealMinBlocks:  2,
		RevealMaxBlocks:  100,
		MaxItemsPerMsg:   64,
		ExpiriesPerBlock: 200,
		MaxOwnerPpm:      200_000,
		MaxPending:       10_000,
		CreationFee:      math.NewIntWithDecimal(1, rewardstypes.Decimals),
		Review:           DefaultReviewParams(),
		Standing:         DefaultStandingParams(),
		StepsPerBlock:    500,
		// 0.1 OPEN for a megabyte, which every validator fetches and keeps.
		FeePerByte:        math.NewIntWithDecimal(1, rewardstypes.Decimals-7),
		AskFee:            math.NewIntWithDecimal(1, rewardstypes.Decimals-2),
		DerivationDeposit: math.NewIntWithDecimal(1, rewardstypes.Decimals-1),
	}
}

// Validate reports parameters out of bounds.
func (p Params) Validate() error {
	for _, amount := range []struct {
		name  string
		value math.Int
	}{{"deposit_per_token", p.DepositPerToken}, {"min_deposit", p.MinDeposit}, {"creation_fee", p.CreationFee},
		{"fee_per_byte", p.FeePerByte}, {"ask_fee", p.AskFee}, {"derivation_deposit", p.DerivationDeposit}} {
		// Supply has 90 bits; a product with a count of tokens must stay in 128.
		if amount.value.IsNil() || amount.value.IsNegative() || amount.value.BigIntMut().BitLen() > 90 {
			return errorsmod.Wrapf(ErrInvalidParams, "%s must be between 0 and 2^90 aopen", amount.name)
		}
	}
	if p.RevealMinBlocks < 1 || p.RevealMaxBlocks <= p.RevealMinBlocks || p.RevealMaxBlocks > maxRevealBlocks {
		return errorsmod.Wrapf(ErrInvalidParams, "reveal window of %d to %d blocks: want 1 ≤ min < max ≤ %d",
			p.RevealMinBlocks, p.RevealMaxBlocks, maxRevealBlocks)
	}
	for _, bound := range []struct {
		name       string
		value, max uint32
	}{
		{"max_items_per_msg", p.MaxItemsPerMsg, 1_000},
		{"expiries_per_block", p.ExpiriesPerBlock, 10_000},
		{"max_pending", p.MaxPending, 10_000_000},
		{"steps_per_block", p.StepsPerBlock, 10_000},
	} {
		if bound.value < 1 || bound.value > bound.max {
			return errorsmod.Wrapf(ErrInvalidParams, "%s is %d, must be between 1 and %d", bound.name, bound.value,
				bound.max)
		}
	}
	if p.MaxOwnerPpm > ppm {
		return errorsmod.Wrapf(ErrInvalidParams, "max_owner_ppm is %d, at most %d", p.MaxOwnerPpm, ppm)
	}
	if err := p.Review.Validate(); err != nil {
		return err
	}
	return p.Standing.Validate()
}

// RequiredDeposit for a contribution of tokens, in aopen.
func (p Params) RequiredDeposit(tokens uint64) math.Int {
	return requiredDeposit(p.MinDeposit, p.DepositPerToken, tokens)
}

// RequiredDeposit returns the deposit for a commit, by the parameters at the time of the commit.
func (c Commit) RequiredDeposit(tokens uint64) math.Int {
	return requiredDeposit(c.MinDeposit, c.DepositPerToken, tokens)
}

func requiredDeposit(least, perToken math.Int, tokens uint64) math.Int {
	return math.MaxInt(least, perToken.Mul(math.NewIntFromUint64(tokens)))
}

// TextFee for a segment file of that many bytes, in aopen.
func (p Params) TextFee(bytes uint64) math.Int { return p.FeePerByte.Mul(math.NewIntFromUint64(bytes)) }

// CheckItems fails with ErrInvalidItems when a message has more items than one message may.
func (p Params) CheckItems(n int) error {
	if n > int(p.MaxItemsPerMsg) {
		return errorsmod.Wrapf(ErrInvalidItems, "%d items, at most %d in one message: send several", n,
			p.MaxItemsPerMsg)
	}
	return nil
}

// Part returns floor(amount · partPpm / 1,000,000).
func Part(amount math.Int, partPpm uint32) math.Int {
	return amount.MulRaw(int64(partPpm)).QuoRaw(rewardstypes.PPM)
}
