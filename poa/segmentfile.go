package poa

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
)

const (
	// MaxSegmentFileBytes is the largest segment file.
	MaxSegmentFileBytes = 16 << 20
	// MaxFileSegments is the largest number of segments in one file, and thus in one contribution.
	MaxFileSegments = 1 << 16

	segmentFileMagic = "OLSEG1\n"
)

// SegmentFile is the blob a contributor publishes: the segments of one contribution in order.
// Encoding: "OLSEG1\n", uvarint number of segments (1 … MaxFileSegments), then per segment uvarint length (1 …
// MaxSegmentBytes) and its bytes. Numbers are in their shortest form and nothing follows.
type SegmentFile struct {
	Segments [][]byte
	// Norm is the NormVersion that the file was registered under, which the chain knows and the encoding does not hold; 0
	// is the latest.
	Norm uint8
}

// MarshalBinary returns the canonical encoding, or ErrSegmentFile if a cap is exceeded or a segment is empty.
func (f SegmentFile) MarshalBinary() ([]byte, error) {
	if len(f.Segments) == 0 || len(f.Segments) > MaxFileSegments {
		return nil, fmt.Errorf("%w: %d segments; use 1 to %d", ErrSegmentFile, len(f.Segments), MaxFileSegments)
	}
	b := binary.AppendUvarint([]byte(segmentFileMagic), uint64(len(f.Segments)))
	for i, s := range f.Segments {
		if len(s) == 0 || len(s) > MaxSegmentBytes {
			return nil, fmt.Errorf("%w: segment %d has %d bytes; use 1 to %d", ErrSegmentFile, i, len(s), MaxSegmentBytes)
		}
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
		if len(b) > MaxSegmentFileBytes {
			return nil, fmt.Errorf("%w: more than %d bytes; publish the data as several contributions", ErrSegmentFile,
				MaxSegmentFileBytes)
		}
	}
	return b, nil
}

// ParseSegmentFile reads the canonical encoding and nothing else. It does not judge the text: call Check.
func ParseSegmentFile(data []byte) (SegmentFile, error) {
	if len(data) > MaxSegmentFileBytes {
		return SegmentFile{}, fmt.Errorf("%w: %d bytes, at most %d are allowed", ErrSegmentFile, len(data),
			MaxSegmentFileBytes)
	}
	r := reader{data: bytes.Clone(data)}
	if string(r.bytes(len(segmentFileMagic))) != segmentFileMagic {
		return SegmentFile{}, fmt.Errorf("%w: the file does not start with %q", ErrSegmentFile, segmentFileMagic)
	}
	n := r.count(r.uvarint(MaxFileSegments), MaxFileSegments, 2)
	if r.ok() && n == 0 {
		return SegmentFile{}, fmt.Errorf("%w: no segments", ErrSegmentFile)
	}
	f := SegmentFile{Segments: make([][]byte, 0, n)}
	for i := 0; i < n && r.ok(); i++ {
		size := int(r.uvarint(MaxSegmentBytes))
		if r.ok() && size == 0 {
			r.failf("segment %d is empty", i)
		}
		f.Segments = append(f.Segments, r.bytes(size))
	}
	if err := r.finish(ErrSegmentFile); err != nil {
		return SegmentFile{}, err
	}
	return f, nil
}

// Leaves returns SegmentLeaf of every segment.
func (f SegmentFile) Leaves(contributor []byte) []Hash {
	leaves := make([]Hash, len(f.Segments))
	for i, s := range f.Segments {
		leaves[i] = SegmentLeafNorm(f.Norm, uint32(i), contributor, s)
	}
	return leaves
}

// Root returns the contribution's root, MerkleRoot(Leaves(contributor)).
func (f SegmentFile) Root(contributor []byte) Hash { return MerkleRoot(f.Leaves(contributor)) }

// Tokens returns the number of canonical tokens in all segments, by the rules that the file was registered under.
func (f SegmentFile) Tokens() uint64 {
	n := uint64(0)
	h := tokenHasher{norm: f.Norm}
	for _, s := range f.Segments {
		for start, end := h.next(s, 0); start < end; start, end = h.next(s, end) {
			n++
		}
	}
	return n
}

// StatisticsRoot returns the Merkle root over the token statistics of the file: one leaf LeafHash(be64 token id ‖ be32
// number of segments that hold the token), sorted by token id.
func (f SegmentFile) StatisticsRoot() Hash {
	return MerkleRoot(statisticsLeaves(f.statistics()))
}

// statistics counts each token once per segment; the rows are sorted by id.
func (f SegmentFile) statistics() []TokenCount {
	var all []TokenID
	for _, s := range f.Segments {
		var ids []TokenID
		for _, t := range tokenize(s, f.Norm) {
			ids = append(ids, t.ID)
		}
		slices.Sort(ids)
		all = append(all, slices.Compact(ids)...)
	}
	slices.Sort(all)
	var rows []TokenCount
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j] == all[i] {
			j++
		}
		rows = append(rows, TokenCount{ID: all[i], DF: uint32(j - i)})
		i = j
	}
	return rows
}

// Check returns nil if every segment passes CheckSegment, by the rules that the file was registered under, and
// otherwise the first refusal with the segment's index.
func (f SegmentFile) Check(rules SegmentRules) error {
	for i, s := range f.Segments {
		if err := CheckSegmentNorm(f.Norm, s, rules); err != nil {
			return fmt.Errorf("segment %d: %w", i, err)
		}
	}
	return nil
}

// IsSegmentFile reports whether bytes start like a segment file.
func IsSegmentFile(head []byte) bool {
	return len(head) >= len(segmentFileMagic) && string(head[:len(segmentFileMagic)]) == segmentFileMagic
}
