package types

import "github.com/openledger/openledger/poa"

// Norm returns the version of the rules of text that the leaves of the contribution name.
func (c Contribution) Norm() uint8 { return normOf(c.NormVersion) }

// Norm returns the version of the rules of text that the leaves of the snapshot name.
func (s Snapshot) Norm() uint8 { return normOf(s.NormVersion) }

// normOf reads a stored norm_version: state from before the field has none, and is of version 1.
func normOf(stored uint32) uint8 {
	if stored == 0 {
		return poa.NormVersion1
	}
	return uint8(stored)
}
