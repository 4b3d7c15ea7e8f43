package poa

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"slices"
)

// BuildEvidence is the provider's side of VerifyAnswer: it opens exactly the positions in att.Rows under the call key and asks
// proofs for every segment that owns one. The returned segments are sorted by (Rank, Index) and the evidence refers to them.
func BuildEvidence(callKey [32]byte, tokens []TokenID, att Attribution, proofs func(rank uint64, index uint32) (SegmentProof, error)) (AnswerEvidence, []SegmentProof, error) {
	var b EvidenceBuilder
	if err := b.Add(callKey, tokens, att, proofs); err != nil {
		return AnswerEvidence{}, nil, err
	}
	e := b.Evidence()
	return e.Answers[0], e.Segments, nil
}

// EvidenceBuilder collects the evidence of a batch; each segment is included once. The zero value is ready for use.
type EvidenceBuilder struct {
	segments []SegmentProof
	place    map[segmentKey]uint32
	answers  []AnswerEvidence // Segments in order of first use
	size     int
}

// Add appends the evidence of one answer; call it for every receipt that is not a gap, in order. proofs returns the text and path
// of a segment and is asked once per segment of the batch. After an error the builder is as before.
func (b *EvidenceBuilder) Add(callKey [32]byte, tokens []TokenID, att Attribution, proofs func(rank uint64, index uint32) (SegmentProof, error)) error {
	positions, err := openedPositions(len(tokens), att.Rows)
	if err != nil {
		return err
	}
	a := AnswerEvidence{Count: uint32(len(tokens))}
	if a.Proof, err = Multiproof(AnswerLeaves(callKey, tokens), positions); err != nil {
		return err
	}
	mac := hmac.New(sha256.New, callKey[:])
	for _, p := range positions {
		a.Openings = append(a.Openings, Opening{Position: p, Token: tokens[p], Salt: saltFrom(mac, p)})
	}
	fresh, err := b.refer(&a, att.Rows, proofs)
	if err != nil {
		return err
	}
	if b.place == nil {
		b.place = make(map[segmentKey]uint32)
	}
	for _, s := range fresh {
		b.place[segmentKey{s.Rank, s.Index}] = uint32(len(b.segments))
		b.segments = append(b.segments, s)
		b.size += len(appendSegmentProof(nil, &s))
	}
	b.answers = append(b.answers, a)
	b.size += len(appendAnswerEvidence(nil, &a)) + 5*len(a.Segments)
	return nil
}

// openedPositions lists the positions of the rows, which must be ordered and inside the answer.
func openedPositions(count int, rows []Row) ([]uint32, error) {
	if count > MaxAnswerTokens {
		return nil, fmt.Errorf("%w: answer of %d tokens, at most %d are allowed", ErrOversize, count, MaxAnswerTokens)
	}
	var positions []uint32
	from := uint64(0)
	for i, r := range rows {
		end := uint64(r.Position) + uint64(r.Length)
		if r.Length == 0 || uint64(r.Position) < from || end > uint64(count) {
			return nil, fmt.Errorf("%w: row %d covers positions %d to %d of %d; pass the attribution of this answer", ErrAnswer, i, r.Position, end, count)
		}
		for p := r.Position; uint64(p) < end; p++ {
			positions = append(positions, p)
		}
		from = end
	}
	return positions, nil
}

// refer sets a.Segments and returns the segments that the builder does not hold yet.
func (b *EvidenceBuilder) refer(a *AnswerEvidence, rows []Row, proofs func(rank uint64, index uint32) (SegmentProof, error)) ([]SegmentProof, error) {
	var fresh []SegmentProof
	seen := make(map[segmentKey]struct{}, len(rows))
	for _, r := range rows {
		key := segmentKey{r.Rank, r.Segment}
		if _, ok := seen[key]; ok {
			continue
		}
		seen[key] = struct{}{}
		if at, ok := b.place[key]; ok {
			a.Segments = append(a.Segments, at)
			continue
		}
		s, err := proofs(r.Rank, r.Segment)
		if err != nil {
			return nil, fmt.Errorf("proof of segment %d of rank %d: %w", r.Segment, r.Rank, err)
		}
		if s.Rank != r.Rank || s.Index != r.Segment {
			return nil, fmt.Errorf("%w: asked for segment %d of rank %d, got %d of %d", ErrSegmentPath, r.Segment, r.Rank, s.Index, s.Rank)
		}
		s.Content, s.Path = bytes.Clone(s.Content), slices.Clone(s.Path)
		a.Segments = append(a.Segments, uint32(len(b.segments)+len(fresh)))
		fresh = append(fresh, s)
	}
	return fresh, nil
}

// Size returns an upper bound of the encoded evidence in bytes: start a new batch before it passes MaxEvidenceBytes.
func (b *EvidenceBuilder) Size() int { return len(evidenceMagic) + 10 + b.size }

// Evidence returns what was added, in canonical order. The builder can go on.
func (b *EvidenceBuilder) Evidence() Evidence {
	order := make([]uint32, len(b.segments)) // by canonical place: place in the builder
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(x, y uint32) int {
		s, t := &b.segments[x], &b.segments[y]
		return cmp.Or(cmp.Compare(s.Rank, t.Rank), cmp.Compare(s.Index, t.Index))
	})
	canonical := make([]uint32, len(order)) // by place in the builder: canonical place
	e := Evidence{}
	for i, at := range order {
		canonical[at] = uint32(i)
		e.Segments = append(e.Segments, b.segments[at])
	}
	for _, a := range b.answers {
		a.Segments = slices.Clone(a.Segments)
		for i, at := range a.Segments {
			a.Segments[i] = canonical[at]
		}
		slices.Sort(a.Segments)
		e.Answers = append(e.Answers, a)
	}
	return e
}
