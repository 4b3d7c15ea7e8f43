package types

import (
	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
)

var (
	_ sdk.HasValidateBasic = (*MsgChallengeDuplicate)(nil)
	_ sdk.HasValidateBasic = (*MsgAcceptSnapshot)(nil)
	_ sdk.HasValidateBasic = (*MsgProvePriorArt)(nil)
	_ sdk.HasValidateBasic = (*MsgClaimText)(nil)
	_ sdk.HasValidateBasic = (*MsgRecallContribution)(nil)
)

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgChallengeDuplicate) ValidateBasic() error {
	if err := validateAddress("challenger", m.Challenger); err != nil {
		return err
	}
	if m.Original >= m.Rank {
		return errorsmod.Wrapf(ErrDuplicate, "contribution %d is not earlier than %d", m.Original, m.Rank)
	}
	if err := m.Segment.Validate(); err != nil {
		return err
	}
	return m.OriginalSegment.Validate()
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgAcceptSnapshot) ValidateBasic() error {
	if err := validateAddress("authority", m.Authority); err != nil {
		return err
	}
	if m.Author != "" {
		if err := validateAddress("author", m.Author); err != nil {
			return err
		}
	}
	if len(m.Root) != hashSize || m.Segments < 1 || m.Segments > poa.MaxFileSegments {
		return errorsmod.Wrapf(ErrSnapshot, "root of %d bytes over %d segments: want %d bytes, 1 to %d segments",
			len(m.Root), m.Segments, hashSize, poa.MaxFileSegments)
	}
	if err := validateText("name", m.Name, 1, maxTitle); err != nil {
		return errorsmod.Wrap(ErrSnapshot, err.Error())
	}
	if err := validateURI("uri", m.Uri); err != nil {
		return errorsmod.Wrap(ErrSnapshot, err.Error())
	}
	return nil
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgProvePriorArt) ValidateBasic() error {
	if err := validateAddress("prover", m.Prover); err != nil {
		return err
	}
	if err := m.Segment.Validate(); err != nil {
		return err
	}
	return m.SnapshotSegment.Validate()
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgClaimText) ValidateBasic() error {
	if err := validateAddress("author", m.Author); err != nil {
		return err
	}
	if m.Rank == m.Contribution {
		return errorsmod.Wrapf(ErrContributionStatus, "contribution %d cannot be claimed for itself", m.Rank)
	}
	return nil
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgRecallContribution) ValidateBasic() error {
	if err := validateAddress("signer", m.Signer); err != nil {
		return err
	}
	return validateReason(m.Reason)
}
