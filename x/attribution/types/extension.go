package types

import (
	"encoding/binary"

	errorsmod "cosmossdk.io/errors"
)

// Verdict of a validator on an item.
type Verdict uint8

// Verdicts; the values are those of the wire.
const (
	VerdictUnknown Verdict = 0
	VerdictValid   Verdict = 1
	VerdictInvalid Verdict = 2
)

const (
	// MaxWindow is how many numbers the open items span at most.
	MaxWindow = 512
	// MaxExtensionBytes is the size of the largest extension: version, base, and two bits for each item of the window.
	MaxExtensionBytes = 1 + binary.MaxVarintLen64 + MaxWindow/verdictsPerByte

	extensionVersion = 1
	verdictsPerByte  = 4
)

// Extension is what a validator adds to its vote: its verdict on every open item, in full in each block.
//
// It is encoded as the version (1 byte), the base (uvarint) and two bits for each item from base on, four in a byte, the first in the
// lowest bits. Unknown verdicts at the end are left out, so that each extension has one encoding.
type Extension struct {
	// Base is the number of the first item.
	Base uint64
	// Verdicts on the items from Base on, at most MaxWindow.
	Verdicts []Verdict
}

// At returns the verdict on an item; unknown outside the window.
func (e Extension) At(number uint64) Verdict {
	if number < e.Base || number-e.Base >= uint64(len(e.Verdicts)) {
		return VerdictUnknown
	}
	return e.Verdicts[number-e.Base]
}

// Marshal returns the encoding. Verdicts beyond the window are left out.
func (e Extension) Marshal() []byte {
	verdicts := e.Verdicts[:min(len(e.Verdicts), MaxWindow)]
	for len(verdicts) > 0 && verdicts[len(verdicts)-1] == VerdictUnknown {
		verdicts = verdicts[:len(verdicts)-1]
	}
	b := binary.AppendUvarint([]byte{extensionVersion}, e.Base)
	for i, verdict := range verdicts {
		if i%verdictsPerByte == 0 {
			b = append(b, 0)
		}
		b[len(b)-1] |= byte(verdict&3) << (2 * (i % verdictsPerByte))
	}
	return b
}

// UnmarshalExtension is the inverse of Marshal and refuses every other encoding with ErrExtension.
func UnmarshalExtension(b []byte) (Extension, error) {
	if len(b) == 0 || len(b) > MaxExtensionBytes {
		return Extension{}, errorsmod.Wrapf(ErrExtension, "%d bytes, want 1 to %d", len(b), MaxExtensionBytes)
	}
	if b[0] != extensionVersion {
		return Extension{}, errorsmod.Wrapf(ErrExtension, "version %d, want %d", b[0], extensionVersion)
	}
	base, n := binary.Uvarint(b[1:])
	if n <= 0 || n > 1 && b[n] == 0 {
		return Extension{}, errorsmod.Wrap(ErrExtension, "base is not a shortest uvarint")
	}
	packed := b[1+n:]
	if len(packed) > MaxWindow/verdictsPerByte || len(packed) > 0 && packed[len(packed)-1] == 0 {
		return Extension{}, errorsmod.Wrap(ErrExtension, "verdicts beyond the window, or unknown ones at the end")
	}
	e := Extension{Base: base, Verdicts: make([]Verdict, 0, len(packed)*verdictsPerByte)}
	for _, four := range packed {
		for range verdictsPerByte {
			verdict := Verdict(four & 3)
			if verdict > VerdictInvalid {
				return Extension{}, errorsmod.Wrap(ErrExtension, "verdict 3 does not exist")
			}
			e.Verdicts = append(e.Verdicts, verdict)
			four >>= 2
		}
	}
	return e, nil
}
