package poa

import (
	"encoding/binary"
	"fmt"
)

// reader decodes canonical bytes. The first failure sticks: later reads return zero values, so a decoder reads straight
// through and asks finish once. Slices it returns share memory with data.
type reader struct {
	data []byte
	off  int
	fail string
}

func (r *reader) failf(format string, args ...any) {
	if r.fail == "" {
		r.fail = fmt.Sprintf("byte %d: ", r.off) + fmt.Sprintf(format, args...)
	}
}

func (r *reader) ok() bool { return r.fail == "" }

func (r *reader) remaining() int { return len(r.data) - r.off }

// bytes returns the next n bytes.
func (r *reader) bytes(n int) []byte {
	if !r.ok() {
		return nil
	}
	if n < 0 || n > r.remaining() {
		r.failf("%d bytes expected, %d left", n, r.remaining())
		return nil
	}
	b := r.data[r.off : r.off+n : r.off+n]
	r.off += n
	return b
}

func (r *reader) byte() byte {
	if b := r.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) be64() uint64 {
	if b := r.bytes(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (r *reader) be32() uint32 {
	if b := r.bytes(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *reader) hash() Hash {
	var h Hash
	copy(h[:], r.bytes(len(h)))
	return h
}

// hashes returns the next n hashes; n must have come from count.
func (r *reader) hashes(n int) []Hash {
	if !r.ok() || n == 0 {
		return nil
	}
	out := make([]Hash, n)
	for i := range out {
		out[i] = r.hash()
	}
	return out
}

// uvarint reads an unsigned LEB128 number of at most limit, in its shortest form.
func (r *reader) uvarint(limit uint64) uint64 {
	if !r.ok() {
		return 0
	}
	v, n := binary.Uvarint(r.data[r.off:])
	switch {
	case n <= 0:
		r.failf("number is cut off or above 64 bits")
	case n > 1 && r.data[r.off+n-1] == 0:
		r.failf("number is not in its shortest form")
	case v > limit:
		r.failf("number %d is above %d", v, limit)
	default:
		r.off += n
		return v
	}
	return 0
}

// count checks a number of elements of at least size bytes each against a cap and the bytes left, before anything is
// allocated.
func (r *reader) count(n, limit uint64, size int) int {
	if !r.ok() {
		return 0
	}
	if n > limit {
		r.failf("%d elements, at most %d are allowed", n, limit)
		return 0
	}
	if n > uint64(r.remaining()/size) {
		r.failf("%d elements do not fit in %d bytes", n, r.remaining())
		return 0
	}
	return int(n)
}

// amount reads a length byte of at most 16 and that many bytes, big endian, without leading zeros.
func (r *reader) amount() Amount {
	n := int(r.byte())
	if n > 16 {
		r.failf("amount of %d bytes, at most 16 are allowed", n)
		return Amount{}
	}
	b := r.bytes(n)
	if len(b) == 0 {
		return Amount{}
	}
	if b[0] == 0 {
		r.failf("amount has leading zeros")
		return Amount{}
	}
	var w [16]byte
	copy(w[16-n:], b)
	return amountFromBytes16(w)
}

// finish returns nil if everything was read and nothing is left, and otherwise an error that wraps sentinel.
func (r *reader) finish(sentinel error) error {
	if r.ok() && r.remaining() > 0 {
		r.failf("%d bytes too many at the end", r.remaining())
	}
	if r.ok() {
		return nil
	}
	return fmt.Errorf("%w: %s", sentinel, r.fail)
}

func appendHashes(b []byte, hashes []Hash) []byte {
	for i := range hashes {
		b = append(b, hashes[i][:]...)
	}
	return b
}

func appendAmount(b []byte, a Amount) []byte {
	w := a.Bytes16()
	i := 0
	for i < len(w) && w[i] == 0 {
		i++
	}
	b = append(b, byte(len(w)-i))
	return append(b, w[i:]...)
}

// appendField appends a field with its length as four bytes, big endian: the form inside everything that is signed.
func appendField(b, field []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(field)))
	return append(b, field...)
}

// appendShort appends a field of up to 254 bytes with its length as one byte. A longer field, which no chain address or
// salt reaches, is written as byte 255 and its SHA-256, so that the form stays injective.
func appendShort(b, field []byte) []byte {
	if len(field) >= 255 {
		h := hashConcat(field)
		b = append(b, 255)
		return append(b, h[:]...)
	}
	b = append(b, byte(len(field)))
	return append(b, field...)
}
