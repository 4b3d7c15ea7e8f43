package poa

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"
)

// MMR is the frontier of a Merkle mountain range, an append-only tree of which only the peaks are kept.
type MMR struct {
	// Count is the number of leaves appended.
	Count uint64 `json:"count"`
	// Peaks are the roots of the complete subtrees, left to right and thus largest first: one per set bit of Count.
	Peaks []Hash `json:"peaks"`
}

// Append adds one leaf. A range that does not pass Validate, and one of 2^64-1 leaves, is left as it is.
func (m *MMR) Append(leaf Hash) {
	if m.Count == ^uint64(0) || m.Validate() != nil {
		return
	}
	peaks := append(make([]Hash, 0, len(m.Peaks)+1), m.Peaks...)
	node := leaf
	for c := m.Count; c&1 == 1; c >>= 1 {
		node = NodeHash(peaks[len(peaks)-1], node)
		peaks = peaks[:len(peaks)-1]
	}
	m.Peaks = append(peaks, node)
	m.Count++
}

// Root returns SHA-256(0x02 ‖ be64(Count) ‖ bag), where the bag joins the peaks from right to left with NodeHash and
// the bag of no peaks is SHA-256 of the empty string. The bag of a valid range equals MerkleRoot of its leaves.
func (m MMR) Root() Hash {
	var bag Hash
	if len(m.Peaks) == 0 {
		bag = sha256.Sum256(nil)
	} else {
		bag = m.Peaks[len(m.Peaks)-1]
		for i := len(m.Peaks) - 2; i >= 0; i-- {
			bag = NodeHash(m.Peaks[i], bag)
		}
	}
	var b [41]byte
	b[0] = domainMMR
	binary.BigEndian.PutUint64(b[1:], m.Count)
	copy(b[9:], bag[:])
	return sha256.Sum256(b[:])
}

// Validate checks that there is one peak per set bit of Count.
func (m MMR) Validate() error {
	if n := bits.OnesCount64(m.Count); n != len(m.Peaks) {
		return fmt.Errorf("%w: %d leaves have %d peaks, not %d", ErrMMR, m.Count, n, len(m.Peaks))
	}
	return nil
}

// MMRPath proves that a leaf stands at Index in the range of Count leaves.
type MMRPath struct {
	// Index is the leaf's position, from 0.
	Index uint64 `json:"index"`
	// Count is the number of leaves of the range.
	Count uint64 `json:"count"`
	// Siblings lead from the leaf to its peak.
	Siblings []Hash `json:"siblings"`
	// Peaks are all peaks of the range, largest first.
	Peaks []Hash `json:"peaks"`
}

// MMRProof returns the path of leaf index in the range over leaves.
func MMRProof(leaves []Hash, index uint64) (MMRPath, error) {
	count := uint64(len(leaves))
	if index >= count {
		return MMRPath{}, fmt.Errorf("%w: index %d of a range of %d leaves", ErrMMR, index, count)
	}
	p := MMRPath{Index: index, Count: count}
	first := uint64(0)
	for b := bits.Len64(count) - 1; b >= 0; b-- {
		size := uint64(1) << b
		if count&size == 0 {
			continue
		}
		peak := leaves[first : first+size]
		p.Peaks = append(p.Peaks, subtreeRoot(peak))
		if index >= first && index < first+size {
			siblings, err := MerklePath(peak, int(index-first))
			if err != nil {
				return MMRPath{}, err
			}
			p.Siblings = siblings
		}
		first += size
	}
	return p, nil
}

// VerifyMMR checks that leaf stands at p.Index in the range of p.Count leaves with the given root.
func VerifyMMR(root Hash, leaf Hash, p MMRPath) error {
	m := MMR{Count: p.Count, Peaks: p.Peaks}
	if err := m.Validate(); err != nil {
		return err
	}
	if got := m.Root(); got != root {
		return fmt.Errorf("%w: peaks lead to %s instead of %s", ErrMMR, got, root)
	}
	if p.Index >= p.Count {
		return fmt.Errorf("%w: index %d of a range of %d leaves", ErrMMR, p.Index, p.Count)
	}
	peak, height, local := locatePeak(p.Count, p.Index)
	if len(p.Siblings) != height {
		return fmt.Errorf("%w: %d siblings instead of %d", ErrMMR, len(p.Siblings), height)
	}
	node := leaf
	for i, s := range p.Siblings {
		if local>>i&1 == 1 {
			node = NodeHash(s, node)
		} else {
			node = NodeHash(node, s)
		}
	}
	if node != p.Peaks[peak] {
		return fmt.Errorf("%w: path leads to %s instead of peak %d", ErrMMR, node, peak)
	}
	return nil
}

// locatePeak returns which peak covers index (below count), that peak's height and the index inside it.
func locatePeak(count, index uint64) (peak, height int, local uint64) {
	for b := bits.Len64(count) - 1; b >= 0; b-- {
		size := uint64(1) << b
		if count&size == 0 {
			continue
		}
		if index < size {
			return peak, b, index
		}
		index -= size
		peak++
	}
	return peak, 0, index
}

// MarshalBinary returns be64 Index ‖ be64 Count ‖ byte n ‖ n siblings ‖ byte m ‖ m peaks.
func (p MMRPath) MarshalBinary() ([]byte, error) {
	if len(p.Siblings) > 64 || len(p.Peaks) > 64 {
		return nil, fmt.Errorf("%w: %d siblings and %d peaks; a path has at most 64 of each", ErrMMR, len(p.Siblings),
			len(p.Peaks))
	}
	b := binary.BigEndian.AppendUint64(nil, p.Index)
	b = binary.BigEndian.AppendUint64(b, p.Count)
	b = append(b, byte(len(p.Siblings)))
	b = appendHashes(b, p.Siblings)
	b = append(b, byte(len(p.Peaks)))
	return appendHashes(b, p.Peaks), nil
}

// UnmarshalBinary reads the form of MarshalBinary and nothing else.
func (p *MMRPath) UnmarshalBinary(data []byte) error {
	r := reader{data: data}
	var out MMRPath
	out.Index = r.be64()
	out.Count = r.be64()
	out.Siblings = r.hashes(r.count(uint64(r.byte()), 64, 32))
	out.Peaks = r.hashes(r.count(uint64(r.byte()), 64, 32))
	if err := r.finish(ErrMMR); err != nil {
		return err
	}
	*p = out
	return nil
}
