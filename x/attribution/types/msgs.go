package types

import (
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/internal/modulekit"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// MaxAmountBits is how long an amount in a message may be.
const MaxAmountBits = 127

const (
	hashSize      = 32
	keySize       = 32
	signatureSize = 64
	minSalt       = 16
	maxSalt       = 32
)

var (
	_ sdk.HasValidateBasic = (*MsgOpenSession)(nil)
	_ sdk.HasValidateBasic = (*MsgTopUpSession)(nil)
	_ sdk.HasValidateBasic = (*MsgCloseSession)(nil)
	_ sdk.HasValidateBasic = (*MsgSubmitReceipts)(nil)
	_ sdk.HasValidateBasic = (*MsgResubmitBatch)(nil)
	_ sdk.HasValidateBasic = (*MsgCommitDispute)(nil)
	_ sdk.HasValidateBasic = (*MsgRevealDispute)(nil)
	_ sdk.HasValidateBasic = (*MsgUpdateParams)(nil)
)

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgOpenSession) ValidateBasic() error {
	if err := validateAddress("payer", m.Payer); err != nil {
		return err
	}
	if err := validateAddress("provider", m.Provider); err != nil {
		return err
	}
	if len(m.SessionKey) != keySize {
		return errorsmod.Wrapf(ErrInvalidSession, "session_key of %d bytes, want an ed25519 public key of %d",
			len(m.SessionKey), keySize)
	}
	if len(m.Fence) != 0 && len(m.Fence) != hashSize {
		return errorsmod.Wrapf(ErrInvalidSession, "fence of %d bytes, want %d or none", len(m.Fence), hashSize)
	}
	if m.MaxPrice != nil {
		for _, amount := range []math.Int{m.MaxPrice.Input, m.MaxPrice.Output, m.MaxPrice.Royalty} {
			if err := validateAmount("max_price", amount); err != nil {
				return err
			}
		}
	}
	return validateDeposit(m.Deposit)
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgTopUpSession) ValidateBasic() error {
	if err := validateAddress("payer", m.Payer); err != nil {
		return err
	}
	if err := validateSessionID(m.SessionId); err != nil {
		return err
	}
	return validateDeposit(m.Amount)
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgCloseSession) ValidateBasic() error {
	if err := validateAddress("signer", m.Signer); err != nil {
		return err
	}
	if len(m.Head) != 0 && len(m.Head) != hashSize || (m.Calls == 0) != (len(m.Head) == 0) {
		return errorsmod.Wrapf(ErrInvalidSession,
			"give calls and a head of %d bytes to acknowledge the last answer, or neither", hashSize)
	}
	return validateSessionID(m.SessionId)
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgSubmitReceipts) ValidateBasic() error {
	if err := validateAddress("provider", m.Provider); err != nil {
		return err
	}
	if m.ProviderSeq == 0 {
		return errorsmod.Wrap(ErrInvalidBatch, "provider_seq counts from 1")
	}
	if len(m.Sessions) == 0 || len(m.Sessions) > maxSessions {
		return errorsmod.Wrapf(ErrInvalidBatch, "%d sessions, want 1 to %d", len(m.Sessions), maxSessions)
	}
	if err := m.validateBundle(); err != nil {
		return err
	}
	if err := validateMaxFee(m.MaxFee); err != nil {
		return err
	}
	seen := make(map[string]bool, len(m.Sessions))
	for i, claim := range m.Sessions {
		if err := claim.validate(); err != nil {
			return errorsmod.Wrapf(err, "session %d of the batch", i)
		}
		if seen[string(claim.SessionId)] {
			return errorsmod.Wrapf(ErrInvalidBatch, "session %x stands twice", claim.SessionId)
		}
		seen[string(claim.SessionId)] = true
	}
	return nil
}

// Attested says that validators are asked about the batch, instead of its evidence being verified in the transaction.
func (m *MsgSubmitReceipts) Attested() bool { return len(m.BundleRoot) != 0 }

func (m *MsgSubmitReceipts) validateBundle() error {
	switch {
	case !m.Attested() && (m.BundleBytes != 0 || m.BundleWork != 0):
		return errorsmod.Wrap(
			ErrInvalidBatch, "bundle_bytes or bundle_work without bundle_root: give all for an attested batch, or none and "+
				"the evidence inline")
	case !m.Attested():
		return nil
	case len(m.Evidence) != 0:
		return errorsmod.Wrap(ErrInvalidBatch, "evidence and bundle_root: give one of them")
	case len(m.BundleRoot) != hashSize:
		return errorsmod.Wrapf(ErrInvalidBatch, "bundle_root of %d bytes, want %d", len(m.BundleRoot), hashSize)
	case m.BundleBytes == 0 || m.BundleBytes > poa.MaxBundleBytes:
		return errorsmod.Wrapf(ErrOversize, "bundle of %d bytes, want 1 to %d: send several batches", m.BundleBytes,
			poa.MaxBundleBytes)
	case m.BundleWork == 0:
		return errorsmod.Wrap(
			ErrInvalidBatch, "an attested batch announces in bundle_work what verifying its bundle takes: see poa.Bundle.Work")
	}
	return nil
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgResubmitBatch) ValidateBasic() error {
	if m.BatchId == 0 {
		return errorsmod.Wrap(ErrInvalidBatch, "batches count from 1")
	}
	if err := validateMaxFee(m.MaxFee); err != nil {
		return err
	}
	return validateAddress("provider", m.Provider)
}

// validateMaxFee takes what was left out, which is 0.
func validateMaxFee(amount math.Int) error {
	if amount.IsNil() {
		return nil
	}
	return validateAmount("max_fee", amount)
}

func (c SessionClaim) validate() error {
	if err := validateSessionID(c.SessionId); err != nil {
		return err
	}
	if len(c.PendingCall) != 0 && len(c.PendingCall) != hashSize {
		return errorsmod.Wrapf(ErrVoucher, "pending_call of %d bytes, want %d or none", len(c.PendingCall), hashSize)
	}
	if len(c.Signature) != 0 && len(c.Signature) != signatureSize {
		return errorsmod.Wrapf(ErrVoucher, "signature of %d bytes, want %d or none", len(c.Signature), signatureSize)
	}
	return validateAmount("cumulative_max", c.CumulativeMax)
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgCommitDispute) ValidateBasic() error {
	if err := validateAddress("challenger", m.Challenger); err != nil {
		return err
	}
	if len(m.Commitment) != hashSize {
		return errorsmod.Wrapf(ErrInvalidDispute, "commitment of %d bytes, want %d", len(m.Commitment), hashSize)
	}
	return nil
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgRevealDispute) ValidateBasic() error {
	if err := validateAddress("challenger", m.Challenger); err != nil {
		return err
	}
	if len(m.Proof) == 0 || len(m.Proof) > poa.MaxDisputeBytes {
		return errorsmod.Wrapf(ErrInvalidDispute, "proof of %d bytes, want 1 to %d", len(m.Proof), poa.MaxDisputeBytes)
	}
	if len(m.Salt) < minSalt || len(m.Salt) > maxSalt {
		return errorsmod.Wrapf(ErrInvalidDispute, "salt of %d bytes, want %d to %d", len(m.Salt), minSalt, maxSalt)
	}
	return nil
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgUpdateParams) ValidateBasic() error {
	if err := validateAddress("authority", m.Authority); err != nil {
		return err
	}
	return m.Params.Validate()
}

func validateAddress(name, address string) error {
	return modulekit.CheckAddress(ErrInvalidAddress, name, address)
}

func validateSessionID(id []byte) error {
	if len(id) != hashSize {
		return errorsmod.Wrapf(ErrInvalidSession, "session id of %d bytes, want %d", len(id), hashSize)
	}
	return nil
}

func validateAmount(name string, amount math.Int) error {
	if amount.IsNil() || amount.IsNegative() || amount.BigIntMut().BitLen() > MaxAmountBits {
		return errorsmod.Wrapf(ErrInvalidDeposit, "%s must be between 0 and 2^%d aopen", name, MaxAmountBits)
	}
	return nil
}

func validateDeposit(coin sdk.Coin) error {
	if coin.Denom != rewardstypes.Denom {
		return errorsmod.Wrapf(ErrInvalidDeposit, "deposits are in %s, not %q", rewardstypes.Denom, coin.Denom)
	}
	if coin.Amount.IsNil() || !coin.Amount.IsPositive() || coin.Amount.GT(rewardstypes.MaxSupply) {
		return errorsmod.Wrap(ErrInvalidDeposit, "deposit must be positive and at most the maximum supply")
	}
	return nil
}
