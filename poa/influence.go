package poa

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// Parameters of influence files and of queries. They are frozen with MethodLora.
const (
	// SketchSize is the number of elements of a sketch and of a query.
	SketchSize = 4_096
	// SketchBytes is the length of an encoded Sketch, and of a LoraQuery.
	SketchBytes = 1 + SketchSize/2
	// KappaBits is the most that a contribution gives an answer for each of its own tokens, in bits.
	KappaBits = 1
	// LoraNoiseGroup is the number of contributions up to which scores are lowered least. Beyond, each doubling lowers
	// them more.
	LoraNoiseGroup = 16
	// MaxInfluenceRows is the largest number of contributions of one influence file.
	MaxInfluenceRows = 1 << 16
	// MaxInfluenceTokens is the largest number of tokens of one contribution.
	MaxInfluenceTokens = MaxFileSegments * MaxSegmentTokens
	// MaxInfluenceBytes is the largest influence file: that of MaxInfluenceRows.
	MaxInfluenceBytes = len(influenceMagic) + 3 + MaxInfluenceRows*MaxInfluenceRow
	// MaxInfluenceRow is the largest row of an influence file, in bytes.
	MaxInfluenceRow = maxInfluenceNumbers + SketchBytes

	// minInfluenceRow is the length of a row whose three numbers take one byte each, and maxInfluenceNumbers the most
	// bytes that the three numbers take.
	minInfluenceRow     = 3 + SketchBytes
	maxInfluenceNumbers = binary.MaxVarintLen64 + 4 + 3

	influenceMagic = "OLINF2\n"
)

// InfluenceRow describes the influence of one contribution of a manifest on an adapter.
type InfluenceRow struct {
	// Rank is the contribution's commit rank.
	Rank uint64
	// Tokens is the number of canonical tokens of its segments.
	Tokens uint32
	// SharePPM is its share in the influence table, in ppm. The shares of a file sum to at most TotalPPM.
	SharePPM uint32
	// Sketch is that of the sum over its segments, so it does not matter how a contribution is cut into segments. The
	// part that a segment derives from other contributions is in the sums of those contributions.
	Sketch Sketch
}

// LoraQuery is the sketch of an answer's loss. Its dot product with a contribution's sketch estimates, in bits, how
// much worse the adapter would predict the answer without the contribution. Sketches are random sums, so the estimate
// has noise, which scores are lowered by.
type LoraQuery struct{ Sketch }

// InfluenceSource returns the rows of the influence file of a receipt's model. The receipt is given by its place among
// those that are verified. The rows are those of OpenInfluence for the training record of that version of the model.
// The caller must not change them.
type InfluenceSource func(receipt int) ([]InfluenceRow, error)

// Training is the part of a model version's training record that attribution uses.
type Training struct {
	// SketchRoot and TableRoot are what the functions of these names return for the influence file's rows, of which there
	// are Rows.
	SketchRoot, TableRoot Hash
	Rows                  uint32
	// Influence is the SHA-256 of the influence file.
	Influence Hash
}

// MarshalInfluence returns an influence file: "OLINF2\n" ‖ uvarint rows ‖ rows × (uvarint rank gap ‖ uvarint tokens ‖
// uvarint ppm ‖ sketch), where a gap is the distance from the rank before, less one; the first gap is the rank itself.
// It returns ErrInfluence for rows that ValidateInfluence refuses.
func MarshalInfluence(rows []InfluenceRow) ([]byte, error) {
	if err := ValidateInfluence(rows); err != nil {
		return nil, err
	}
	b := make([]byte, 0, len(influenceMagic)+binary.MaxVarintLen32+len(rows)*MaxInfluenceRow)
	b = append(b, influenceMagic...)
	b = binary.AppendUvarint(b, uint64(len(rows)))
	next := uint64(0)
	for i := range rows {
		r := &rows[i]
		b = binary.AppendUvarint(b, r.Rank-next)
		b = binary.AppendUvarint(b, uint64(r.Tokens))
		b = binary.AppendUvarint(b, uint64(r.SharePPM))
		b = r.Sketch.append(b)
		next = r.Rank + 1
	}
	return b, nil
}

// UnmarshalInfluence reads an influence file and nothing else: what it returns passes ValidateInfluence and encodes to
// the same bytes. It returns ErrOversize above MaxInfluenceBytes, otherwise ErrInfluence. It uses about as many bytes
// of memory as the file has.
func UnmarshalInfluence(data []byte) ([]InfluenceRow, error) {
	if len(data) > MaxInfluenceBytes {
		return nil, fmt.Errorf("%w: influence file of %d bytes, at most %d are allowed", ErrOversize, len(data),
			MaxInfluenceBytes)
	}
	r := reader{data: data}
	if string(r.bytes(len(influenceMagic))) != influenceMagic {
		return nil, fmt.Errorf("%w: the bytes do not start with %q", ErrInfluence, influenceMagic)
	}
	n := r.count(r.uvarint(MaxInfluenceRows), MaxInfluenceRows, minInfluenceRow)
	if r.ok() && n == 0 {
		r.failf("no contribution")
	}
	rows := make([]InfluenceRow, n)
	next, sum := uint64(0), uint64(0)
	for i := range rows {
		row := &rows[i]
		row.Rank = next + r.uvarint(Nobody-1-next)
		row.Tokens, row.SharePPM = uint32(r.uvarint(MaxInfluenceTokens)), uint32(r.uvarint(TotalPPM))
		row.Sketch = readSketch(&r)
		if sum += uint64(row.SharePPM); sum > TotalPPM {
			r.failf("shares sum to more than %d ppm", TotalPPM)
		}
		if !r.ok() {
			break
		}
		if next = row.Rank + 1; next == Nobody && i+1 < n {
			r.failf("rank %d is the last one there is, and %d rows follow", row.Rank, n-i-1)
		}
	}
	if err := r.finish(ErrInfluence); err != nil {
		return nil, err
	}
	return rows, nil
}

// OpenInfluence reads the influence file of a training record. It returns ErrInfluence for another file, and for a file
// whose rows do not have the record's roots: no answer can be attributed with such a record. It returns ErrOversize
// above MaxInfluenceBytes.
func OpenInfluence(data []byte, t Training) ([]InfluenceRow, error) {
	if len(data) > MaxInfluenceBytes {
		return UnmarshalInfluence(data)
	}
	if got := Hash(sha256.Sum256(data)); got != t.Influence {
		return nil, fmt.Errorf("%w: the file's SHA-256 is %s, the training record says %s", ErrInfluence, got, t.Influence)
	}
	rows, err := UnmarshalInfluence(data)
	if err != nil {
		return nil, err
	}
	if uint64(len(rows)) != uint64(t.Rows) {
		return nil, fmt.Errorf("%w: the file has %d rows, the training record says %d", ErrInfluence, len(rows), t.Rows)
	}
	if got := SketchRoot(rows); got != t.SketchRoot {
		return nil, fmt.Errorf("%w: the file's sketches have root %s, the training record says %s", ErrInfluence, got,
			t.SketchRoot)
	}
	if got := TableRoot(rows); got != t.TableRoot {
		return nil, fmt.Errorf("%w: the file's shares have root %s, the training record says %s", ErrInfluence, got,
			t.TableRoot)
	}
	return rows, nil
}

// ValidateInfluence checks the number, order and bounds of rows. Its errors wrap ErrInfluence.
func ValidateInfluence(rows []InfluenceRow) error {
	if len(rows) == 0 || len(rows) > MaxInfluenceRows {
		return fmt.Errorf("%w: %d rows; use 1 to %d, one for each contribution of the manifest", ErrInfluence, len(rows),
			MaxInfluenceRows)
	}
	sum := uint64(0)
	for i := range rows {
		r := &rows[i]
		switch sum += uint64(r.SharePPM); {
		case r.Rank == Nobody || i > 0 && r.Rank <= rows[i-1].Rank:
			return fmt.Errorf("%w: row %d of rank %d is out of order; sort by rank and give each one row", ErrInfluence, i,
				r.Rank)
		case uint64(r.Tokens) > MaxInfluenceTokens:
			return fmt.Errorf("%w: rank %d has %d tokens, at most %d are allowed", ErrInfluence, r.Rank, r.Tokens,
				MaxInfluenceTokens)
		case sum > TotalPPM:
			return fmt.Errorf("%w: the shares up to rank %d sum to %d ppm, at most %d are allowed", ErrInfluence, r.Rank, sum,
				TotalPPM)
		}
	}
	return nil
}

// SketchRoot returns the Merkle root over LeafHash(be64 rank ‖ be32 tokens ‖ sketch as in the file) of the rows.
func SketchRoot(rows []InfluenceRow) Hash { return MerkleRoot(sketchLeaves(rows)) }

// TableRoot returns the Merkle root over LeafHash(be64 rank ‖ be32 ppm) of the rows.
func TableRoot(rows []InfluenceRow) Hash { return MerkleRoot(tableLeaves(rows)) }

func sketchLeaves(rows []InfluenceRow) []Hash {
	leaves := make([]Hash, len(rows))
	for i := range rows {
		leaves[i] = rows[i].sketchLeaf()
	}
	return leaves
}

func tableLeaves(rows []InfluenceRow) []Hash {
	leaves := make([]Hash, len(rows))
	for i := range rows {
		leaves[i] = rows[i].tableLeaf()
	}
	return leaves
}

func (r *InfluenceRow) sketchLeaf() Hash {
	b := append(make([]byte, 0, 13+SketchBytes), domainLeaf)
	b = binary.BigEndian.AppendUint64(b, r.Rank)
	b = binary.BigEndian.AppendUint32(b, r.Tokens)
	return sha256.Sum256(r.Sketch.append(b))
}

func (r *InfluenceRow) tableLeaf() Hash { return tableLeaf(r.Rank, r.SharePPM) }

func tableLeaf(rank uint64, ppm uint32) Hash {
	var b [13]byte
	b[0] = domainLeaf
	binary.BigEndian.PutUint64(b[1:], rank)
	binary.BigEndian.PutUint32(b[9:], ppm)
	return sha256.Sum256(b[:])
}
