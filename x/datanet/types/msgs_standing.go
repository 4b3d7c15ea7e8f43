package types

import (
	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
)

// maxPath is the depth of a tree of poa.MaxFileSegments leaves, with room.
const maxPath = 32

var (
	_ sdk.HasValidateBasic = (*MsgChallengeDuplicate)(nil)
	_ sdk.HasValidateBasic = (*MsgAcceptSnapshot)(nil)
	_ sdk.HasValidateBasic = (*MsgProvePriorArt)(nil)
	_ sdk.HasValidateBasic = (*MsgClaimText)(nil)
	_ sdk.HasValidateBasic = (*MsgRecallContribution)(nil)
	_ sdk.HasValidateBasic = (*MsgReleaseDeposits)(nil)
	_ sdk.HasValidateBasic = (*MsgResubmitContributions)(nil)
)

// Validate reports a proof of impossible size.
func (p SegmentProof) Validate() error {
	if len(p.Text) < 1 || len(p.Text) > poa.MaxSegmentBytes {
		return errorsmod.Wrapf(ErrDuplicate, "segment of %d bytes, want 1 to %d", len(p.Text), poa.MaxSegmentBytes)
	}
	if len(p.Path) > maxPath {
		return errorsmod.Wrapf(ErrDuplicate, "path of %d hashes, at most %d", len(p.Path), maxPath)
	}
	for i, hash := range p.Path {
		if len(hash) != hashSize {
			return errorsmod.Wrapf(ErrDuplicate, "hash %d of the path has %d bytes, want %d", i, len(hash), hashSize)
		}
	}
	return nil
}

// Verify checks that the segment stands under a root of count segments by a
// contributor, whose leaves name the rules norm; snapshots have no contributor.
func (p SegmentProof) Verify(root []byte, contributor sdk.AccAddress, count uint32, norm uint8) error {
	expected, err := poa.HashFromBytes(root)
	if err != nil {
		return err
	}
	path := make([]poa.Hash, len(p.Path))
	for i, hash := range p.Path {
		if path[i], err = poa.HashFromBytes(hash); err != nil {
			return err
		}
	}
	leaf := poa.SegmentLeafNorm(norm, p.Index, contributor, p.Text)
	return poa.VerifyPath(expected, leaf, uint64(p.Index), uint64(count), path)
}

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

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgReleaseDeposits) ValidateBasic() error {
	if err := validateAddress("contributor", m.Contributor); err != nil {
		return err
	}
	if err := validateCount(len(m.Ranks)); err != nil {
		return err
	}
	return validateRanks(m.Ranks)
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgResubmitContributions) ValidateBasic() error {
	if err := validateAddress("contributor", m.Contributor); err != nil {
		return err
	}
	if err := validateCount(len(m.Ranks)); err != nil {
		return err
	}
	return validateRanks(m.Ranks)
}
