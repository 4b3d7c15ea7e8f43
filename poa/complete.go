package poa

import (
	"fmt"
	"slices"
)

// VerifyComplete checks with the whole manifest what evidence alone cannot show: that no segment which qualifies on the
// opened positions was left out. For each answer the rows that SPAN finds with the index must be those that the
// evidence leads to; hidden positions count as skipped on both sides. index returns the index of the manifest of a
// receipt, by its place in receipts. It must have the same statistics as stats.
//
// The evidence must have passed VerifyEvidence. VerifyComplete returns ErrOmitted for an answer that fails;
// EarlierSegment proves such a lie on chain. It is not for receipts of method LORA: see VerifyHeld.
func VerifyComplete(receipts []Receipt, e Evidence, stats *Statistics, index func(receipt int) (*Index, error)) error {
	return (*Work)(nil).VerifyComplete(receipts, e, stats, index)
}

// VerifyComplete is the function VerifyComplete, counted and bounded by the work.
func (work *Work) VerifyComplete(receipts []Receipt, e Evidence, stats *Statistics,
	index func(receipt int) (*Index, error)) error {
	segments := make([]Segment, len(e.Segments))
	for i, s := range e.Segments {
		segments[i] = Segment{Rank: s.Rank, Index: s.Index, Tokens: TokenIDs(s.Content)}
	}
	w := &workspace{}
	w.meter.total = work
	answer := 0
	for i, r := range receipts {
		if r.Gap {
			continue
		}
		if answer == len(e.Answers) {
			return fmt.Errorf("%w: fewer answers than receipts", ErrEvidenceCount)
		}
		a := &e.Answers[answer]
		answer++
		x, err := index(i)
		if err != nil {
			return err
		}
		if err := w.verifyComplete(a, segments, stats, x); err != nil {
			return fmt.Errorf("receipt %d: %w", i, err)
		}
	}
	return nil
}

func (w *workspace) verifyComplete(a *AnswerEvidence, segments []Segment, stats *Statistics, x *Index) error {
	// Only what segments own by their seeds: windows come later and do not change that.
	spans := AnswerEvidence{Count: a.Count, Openings: a.Openings}
	for i, s := range a.Segments {
		if a.Seeds[i] < a.Count {
			spans.Segments, spans.Seeds = append(spans.Segments, s), append(spans.Seeds, a.Seeds[i])
		}
	}
	claimed, err := w.recompute(&spans, MethodSPAN, segments, stats)
	if err != nil {
		return err
	}
	found, err := x.attribute(a.opened(MethodSPAN, x.stats.norm), nil, w.meter.total)
	if err != nil {
		return err
	}
	if !slices.Equal(claimed.Rows, found.Rows) {
		return fmt.Errorf("%w: %s", ErrOmitted, firstDifference(claimed.Rows, found.Rows))
	}
	return nil
}

func firstDifference(claimed, found []Row) string {
	for i, row := range found {
		if i == len(claimed) || row != claimed[i] {
			return fmt.Sprintf("the manifest gives positions %d to %d to segment %d of rank %d", row.Position, row.end()-1,
				row.Segment, row.Rank)
		}
	}
	row := claimed[len(found)]
	return fmt.Sprintf("the manifest gives positions %d to %d to nobody, the evidence to segment %d of rank %d",
		row.Position, row.end()-1, row.Segment, row.Rank)
}

// VerifyHeld is VerifyEvidence and VerifyComplete in one, for somebody who holds the text: the segments of the indexes
// must have passed their rules and lead to the contributions' roots. It returns the same verdict several times as fast,
// because it only compares the receipt with what the index finds in the opened positions.
//
// Receipts of method LORA need the influence files of their models; influence may be nil if there are no such receipts.
// Everything but the query is recomputed from the files. The query is taken from the evidence, as the provider computed
// it: the bounds of the method hold for any query.
func VerifyHeld(receipts []Receipt, e Evidence, src ContributionSource, stats *Statistics,
	index func(receipt int) (*Index, error), influence InfluenceSource) error {
	return (*Work)(nil).VerifyHeld(receipts, e, src, stats, index, influence)
}

// VerifyHeld is the function VerifyHeld, counted and bounded by the work. Providers announce what it spends on a
// bundle, and validators verify the bundle with that limit.
func (work *Work) VerifyHeld(receipts []Receipt, e Evidence, src ContributionSource, stats *Statistics,
	index func(receipt int) (*Index, error), influence InfluenceSource) error {
	if err := e.Validate(); err != nil {
		return err
	}
	if err := verifyCounts(receipts, e); err != nil {
		return err
	}
	if src == nil {
		return fmt.Errorf("%w: no source of contributions given", ErrContribution)
	}
	for i := range e.Segments {
		err := work.spend(segmentUnits(e.Segments[i], 0))
		if err == nil {
			err = verifySegmentPath(&e.Segments[i], src)
		}
		if err != nil {
			return fmt.Errorf("segment %d of the evidence: %w", i, err)
		}
	}
	slow := &slowly{work: work, evidence: e, source: src, stats: stats, influence: influence,
		read: reading{proofs: e.Segments}}
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
		x, err := index(i)
		if err != nil {
			return err
		}
		if err := work.verifyHeld(i, r, a, x, slow); err != nil {
			return fmt.Errorf("receipt %d: %w", i, err)
		}
	}
	return nil
}

// verifyHeld verifies the answer of the i-th receipt with its index.
func (work *Work) verifyHeld(i int, r Receipt, a *AnswerEvidence, x *Index, slow *slowly) error {
	if err := work.spend(answerUnits(*a)); err != nil {
		return err
	}
	if err := verifyOpenings(r, a); err != nil {
		return err
	}
	added, err := slow.added(i, r, a)
	if err != nil {
		return err
	}
	same, err := foundAgain(r, a, &slow.read, x, added, work)
	if err != nil || same {
		return err
	}
	// A lie, or evidence in another form: the slow verification tells which.
	return slow.verify(i, r, a, x, added)
}

// added returns a function that completes an attribution by SPAN and MEANING for a receipt: it adds the part by
// influence, and weighs with what the source says now.
func (s *slowly) added(i int, r Receipt, a *AnswerEvidence) (func(*Attribution) error, error) {
	derived := derivedIn(s.source, i)
	if r.Method != MethodLora {
		return func(found *Attribution) error { found.Weigh(derived, nil); return nil }, nil
	}
	if s.influence == nil {
		return nil, fmt.Errorf("%w: no source of influence files given", ErrInfluence)
	}
	rows, err := s.influence(i)
	if err != nil {
		return nil, err
	}
	if err := s.work.spend(loraUnits(len(rows), a.Query != nil)); err != nil {
		return nil, err
	}
	return func(found *Attribution) error {
		if err := found.AddLora(rows, a.Query); err != nil {
			return err
		}
		standing := &standings{src: s.source, receipt: i}
		found.Weigh(derived, standing.of)
		return standing.err
	}, nil
}

// slowly verifies answers like VerifyEvidence and VerifyComplete. It checks the segments when the first answer needs
// them.
type slowly struct {
	work      *Work
	evidence  Evidence
	source    ContributionSource
	stats     *Statistics
	influence InfluenceSource
	segments  []Segment
	workspace workspace
	read      reading
}

// reading keeps the segments that answers are compared with by words, and reads each of them once.
type reading struct {
	proofs      []SegmentProof
	read        []Segment
	interpreted []bool
}

// windows returns the segments in a.Windows, with the stems or concepts that the method needs; nil if one of them is
// not valid.
func (d *reading) windows(a *AnswerEvidence, method, norm uint8, work *Work) ([]Segment, error) {
	if d.read == nil && len(a.Windows) > 0 {
		d.read, d.interpreted = make([]Segment, len(d.proofs)), make([]bool, len(d.proofs))
	}
	var out []Segment
	for _, place := range a.Windows {
		proof, s := &d.proofs[place], &d.read[place]
		if s.Tokens == nil || method == MethodRAG && s.Stems == nil {
			if err := work.spend(3*uint64(len(proof.Content)) + uint64(countTokens(proof.Content))*2*unitsPerHash); err != nil {
				return nil, err
			}
		}
		if method == MethodRAG && s.Stems == nil {
			concepts, stemmed := s.Concepts, s.Stemmed
			*s = newSegment(norm, proof.Rank, proof.Index, proof.Content)
			s.Concepts, s.Stemmed = concepts, stemmed
		}
		if ByMeaning(method) && !d.interpreted[place] {
			if err := work.spend(uint64(min(countTokens(proof.Content), MaxSegmentTokens)) * unitsPerMeaning); err != nil {
				return nil, err
			}
			s.Rank, s.Index = proof.Rank, proof.Index
			s.interpret(norm, proof.Content)
			d.interpreted[place] = true
		}
		if s.validate() != nil {
			return nil, nil
		}
		out = append(out, *s)
	}
	return out, nil
}

func (s *slowly) verify(i int, r Receipt, a *AnswerEvidence, x *Index, added func(*Attribution) error) error {
	if s.stats == nil {
		return errNoStatistics
	}
	if s.segments == nil {
		var err error
		// One receipt needs them, and the others of the batch may need them, too.
		if s.segments, err = s.work.verifiedSegments(s.evidence, s.source, s.stats.norm, true); err != nil {
			return err
		}
		s.workspace.meter.total = s.work
	}
	if err := deriveFor(i, a, s.segments, s.source); err != nil {
		return err
	}
	if err := s.workspace.verifyAnswer(r, a, s.segments, s.stats, added); err != nil {
		return err
	}
	return s.workspace.verifyComplete(a, s.segments, s.stats, x)
}

func verifySegmentPath(s *SegmentProof, src ContributionSource) error {
	c, err := src.Contribution(s.Rank)
	if err != nil {
		return fmt.Errorf("%w: rank %d: %w", ErrContribution, s.Rank, err)
	}
	return s.verifyPath(c)
}

// foundAgain reports whether the index finds in the opened positions, and the windows of the evidence in what it
// leaves, exactly what the receipt and its evidence say. added weighs with what segments pass on in this receipt, not
// with the derivations that the index was built with.
func foundAgain(r Receipt, a *AnswerEvidence, read *reading, x *Index, added func(*Attribution) error,
	work *Work) (bool, error) {
	method := MethodSPAN
	if ByMeaning(r.Method) {
		method = r.Method
	}
	if len(a.Windows) > 0 {
		if method = r.Method; method != MethodRAG && !ByMeaning(method) {
			return false, nil
		}
	}
	if a.Query != nil && r.Method != MethodLora {
		return false, nil
	}
	windows, err := read.windows(a, method, x.stats.norm, work)
	if err != nil || windows == nil && len(a.Windows) > 0 {
		return false, err
	}
	finish, err := a.finisher(method, windows)
	if err != nil {
		return false, nil
	}
	if ByMeaning(method) {
		if err := work.spend(uint64(len(a.Openings)) * unitsPerMeaning); err != nil {
			return false, err
		}
	}
	opened := a.opened(method, x.stats.norm)
	found, err := x.attributeBy(opened, work, func(w *workspace) (Attribution, error) { return finish(w, opened) })
	if err != nil {
		return false, err
	}
	if err := added(&found); err != nil {
		return false, err
	}
	if found.Root() != r.EvidenceRoot {
		return false, nil
	}
	if err := work.spend(uint64(len(found.Rows)) * unitsPerHash); err != nil {
		return false, err
	}
	if found.UnattributedPPM != r.UnattributedPPM || !slices.Equal(found.Entries, r.Entries) {
		return false, nil
	}
	return a.namesOwners(read.proofs, found), nil
}

// namesOwners reports whether the evidence lists exactly the owners of rows, with their seeds and windows.
func (a *AnswerEvidence) namesOwners(segments []SegmentProof, found Attribution) bool {
	seeds, inWindows := make(map[segmentKey]uint32, len(a.Segments)), make(map[segmentKey]struct{}, len(a.Windows))
	for _, key := range found.Considered {
		seeds[key], inWindows[key] = a.Count, struct{}{}
	}
	for _, row := range found.Rows {
		key := segmentKey{row.Rank, row.Segment}
		if row.Window {
			inWindows[key] = struct{}{}
			if _, known := seeds[key]; !known {
				seeds[key] = a.Count
			}
		} else {
			seeds[key] = row.Seed
		}
	}
	if len(seeds) != len(a.Segments) || len(inWindows) != len(a.Windows) {
		return false
	}
	for i, place := range a.Segments {
		seed, ok := seeds[segmentKey{segments[place].Rank, segments[place].Index}]
		if !ok || seed != a.Seeds[i] {
			return false
		}
	}
	for _, place := range a.Windows {
		if _, ok := inWindows[segmentKey{segments[place].Rank, segments[place].Index}]; !ok {
			return false
		}
	}
	return true
}
