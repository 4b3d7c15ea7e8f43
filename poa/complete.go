package poa

import (
	"fmt"
	"slices"
)

// VerifyComplete checks with the whole manifest what evidence alone cannot show: that no segment which qualifies on the opened
// positions was left out. For each answer the rows that SPAN finds with the index must be those that the evidence leads to; hidden
// positions count as skipped on both sides. index returns the index of the manifest of a receipt, by its place in receipts, with
// the same statistics as stats.
//
// The evidence must have passed VerifyEvidence. An answer that fails is ErrOmitted; it is what EarlierSegment proves on chain.
func VerifyComplete(receipts []Receipt, e Evidence, stats *Statistics, index func(receipt int) (*Index, error)) error {
	segments := make([]Segment, len(e.Segments))
	for i, s := range e.Segments {
		segments[i] = Segment{Rank: s.Rank, Index: s.Index, Tokens: TokenIDs(s.Content)}
	}
	w := &workspace{}
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
	// What segments own by their seeds alone; windows come after it and change none of it.
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
	found, err := x.Attribute(a.opened(MethodSPAN))
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
			return fmt.Sprintf("the manifest gives positions %d to %d to segment %d of rank %d", row.Position, row.end()-1, row.Segment, row.Rank)
		}
	}
	row := claimed[len(found)]
	return fmt.Sprintf("the manifest gives positions %d to %d to nobody, the evidence to segment %d of rank %d", row.Position, row.end()-1, row.Segment, row.Rank)
}

// VerifyHeld is VerifyEvidence and VerifyComplete in one, for somebody who holds the text: the segments of the indexes must have passed
// their rules and lead to the contributions' roots. It comes to the same verdict several times as fast, because what the index finds in
// the opened positions need only be compared with the receipt.
func VerifyHeld(receipts []Receipt, e Evidence, src ContributionSource, stats *Statistics, index func(receipt int) (*Index, error)) error {
	if err := e.Validate(); err != nil {
		return err
	}
	if err := verifyCounts(receipts, e); err != nil {
		return err
	}
	for i := range e.Segments {
		if err := verifySegmentPath(&e.Segments[i], src); err != nil {
			return fmt.Errorf("segment %d of the evidence: %w", i, err)
		}
	}
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
		if err := verifyOpenings(r, a); err != nil {
			return fmt.Errorf("receipt %d: %w", i, err)
		}
		x, err := index(i)
		if err != nil {
			return err
		}
		same, err := foundAgain(r, a, e.Segments, x, derivedIn(src, i))
		if err != nil {
			return err
		}
		if !same {
			// Windows, or a lie: the slow way says which.
			return verifySlowly(receipts, e, src, stats, index)
		}
	}
	return nil
}

func verifySlowly(receipts []Receipt, e Evidence, src ContributionSource, stats *Statistics, index func(receipt int) (*Index, error)) error {
	if err := VerifyEvidence(receipts, e, src, stats); err != nil {
		return err
	}
	return VerifyComplete(receipts, e, stats, index)
}

func verifySegmentPath(s *SegmentProof, src ContributionSource) error {
	c, err := src.Contribution(s.Rank)
	if err != nil {
		return fmt.Errorf("%w: rank %d: %w", ErrContribution, s.Rank, err)
	}
	return s.verifyPath(c)
}

// foundAgain says whether the index finds in the opened positions exactly what the receipt and its evidence say. What segments pass on
// is that of the receipt, not what the index was built with.
func foundAgain(r Receipt, a *AnswerEvidence, segments []SegmentProof, x *Index, derived func(uint64, uint32) []Derivation) (bool, error) {
	if len(a.Windows) > 0 {
		return false, nil
	}
	found, err := x.Attribute(a.opened(MethodSPAN))
	if err != nil {
		return false, err
	}
	if found.Root() != r.EvidenceRoot {
		return false, nil
	}
	if found.Weigh(derived); found.UnattributedPPM != r.UnattributedPPM || !slices.Equal(found.Entries, r.Entries) {
		return false, nil
	}
	seeds := make(map[segmentKey]uint32, len(a.Segments))
	for _, row := range found.Rows {
		seeds[segmentKey{row.Rank, row.Segment}] = row.Seed
	}
	if len(seeds) != len(a.Segments) {
		return false, nil
	}
	for i, place := range a.Segments {
		seed, ok := seeds[segmentKey{segments[place].Rank, segments[place].Index}]
		if !ok || seed != a.Seeds[i] {
			return false, nil
		}
	}
	return true, nil
}
