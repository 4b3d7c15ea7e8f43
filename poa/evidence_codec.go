package poa

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
)

// Encoding of evidence: "OLEVD1\n", uvarint number of segments, the segments, uvarint number of answers, the answers.
//
//	segment: uvarint rank, uvarint index, uvarint length, content, byte path length, path
//	answer:  uvarint count, plus 8192 if openings have marks, plus 16384 · weight, plus 2^28 if there is a query,
//	         uvarint openings, per opening uvarint gap (with marks 4·gap + marks), byte length of the word,
//	         the word (or be64 token after length 0), 16 bytes salt,
//	         uvarint proof length, proof,
//	         uvarint segments, per segment uvarint 2·gap, plus 1 if it owns through windows,
//	         uvarint seed,
//	         the query, if there is one
//
// A gap is the distance from the previous value less one, the first one the value itself, so that order is part of the
// form.

const (
	minSegmentBytes = 5  // rank, index, length, one byte of content, path length
	minAnswerBytes  = 4  // four numbers
	openingBytes    = 19 // gap, length, one byte of a word, salt

	// markedCount is added to the count of an answer whose openings have marks.
	markedCount = 2 * MaxAnswerTokens
	// askedCount is added if the answer has a query. Weights, of at most 2 · MaxAnswerTokens, reach up to half of it.
	askedCount = 1 << 28
)

func appendEvidence(b []byte, e Evidence) []byte {
	b = append(b, evidenceMagic...)
	b = binary.AppendUvarint(b, uint64(len(e.Segments)))
	for i := range e.Segments {
		b = appendSegmentProof(b, &e.Segments[i])
	}
	b = binary.AppendUvarint(b, uint64(len(e.Answers)))
	for i := range e.Answers {
		b = appendAnswerEvidence(b, &e.Answers[i])
	}
	return b
}

func appendSegmentProof(b []byte, s *SegmentProof) []byte {
	b = binary.AppendUvarint(b, s.Rank)
	b = binary.AppendUvarint(b, uint64(s.Index))
	b = binary.AppendUvarint(b, uint64(len(s.Content)))
	b = append(b, s.Content...)
	b = append(b, byte(len(s.Path)))
	return appendHashes(b, s.Path)
}

func appendAnswerEvidence(b []byte, a *AnswerEvidence) []byte {
	count, marked := uint64(a.Count), slices.ContainsFunc(a.Openings, func(o Opening) bool { return o.Marks != 0 })
	if marked {
		count += markedCount
	}
	if count += uint64(a.Weight) * 2 * markedCount; a.Query != nil {
		count += askedCount
	}
	b = binary.AppendUvarint(b, count)
	b = binary.AppendUvarint(b, uint64(len(a.Openings)))
	from := uint32(0)
	for _, o := range a.Openings {
		if gap := uint64(o.Position - from); marked {
			b = binary.AppendUvarint(b, 4*gap+uint64(o.Marks))
		} else {
			b = binary.AppendUvarint(b, gap)
		}
		b = append(b, byte(len(o.Word)))
		if o.Word == nil {
			b = binary.BigEndian.AppendUint64(b, uint64(o.Token))
		} else {
			b = append(b, o.Word...)
		}
		b = append(b, o.Salt[:]...)
		from = o.Position + 1
	}
	b = binary.AppendUvarint(b, uint64(len(a.Proof)))
	b = appendHashes(b, a.Proof)
	b = binary.AppendUvarint(b, uint64(len(a.Segments)))
	from = 0
	windows := a.Windows
	for i, s := range a.Segments {
		gap := 2 * uint64(s-from)
		if len(windows) > 0 && windows[0] == s {
			gap, windows = gap+1, windows[1:]
		}
		b = binary.AppendUvarint(b, gap)
		b = binary.AppendUvarint(b, uint64(a.Seeds[i]))
		from = s + 1
	}
	if a.Query != nil {
		b = a.Query.append(b)
	}
	return b
}

// UnmarshalEvidence reads the canonical encoding and nothing else: what it returns passes Validate and encodes to the
// same bytes. Above MaxEvidenceBytes it returns ErrOversize, otherwise ErrEvidenceEncoding.
func UnmarshalEvidence(data []byte) (Evidence, error) {
	if len(data) > MaxEvidenceBytes {
		return Evidence{}, fmt.Errorf("%w: evidence of %d bytes, at most %d are allowed; send fewer receipts per batch",
			ErrOversize, len(data), MaxEvidenceBytes)
	}
	r := reader{data: data}
	if string(r.bytes(len(evidenceMagic))) != evidenceMagic {
		return Evidence{}, fmt.Errorf("%w: the bytes do not start with %q", ErrEvidenceEncoding, evidenceMagic)
	}
	var e Evidence
	n := r.count(r.uvarint(MaxEvidenceBytes), MaxEvidenceBytes, minSegmentBytes)
	for i := 0; i < n && r.ok(); i++ {
		e.Segments = append(e.Segments, readSegmentProof(&r))
		if i > 0 && !segmentBefore(&e.Segments[i-1], &e.Segments[i]) {
			r.failf("segment %d is out of order", i)
		}
	}
	n = r.count(r.uvarint(MaxEvidenceBytes), MaxEvidenceBytes, minAnswerBytes)
	for i := 0; i < n && r.ok(); i++ {
		e.Answers = append(e.Answers, readAnswerEvidence(&r, len(e.Segments)))
	}
	if err := r.finish(ErrEvidenceEncoding); err != nil {
		return Evidence{}, err
	}
	return e, nil
}

func readSegmentProof(r *reader) SegmentProof {
	s := SegmentProof{Rank: r.uvarint(^uint64(0)), Index: uint32(r.uvarint(1<<32 - 1))}
	size := int(r.uvarint(MaxSegmentBytes))
	if r.ok() && size == 0 {
		r.failf("segment without content")
	}
	s.Content = bytes.Clone(r.bytes(size))
	s.Path = r.hashes(r.count(uint64(r.byte()), MaxPathLength, len(Hash{})))
	return s
}

func readAnswerEvidence(r *reader, segments int) AnswerEvidence {
	count := r.uvarint(askedCount + (4*MaxAnswerTokens+1)*markedCount + MaxAnswerTokens)
	asked := count >= askedCount
	count %= askedCount
	weight := uint32(count / (2 * markedCount))
	count %= 2 * markedCount
	marked, marks := count >= markedCount, uint8(0)
	if marked {
		count -= markedCount
	}
	if count > MaxAnswerTokens || weight > 2*uint32(count) {
		r.failf("answer of %d tokens with weight %d", count, weight)
	}
	a := AnswerEvidence{Count: uint32(count), Weight: weight}
	if n := r.count(r.uvarint(uint64(a.Count)), uint64(a.Count), openingBytes); n > 0 {
		a.Openings = make([]Opening, n)
	}
	from := uint32(0)
	for i := range a.Openings {
		o := &a.Openings[i]
		if marked {
			gap := r.uvarint(4*MaxAnswerTokens + 3)
			o.Position, o.Marks = from+uint32(gap/4), uint8(gap%4)
			marks |= o.Marks
		} else {
			o.Position = from + uint32(r.uvarint(MaxAnswerTokens))
		}
		if r.ok() && o.Position >= a.Count {
			r.failf("opening at position %d of %d", o.Position, a.Count)
		}
		readWord(r, o)
		copy(o.Salt[:], r.bytes(len(o.Salt)))
		if !r.ok() {
			return AnswerEvidence{}
		}
		from = o.Position + 1
	}
	if marked && marks == 0 {
		r.failf("answer with marks of which none is set")
	}
	limit := uint64(a.Count) + 1
	a.Proof = r.hashes(r.count(r.uvarint(limit), limit, len(Hash{})))
	if n := r.count(r.uvarint(uint64(segments)), uint64(segments), 2); n > 0 {
		a.Segments, a.Seeds = make([]uint32, n), make([]uint32, n)
	}
	next := uint64(0)
	for i := range a.Segments {
		gap := r.uvarint(2*MaxEvidenceBytes + 1)
		s := next + gap/2
		if r.ok() && s >= uint64(segments) {
			r.failf("reference to segment %d of %d", s, segments)
		}
		if !r.ok() {
			return AnswerEvidence{}
		}
		a.Segments[i] = uint32(s)
		a.Seeds[i] = uint32(r.uvarint(MaxAnswerTokens))
		if r.ok() && a.Seeds[i] > a.Count {
			r.failf("seed at position %d of %d", a.Seeds[i], a.Count)
		}
		if gap&1 != 0 {
			a.Windows = append(a.Windows, uint32(s))
		}
		next = s + 1
	}
	if r.ok() && len(a.Windows) > MaxMeaningSegments {
		r.failf("%d segments with windows", len(a.Windows))
	}
	if asked {
		a.Query = &LoraQuery{readSketch(r)}
	}
	return a
}

// readWord reads a word, or the id of a token that stays undisclosed.
func readWord(r *reader, o *Opening) {
	n := int(r.byte())
	if n == 0 {
		o.Token = TokenID(r.be64())
		return
	}
	o.Word = bytes.Clone(r.bytes(n))
	if r.ok() && !isWord(o.Word) {
		r.failf("opening at position %d is not one lowered token", o.Position)
	}
	o.Token = hashToken(o.Word)
}
