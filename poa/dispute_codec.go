package poa

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// Dispute is one of the proofs, as it is sent to a chain, with the hashes that the record's commitment is computed
// from. Exactly one proof is set.
type Dispute struct {
	QueryHash, AnswerRoot, EvidenceRoot Hash
	// Lora is what an evidence root of method LORA commits to in addition to the rows; nil for other methods and for
	// WrongAnswer.
	Lora *LoraSeal

	ForgedRow      *ForgedRow
	UnqualifiedRow *UnqualifiedRow
	EarlierSegment *EarlierSegment
	WrongBits      *WrongBits
	WrongWeights   *WrongWeights
	WrongAnswer    *SignedOutcome
	WrongScore     *WrongScore
	WrongAmount    *WrongAmount
	WrongSum       *WrongSum
}

// SignedOutcome is what the provider signed for the call, without the fields that the record has.
type SignedOutcome struct {
	Outcome
	// Signature is 64 bytes, by the answer key of the session.
	Signature [64]byte
}

// Kinds of disputes in their encoding, and what Kind returns.
const (
	KindForgedRow      = "forged_row"
	KindUnqualifiedRow = "unqualified_row"
	KindEarlierSegment = "earlier_segment"
	KindWrongBits      = "wrong_bits"
	KindWrongWeights   = "wrong_weights"
	KindWrongAnswer    = "wrong_answer"
	KindWrongScore     = "wrong_score"
	KindWrongAmount    = "wrong_amount"
	KindWrongSum       = "wrong_sum"
)

// Encoding: "OLDSP1\n", query hash, answer root, evidence root, byte kind 1 … 9 in the order above, the proof. For a
// receipt by method LORA kinds 1 … 5 are 128 higher and followed by the seal, and kinds 7 … 9 are followed by it.
//
//	seal:       query hash, be64 bits, be64 sum, be32 contributions, root
//	lora row:   be64 rank, score, sum and amount, uvarint index, byte path length, path
//	base:       uvarint rows, be64 total, Merkle root of the rows
//	row proof:  row (37 bytes), uvarint index, uvarint count, be64 total, byte path length, path
//	opened:     an answer as in evidence, without segments
//	forged:     row proof, segment as in evidence, opened
//	unqualified: row proof, segment, answer as in evidence, uvarint index, answers and segments, byte path length, path
//	earlier:    row proof, segment, uvarint from, opened, byte covering rows, row proofs
//	bits:       row proof, opened
//	weights:    be64 total, uvarint rows, rows; with a seal byte lora rows, per lora row be64 rank, score, sum and
//	            amount, uvarint gap, and then uvarint proof length, proof
//	answer:     answer root, uvarint input, uvarint output, amount fee, 64 bytes signature
//	score:      base, lora row, byte 1 if the answer has a query, and then query, be64 rank, be32 tokens, sketch,
//	            byte path length, path
//	amount:     base, lora row, be64 rank, be32 ppm, byte path length, path
//	sum:        base, byte lora rows, lora rows
const disputeMagic = "OLDSP1\n"

// Kind names the proof that is set, "" if none is.
func (d Dispute) Kind() string {
	switch {
	case d.ForgedRow != nil:
		return KindForgedRow
	case d.UnqualifiedRow != nil:
		return KindUnqualifiedRow
	case d.EarlierSegment != nil:
		return KindEarlierSegment
	case d.WrongBits != nil:
		return KindWrongBits
	case d.WrongWeights != nil:
		return KindWrongWeights
	case d.WrongAnswer != nil:
		return KindWrongAnswer
	case d.WrongScore != nil:
		return KindWrongScore
	case d.WrongAmount != nil:
		return KindWrongAmount
	case d.WrongSum != nil:
		return KindWrongSum
	}
	return ""
}

// MarshalBinary returns the canonical encoding, ErrOversize above MaxDisputeBytes, and ErrDisputeEncoding without a
// proof.
func (d Dispute) MarshalBinary() ([]byte, error) {
	b := append([]byte(disputeMagic), d.QueryHash[:]...)
	b = append(b, d.AnswerRoot[:]...)
	b = append(b, d.EvidenceRoot[:]...)
	b, err := d.appendKind(b)
	if err != nil {
		return nil, err
	}
	switch {
	case d.ForgedRow != nil:
		b = appendRowProof(b, &d.ForgedRow.Row)
		b = appendSegmentProof(b, &d.ForgedRow.Segment)
		b = appendOpened(b, &d.ForgedRow.Opened)
	case d.UnqualifiedRow != nil:
		p := d.UnqualifiedRow
		if err := p.Answer.validate(int(p.Segments)); err != nil {
			return nil, err
		}
		b = appendRowProof(b, &p.Row)
		b = appendSegmentProof(b, &p.Segment)
		b = appendAnswerEvidence(b, &p.Answer)
		b = binary.AppendUvarint(b, uint64(p.Index))
		b = binary.AppendUvarint(b, uint64(p.Answers))
		b = binary.AppendUvarint(b, uint64(p.Segments))
		b = appendHashes(append(b, byte(len(p.Path))), p.Path)
	case d.EarlierSegment != nil:
		b = appendRowProof(b, &d.EarlierSegment.Row)
		b = appendSegmentProof(b, &d.EarlierSegment.Segment)
		b = binary.AppendUvarint(b, uint64(d.EarlierSegment.From))
		b = appendOpened(b, &d.EarlierSegment.Opened)
		b = append(b, byte(len(d.EarlierSegment.Covering)))
		for i := range d.EarlierSegment.Covering {
			b = appendRowProof(b, &d.EarlierSegment.Covering[i])
		}
	case d.WrongBits != nil:
		b = appendRowProof(b, &d.WrongBits.Row)
		b = appendOpened(b, &d.WrongBits.Opened)
	case d.WrongWeights != nil:
		b = binary.BigEndian.AppendUint64(b, d.WrongWeights.TotalBits)
		b = binary.AppendUvarint(b, uint64(len(d.WrongWeights.Rows)))
		for i := range d.WrongWeights.Rows {
			b = d.WrongWeights.Rows[i].append(b)
		}
		if d.Lora != nil {
			b = d.WrongWeights.Lora.append(b)
		}
	case d.WrongAnswer != nil:
		b = append(b, d.WrongAnswer.AnswerRoot[:]...)
		b = binary.AppendUvarint(b, uint64(d.WrongAnswer.InputTokens))
		b = binary.AppendUvarint(b, uint64(d.WrongAnswer.OutputTokens))
		b = appendAmount(b, d.WrongAnswer.Fee)
		b = append(b, d.WrongAnswer.Signature[:]...)
	case d.WrongScore != nil:
		b = d.WrongScore.append(b)
	case d.WrongAmount != nil:
		b = d.WrongAmount.append(b)
	case d.WrongSum != nil:
		b = appendLoraRows(d.WrongSum.Base.append(b), d.WrongSum.Rows)
	}
	if len(b) > MaxDisputeBytes {
		return nil, fmt.Errorf("%w: dispute of %d bytes, at most %d are allowed; open fewer positions", ErrOversize, len(b),
			MaxDisputeBytes)
	}
	return b, nil
}

// numbers of the kinds in their encoding; the first is no kind.
var kinds = [...]string{"", KindForgedRow, KindUnqualifiedRow, KindEarlierSegment, KindWrongBits, KindWrongWeights,
	KindWrongAnswer, KindWrongScore, KindWrongAmount, KindWrongSum}

const (
	kindWrongAnswer = 6
	// sealedKind is added to a kind that may come with a seal or without.
	sealedKind = 128
)

// appendKind appends the number of the kind, and the seal if there is one.
func (d Dispute) appendKind(b []byte) ([]byte, error) {
	kind := slices.Index(kinds[:], d.Kind())
	if kind <= 0 {
		return nil, fmt.Errorf("%w: no proof is set", ErrDisputeEncoding)
	}
	if sealed := d.Lora != nil; sealed && kind == kindWrongAnswer || !sealed && kind > kindWrongAnswer {
		return nil, fmt.Errorf("%w: a proof of kind %s with a seal: %t", ErrDisputeEncoding, d.Kind(), sealed)
	}
	if d.Lora == nil {
		return append(b, byte(kind)), nil
	}
	if kind < kindWrongAnswer {
		kind += sealedKind
	}
	return d.Lora.append(append(b, byte(kind))), nil
}

// readKind reads what appendKind writes.
func (d *Dispute) readKind(r *reader) int {
	kind := int(r.byte())
	if kind >= sealedKind || kind > kindWrongAnswer {
		seal := readLoraSeal(r)
		d.Lora = &seal
	}
	if kind > sealedKind && kind < sealedKind+kindWrongAnswer {
		return kind - sealedKind
	}
	return kind
}

func appendRowProof(b []byte, p *RowProof) []byte {
	b = p.Row.append(b)
	b = binary.AppendUvarint(b, uint64(p.Index))
	b = binary.AppendUvarint(b, uint64(p.Count))
	b = binary.BigEndian.AppendUint64(b, p.TotalBits)
	return appendHashes(append(b, byte(len(p.Path))), p.Path)
}

func appendOpened(b []byte, o *Opened) []byte {
	return appendAnswerEvidence(b, &AnswerEvidence{Count: o.Count, Weight: o.Weight, Openings: o.Openings, Proof: o.Proof})
}

// UnmarshalDispute reads the canonical encoding and nothing else. Above MaxDisputeBytes it returns ErrOversize,
// otherwise ErrDisputeEncoding.
func UnmarshalDispute(data []byte) (Dispute, error) {
	if len(data) > MaxDisputeBytes {
		return Dispute{}, fmt.Errorf("%w: dispute of %d bytes, at most %d are allowed; open fewer positions", ErrOversize,
			len(data), MaxDisputeBytes)
	}
	r := reader{data: data}
	if string(r.bytes(len(disputeMagic))) != disputeMagic {
		return Dispute{}, fmt.Errorf("%w: the bytes do not start with %q", ErrDisputeEncoding, disputeMagic)
	}
	d := Dispute{QueryHash: r.hash(), AnswerRoot: r.hash(), EvidenceRoot: r.hash()}
	switch kind := d.readKind(&r); kind {
	case 1:
		d.ForgedRow = &ForgedRow{Row: readRowProof(&r), Segment: readSegmentProof(&r), Opened: readOpened(&r)}
	case 2:
		d.UnqualifiedRow = readUnqualifiedRow(&r)
	case 3:
		d.EarlierSegment = &EarlierSegment{Row: readRowProof(&r), Segment: readSegmentProof(&r),
			From: uint32(r.uvarint(MaxSegmentTokens)), Opened: readOpened(&r)}
		for n := r.count(uint64(r.byte()), MaxCovering, 1); n > 0 && r.ok(); n-- {
			d.EarlierSegment.Covering = append(d.EarlierSegment.Covering, readRowProof(&r))
		}
	case 4:
		d.WrongBits = &WrongBits{Row: readRowProof(&r), Opened: readOpened(&r)}
	case 5:
		w := &WrongWeights{TotalBits: r.be64()}
		for range r.count(r.uvarint(MaxAnswerTokens), MaxAnswerTokens, rowBytes) {
			w.Rows = append(w.Rows, readRow(&r))
		}
		if d.Lora != nil {
			w.Lora = readLoraRowsProof(&r)
		}
		d.WrongWeights = w
	case 6:
		s := &SignedOutcome{Outcome: Outcome{
			AnswerRoot: r.hash(), InputTokens: uint32(r.uvarint(1<<32 - 1)), OutputTokens: uint32(r.uvarint(1<<32 - 1)),
			Fee: r.amount(),
		}}
		copy(s.Signature[:], r.bytes(len(s.Signature)))
		d.WrongAnswer = s
	case 7:
		d.WrongScore = readWrongScore(&r)
	case 8:
		d.WrongAmount = readWrongAmount(&r)
	case 9:
		d.WrongSum = &WrongSum{Base: readRowsBase(&r), Rows: readLoraRows(&r, 2)}
	default:
		r.failf("dispute of unknown kind %d", kind)
	}
	if err := r.finish(ErrDisputeEncoding); err != nil {
		return Dispute{}, err
	}
	return d, nil
}

func readRowProof(r *reader) RowProof {
	p := RowProof{Row: readRow(r), Index: uint32(r.uvarint(MaxAnswerTokens)), Count: uint32(r.uvarint(MaxAnswerTokens)),
		TotalBits: r.be64()}
	p.Path = r.hashes(r.count(uint64(r.byte()), MaxPathLength, len(Hash{})))
	return p
}

func readOpened(r *reader) Opened {
	a := readAnswerEvidence(r, 0)
	if a.Query != nil {
		r.failf("openings with a query")
	}
	return Opened{Count: a.Count, Weight: a.Weight, Openings: a.Openings, Proof: a.Proof}
}

func readUnqualifiedRow(r *reader) *UnqualifiedRow {
	p := &UnqualifiedRow{Row: readRowProof(r), Segment: readSegmentProof(r),
		Answer: readAnswerEvidence(r, MaxEvidenceBytes)}
	p.Index, p.Answers, p.Segments = uint32(r.uvarint(MaxEvidenceBytes)), uint32(r.uvarint(MaxEvidenceBytes)),
		uint32(r.uvarint(MaxEvidenceBytes))
	p.Path = r.hashes(r.count(uint64(r.byte()), MaxPathLength, len(Hash{})))
	if r.ok() && p.Answer.validate(int(p.Segments)) != nil {
		r.failf("answer refers to segments outside the bundle")
	}
	return p
}

// Loss is what a proven lie took from a contribution, in parts per million of the receipt's data share.
type Loss struct {
	Rank uint64
	PPM  uint32
	// LoraPPM is the part of PPM that is lost by influence, which earns no bonus.
	LoraPPM uint32
}

// Verify checks the proof against a record and the root of its bundle with the Verify function of its kind. It returns
// what the lie took from contributions, as far as the proof shows it. For WrongAnswer it checks the outcome only: see
// VerifyWrongAnswer. training is the training record of the version of the record's model, nil if it has none.
func (d Dispute) Verify(record Record, bundle Hash, training *Training, src ContributionSource,
	stats *Statistics) ([]Loss, error) {
	c := Claim{Record: record, QueryHash: d.QueryHash, AnswerRoot: d.AnswerRoot, EvidenceRoot: d.EvidenceRoot,
		Bundle: bundle, Lora: d.Lora, Training: training}
	switch {
	case d.ForgedRow != nil:
		return nil, VerifyForgedRow(c, *d.ForgedRow, src)
	case d.UnqualifiedRow != nil:
		return nil, VerifyUnqualifiedRow(c, *d.UnqualifiedRow, src, stats)
	case d.EarlierSegment != nil:
		segment, bits, err := overtaken(c, *d.EarlierSegment, src, stats)
		if err != nil {
			return nil, err
		}
		return lostToEarlier(*d.EarlierSegment, segment, bits, src), nil
	case d.WrongBits != nil:
		return nil, VerifyWrongBits(c, *d.WrongBits, stats)
	case d.WrongWeights != nil:
		entries, err := wrongWeights(c, *d.WrongWeights, src)
		return missing(entries, record.Entries), err
	case d.WrongAnswer != nil:
		return nil, VerifyWrongAnswer(c, SignedAnswer{Session: record.Session, N: record.N, Outcome: d.WrongAnswer.Outcome})
	case d.WrongScore != nil:
		return nil, VerifyWrongScore(c, *d.WrongScore)
	case d.WrongAmount != nil:
		return wrongAmount(c, *d.WrongAmount, src)
	case d.WrongSum != nil:
		return nil, VerifyWrongSum(c, *d.WrongSum)
	}
	return nil, fmt.Errorf("%w: no proof is set", ErrDisputeEncoding)
}

// missing returns what the right entries have more than the recorded ones.
func missing(right, recorded []Entry) []Loss {
	var out []Loss
	for _, e := range right {
		got := Entry{}
		for _, r := range recorded {
			if r.Rank == e.Rank {
				got = r
			}
		}
		if e.WeightPPM > got.WeightPPM {
			lost := e.WeightPPM - got.WeightPPM
			out = append(out, Loss{Rank: e.Rank, PPM: lost, LoraPPM: min(lost, e.LoraPPM-min(e.LoraPPM, got.LoraPPM))})
		}
	}
	return out
}
