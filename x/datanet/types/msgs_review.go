package types

import (
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

var (
	_ sdk.HasValidateBasic = (*MsgBondValidator)(nil)
	_ sdk.HasValidateBasic = (*MsgUnbondValidator)(nil)
	_ sdk.HasValidateBasic = (*MsgActivateValidator)(nil)
	_ sdk.HasValidateBasic = (*MsgSetCredentialPolicy)(nil)
	_ sdk.HasValidateBasic = (*MsgGrantCredentials)(nil)
	_ sdk.HasValidateBasic = (*MsgRevokeCredentials)(nil)
	_ sdk.HasValidateBasic = (*MsgSealGold)(nil)
	_ sdk.HasValidateBasic = (*MsgOpenGold)(nil)
	_ sdk.HasValidateBasic = (*MsgCommitBallot)(nil)
	_ sdk.HasValidateBasic = (*MsgRevealBallot)(nil)
	_ sdk.HasValidateBasic = (*MsgAppeal)(nil)
	_ sdk.HasValidateBasic = (*MsgResolveContribution)(nil)
)

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgBondValidator) ValidateBasic() error {
	if err := validateAddress("validator", m.Validator); err != nil {
		return err
	}
	return validatePositive(ErrInvalidBond, "amount", m.Amount)
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgUnbondValidator) ValidateBasic() error {
	if err := validateAddress("validator", m.Validator); err != nil {
		return err
	}
	return validatePositive(ErrInvalidBond, "amount", m.Amount)
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgActivateValidator) ValidateBasic() error {
	return validateAddress("validator", m.Validator)
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgSetCredentialPolicy) ValidateBasic() error {
	if err := validateAddress("owner", m.Owner); err != nil {
		return err
	}
	switch m.Kind {
	case CREDENTIAL_KIND_NONE, CREDENTIAL_KIND_ALLOWLIST:
		if m.Issuer != "" {
			return errorsmod.Wrapf(ErrCredential, "%s has no issuer: leave it out", m.Kind)
		}
		return nil
	case CREDENTIAL_KIND_ISSUER:
		return validateAddress("issuer", m.Issuer)
	}
	return errorsmod.Wrapf(ErrCredential,
		"%s: choose CREDENTIAL_KIND_NONE, CREDENTIAL_KIND_ALLOWLIST or CREDENTIAL_KIND_ISSUER", m.Kind)
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgGrantCredentials) ValidateBasic() error {
	return validateCredentials(m.Granter, m.Addresses)
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgRevokeCredentials) ValidateBasic() error {
	return validateCredentials(m.Granter, m.Addresses)
}

func validateCredentials(granter string, addresses []string) error {
	if err := validateAddress("granter", granter); err != nil {
		return err
	}
	if err := validateCount(len(addresses)); err != nil {
		return err
	}
	seen := make(map[string]bool, len(addresses))
	for _, address := range addresses {
		if err := validateAddress("address", address); err != nil {
			return err
		}
		if seen[address] {
			return errorsmod.Wrapf(ErrInvalidItems, "%s is named twice", address)
		}
		seen[address] = true
	}
	return nil
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgSealGold) ValidateBasic() error {
	if err := validateAddress("planter", m.Planter); err != nil {
		return err
	}
	switch m.Kind {
	case GOLD_KIND_DUPLICATE, GOLD_KIND_ALTERED, GOLD_KIND_SOUND:
	default:
		return errorsmod.Wrapf(ErrGold, "%s: choose GOLD_KIND_DUPLICATE, GOLD_KIND_ALTERED or GOLD_KIND_SOUND", m.Kind)
	}
	if err := validateCount(len(m.Hashes)); err != nil {
		return err
	}
	for i, hash := range m.Hashes {
		if len(hash) != hashSize {
			return errorsmod.Wrapf(ErrGold, "hash %d of %d bytes, want %d", i, len(hash), hashSize)
		}
	}
	return nil
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgOpenGold) ValidateBasic() error {
	if err := validateAddress("planter", m.Planter); err != nil {
		return err
	}
	if err := validateSalt(ErrGold, m.Salt); err != nil {
		return err
	}
	if (m.Segment == nil) != (m.OriginalSegment == nil) {
		return errorsmod.Wrap(ErrGold, "a duplicate needs both segments, other gold none")
	}
	if m.Segment == nil {
		return nil
	}
	if err := m.Segment.Validate(); err != nil {
		return err
	}
	return m.OriginalSegment.Validate()
}

func validateSalt(kind error, salt []byte) error {
	if len(salt) < minSalt || len(salt) > maxSalt {
		return errorsmod.Wrapf(kind, "salt of %d bytes, want %d to %d", len(salt), minSalt, maxSalt)
	}
	return nil
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgCommitBallot) ValidateBasic() error {
	if err := validateAddress("validator", m.Validator); err != nil {
		return err
	}
	if len(m.Hash) != hashSize {
		return errorsmod.Wrapf(ErrBallot, "hash of %d bytes, want %d", len(m.Hash), hashSize)
	}
	return nil
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgRevealBallot) ValidateBasic() error {
	if err := validateAddress("validator", m.Validator); err != nil {
		return err
	}
	if err := validateSalt(ErrBallot, m.Salt); err != nil {
		return err
	}
	if err := validateCount(len(m.Votes)); err != nil {
		return err
	}
	return ValidateVotes(m.Votes)
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgAppeal) ValidateBasic() error {
	if err := validateAddress("appellant", m.Appellant); err != nil {
		return err
	}
	return validateReason(m.Reason)
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgResolveContribution) ValidateBasic() error {
	if err := validateAddress("authority", m.Authority); err != nil {
		return err
	}
	if m.Accept != (m.Score > 0) || m.Score > MaxScore {
		return errorsmod.Wrapf(ErrInvalidContribution, "score %d: 1 to %d to accept, 0 to reject", m.Score, MaxScore)
	}
	return validateReason(m.Reason)
}

func validateReason(reason string) error {
	if err := validateText("reason", reason, 1, maxReason); err != nil {
		return errorsmod.Wrap(ErrInvalidItems, err.Error())
	}
	return nil
}

func validatePositive(kind error, name string, amount math.Int) error {
	if amount.IsNil() || !amount.IsPositive() || amount.GT(rewardstypes.MaxSupply) {
		return errorsmod.Wrapf(kind, "%s must be positive and at most the maximum supply, in aopen", name)
	}
	return nil
}
