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
