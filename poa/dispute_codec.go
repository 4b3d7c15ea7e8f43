package poa

import (
	"encoding/binary"
	"fmt"
)

// Dispute is one of the proofs, with what leads to the record's commitment, as it is sent to a chain. Exactly one proof
// is set.
type Dispute struct {
	QueryHash, AnswerRoot, EvidenceRoot Hash

	ForgedRow      *ForgedRow
	UnqualifiedRow *UnqualifiedRow
	EarlierSegment *EarlierSegment
	WrongBits      *WrongBits
	WrongWeights   *WrongWeights
	WrongAnswer    *SignedOutcome
}

// SignedOutcome is what the provider signed for the call, without what the record tells.
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
)

// Encoding: "OLDSP1\n", query hash, answer root, evidence root, byte kind 1 … 6 in the order above, the proof.
//
//	row proof:  row (37 bytes), uvarint index, uvarint count, be64 total, byte path length, path
//	opened:     an answer as in evidence, without segments
//	forged:     row proof, segment as in evidence, opened
//	unqualified: row proof, segment, answer as in evidence, uvarint index, answers and segments, byte path length, path
//	earlier:    row proof, segment, uvarint from, opened, byte covering rows, row proofs
//	bits:       row proof, opened
//	weights:    be64 total, uvarint rows, rows
//	answer:     answer root, uvarint input, uvarint output, amount fee, 64 bytes signature
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
	}
	return ""
}

// MarshalBinary returns the canonical encoding, ErrOversize above MaxDisputeBytes, and ErrDisputeEncoding without a
// proof.
func (d Dispute) MarshalBinary() ([]byte, error) {
	b := append([]byte(disputeMagic), d.QueryHash[:]...)
	b = append(b, d.AnswerRoot[:]...)
	b = append(b, d.EvidenceRoot[:]...)
	switch {
	case d.ForgedRow != nil:
		b = appendRowProof(append(b, 1), &d.ForgedRow.Row)
		b = appendSegmentProof(b, &d.ForgedRow.Segment)
		b = appendOpened(b, &d.ForgedRow.Opened)
	case d.UnqualifiedRow != nil:
		p := d.UnqualifiedRow
		if err := p.Answer.validate(int(p.Segments)); err != nil {
			return nil, err
		}
		b = appendRowProof(append(b, 2), &p.Row)
		b = appendSegmentProof(b, &p.Segment)
		b = appendAnswerEvidence(b, &p.Answer)
		b = binary.AppendUvarint(b, uint64(p.Index))
		b = binary.AppendUvarint(b, uint64(p.Answers))
		b = binary.AppendUvarint(b, uint64(p.Segments))
		b = appendHashes(append(b, byte(len(p.Path))), p.Path)
	case d.EarlierSegment != nil:
		b = appendRowProof(append(b, 3), &d.EarlierSegment.Row)
		b = appendSegmentProof(b, &d.EarlierSegment.Segment)
		b = binary.AppendUvarint(b, uint64(d.EarlierSegment.From))
		b = appendOpened(b, &d.EarlierSegment.Opened)
		b = append(b, byte(len(d.EarlierSegment.Covering)))
		for i := range d.EarlierSegment.Covering {
			b = appendRowProof(b, &d.EarlierSegment.Covering[i])
		}
	case d.WrongBits != nil:
		b = appendRowProof(append(b, 4), &d.WrongBits.Row)
		b = appendOpened(b, &d.WrongBits.Opened)
	case d.WrongWeights != nil:
		b = binary.BigEndian.AppendUint64(append(b, 5), d.WrongWeights.TotalBits)
		b = binary.AppendUvarint(b, uint64(len(d.WrongWeights.Rows)))
		for i := range d.WrongWeights.Rows {
			b = d.WrongWeights.Rows[i].append(b)
		}
	case d.WrongAnswer != nil:
		b = append(append(b, 6), d.WrongAnswer.AnswerRoot[:]...)
		b = binary.AppendUvarint(b, uint64(d.WrongAnswer.InputTokens))
		b = binary.AppendUvarint(b, uint64(d.WrongAnswer.OutputTokens))
		b = appendAmount(b, d.WrongAnswer.Fee)
		b = append(b, d.WrongAnswer.Signature[:]...)
	default:
		return nil, fmt.Errorf("%w: no proof is set", ErrDisputeEncoding)
	}
	if len(b) > MaxDisputeBytes {
		return nil, fmt.Errorf("%w: dispute of %d bytes, at most %d are allowed; open fewer positions", ErrOversize, len(b),
			MaxDisputeBytes)
	}
	return b, nil
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
	switch kind := r.byte(); kind {
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
		d.WrongWeights = w
	case 6:
		s := &SignedOutcome{Outcome: Outcome{
			AnswerRoot: r.hash(), InputTokens: uint32(r.uvarint(1<<32 - 1)), OutputTokens: uint32(r.uvarint(1<<32 - 1)),
			Fee: r.amount(),
		}}
		copy(s.Signature[:], r.bytes(len(s.Signature)))
		d.WrongAnswer = s
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
}

// Verify checks the proof against a record and the root of its bundle with the Verify function of its kind. It returns
// what the lie took from contributions, as far as the proof shows it. For WrongAnswer it checks the outcome only: see
// VerifyWrongAnswer.
func (d Dispute) Verify(record Record, bundle Hash, src ContributionSource, stats *Statistics) ([]Loss, error) {
	c := Claim{Record: record, QueryHash: d.QueryHash, AnswerRoot: d.AnswerRoot, EvidenceRoot: d.EvidenceRoot,
		Bundle: bundle}
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
	}
	return nil, fmt.Errorf("%w: no proof is set", ErrDisputeEncoding)
}

// missing returns what right entries have more than recorded ones.
func missing(right, recorded []Entry) []Loss {
	var out []Loss
	for _, e := range right {
		got := uint32(0)
		for _, r := range recorded {
			if r.Rank == e.Rank {
				got = r.WeightPPM
			}
		}
		if e.WeightPPM > got {
			out = append(out, Loss{Rank: e.Rank, PPM: e.WeightPPM - got})
		}
	}
	return out
}
