package types

// HasBit reports whether a bitmap has the bit of a slot.
func HasBit(bits []byte, slot uint32) bool {
	i := slot / 8
	return i < uint32(len(bits)) && bits[i]&(1<<(slot%8)) != 0
}

// WithBit returns a bitmap with the bit of a slot; it may share memory with bits.
func WithBit(bits []byte, slot uint32) []byte {
	for uint32(len(bits)) <= slot/8 {
		bits = append(bits, 0)
	}
	bits[slot/8] |= 1 << (slot % 8)
	return bits
}
