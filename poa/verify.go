package poa

import (
	"fmt"
	"slices"
)

// Contribution is what the chain knows about a contribution.
type Contribution struct {
	// Root is the Merkle root over SegmentLeaf of its segments.
	Root Hash
	// Contributor is the raw address in the leaves.
	Contributor []byte
	// Segments is the number of segments.
	Segments uint32
	// Norm is the NormVersion in its leaves, by which its text was admitted; 0 is the latest.
	Norm uint8
	// AllowFewStopWords is the DataNet's rule, see SegmentRules.
	AllowFewStopWords bool
	// Derived says which of its segments pass pay on, sorted by segment.
	Derived []SegmentDerivation
}

// SegmentDerivation is a derivation of one segment of a contribution.
type SegmentDerivation struct {
	Segment uint32
	Derivation
}

func (c Contribution) derivations(segment uint32) []Derivation {
	var out []Derivation
	for _, d := range c.Derived {
		if d.Segment == segment {
			out = append(out, d.Derivation)
		}
	}
	return out
}

// ContributionSource looks contributions up by commit rank.
type ContributionSource interface {
	// Contribution returns an error if the contribution is not in the manifest or not payable. VerifyEvidence reports it
	// wrapped together with ErrContribution.
	Contribution(rank uint64) (Contribution, error)
	// Stopped reports whether a segment earns nothing for its contribution in a receipt, and which contribution of that
	// receipt's manifest gets it instead: Nobody for none. receipt is the receipt's place among those that are verified,
	// and 0 in a dispute.
	Stopped(receipt int, rank uint64, segment uint32) (stopped bool, to uint64, err error)
	// Standing returns how many segments a contribution has, and how many of them are stopped in a receipt: the zero
	// Standing if it is not in that receipt's manifest. An error means that this is not known. It is called only for
	// receipts of method LORA.
	Standing(receipt int, rank uint64) (Standing, error)
}

// Nobody is the rank of no contribution: what is passed on to it is unattributed.
const Nobody = ^uint64(0)

// derivedOf returns what a segment passes on in a receipt: what its contribution declares, or all if it is stopped.
func derivedOf(src ContributionSource, c Contribution, receipt int, rank uint64, segment uint32) ([]Derivation, error) {
	stopped, to, err := src.Stopped(receipt, rank, segment)
	if err != nil {
		return nil, fmt.Errorf("%w: rank %d: %w", ErrContribution, rank, err)
	}
	if stopped {
		return []Derivation{{Rank: to, PPM: TotalPPM}}, nil
	}
	return c.derivations(segment), nil
}

// derivedIn returns a look-up of the derivations of a receipt, for weighing. A segment whose look-up fails passes
// nothing on; callers whose source can fail ask the source.
func derivedIn(src ContributionSource, receipt int) func(rank uint64, segment uint32) []Derivation {
	return func(rank uint64, segment uint32) []Derivation {
		c, err := src.Contribution(rank)
		if err != nil {
			return nil
		}
		derived, err := derivedOf(src, c, receipt, rank, segment)
		if err != nil {
			return nil
		}
		return derived
	}
}

// standings looks up the Standing of contributions in a receipt, and keeps the first error.
type standings struct {
	src     ContributionSource
	receipt int
	err     error // the first one
}

func (s *standings) of(rank uint64) Standing {
	found, err := s.src.Standing(s.receipt, rank)
	if err != nil && s.err == nil {
		s.err = fmt.Errorf("%w: rank %d: %w", ErrContribution, rank, err)
	}
	return found
}

// VerifyEvidence recomputes every receipt of a batch from its evidence: paths and admission of all segments, openings
// against the answer roots, rows against the evidence roots, entries and unattributed shares. It returns nil if all
// agree, and otherwise the first disagreement as one of the sentinel errors, with the index of the receipt or segment.
// Charge WorkUnits before calling it. It returns ErrInline for a receipt of method LORA: see VerifyHeld.
//
// Openings that no segment owns are allowed: they weigh as much as hidden positions.
func VerifyEvidence(receipts []Receipt, e Evidence, src ContributionSource, stats *Statistics) error {
	return (*Work)(nil).VerifyEvidence(receipts, e, src, stats)
}

// VerifyEvidence is the function VerifyEvidence, counted and bounded by the work.
func (work *Work) VerifyEvidence(receipts []Receipt, e Evidence, src ContributionSource, stats *Statistics) error {
	if err := e.Validate(); err != nil {
		return err
	}
	if err := verifyCounts(receipts, e); err != nil {
		return err
	}
	if src == nil {
		return fmt.Errorf("%w: no source of contributions given", ErrContribution)
	}
	if stats == nil {
		return errNoStatistics
	}
	for i := range receipts {
		if r := &receipts[i]; !r.Gap && r.Method == MethodLora {
			return fmt.Errorf("receipt %d: %w; send the batch to validators, who hold the influence file", i, ErrInline)
		}
	}
	meaning := slices.ContainsFunc(receipts, func(r Receipt) bool { return ByMeaning(r.Method) })
	segments, err := work.verifiedSegments(e, src, stats.norm, meaning)
	if err != nil {
		return err
	}
	w := &workspace{}
	w.meter.total = work
	answer := 0
	for i, r := range receipts {
		if err := r.Validate(); err != nil {
			return fmt.Errorf("receipt %d: %w", i, err)
		}
		if r.Gap {
			continue
		}
		a := &e.Answers[answer]
		answer++
		if err := deriveFor(i, a, segments, src); err != nil {
			return fmt.Errorf("receipt %d: %w", i, err)
		}
		if err := w.verifyAnswer(r, a, segments, stats, nil); err != nil {
			return fmt.Errorf("receipt %d: %w", i, err)
		}
	}
	return nil
}

// deriveFor sets what the segments of an answer pass on in its receipt: stops may depend on the manifest.
func deriveFor(receipt int, a *AnswerEvidence, segments []Segment, src ContributionSource) error {
	for _, place := range a.Segments {
		s := &segments[place]
		c, err := src.Contribution(s.Rank)
		if err != nil {
			return fmt.Errorf("%w: rank %d: %w", ErrContribution, s.Rank, err)
		}
		if s.Derived, err = derivedOf(src, c, receipt, s.Rank, s.Index); err != nil {
			return err
		}
	}
	return nil
}

// verifyCounts checks that answers fit receipts and that every segment is referred to.
func verifyCounts(receipts []Receipt, e Evidence) error {
	answered := 0
	for _, r := range receipts {
		if !r.Gap {
			answered++
		}
	}
	if answered != len(e.Answers) {
		return fmt.Errorf("%w: %d answers for %d receipts that are not gaps", ErrEvidenceCount, len(e.Answers), answered)
	}
	used := make([]bool, len(e.Segments))
	for _, a := range e.Answers {
		for _, s := range a.Segments {
			used[s] = true
		}
	}
	if i := slices.Index(used, false); i >= 0 {
		return fmt.Errorf("%w: segment %d of the evidence, index %d of rank %d", ErrUnusedSegment, i, e.Segments[i].Index,
			e.Segments[i].Rank)
	}
	return nil
}

// verifiedSegments checks admission and paths of all segments of valid evidence. Those with windows have stems, and
// concepts if meaning is needed.
func (work *Work) verifiedSegments(e Evidence, src ContributionSource, norm uint8, meaning bool) ([]Segment, error) {
	segments := make([]Segment, len(e.Segments))
	for i := range e.Segments {
		s := &e.Segments[i]
		err := work.spend(segmentUnits(*s, uint64(min(countTokens(s.Content), MaxSegmentTokens))))
		if err == nil {
			segments[i], err = verifiedSegment(s, src, norm)
		}
		if err != nil {
			return nil, fmt.Errorf("segment %d of the evidence: %w", i, err)
		}
	}
	for _, a := range e.Answers {
		for _, i := range a.Windows {
			if segments[i].Stems != nil {
				continue
			}
			segments[i].Stems = newSegment(norm, 0, 0, e.Segments[i].Content).Stems
			if meaning {
				if err := work.spend(uint64(len(segments[i].Tokens)) * unitsPerMeaning); err != nil {
					return nil, err
				}
				segments[i].interpret(norm, e.Segments[i].Content)
			}
		}
	}
	return segments, nil
}

// verifiedSegment checks a segment's admission and path, and cuts it by the rules of an answer.
func verifiedSegment(s *SegmentProof, src ContributionSource, norm uint8) (Segment, error) {
	c, err := src.Contribution(s.Rank)
	if err != nil {
		return Segment{}, fmt.Errorf("%w: rank %d: %w", ErrContribution, s.Rank, err)
	}
	tokens, err := checkSegment(c.Norm, s.Content, SegmentRules{AllowFewStopWords: c.AllowFewStopWords}, norm)
	if err != nil {
		return Segment{}, err
	}
	if err := s.verifyPath(c); err != nil {
		return Segment{}, err
	}
	segment := Segment{Rank: s.Rank, Index: s.Index, Tokens: tokens}
	if segment.Derived, err = derivedOf(src, c, 0, s.Rank, s.Index); err != nil {
		return Segment{}, err
	}
	return segment, segment.validate()
}

func (s *SegmentProof) verifyPath(c Contribution) error {
	leaf := SegmentLeafNorm(c.Norm, s.Index, c.Contributor, s.Content)
	if err := VerifyPath(c.Root, leaf, uint64(s.Index), uint64(c.Segments), s.Path); err != nil {
		return fmt.Errorf("%w: index %d of rank %d: %w", ErrSegmentPath, s.Index, s.Rank, err)
	}
	return nil
}

// VerifyAnswer recomputes one receipt. segments are those of the evidence in its order, which a.Segments refers to;
// their paths and admission are not checked here. It returns the same errors as VerifyEvidence.
func VerifyAnswer(r Receipt, a AnswerEvidence, segments []Segment, stats *Statistics) error {
	if err := r.Validate(); err != nil {
		return err
	}
	if r.Gap {
		return fmt.Errorf("%w: the receipt is a gap, which has no answer", ErrEvidenceCount)
	}
	if r.Method == MethodLora {
		return fmt.Errorf("%w; verify the batch with the influence file", ErrInline)
	}
	if err := a.validate(len(segments)); err != nil {
		return err
	}
	return (&workspace{}).verifyAnswer(r, &a, segments, stats, nil)
}

// verifyAnswer needs a valid receipt and valid evidence. influence, if not nil, adds the part by influence and weighs
// again.
func (w *workspace) verifyAnswer(r Receipt, a *AnswerEvidence, segments []Segment, stats *Statistics,
	influence func(*Attribution) error) error {
	if err := w.meter.total.spend(answerUnits(*a)); err != nil {
		return err
	}
	if err := verifyOpenings(r, a); err != nil {
		return err
	}
	if len(a.Segments) > len(a.Openings) {
		return fmt.Errorf("%w: %d segments cannot own %d opened positions; list only segments that own one", ErrForgedSpan,
			len(a.Segments), len(a.Openings))
	}
	if len(a.Windows) > 0 && r.Method != MethodRAG && !ByMeaning(r.Method) {
		return fmt.Errorf("%w: windows belong to methods %d, %d and %d, the model's method is %d", ErrForgedSpan, MethodRAG,
			MethodMeaning, MethodLora, r.Method)
	}
	if a.Query != nil && r.Method != MethodLora {
		return fmt.Errorf("%w: a query of the influence file belongs to method %d, the model's method is %d",
			ErrEvidenceEncoding, MethodLora, r.Method)
	}
	got, err := w.recompute(a, r.Method, segments, stats)
	if err != nil {
		return err
	}
	if err := everySegmentOwns(pick(segments, a.Segments), pick(segments, a.Windows), got, r.Method); err != nil {
		return err
	}
	if influence != nil {
		if err := influence(&got); err != nil {
			return err
		}
	}
	if root := got.Root(); root != r.EvidenceRoot {
		return fmt.Errorf("%w: %d rows have root %s, the receipt says %s", ErrEvidenceRoot, len(got.Rows), root,
			r.EvidenceRoot)
	}
	if got.UnattributedPPM != r.UnattributedPPM || !slices.Equal(got.Entries, r.Entries) {
		return fmt.Errorf("%w: recomputed %v and %d ppm unattributed, the receipt says %v and %d", ErrWeights, got.Entries,
			got.UnattributedPPM, r.Entries, r.UnattributedPPM)
	}
	return nil
}

// Recompute returns the attribution of the opened part of an answer by the given method. segments are those of the
// evidence in its order. Nothing is compared with a receipt, and neither openings nor paths are checked. For method
// LORA the result has the rows of SPAN and MEANING: AddLora and Weigh complete it.
func Recompute(a AnswerEvidence, method uint8, segments []Segment, stats *Statistics) (Attribution, error) {
	if stats == nil {
		return Attribution{}, errNoStatistics
	}
	if err := a.validate(len(segments)); err != nil {
		return Attribution{}, err
	}
	for _, s := range segments {
		if err := s.validate(); err != nil {
			return Attribution{}, err
		}
	}
	return (&workspace{}).recompute(&a, method, segments, stats)
}

// recompute needs valid evidence and segments.
func (w *workspace) recompute(a *AnswerEvidence, method uint8, segments []Segment,
	stats *Statistics) (Attribution, error) {
	finish, err := a.finisher(method, pick(segments, a.Windows))
	if err != nil {
		return Attribution{}, err
	}
	if ByMeaning(method) {
		if err := w.meter.total.spend(uint64(len(a.Openings)) * unitsPerMeaning); err != nil {
			return Attribution{}, err
		}
	}
	opened := a.opened(method, stats.norm)
	w.open(opened, stats)
	defer w.close()
	for i, s := range pick(segments, a.Segments) {
		w.align(s, a.Seeds[i:i+1])
	}
	return finish(w, opened)
}

func pick(segments []Segment, places []uint32) []Segment {
	var out []Segment
	for _, i := range places {
		out = append(out, segments[i])
	}
	return out
}

// verifyOpenings checks the openings against the answer root.
func verifyOpenings(r Receipt, a *AnswerEvidence) error {
	positions := make([]uint32, len(a.Openings))
	leaves := make([]Hash, len(a.Openings))
	for i, o := range a.Openings {
		positions[i], leaves[i] = o.Position, o.leaf()
	}
	tree, err := multiproofRoot(a.Count, positions, leaves, a.Proof)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrOpening, err)
	}
	if got := answerRoot(a.Count, a.Weight, tree); got != r.AnswerRoot {
		return fmt.Errorf("%w: %d openings of %d tokens lead to %s, the receipt says %s", ErrAnswerRoot, len(a.Openings),
			a.Count, got, r.AnswerRoot)
	}
	return nil
}

// finisher returns the second step of a method: it attributes what SPAN leaves.
func (a *AnswerEvidence) finisher(method uint8,
	windows []Segment) (func(*workspace, Answer) (Attribution, error), error) {
	if ByMeaning(method) {
		segments, err := considerListed(windows)
		return func(w *workspace, opened Answer) (Attribution, error) { return w.finishMeaning(opened, segments) }, err
	}
	segments, err := checkWindows(windows)
	return func(w *workspace, opened Answer) (Attribution, error) { return w.finish(opened, segments) }, err
}

// opened returns the answer as far as it is disclosed, with the stems or meanings that the method needs.
func (a *AnswerEvidence) opened(method, norm uint8) Answer {
	out := Answer{Tokens: make([]TokenID, a.Count), Hidden: make([]bool, a.Count)}
	for i := range out.Hidden {
		out.Hidden[i] = true
	}
	h := tokenHasher{norm: norm}
	for _, o := range a.Openings {
		out.Tokens[o.Position], out.Hidden[o.Position] = o.Token, false
		if method == MethodRAG && o.Word != nil {
			if out.Stems == nil {
				out.Stems = make([]TokenID, a.Count)
			}
			out.Stems[o.Position] = h.stem(o.Word)
		}
	}
	if ByMeaning(method) {
		words := make([][]byte, a.Count)
		out.Marks = make([]uint8, a.Count)
		for _, o := range a.Openings {
			words[o.Position], out.Marks[o.Position] = o.Word, o.Marks
		}
		out.Weight = a.Weight
		out.Meanings = newInterpreter(norm).answer(out.Tokens, words, out.Marks)
	}
	return out
}

// everySegmentOwns checks that each listed segment has a row, and each with windows a window; with method MEANING, that
// those which are considered are needed.
func everySegmentOwns(list, windows []Segment, got Attribution, method uint8) error {
	rows := got.Rows
	owns, ownsWindow := make(map[segmentKey]struct{}, len(list)), make(map[segmentKey]struct{}, len(windows))
	for _, r := range rows {
		owns[segmentKey{r.Rank, r.Segment}] = struct{}{}
		if r.Window {
			ownsWindow[segmentKey{r.Rank, r.Segment}] = struct{}{}
		}
	}
	if ByMeaning(method) {
		for _, key := range got.Considered {
			owns[key], ownsWindow[key] = struct{}{}, struct{}{}
		}
	}
	for _, s := range list {
		if _, ok := owns[segmentKey{s.Rank, s.Index}]; !ok {
			return fmt.Errorf(
				"%w: index %d of rank %d owns no opened position; leave it out, or open the positions it is aligned with",
				ErrForgedSpan, s.Index, s.Rank)
		}
	}
	for _, s := range windows {
		if _, ok := ownsWindow[segmentKey{s.Rank, s.Index}]; !ok {
			return fmt.Errorf("%w: index %d of rank %d owns no position through a window; list it without windows",
				ErrForgedSpan, s.Index, s.Rank)
		}
	}
	return nil
}
