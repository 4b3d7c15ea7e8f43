package poa

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// A dispute proves in one message that a recorded receipt is a lie (README.md, section 7a). The Verify functions below
// return nil if the lie is proven and an error that wraps ErrDispute, or names what is wrong with the proof, if it is
// not. An honest provider who follows the rule can never be convicted: whatever a proof leaves out only makes
// alignments shorter.

const (
	// MaxDisputeBytes is the largest encoded dispute.
	MaxDisputeBytes = 8 << 10
	// MaxDisputePairs bounds the pairs of equal tokens that a dispute may align: well below a millisecond of work.
	MaxDisputePairs = 1 << 13
)

// Claim is what one receipt claims, and what is needed to judge it.
type Claim struct {
	// Record is what the chain stores.
	Record Record
	// QueryHash, AnswerRoot and EvidenceRoot lead to the record's commitment.
	QueryHash, AnswerRoot, EvidenceRoot Hash
	// Bundle is the root of the batch's evidence (Evidence.Root).
	Bundle Hash
	// Lora is what an evidence root of method LORA commits to in addition to the rows; nil for other methods.
	Lora *LoraSeal
	// Training is the training record of the model's version; nil if it has none. Only disputes about influence need it.
	Training *Training
}

func (c Claim) validate() error {
	claimed := Receipt{QueryHash: c.QueryHash, AnswerRoot: c.AnswerRoot, EvidenceRoot: c.EvidenceRoot}
	if got := claimed.Commitment(); got != c.Record.Commitment {
		return fmt.Errorf("%w: query, answer and evidence lead to commitment %s, the record says %s", ErrDispute, got,
			c.Record.Commitment)
	}
	return nil
}

// leadsFrom checks that the evidence root follows from the root over the rows of SPAN, windows and MEANING.
func (c Claim) leadsFrom(rows Hash) error {
	if (c.Lora != nil) != (c.Record.Method == MethodLora) {
		return fmt.Errorf("%w: the seal of method %d belongs to proofs about its receipts and to no others; the record's "+
			"method is %d", ErrDispute, MethodLora, c.Record.Method)
	}
	got := rows
	if c.Lora != nil {
		got = c.Lora.root(rows)
	}
	if got != c.EvidenceRoot {
		return fmt.Errorf("%w: the rows lead to evidence root %s, the receipt says %s", ErrDispute, got, c.EvidenceRoot)
	}
	return nil
}

// RowProof shows that an evidence root commits to a row.
type RowProof struct {
	Row Row
	// Index of the row among Count; TotalBits as in Attribution.
	Index, Count uint32
	TotalBits    uint64
	Path         []Hash
}

// NewRowProof proves the i-th row of an attribution.
func NewRowProof(a Attribution, i int) (RowProof, error) {
	path, err := MerklePath(rowLeaves(a.Rows), i)
	if err != nil {
		return RowProof{}, err
	}
	return RowProof{Row: a.Rows[i], Index: uint32(i), Count: uint32(len(a.Rows)), TotalBits: a.TotalBits, Path: path}, nil
}

func (p *RowProof) verify(c Claim) error {
	tree, err := pathRoot(p.Row.leaf(), uint64(p.Index), uint64(p.Count), p.Path)
	if err != nil {
		return err
	}
	return c.leadsFrom(rowsRoot(p.Count, p.TotalBits, tree))
}

// end returns the position behind the row.
func (r *Row) end() uint64 { return uint64(r.Position) + uint64(r.Length) }

// Opened are some opened positions of an answer, with their own multiproof.
type Opened struct {
	Count    uint32
	Weight   uint32 `json:",omitempty"`
	Openings []Opening
	Proof    []Hash
}

// Narrow returns the openings at the given positions, increasing, out of those of the evidence. It fails with
// ErrOpening if one of them is not opened there: a dispute opens nothing that the bundle does not open.
func Narrow(a AnswerEvidence, positions []uint32) (Opened, error) {
	out := Opened{Count: a.Count, Weight: a.Weight}
	all, leaves := make([]uint32, len(a.Openings)), make([]Hash, len(a.Openings))
	for i, o := range a.Openings {
		all[i], leaves[i] = o.Position, o.leaf()
	}
	for _, p := range positions {
		i, ok := slices.BinarySearch(all, p)
		if !ok {
			return Opened{}, fmt.Errorf("%w: position %d is not opened by the evidence", ErrOpening, p)
		}
		out.Openings = append(out.Openings, a.Openings[i])
	}
	n := narrower{all: all, leaves: leaves, proof: a.Proof, wanted: positions}
	if _, ok := n.walk(0, uint64(a.Count)); !ok || len(n.proof) > 0 {
		return Opened{}, fmt.Errorf("%w: the evidence has a multiproof of another shape", ErrOpening)
	}
	out.Proof = n.out
	return out, nil
}

// narrower turns a multiproof into one for fewer positions.
type narrower struct {
	all, wanted []uint32
	leaves      []Hash
	proof, out  []Hash
}

// walk returns the root of the subtree over positions [first, first+n) and appends to out what the narrower proof needs
// of it.
func (n *narrower) walk(first, size uint64) (Hash, bool) {
	return n.subtree(first, size, n.all, n.leaves, n.wanted)
}

func (n *narrower) subtree(first, size uint64, all []uint32, leaves []Hash, wanted []uint32) (Hash, bool) {
	mark := len(n.out)
	var root Hash
	switch {
	case len(all) == 0:
		if len(n.proof) == 0 {
			return Hash{}, false
		}
		root, n.proof = n.proof[0], n.proof[1:]
	case size == 1:
		root = leaves[0]
	default:
		k := splitPoint(size)
		cut, cutWanted := lowerBound(all, uint32(first+k)), lowerBound(wanted, uint32(first+k))
		l, ok := n.subtree(first, k, all[:cut], leaves[:cut], wanted[:cutWanted])
		if !ok {
			return Hash{}, false
		}
		r, ok := n.subtree(first+k, size-k, all[cut:], leaves[cut:], wanted[cutWanted:])
		if !ok {
			return Hash{}, false
		}
		root = NodeHash(l, r)
	}
	if len(wanted) == 0 {
		n.out = append(n.out[:mark], root)
	}
	return root, true
}

// verify checks the openings against an answer root and returns the answer as far as they go.
func (o *Opened) verify(root Hash) (Answer, error) {
	a := AnswerEvidence{Count: o.Count, Weight: o.Weight, Openings: o.Openings, Proof: o.Proof}
	if err := a.validate(0); err != nil {
		return Answer{}, err
	}
	if err := verifyOpenings(Receipt{AnswerRoot: root}, &a); err != nil {
		return Answer{}, err
	}
	return a.opened(MethodRAG, NormVersion), nil
}

// pairs counts the pairs of equal tokens that an alignment looks at.
func (a *Answer) pairs(tokens []TokenID) int {
	counts := make(map[TokenID]int, len(tokens))
	for _, id := range tokens {
		counts[id]++
	}
	n := 0
	for p, id := range a.Tokens {
		if !a.hidden(p) {
			n += counts[id]
		}
	}
	return n
}

// disputedSegment checks a segment's path by the rules of NormVersion, which batches in dispute are recorded under, and
// that an alignment with it stays within bounds.
func disputedSegment(s *SegmentProof, a *Answer, src ContributionSource) (Segment, error) {
	if src == nil {
		return Segment{}, fmt.Errorf("%w: no source of contributions given", ErrContribution)
	}
	if len(s.Path) > MaxPathLength {
		return Segment{}, fmt.Errorf("%w: path of %d hashes", ErrSegmentPath, len(s.Path))
	}
	segment, err := verifiedSegment(s, src, NormVersion)
	if err != nil {
		return Segment{}, err
	}
	if n := a.pairs(segment.Tokens); n > MaxDisputePairs {
		return Segment{}, fmt.Errorf("%w: %d pairs of equal tokens, at most %d are aligned; open fewer positions",
			ErrOversize, n, MaxDisputePairs)
	}
	segment.Stems = newSegment(NormVersion, 0, 0, s.Content).Stems
	return segment, nil
}

// alone gives an answer to one segment, under one seed or through windows, as if there were no other.
func alone(a Answer, s Segment, seed uint32, window bool, stats *Statistics) (*workspace, error) {
	w := &workspace{}
	w.open(a, stats)
	w.meter.bound(disputeUnits)
	if window {
		(&windowWorkspace{}).attribute(w, a, []Segment{s})
	} else {
		w.align(s, []uint32{seed})
	}
	if w.meter.err != nil {
		return nil, fmt.Errorf("%w: comparing answer and segment takes more than %d units of work; open fewer positions",
			ErrOversize, disputeUnits)
	}
	return w, nil
}

// DisputeCommitment returns what a challenger commits to before revealing a dispute: SHA-256("openledger/dispute/v1" ‖
// len8 challenger ‖ challenger ‖ be64 batch ‖ be32 index ‖ SHA-256(proof) ‖ len8 salt ‖ salt).
func DisputeCommitment(challenger []byte, batch uint64, index uint32, proof, salt []byte) Hash {
	b := appendShort([]byte("openledger/dispute/v1"), challenger)
	b = binary.BigEndian.AppendUint64(b, batch)
	b = binary.BigEndian.AppendUint32(b, index)
	sum := hashConcat(proof)
	b = append(b, sum[:]...)
	return hashConcat(appendShort(b, salt))
}

// DisputeWorkUnits bounds the work of Dispute.Verify in the units of WorkUnits.
const DisputeWorkUnits = disputeUnits + 8*MaxDisputeBytes*unitsPerHash/8

// disputeUnits of comparing an answer with a segment.
const disputeUnits = MaxDisputePairs * (unitsPerPair + unitsPerWindow)
