package types

import (
	"time"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	"github.com/openledger/openledger/poa"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

const (
	// PageBytes bounds a stored page of records.
	PageBytes = 4096

	maxWindow   = 90 * 24 * time.Hour
	maxReceipts = 10_000
	maxSessions = 1_000
	maxGas      = 1_000_000_000

	maxBlocks = 100_000

	maxFadeFactor = 1_000
)

// DefaultParams of the module.
func DefaultParams() Params {
	return Params{
		MinDeposit:       math.NewIntWithDecimal(1, rewardstypes.Decimals-1),
		ClaimWindow:      time.Hour,
		IdleExpiry:       7 * 24 * time.Hour,
		DisputeWindow:    24 * time.Hour,
		MaxReceipts:      1_000,
		MaxSessions:      256,
		MaxEvidenceBytes: 720 << 10, // with the receipts of a full batch it fits the 1 MiB that mempools take
		SessionsPerBlock: 100,
		PrunesPerBlock:   1_000,
		GasPerReceipt:    1_000,
		GasPerEntry:      200,
		GasPerByte:       4,
		GasPerSignature:  3_000,
		GasPerAccount:    2_500,
		GasPerKiloWork:   1_000,

		DisputeBond:         math.NewIntWithDecimal(10, rewardstypes.Decimals),
		DisputeRevealBlocks: 100,
		DisputesPerBlock:    100,

		Attestation:         true,
		SubmissionFee:       math.NewIntWithDecimal(1, rewardstypes.Decimals-3),
		AttestTicks:         60,
		AttestLimit:         24 * time.Hour,
		ResubmitWindow:      time.Hour,
		MaxOpenPerProvider:  8,
		BundleBytesPerBlock: poa.MaxBundleBytes,
		BundleWorkPerBlock:  300_000_000, // two of the heaviest answers that there can be

		// A full block burns 0.1 OPEN, whether by bytes or by work.
		SubmissionFeePerKib:      math.NewIntWithDecimal(5, rewardstypes.Decimals-5),
		SubmissionFeePerMegaWork: math.NewIntWithDecimal(35, rewardstypes.Decimals-5),

		HoldRetryBlocks: 60,
		HoldTicks:       20,
		HoldRefusals:    8,
		AttestPayBlocks: 100,
		StopsLag:        600,

		FadeFloorPpm: 100_000,
		FadeFactor:   2,
	}
}

// Validate reports parameters out of bounds.
func (p Params) Validate() error {
	if p.MinDeposit.IsNil() || p.MinDeposit.IsNegative() || p.MinDeposit.GT(rewardstypes.MaxSupply) {
		return errorsmod.Wrap(ErrInvalidParams, "min_deposit must be between 0 and the maximum supply")
	}
	if p.DisputeBond.IsNil() || p.DisputeBond.IsNegative() || p.DisputeBond.GT(rewardstypes.MaxSupply) {
		return errorsmod.Wrap(ErrInvalidParams, "dispute_bond must be between 0 and the maximum supply")
	}
	for _, fee := range []struct {
		name  string
		value math.Int
		most  math.Int
	}{
		{"submission_fee", p.SubmissionFee, rewardstypes.MaxSupply},
		// So that no product of them and of what may be announced is near the bounds of integers.
		{"submission_fee_per_kib", p.SubmissionFeePerKib, rewardstypes.MaxSupply.QuoRaw(1_000_000)},
		{"submission_fee_per_mega_work", p.SubmissionFeePerMegaWork, rewardstypes.MaxSupply.QuoRaw(1_000_000)},
	} {
		if fee.value.IsNil() || fee.value.IsNegative() || fee.value.GT(fee.most) {
			return errorsmod.Wrapf(ErrInvalidParams, "%s must be between 0 and %s aopen", fee.name, fee.most)
		}
	}
	for _, window := range []struct {
		name  string
		value time.Duration
	}{{"claim_window", p.ClaimWindow}, {"idle_expiry", p.IdleExpiry}, {"dispute_window", p.DisputeWindow},
		{"attest_limit", p.AttestLimit}, {"resubmit_window", p.ResubmitWindow}} {
		if window.value <= 0 || window.value > maxWindow {
			return errorsmod.Wrapf(ErrInvalidParams, "%s is %s, must be positive and at most %s", window.name, window.value,
				maxWindow)
		}
	}
	for _, bound := range []struct {
		name       string
		value, max uint64
	}{
		{"max_receipts", uint64(p.MaxReceipts), maxReceipts},
		{"max_sessions", uint64(p.MaxSessions), maxSessions},
		{"max_evidence_bytes", uint64(p.MaxEvidenceBytes), poa.MaxEvidenceBytes},
		{"sessions_per_block", uint64(p.SessionsPerBlock), 10_000},
		{"prunes_per_block", uint64(p.PrunesPerBlock), 100_000},
		{"dispute_reveal_blocks", uint64(p.DisputeRevealBlocks), maxBlocks},
		{"disputes_per_block", uint64(p.DisputesPerBlock), 10_000},
		{"attest_ticks", uint64(p.AttestTicks), maxBlocks},
		{"max_open_per_provider", uint64(p.MaxOpenPerProvider), MaxWindow},
		{"hold_ticks", uint64(p.HoldTicks), maxBlocks},
		{"hold_refusals", uint64(p.HoldRefusals), 32},
		{"bundle_bytes_per_block", p.BundleBytesPerBlock, 1 << 30},
		{"bundle_work_per_block", p.BundleWorkPerBlock, 1 << 40},
		{"hold_retry_blocks", uint64(p.HoldRetryBlocks), maxBlocks},
		{"attest_pay_blocks", uint64(p.AttestPayBlocks), maxBlocks},
		{"stops_lag", uint64(p.StopsLag), maxBlocks},
		{"fade_factor", uint64(p.FadeFactor), maxFadeFactor},
		{"gas_per_receipt", p.GasPerReceipt, maxGas},
		{"gas_per_entry", p.GasPerEntry, maxGas},
		{"gas_per_byte", p.GasPerByte, maxGas},
		{"gas_per_signature", p.GasPerSignature, maxGas},
		{"gas_per_account", p.GasPerAccount, maxGas},
		{"gas_per_kilo_work", p.GasPerKiloWork, maxGas},
	} {
		if bound.value < 1 || bound.value > bound.max {
			return errorsmod.Wrapf(ErrInvalidParams, "%s is %d, must be between 1 and %d", bound.name, bound.value, bound.max)
		}
	}
	if p.FadeFloorPpm > poa.TotalPPM {
		return errorsmod.Wrapf(ErrInvalidParams, "fade_floor_ppm is %d, at most %d; 0 lets no text fade", p.FadeFloorPpm,
			poa.TotalPPM)
	}
	return nil
}
