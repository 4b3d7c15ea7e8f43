package poa

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"
)

// Encoding of a tier with its segments, little endian: "OLTIER1\n", 32 bytes root of the statistics, then the numbers
// of segments, tokens and seeds as u32; per segment u64 rank, u32 index, u32 tokens; the token ids as u64; the prints
// as u32; the segments of the prints, counted from the tier's first, as u32; CRC-32C of all that as u32. Derivations
// are not part of it.

const (
	tierMagic       = "OLTIER1\n"
	tierHeaderBytes = len(tierMagic) + 32 + 3*4
	segmentBytes    = 16
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Tiers returns how many segments each tier of the index holds, in the order they were added.
func (x *Index) Tiers() []int {
	out := make([]int, len(x.tiers))
	for i, t := range x.tiers {
		out[i] = t.to - t.from
	}
	return out
}

// MarshalTier encodes the i-th tier, 0 ≤ i < len(Tiers()). statisticsRoot is the Root of the index's statistics.
func (x *Index) MarshalTier(i int, statisticsRoot Hash) ([]byte, error) {
	if i < 0 || i >= len(x.tiers) {
		return nil, fmt.Errorf("%w: no tier %d, there are %d", ErrIndexEncoding, i, len(x.tiers))
	}
	t := x.tiers[i]
	start, end := x.segments[t.from].start, uint32(len(x.tokens))
	if t.to < len(x.segments) {
		end = x.segments[t.to].start
	}
	tokens := x.tokens[start:end]
	b := make([]byte, 0, tierHeaderBytes+(t.to-t.from)*segmentBytes+8*len(tokens)+8*t.size()+4)
	b = append(b, tierMagic...)
	b = append(b, statisticsRoot[:]...)
	b = binary.LittleEndian.AppendUint32(b, uint32(t.to-t.from))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(tokens)))
	b = binary.LittleEndian.AppendUint32(b, uint32(t.size()))
	for s := t.from; s < t.to; s++ {
		b = binary.LittleEndian.AppendUint64(b, x.segments[s].rank)
		b = binary.LittleEndian.AppendUint32(b, x.segments[s].index)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(x.Segment(s).Tokens)))
	}
	for _, id := range tokens {
		b = binary.LittleEndian.AppendUint64(b, uint64(id))
	}
	for _, print := range t.prints {
		b = binary.LittleEndian.AppendUint32(b, print)
	}
	for _, s := range t.segments {
		b = binary.LittleEndian.AppendUint32(b, s-uint32(t.from))
	}
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli)), nil
}

// AddTier adds a tier as MarshalTier encoded it for the same statistics; it does not compute seeds again. It returns
// ErrIndexEncoding for bytes that are damaged or of other statistics, otherwise the errors of Add, and then adds
// nothing. The encoding is a cache of one's own: it is checked for damage, not for lies.
func (x *Index) AddTier(data []byte, statisticsRoot Hash) error {
	if x.stats == nil {
		return errNoStatistics
	}
	segments, seeds, err := parseTier(data, statisticsRoot)
	if err != nil || len(segments) == 0 {
		return err
	}
	if err := x.admit(segments); err != nil {
		return err
	}
	from := len(x.segments)
	x.tokens = slices.Grow(x.tokens, len(seeds.tokens))
	for _, s := range segments {
		x.segments = append(x.segments, indexSegment{segmentKey{s.Rank, s.Index}, uint32(len(x.tokens))})
		x.tokens = append(x.tokens, s.Tokens...)
	}
	t := &tier{from: from, to: from + len(segments), prints: seeds.prints, segments: seeds.segments}
	for i := range t.segments {
		t.segments[i] += uint32(from)
	}
	t.fillBuckets()
	x.tiers = append(x.tiers, t) // the tiers were of fitting sizes when they were written
	return nil
}

type tierSeeds struct {
	tokens   []TokenID
	prints   []uint32
	segments []uint32
}

func parseTier(data []byte, statisticsRoot Hash) ([]Segment, tierSeeds, error) {
	fail := func(what string) ([]Segment, tierSeeds, error) {
		return nil, tierSeeds{}, fmt.Errorf("%w: %s; build it again", ErrIndexEncoding, what)
	}
	if len(data) < tierHeaderBytes+4 || string(data[:len(tierMagic)]) != tierMagic {
		return fail("not the file of a tier")
	}
	if Hash(data[len(tierMagic):len(tierMagic)+32]) != statisticsRoot {
		return fail("the tier was made with other statistics")
	}
	body, sum := data[:len(data)-4], binary.LittleEndian.Uint32(data[len(data)-4:])
	counts := data[tierHeaderBytes-12:]
	n, tokens, seeds := uint64(binary.LittleEndian.Uint32(counts)), uint64(binary.LittleEndian.Uint32(counts[4:])),
		uint64(binary.LittleEndian.Uint32(counts[8:]))
	if uint64(len(body)) != uint64(tierHeaderBytes)+n*segmentBytes+8*tokens+8*seeds {
		return fail("the file is cut short or too long")
	}
	if crc32.Checksum(body, castagnoli) != sum {
		return fail("the checksum is wrong")
	}
	b := body[tierHeaderBytes:]
	table := b[:n*segmentBytes]
	b = b[len(table):]
	out := tierSeeds{tokens: make([]TokenID, tokens), prints: make([]uint32, seeds), segments: make([]uint32, seeds)}
	for i := range out.tokens {
		out.tokens[i] = TokenID(binary.LittleEndian.Uint64(b[8*i:]))
	}
	b = b[8*tokens:]
	for i := range out.prints {
		out.prints[i] = binary.LittleEndian.Uint32(b[4*i:])
		out.segments[i] = binary.LittleEndian.Uint32(b[4*(uint64(i)+seeds):])
		if uint64(out.segments[i]) >= n || i > 0 && out.prints[i] < out.prints[i-1] {
			return fail("seeds out of order or range")
		}
	}
	segments := make([]Segment, n)
	start := uint64(0)
	for i := range segments {
		row := table[i*segmentBytes:]
		length := uint64(binary.LittleEndian.Uint32(row[12:]))
		if length > tokens-start {
			return fail("segments are longer than the tokens")
		}
		segments[i] = Segment{Rank: binary.LittleEndian.Uint64(row), Index: binary.LittleEndian.Uint32(row[8:]),
			Tokens: out.tokens[start : start+length]}
		start += length
	}
	if start != tokens {
		return fail("tokens without a segment")
	}
	return segments, out, nil
}
