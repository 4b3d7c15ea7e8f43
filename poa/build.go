package poa

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"slices"
)

// BuildEvidence is the provider's side of VerifyAnswer: it opens exactly the positions in att.Rows under the call key
// and asks proofs for every segment that owns one. The returned segments are sorted by (Rank, Index) and the evidence
// refers to them.
func BuildEvidence(callKey [32]byte, tokens []TokenID, att Attribution,
	proofs func(rank uint64, index uint32) (SegmentProof, error)) (AnswerEvidence, []SegmentProof, error) {
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

// Add appends the evidence of one answer; call it for every receipt that is not a gap, in order. proofs returns the
// text and path of a segment and is asked once per segment of the batch. After an error the builder is as before.
func (b *EvidenceBuilder) Add(callKey [32]byte, tokens []TokenID, att Attribution,
	proofs func(rank uint64, index uint32) (SegmentProof, error)) error {
	return b.add(callKey, tokens, nil, att, proofs)
}

// AddText is Add for an answer's text; it discloses the opened words themselves, which all methods but SPAN need.
func (b *EvidenceBuilder) AddText(callKey [32]byte, text []byte, att Attribution,
	proofs func(rank uint64, index uint32) (SegmentProof, error)) error {
	var tokens []TokenID
	var words [][]byte
	h := tokenHasher{}
	for start, end := h.next(text, 0); start < end; start, end = h.next(text, end) {
		tokens = append(tokens, h.id(text[start:end]))
		if word := bytes.Clone(h.buf); len(word) <= maxWord {
			words = append(words, word)
		} else {
			words = append(words, nil)
		}
	}
	return b.add(callKey, tokens, words, att, proofs)
}

func (b *EvidenceBuilder) add(callKey [32]byte, tokens []TokenID, words [][]byte, att Attribution,
	proofs func(rank uint64, index uint32) (SegmentProof, error)) error {
	positions, err := openedPositions(len(tokens), att)
	if err != nil {
		return err
	}
	a := AnswerEvidence{Count: uint32(len(tokens)), Weight: att.Weight}
	if att.Lora != nil {
		a.Query = att.Lora.Query
	}
	if att.Marks != nil && len(att.Marks) != len(tokens) {
		return fmt.Errorf("%w: %d marks for %d tokens; pass the attribution of this answer", ErrAnswer, len(att.Marks),
			len(tokens))
	}
	if a.Proof, err = Multiproof(MarkedAnswerLeaves(callKey, tokens, att.Marks), positions); err != nil {
		return err
	}
	mac := hmac.New(sha256.New, callKey[:])
	for _, p := range positions {
		o := Opening{Position: p, Token: tokens[p], Salt: saltFrom(mac, p)}
		if words != nil {
			o.Word = words[p]
		}
		if att.Marks != nil {
			o.Marks = att.Marks[p]
		}
		a.Openings = append(a.Openings, o)
	}
	fresh, err := b.refer(&a, att, proofs)
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
	b.size += answerBytes(a)
	return nil
}

// answerBytes bounds the encoding of an answer whatever the final order of its segments.
func answerBytes(a AnswerEvidence) int {
	segments := len(a.Segments)
	a.Segments, a.Seeds, a.Windows = nil, nil, nil
	return len(appendAnswerEvidence(nil, &a)) + 8*segments + 5
}

// openedPositions lists the positions of the rows and of what supports them, which must be ordered and inside the
// answer.
func openedPositions(count int, att Attribution) ([]uint32, error) {
	if count > MaxAnswerTokens {
		return nil, fmt.Errorf("%w: answer of %d tokens, at most %d are allowed", ErrOversize, count, MaxAnswerTokens)
	}
	var positions []uint32
	from := uint64(0)
	for i, r := range att.Rows {
		end := uint64(r.Position) + uint64(r.Length)
		if r.Length == 0 || uint64(r.Position) < from || end > uint64(count) {
			return nil, fmt.Errorf("%w: row %d covers positions %d to %d of %d; pass the attribution of this answer", ErrAnswer,
				i, r.Position, end, count)
		}
		for p := r.Position; uint64(p) < end; p++ {
			positions = append(positions, p)
		}
		from = end
	}
	positions = append(positions, att.Support...)
	slices.Sort(positions)
	if len(slices.Compact(slices.Clone(positions))) != len(positions) || len(positions) > 0 &&
		positions[len(positions)-1] >= uint32(count) {
		return nil, fmt.Errorf("%w: supporting positions outside the answer or owned; pass the attribution of this answer",
			ErrAnswer)
	}
	return positions, nil
}

// refer sets a.Segments and returns the segments that the builder does not hold yet.
func (b *EvidenceBuilder) refer(a *AnswerEvidence, att Attribution,
	proofs func(rank uint64, index uint32) (SegmentProof, error)) ([]SegmentProof, error) {
	var fresh []SegmentProof
	seen := make(map[segmentKey]int, len(att.Rows)) // place in a.Segments
	list := func(key segmentKey) (int, error) {
		if at, ok := seen[key]; ok {
			return at, nil
		}
		place, held := b.place[key]
		if !held {
			place = uint32(len(b.segments) + len(fresh))
			s, err := segmentProof(key, proofs)
			if err != nil {
				return 0, err
			}
			fresh = append(fresh, s)
		}
		at := len(a.Segments)
		seen[key] = at
		a.Segments, a.Seeds = append(a.Segments, place), append(a.Seeds, a.Count)
		return at, nil
	}
	windows := make(map[segmentKey]struct{})
	window := func(key segmentKey, at int) {
		if _, marked := windows[key]; !marked {
			windows[key] = struct{}{}
			a.Windows = append(a.Windows, a.Segments[at])
		}
	}
	for _, r := range att.Rows {
		key := segmentKey{r.Rank, r.Segment}
		at, err := list(key)
		if err != nil {
			return nil, err
		}
		if r.Window {
			window(key, at)
		} else {
			a.Seeds[at] = r.Seed
		}
	}
	for _, key := range att.Considered {
		at, err := list(key)
		if err != nil {
			return nil, err
		}
		window(key, at)
	}
	return fresh, nil
}

func segmentProof(key segmentKey, proofs func(rank uint64, index uint32) (SegmentProof, error)) (SegmentProof, error) {
	s, err := proofs(key.rank, key.index)
	if err != nil {
		return SegmentProof{}, fmt.Errorf("proof of segment %d of rank %d: %w", key.index, key.rank, err)
	}
	if s.Rank != key.rank || s.Index != key.index {
		return SegmentProof{}, fmt.Errorf("%w: asked for segment %d of rank %d, got %d of %d", ErrSegmentPath, key.index,
			key.rank, s.Index, s.Rank)
	}
	s.Content, s.Path = bytes.Clone(s.Content), slices.Clone(s.Path)
	return s, nil
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
		a = a.renumber(canonical)
		e.Answers = append(e.Answers, a)
	}
	return e
}

// renumber returns a copy with the new numbers of its segments, sorted.
func (a AnswerEvidence) renumber(canonical []uint32) AnswerEvidence {
	type reference struct{ segment, seed uint32 }
	references := make([]reference, len(a.Segments))
	for i, at := range a.Segments {
		references[i] = reference{canonical[at], a.Seeds[i]}
	}
	slices.SortFunc(references, func(x, y reference) int { return cmp.Compare(x.segment, y.segment) })
	windows := a.Windows
	a.Segments, a.Seeds, a.Windows = nil, nil, nil
	for _, r := range references {
		a.Segments, a.Seeds = append(a.Segments, r.segment), append(a.Seeds, r.seed)
	}
	for _, at := range windows {
		a.Windows = append(a.Windows, canonical[at])
	}
	slices.Sort(a.Windows)
	return a
}
