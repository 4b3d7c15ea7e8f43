package poa

import (
	"fmt"
	"math"
	"slices"
)

// ForgedRow shows that a row's tokens are not in its segment.
type ForgedRow struct {
	Row     RowProof
	Segment SegmentProof
	// Opened are positions of the row; by method MEANING all of its stretch, and what Stretch adds.
	Opened Opened
}

// VerifyForgedRow returns nil if an opened position of the row differs from the place of the segment that the row
// claims for it: in its token, or, for a row paid through windows, in its stem; by method MEANING, if the row's stretch
// of the answer, which must be opened, gives no part of the segment the row's score, or less than nobody would.
func VerifyForgedRow(c Claim, p ForgedRow, src ContributionSource) error {
	row := &p.Row.Row
	a, err := p.open(c)
	if err != nil {
		return err
	}
	if err := sameSegment(row, &p.Segment); err != nil {
		return err
	}
	segment, err := disputedSegment(&p.Segment, &a, src)
	if err != nil {
		return err
	}
	if row.Window && ByMeaning(c.Record.Method) {
		segment.interpret(NormVersion, p.Segment.Content)
		return meantOtherwise(row, &p.Opened, segment)
	}
	for _, o := range p.Opened.Openings {
		if uint64(o.Position) < uint64(row.Position) || uint64(o.Position) >= row.end() {
			return fmt.Errorf("%w: position %d is not in the row", ErrDispute, o.Position)
		}
		at := uint64(row.Offset) + uint64(o.Position-row.Position)
		if at >= uint64(len(segment.Tokens)) {
			return nil
		}
		if !row.Window && segment.Tokens[at] != o.Token {
			return nil
		}
		// An undisclosed word has no stem; leaving words out must not convict.
		if stem := a.stem(int(o.Position)); row.Window && o.Word != nil && (stem == 0 || segment.Stems[at] != stem) {
			return nil
		}
	}
	return fmt.Errorf("%w: the row's %d opened tokens stand in the segment", ErrDispute, len(p.Opened.Openings))
}

// meantOtherwise returns nil if a row's score is not what its stretch of the answer gives some part of its segment. All
// of the stretch must be opened, from the start of its first sentence on.
func meantOtherwise(row *Row, opened *Opened, segment Segment) error {
	a := (&AnswerEvidence{Count: opened.Count, Weight: opened.Weight, Openings: opened.Openings}).opened(MethodMeaning,
		NormVersion)
	n := uint64(len(a.Tokens))
	from, to := uint64(row.Offset), uint64(row.Seed)
	if row.Length == 0 || uint64(row.Position) < from || row.end() > to || to > n || row.Score&(1<<12-1) != 0 {
		return nil
	}
	if err := stretchOpened(a, opened.Openings, int(from), int(to)); err != nil {
		return err
	}
	x, m := &meaningWorkspace{pathRule: answerRule}, &meter{}
	m.bound(disputeUnits)
	x.open(a)
	sources, ok := x.parts(m, 0, segment.Concepts, math.MinInt32/2, nil)
	if !ok {
		return fmt.Errorf("%w: comparing stretch and segment takes more than %d units of work", ErrOversize, disputeUnits)
	}
	score := row.Score >> 12
	if int64(score)*16 < int64(to-from)*NobodyBits*EarlierPart {
		return nil // nobody gives more
	}
	for _, s := range sources {
		if s.sum[to]-s.sum[from] == score {
			return fmt.Errorf("%w: the stretch gives a part of the segment what the row says", ErrDispute)
		}
	}
	return nil
}

// stretchOpened checks that everything is opened that the sum of a stretch depends on: its words, the words before it
// in its first sentence, and the letters after it that may be one word with its last letter. What a proof leaves out
// must not convict.
func stretchOpened(a Answer, openings []Opening, from, to int) error {
	read := make([]bool, len(a.Tokens))
	for _, o := range openings {
		read[o.Position] = o.Word != nil
	}
	start := from
	for start > 0 && read[start] && a.Marks[start]&MarkStarts == 0 {
		start--
	}
	end := to
	for end < min(to+maxUnit-1, len(a.Tokens)) && read[end-1] && a.behind(end) {
		end++
	}
	for p := start; p < end; p++ {
		if !read[p] {
			return fmt.Errorf("%w: position %d is not opened with its word; a stretch is judged as a whole", ErrOpening, p)
		}
	}
	return nil
}

func (p *ForgedRow) open(c Claim) (Answer, error) {
	if err := c.validate(); err != nil {
		return Answer{}, err
	}
	if err := p.Row.verify(c); err != nil {
		return Answer{}, err
	}
	return p.Opened.verify(c.AnswerRoot)
}

func sameSegment(row *Row, s *SegmentProof) error {
	if row.Rank != s.Rank || row.Segment != s.Index {
		return fmt.Errorf("%w: the row names segment %d of rank %d, not %d of %d", ErrDispute, row.Segment, row.Rank, s.Index,
			s.Rank)
	}
	return nil
}

// UnqualifiedRow shows that a row's segment does not qualify for the row on all positions that the bundle opens.
type UnqualifiedRow struct {
	Row     RowProof
	Segment SegmentProof
	// Answer is the answer's part of the bundle, at Index of Answers; the bundle has Segments segments.
	Answer                   AnswerEvidence
	Index, Answers, Segments uint32
	Path                     []Hash
}

// VerifyUnqualifiedRow returns nil if the segment, aligned alone under the row's seed, does not get one of the row's
// positions at the place that the row claims.
func VerifyUnqualifiedRow(c Claim, p UnqualifiedRow, src ContributionSource, stats *Statistics) error {
	if err := c.validate(); err != nil {
		return err
	}
	if stats == nil {
		return errNoStatistics
	}
	if err := p.Row.verify(c); err != nil {
		return err
	}
	if err := p.verifyAnswer(c); err != nil {
		return err
	}
	row := &p.Row.Row
	if err := sameSegment(row, &p.Segment); err != nil {
		return err
	}
	method := MethodRAG
	if ByMeaning(c.Record.Method) {
		method = MethodMeaning
	}
	a := p.Answer.opened(method, NormVersion)
	segment, err := disputedSegment(&p.Segment, &a, src)
	if err != nil {
		return err
	}
	if row.end() > uint64(p.Answer.Count) || row.Length == 0 {
		return nil
	}
	if row.Window && method == MethodMeaning {
		segment.interpret(NormVersion, p.Segment.Content)
		return unconsidered(a, segment)
	}
	w, err := alone(a, segment, row.Seed, row.Window, stats)
	if err != nil {
		return err
	}
	got := 0
	for i := range w.claims {
		k := &w.claims[i]
		if uint64(k.pos) >= uint64(row.Position) && uint64(k.pos) < row.end() && k.owned && k.window == row.Window &&
			uint64(k.off) == uint64(row.Offset)+uint64(k.pos)-uint64(row.Position) {
			got++
		}
	}
	if uint64(got) != uint64(row.Length) {
		return nil
	}
	return fmt.Errorf("%w: the segment qualifies at all %d positions of the row", ErrDispute, row.Length)
}

// unconsidered returns nil if no stretch of an answer gives a segment enough to be considered by method MEANING. Such a
// segment owns no position by meaning, whatever other segments there are.
func unconsidered(a Answer, segment Segment) error {
	m := &meter{}
	m.bound(disputeUnits)
	found, ok := (&meaningWorkspace{pathRule: answerRule}).attribute(m, a, []considered{{segment, AskedBits}})
	if !ok {
		return fmt.Errorf("%w: comparing answer and segment takes more than %d units of work; open fewer positions",
			ErrOversize, disputeUnits)
	}
	if found.considered == 0 {
		return nil
	}
	return fmt.Errorf("%w: a stretch of the answer gives the segment enough to be considered", ErrDispute)
}

// verifyAnswer checks that the answer's evidence is in the bundle and is that of the claim.
func (p *UnqualifiedRow) verifyAnswer(c Claim) error {
	if err := p.Answer.validate(int(p.Segments)); err != nil {
		return err
	}
	leaf := LeafHash(appendAnswerEvidence(nil, &p.Answer))
	if p.Index >= p.Answers {
		return fmt.Errorf("%w: answer %d of %d", ErrDispute, p.Index, p.Answers)
	}
	tree, err := pathRoot(leaf, uint64(p.Segments)+uint64(p.Index), uint64(p.Segments)+uint64(p.Answers), p.Path)
	if err != nil {
		return err
	}
	if got := bundleRoot(p.Segments, p.Answers, tree); got != c.Bundle {
		return fmt.Errorf("%w: the answer leads to bundle root %s, the batch says %s", ErrDispute, got, c.Bundle)
	}
	return verifyOpenings(Receipt{AnswerRoot: c.AnswerRoot}, &p.Answer)
}

// NewAnswerProof returns the parts of UnqualifiedRow that show the i-th answer of a bundle.
func NewAnswerProof(e Evidence, i int) (UnqualifiedRow, error) {
	path, err := MerklePath(e.leaves(), len(e.Segments)+i)
	if err != nil || i < 0 {
		return UnqualifiedRow{}, fmt.Errorf("%w: no answer %d", ErrMerkleProof, i)
	}
	return UnqualifiedRow{Answer: e.Answers[i], Index: uint32(i), Answers: uint32(len(e.Answers)),
		Segments: uint32(len(e.Segments)), Path: path}, nil
}

// EarlierSegment shows that an earlier segment, which the receipt passes over, qualifies at a row's positions.
type EarlierSegment struct {
	Row     RowProof
	Segment SegmentProof
	// From is the token of the segment where the compared window of at most MaxWindow tokens starts.
	From   uint32
	Opened Opened
	// Covering are the other rows of the receipt that hold opened positions, at most MaxCovering. The bundle opens every
	// position of a row, so a dispute that opens only positions of rows shows nothing new.
	Covering []RowProof
}

// MaxCovering is the largest number of rows that a dispute shows beside the disputed one.
const MaxCovering = 16

// MaxDisputeWindow is the number of tokens of an earlier segment that a dispute aligns.
const MaxDisputeWindow = 128

// VerifyEarlierSegment returns nil if the segment is in the manifest, stands before the row's owner, is anchored by the
// row's seed and qualifies at one of the row's positions on the opened positions alone; hidden ones count as skipped.
//
// The row's seed admits its owner, and so it admits every earlier segment that holds it. Therefore the earlier segment,
// or one before it, owns the position. A window of the segment is enough: where a part of a segment qualifies, the
// whole segment does too.
func VerifyEarlierSegment(c Claim, p EarlierSegment, src ContributionSource, stats *Statistics) error {
	_, _, err := overtaken(c, p, src, stats)
	return err
}

// overtaken returns the earlier segment and the surprisal, Q16, of the row's positions that belong to it.
func overtaken(c Claim, p EarlierSegment, src ContributionSource, stats *Statistics) (Segment, uint64, error) {
	if err := c.validate(); err != nil {
		return Segment{}, 0, err
	}
	if stats == nil {
		return Segment{}, 0, errNoStatistics
	}
	if err := p.Row.verify(c); err != nil {
		return Segment{}, 0, err
	}
	a, err := p.Opened.verify(c.AnswerRoot)
	if err != nil {
		return Segment{}, 0, err
	}
	row := &p.Row.Row
	if row.Window {
		return Segment{}, 0, fmt.Errorf("%w: the row is paid through windows, which have no seed", ErrDispute)
	}
	if err := p.covered(c); err != nil {
		return Segment{}, 0, err
	}
	if (segmentKey{p.Segment.Rank, p.Segment.Index}).compare(segmentKey{row.Rank, row.Segment}) >= 0 {
		return Segment{}, 0, fmt.Errorf("%w: segment %d of rank %d does not stand before segment %d of rank %d", ErrDispute,
			p.Segment.Index, p.Segment.Rank, row.Segment, row.Rank)
	}
	segment, err := disputedSegment(&p.Segment, &a, src)
	if err != nil {
		return Segment{}, 0, err
	}
	if int64(p.From) >= int64(len(segment.Tokens)) {
		return Segment{}, 0, fmt.Errorf("%w: the window starts behind the segment's %d tokens", ErrDispute,
			len(segment.Tokens))
	}
	segment.Tokens = segment.Tokens[p.From:min(len(segment.Tokens), int(p.From)+MaxDisputeWindow)]
	w, err := alone(a, segment, row.Seed, false, stats)
	if err != nil {
		return Segment{}, 0, err
	}
	lost := uint64(0)
	for i := range w.claims {
		if k := &w.claims[i]; k.owned && uint64(k.pos) >= uint64(row.Position) && uint64(k.pos) < row.end() {
			lost += uint64(w.weight[k.slot])
		}
	}
	if lost == 0 {
		return Segment{}, 0, fmt.Errorf(
			"%w: the segment does not qualify at any opened position of the row under the seed at position %d", ErrDispute,
			row.Seed)
	}
	return segment, lost, nil
}

// lostToEarlier returns what an earlier segment's contribution lost of the row. bits are the row's bits that belong to
// the segment. The loss is what the contribution keeps of them after passing on to the segment's sources, less what the
// row's owner passes on to the contribution. Between two segments of one contribution nothing is lost.
func lostToEarlier(p EarlierSegment, segment Segment, bits uint64, src ContributionSource) []Loss {
	row := &p.Row.Row
	if segment.Rank == row.Rank {
		return nil
	}
	lost := kept(bits, segment.Derived)
	// A row of a contribution that is not in the manifest passes nothing on.
	lost -= min(lost, passed(bits, derivedIn(src, 0)(row.Rank, row.Segment), segment.Rank))
	if lost == 0 {
		return nil
	}
	total := max(p.Row.TotalBits, bits)
	return []Loss{{Rank: segment.Rank, PPM: uint32(lost * TotalPPM / total)}}
}

// covered checks that every opened position is one of a row.
func (p *EarlierSegment) covered(c Claim) error {
	if len(p.Covering) > MaxCovering {
		return fmt.Errorf("%w: %d covering rows, at most %d are allowed", ErrDispute, len(p.Covering), MaxCovering)
	}
	for i := range p.Covering {
		if err := p.Covering[i].verify(c); err != nil {
			return err
		}
	}
	for _, o := range p.Opened.Openings {
		if !p.Row.Row.holds(o.Position) && !slices.ContainsFunc(p.Covering,
			func(r RowProof) bool { return r.Row.holds(o.Position) }) {
			return fmt.Errorf(
				"%w: position %d is in no row that is shown: a dispute opens nothing that the bundle does not open", ErrDispute,
				o.Position)
		}
	}
	return nil
}

func (r *Row) holds(position uint32) bool {
	return position >= r.Position && uint64(position) < r.end()
}
