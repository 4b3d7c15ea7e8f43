package poa

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
)

// Parameters of method LORA, frozen with MethodLora. KappaBits is a parameter of it, too.
const (
	// LoraPartPPM is the largest part of an answer's weight that is given by influence, in ppm.
	LoraPartPPM = 300_000
	// LoraBound times its share in the influence table is the most that one contribution gets of that part.
	LoraBound = 4
)

// LoraPart is the part of an attribution that contributions get by their influence on the adapter.
type LoraPart struct {
	// Query is the answer's query; nil if the part follows from the influence table alone.
	Query *LoraQuery `json:",omitempty"`
	// Bits is the amount to give, in Q16 bits: what SPAN and MEANING leave, at most LoraPartPPM of TotalBits.
	Bits uint64
	// Rows has one row for each row of the influence file, in the same order.
	Rows []LoraRow
}

// LoraRow is what one contribution gets of an answer by its influence.
type LoraRow struct {
	// Rank names the contribution.
	Rank uint64
	// Score is LoraQuery.Score in Q16 bits, and 0 without a query. It is also the amount, if all scores together are at
	// most LoraPart.Bits and the table allows it.
	Score uint64
	// Sum is the sum of the scores of this row and of the rows before it, in Q16 bits.
	Sum uint64
	// Amount is what the contribution gets if none of its segments is stopped, in Q16 bits.
	Amount uint64
}

// LoraSeal is what an evidence root of method LORA commits to in addition to the rows of SPAN and MEANING.
type LoraSeal struct {
	// Query is LoraQuery.Hash: zero without a query.
	Query Hash
	// Bits is LoraPart.Bits, and Sum is the Sum of its last row.
	Bits, Sum uint64
	// Contributions is the number of rows, and Rows the Merkle root over them.
	Contributions uint32
	Rows          Hash
}

// Standing says how many segments a contribution has, and how many of them are stopped. A contribution that is not in
// the manifest has the zero value.
type Standing struct{ Segments, Stopped uint32 }

// kept returns what a contribution keeps of an amount by influence, rounded down. Nobody can say which of its segments
// had the influence, so each segment counts for the same part.
func (s Standing) kept(amount uint64) uint64 {
	if s.Stopped >= s.Segments {
		return 0
	}
	return mulDiv(amount, uint64(s.Segments-s.Stopped), uint64(s.Segments))
}

// AddLora adds the part of method LORA: it divides what the rows of SPAN and MEANING leave among the contributions of
// an influence file. Without a query, the amounts follow from the shares of the influence table. AddLora does not
// change Entries: call Weigh afterwards. It returns ErrInfluence for rows that ValidateInfluence refuses.
func (a *Attribution) AddLora(influence []InfluenceRow, query *LoraQuery) error {
	if err := ValidateInfluence(influence); err != nil {
		return err
	}
	part := &LoraPart{Query: query, Bits: loraBits(a.Rows, a.TotalBits), Rows: make([]LoraRow, len(influence))}
	var scorer *scorer
	if query != nil {
		scorer = newScorer(query, len(influence))
	}
	sum := uint64(0) // at most 2^16 rows of 2^41
	for i := range influence {
		r := &part.Rows[i]
		if r.Rank = influence[i].Rank; query != nil {
			r.Score = scorer.score(&influence[i])
		}
		sum += r.Score
		r.Sum = sum
	}
	for i := range influence {
		r := &part.Rows[i]
		r.Amount = loraAmount(part.Bits, r.Score, sum, influence[i].SharePPM, query != nil)
	}
	a.Lora = part
	return nil
}

// loraBits returns the Q16 bits that are given by influence next to rows of SPAN and MEANING.
func loraBits(rows []Row, total uint64) uint64 {
	left := total
	for i := range rows {
		left -= min(left, uint64(rows[i].Bits))
	}
	return min(left, mulDiv(total, LoraPartPPM, TotalPPM))
}

// loraAmount returns what a contribution gets, in Q16 bits: its score, or its share of the part if the scores sum to
// more than the part, but at most what its share in the influence table allows.
func loraAmount(part, score, sum uint64, share uint32, asked bool) uint64 {
	switch {
	case !asked:
		return mulDiv(part, uint64(share), TotalPPM)
	case part == 0:
		return 0
	}
	return min(mulDiv(part, score, max(part, sum)), mulDiv(part, LoraBound*uint64(share), TotalPPM))
}

// mulDiv returns a · b / c, rounded down, and the largest number if the result has more than 64 bits. c must not be 0.
func mulDiv(a, b, c uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	if hi >= c {
		return math.MaxUint64
	}
	q, _ := bits.Div64(hi, lo, c)
	return q
}

// loraPPM returns an amount by influence in parts per million of a total, rounded up.
func loraPPM(amount, total uint64) uint32 {
	if total == 0 || amount >= total {
		return TotalPPM * uint32(min(amount, 1))
	}
	hi, lo := bits.Mul64(amount, TotalPPM)
	ppm, rest := bits.Div64(hi, lo, total)
	return uint32(ppm + min(rest, 1))
}

// Seal returns what the evidence root commits to.
func (p *LoraPart) Seal() LoraSeal {
	s := LoraSeal{Query: p.Query.Hash(), Bits: p.Bits, Contributions: uint32(len(p.Rows)), Rows: MerkleRoot(p.leaves())}
	if n := len(p.Rows); n > 0 {
		s.Sum = p.Rows[n-1].Sum
	}
	return s
}

func (p *LoraPart) leaves() []Hash {
	leaves := make([]Hash, len(p.Rows))
	for i := range p.Rows {
		leaves[i] = p.Rows[i].leaf()
	}
	return leaves
}

// root returns the evidence root, given the root over the rows of SPAN and MEANING.
func (s LoraSeal) root(rows Hash) Hash {
	b := append(make([]byte, 0, 1+len(rows)+loraSealBytes), domainLora)
	return sha256.Sum256(s.append(append(b, rows[:]...)))
}

// loraSealBytes is the length of an encoded seal, and loraRowBytes the length of a row.
const loraSealBytes, loraRowBytes = 32 + 8 + 8 + 4 + 32, 4 * 8

func (s *LoraSeal) append(b []byte) []byte {
	b = append(b, s.Query[:]...)
	b = binary.BigEndian.AppendUint64(b, s.Bits)
	b = binary.BigEndian.AppendUint64(b, s.Sum)
	b = binary.BigEndian.AppendUint32(b, s.Contributions)
	return append(b, s.Rows[:]...)
}

func readLoraSeal(r *reader) LoraSeal {
	return LoraSeal{Query: r.hash(), Bits: r.be64(), Sum: r.be64(), Contributions: r.be32(), Rows: r.hash()}
}

func (r *LoraRow) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, r.Rank)
	b = binary.BigEndian.AppendUint64(b, r.Score)
	b = binary.BigEndian.AppendUint64(b, r.Sum)
	return binary.BigEndian.AppendUint64(b, r.Amount)
}

func (r *LoraRow) leaf() Hash {
	var b [1 + loraRowBytes]byte
	b[0] = domainLeaf
	r.append(b[:1])
	return sha256.Sum256(b[:])
}

func readLoraRow(r *reader) LoraRow {
	return LoraRow{Rank: r.be64(), Score: r.be64(), Sum: r.be64(), Amount: r.be64()}
}

// strongest adds what contributions get by influence to their shares from rows, and returns the MaxEntries largest, in
// the order of apportion. standing is called only for contributions that may be among them; nil means that nothing is
// stopped.
func (p *LoraPart) strongest(shares []share, standing func(rank uint64) Standing) []share {
	shares = mergeByRank(shares)
	top := make([]share, 0, MaxEntries+1)
	enters := func(s share) bool {
		return s.bits > 0 && (len(top) < MaxEntries || largerShare(s, top[len(top)-1]) < 0)
	}
	add := func(s share) {
		if enters(s) {
			at, _ := slices.BinarySearchFunc(top, s, largerShare)
			top = slices.Insert(top, at, s)
			top = top[:min(len(top), MaxEntries)]
		}
	}
	for i := range p.Rows {
		r := &p.Rows[i]
		for len(shares) > 0 && shares[0].rank < r.Rank {
			add(shares[0])
			shares = shares[1:]
		}
		s := share{rank: r.Rank}
		if len(shares) > 0 && shares[0].rank == r.Rank {
			s, shares = shares[0], shares[1:]
		}
		if r.Amount > 0 && enters(share{rank: s.rank, bits: s.bits + r.Amount}) {
			if s.lora = r.Amount; standing != nil {
				s.lora = standing(r.Rank).kept(r.Amount)
			}
			s.bits += s.lora
		}
		add(s)
	}
	for _, s := range shares {
		add(s)
	}
	return top
}

// largerShare orders shares as the entries of a receipt are ordered: the largest first, equal ones by the lower rank.
func largerShare(a, b share) int {
	return cmp.Or(cmp.Compare(b.bits, a.bits), cmp.Compare(a.rank, b.rank))
}
