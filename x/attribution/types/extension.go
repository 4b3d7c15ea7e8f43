package types

import (
	"encoding/binary"
	"slices"

	errorsmod "cosmossdk.io/errors"
)

// Verdict of a validator on an item.
type Verdict uint8

// Verdicts; the values are those of the wire.
const (
	VerdictUnknown Verdict = 0
	VerdictValid   Verdict = 1
	VerdictInvalid Verdict = 2
	// VerdictDiffers is for versions only: the text is what was registered, but its derivations are others.
	VerdictDiffers Verdict = 3
)

const (
	// MaxExtensionBytes is the size of the largest extension: version, the bases of both windows, and two bits for each
	// number.
	MaxExtensionBytes = 1 + 2*maxBaseBytes + VersionsWindow/verdictsPerByte + BatchesWindow/verdictsPerByte

	extensionVersion = 2
	verdictsPerByte  = 4
	// maxBaseBytes is the length of the uvarint of a number below FirstVersion.
	maxBaseBytes = 9
)

// Extension is what a validator adds to its vote: its verdict on every open item, in full in each block.
//
// It is encoded as the version (1 byte); the base of the batches and that of the versions, counted from FirstVersion,
// both uvarint and below FirstVersion; two bits for each of the VersionsWindow numbers of versions; two bits for each
// number of a batch, as far as there are verdicts. Of four in a byte the first is in the lowest bits. Each extension
// has one encoding.
type Extension struct {
	// Base is the number of the first batch.
	Base uint64
	// Verdicts on the batches from Base on, at most BatchesWindow.
	Verdicts []Verdict
	// VersionBase is the number of the first version.
	VersionBase uint64
	// Versions are the verdicts from VersionBase on, at most VersionsWindow.
	Versions []Verdict
}

// At returns the verdict on an item; unknown outside the windows.
func (e Extension) At(number uint64) Verdict {
	base, verdicts := e.Base, e.Verdicts
	if number >= FirstVersion {
		base, verdicts = e.VersionBase, e.Versions
	}
	if number < base || number-base >= uint64(len(verdicts)) {
		return VerdictUnknown
	}
	return verdicts[number-base]
}

// Marshal returns the encoding. Verdicts beyond the windows are left out, and those of batches that do not exist.
func (e Extension) Marshal() []byte {
	b := binary.AppendUvarint([]byte{extensionVersion}, min(e.Base, FirstVersion-1))
	b = binary.AppendUvarint(b, min(max(e.VersionBase, FirstVersion)-FirstVersion, FirstVersion-1))
	versions := e.Versions[:min(len(e.Versions), VersionsWindow)]
	b = append(b, pack(versions, VersionsWindow)...)
	verdicts := slices.Clone(e.Verdicts[:min(len(e.Verdicts), BatchesWindow)])
	known := 0
	for i, verdict := range verdicts {
		if verdict > VerdictInvalid {
			verdicts[i] = VerdictUnknown
		} else if verdict != VerdictUnknown {
			known = i + 1
		}
	}
	return append(b, pack(verdicts[:known], known)...)
}

// pack returns the bits of n verdicts; those that are not given are unknown.
func pack(verdicts []Verdict, n int) []byte {
	packed := make([]byte, (n+verdictsPerByte-1)/verdictsPerByte)
	for i, verdict := range verdicts {
		packed[i/verdictsPerByte] |= byte(verdict&3) << (2 * (i % verdictsPerByte))
	}
	return packed
}

func unpack(packed []byte) []Verdict {
	verdicts := make([]Verdict, 0, len(packed)*verdictsPerByte)
	for _, four := range packed {
		for range verdictsPerByte {
			verdicts = append(verdicts, Verdict(four&3))
			four >>= 2
		}
	}
	return verdicts
}

// UnmarshalExtension is the inverse of Marshal and refuses every other encoding with ErrExtension.
func UnmarshalExtension(b []byte) (Extension, error) {
	if len(b) == 0 || len(b) > MaxExtensionBytes {
		return Extension{}, errorsmod.Wrapf(ErrExtension, "%d bytes, want 1 to %d", len(b), MaxExtensionBytes)
	}
	if b[0] != extensionVersion {
		return Extension{}, errorsmod.Wrapf(ErrExtension, "version %d, want %d", b[0], extensionVersion)
	}
	var bases [2]uint64
	rest := b[1:]
	for i := range bases {
		base, n := binary.Uvarint(rest)
		if n <= 0 || n > 1 && rest[n-1] == 0 || base >= FirstVersion {
			return Extension{}, errorsmod.Wrap(ErrExtension,
				"a base is not a shortest uvarint below the first number of versions")
		}
		bases[i], rest = base, rest[n:]
	}
	const versions = VersionsWindow / verdictsPerByte
	if len(rest) < versions {
		return Extension{}, errorsmod.Wrapf(ErrExtension, "%d bytes of verdicts on versions, want %d", len(rest), versions)
	}
	packed := rest[versions:]
	if len(packed) > BatchesWindow/verdictsPerByte || len(packed) > 0 && packed[len(packed)-1] == 0 {
		return Extension{}, errorsmod.Wrap(ErrExtension, "verdicts beyond the window, or unknown ones at the end")
	}
	e := Extension{Base: bases[0], Verdicts: unpack(packed), VersionBase: FirstVersion + bases[1],
		Versions: unpack(rest[:versions])}
	for _, verdict := range e.Verdicts {
		if verdict > VerdictInvalid {
			return Extension{}, errorsmod.Wrap(ErrExtension, "verdict 3 on a batch")
		}
	}
	return e, nil
}
