package poa

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Hash is a SHA-256 digest.
type Hash [32]byte

// Domain bytes: the first byte of every hash input that forms a tree, so that no value of one kind can stand for
// another. 0x00 and 0x01 are those of RFC 6962, section 2.1.
const (
	domainLeaf     = 0x00
	domainNode     = 0x01
	domainMMR      = 0x02
	domainAnswer   = 0x03
	domainEvidence = 0x04
	domainRows     = 0x05
	domainLora     = 0x06
)

// String returns the hash as 64 lower-case hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// HashFromBytes converts exactly 32 bytes; any other length is ErrHash.
func HashFromBytes(b []byte) (Hash, error) {
	var h Hash
	if len(b) != len(h) {
		return h, fmt.Errorf("%w: %d bytes instead of 32", ErrHash, len(b))
	}
	copy(h[:], b)
	return h, nil
}

// HashesFromBytes converts hashes of exactly 32 bytes each; any other length is ErrHash. The result of none is nil.
func HashesFromBytes(list [][]byte) ([]Hash, error) {
	var out []Hash
	for _, b := range list {
		h, err := HashFromBytes(b)
		if err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	return out, nil
}

// HashesToBytes is the inverse of HashesFromBytes. It copies the hashes.
func HashesToBytes(hashes []Hash) [][]byte {
	var out [][]byte
	for _, h := range hashes {
		out = append(out, append([]byte(nil), h[:]...))
	}
	return out
}

// MarshalText implements encoding.TextMarshaler with the form of String.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. It accepts exactly 64 lower-case hexadecimal digits.
func (h *Hash) UnmarshalText(text []byte) error {
	if len(text) != 2*len(h) {
		return fmt.Errorf("%w: %d characters instead of 64 hexadecimal digits", ErrHash, len(text))
	}
	var out Hash
	for i, c := range text {
		var v byte
		switch {
		case c >= '0' && c <= '9':
			v = c - '0'
		case c >= 'a' && c <= 'f':
			v = c - 'a' + 10
		default:
			return fmt.Errorf("%w: character %d is not a lower-case hexadecimal digit", ErrHash, i)
		}
		out[i/2] = out[i/2]<<4 | v
	}
	*h = out
	return nil
}

// hashConcat returns SHA-256 of the concatenation of parts. Short inputs, of which a batch hashes thousands, are joined
// on the stack.
func hashConcat(parts ...[]byte) Hash {
	var buffer [256]byte
	b := buffer[:0]
	for _, p := range parts {
		b = append(b, p...)
	}
	return sha256.Sum256(b)
}
