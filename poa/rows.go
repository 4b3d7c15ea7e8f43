package poa

import (
	"crypto/sha256"
	"encoding/binary"
)

// Row is a maximal run of answer positions owned by one segment on one diagonal.
type Row struct {
	// Position is the first answer position, Length the number of positions.
	Position, Length uint32
	// Rank and Segment name the owner. Offset is the owner's token at Position. For a row by meaning, it is the first
	// position of the answer's stretch that the row belongs to.
	Rank            uint64
	Segment, Offset uint32
	// Score is the score of the best alignment through the run, or of its best local window, or the sum of its stretch, in
	// Q16 bits.
	Score int32
	// Seed is the answer position of the first seed that admits and anchors the owner. It is 0 for windows, and one more
	// than the last position of the stretch for a row by meaning.
	Seed uint32
	// Bits is the surprisal of the positions, Q16.
	Bits uint32
	// Window says that the run is paid through local windows (method RAG) or for what its words mean (MEANING).
	Window bool
}

// SegmentOffset returns the segment's token at Position, and 0 for a row by meaning, which has no place in the segment.
func (r *Row) SegmentOffset(method uint8) uint32 {
	if r.Window && ByMeaning(method) {
		return 0
	}
	return r.Offset
}

// Attribution is the result for one answer.
type Attribution struct {
	// Rows are ordered by position and do not overlap.
	Rows []Row
	// Entries are at most MaxEntries, by descending weight, ties by ascending rank.
	Entries []Entry
	// UnattributedPPM is the rest: entries and rest sum to exactly 1,000,000.
	UnattributedPPM uint32
	// TotalBits is the weight of the whole answer in Q16 bits: the bits of the rows, and HiddenBits for each position
	// without an owner.
	TotalBits uint64
	// Support are the positions without an owner, in increasing order, whose words the rows need: those that local windows
	// count, or those that show why method MEANING considers a segment. They must be opened, too.
	Support []uint32
	// Considered are the segments that method MEANING needs for its result, whether they own positions or not.
	Considered []segmentKey `json:",omitempty"`
	// Marks are the marks of the answer's tokens, if the method commits them.
	Marks []uint8 `json:",omitempty"`
	// Weight is the weight of the answer, if the method commits it.
	Weight uint32 `json:",omitempty"`
	// Lora is the part by influence of method LORA; nil for others.
	Lora *LoraPart `json:",omitempty"`
}

// Root returns the evidence root: SHA-256(0x05 ‖ be32 number of rows ‖ be64 TotalBits ‖ Merkle root), where the leaf of
// a row is LeafHash(be32 position ‖ be32 length ‖ be64 rank ‖ be32 segment ‖ be32 offset ‖ be32 score ‖ be32 seed ‖
// be32 bits ‖ byte 1 for a window, else 0). For method LORA it is SHA-256(0x06 ‖ that hash ‖ query hash ‖ be64 bits ‖
// be64 sum ‖ be32 contributions ‖ Merkle root) of the LoraSeal, where the leaf of a LoraRow is LeafHash(be64 rank ‖
// be64 score ‖ be64 sum ‖ be64 amount).
func (a Attribution) Root() Hash {
	root := evidenceRoot(a.Rows, a.TotalBits)
	if a.Lora != nil {
		root = a.Lora.Seal().root(root)
	}
	return root
}

func evidenceRoot(rows []Row, total uint64) Hash {
	return rowsRoot(uint32(len(rows)), total, MerkleRoot(rowLeaves(rows)))
}

func rowLeaves(rows []Row) []Hash {
	leaves := make([]Hash, len(rows))
	for i := range rows {
		leaves[i] = rows[i].leaf()
	}
	return leaves
}

func rowsRoot(count uint32, total uint64, tree Hash) Hash {
	var b [45]byte
	b[0] = domainRows
	binary.BigEndian.PutUint32(b[1:], count)
	binary.BigEndian.PutUint64(b[5:], total)
	copy(b[13:], tree[:])
	return sha256.Sum256(b[:])
}

// rowBytes is the length of an encoded row.
const rowBytes = 37

func (r *Row) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, r.Position)
	b = binary.BigEndian.AppendUint32(b, r.Length)
	b = binary.BigEndian.AppendUint64(b, r.Rank)
	b = binary.BigEndian.AppendUint32(b, r.Segment)
	b = binary.BigEndian.AppendUint32(b, r.Offset)
	b = binary.BigEndian.AppendUint32(b, uint32(r.Score))
	b = binary.BigEndian.AppendUint32(b, r.Seed)
	b = binary.BigEndian.AppendUint32(b, r.Bits)
	window := byte(0)
	if r.Window {
		window = 1
	}
	return append(b, window)
}

func (r *Row) leaf() Hash { return LeafHash(r.append(make([]byte, 0, rowBytes))) }

func readRow(r *reader) Row {
	row := Row{
		Position: r.be32(), Length: r.be32(), Rank: r.be64(), Segment: r.be32(), Offset: r.be32(), Score: int32(r.be32()),
		Seed: r.be32(), Bits: r.be32(),
	}
	window := r.byte()
	if window > 1 {
		r.failf("row of kind %d", window)
	}
	row.Window = window == 1
	return row
}

// Weigh computes entries and unattributed share again, from the rows and from the part by influence, if there is one.
// derived returns the derivations of a segment that owns rows. standing is for the part by influence: a contribution
// with stopped segments keeps less of it, and a nil standing means that no segment is stopped. Derivations do not
// change the part by influence, since they were applied at training.
func (a *Attribution) Weigh(derived func(rank uint64, segment uint32) []Derivation,
	standing func(rank uint64) Standing) {
	shares, rest := rowShares(a.Rows, a.TotalBits, derived)
	if a.Lora != nil {
		shares, rest = a.Lora.strongest(shares, standing), a.TotalBits
		for _, s := range shares {
			rest -= s.bits
		}
	}
	a.Entries, a.UnattributedPPM = apportion(shares, rest)
}

// rowShares returns what rows of the given total give to contributions, and what they leave, in Q16 bits. derived
// returns the derivations of a segment.
func rowShares(rows []Row, total uint64, derived func(rank uint64, segment uint32) []Derivation) ([]share, uint64) {
	shares := make([]share, 0, len(rows))
	rest := total
	for i := range rows {
		r := &rows[i]
		bits := uint64(r.Bits)
		rest -= bits
		sources := derived(r.Rank, r.Segment)
		for _, d := range sources {
			if d.Rank == Nobody {
				rest += d.part(bits)
				continue
			}
			shares = append(shares, share{rank: d.Rank, bits: d.part(bits)})
		}
		shares = append(shares, share{rank: r.Rank, bits: kept(bits, sources)})
	}
	return shares, rest
}

// part returns the part of a row's bits that goes to the source.
func (d Derivation) part(bits uint64) uint64 { return bits * uint64(d.PPM) / TotalPPM }

// kept returns what a segment with sources keeps of a row's bits for its own contribution.
func kept(bits uint64, sources []Derivation) uint64 {
	left := bits
	for _, d := range sources {
		left -= d.part(bits)
	}
	return left
}

// passed returns what a segment with sources passes on to one of them of a row's bits.
func passed(bits uint64, sources []Derivation, rank uint64) uint64 {
	sum := uint64(0)
	for _, d := range sources {
		if d.Rank == rank {
			sum += d.part(bits)
		}
	}
	return sum
}
