package types

import (
	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
)

// maxPath is the depth of a tree of poa.MaxFileSegments leaves, with room.
const maxPath = 32

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
	path, err := poa.HashesFromBytes(p.Path)
	if err != nil {
		return err
	}
	leaf := poa.SegmentLeafNorm(norm, p.Index, contributor, p.Text)
	return poa.VerifyPath(expected, leaf, uint64(p.Index), uint64(count), path)
}
