package poa

import (
	"errors"
	"fmt"
	"slices"
)

// Overtakes returns, for each row that an earlier segment has a better right to, the proof of it, in the order of the
// rows. a is what the bundle opens of the answer and att the attribution behind its receipt. A segment that the receipt
// rightly passes over gives none.
func Overtakes(c Claim, att Attribution, a AnswerEvidence, s SegmentProof, src ContributionSource,
	stats *Statistics) ([]EarlierSegment, error) {
	var out []EarlierSegment
	for i := range att.Rows {
		row := &att.Rows[i]
		if row.Window || (segmentKey{s.Rank, s.Index}).compare(segmentKey{row.Rank, row.Segment}) >= 0 {
			continue
		}
		proof, err := NewRowProof(att, i)
		if err != nil {
			return nil, err
		}
		// Opening more than the row and its seed helps where the row is short; opening less keeps the proof small.
		for _, reach := range [...]int64{0, AnchorReach, 3 * AnchorReach} {
			p, err := overtake(att, a, row, s, reach)
			if err != nil {
				return nil, err
			}
			p.Row = proof
			err = VerifyEarlierSegment(c, p, src, stats)
			if err == nil {
				out = append(out, p)
				break
			}
			if !errors.Is(err, ErrDispute) && !errors.Is(err, ErrOversize) {
				return nil, fmt.Errorf("segment %d of rank %d: %w", s.Index, s.Rank, err)
			}
		}
	}
	return out, nil
}

// overtake opens a row and its seed with so many tokens on either side, as far as rows cover them, and places the
// window of the segment around the seed.
func overtake(att Attribution, a AnswerEvidence, row *Row, s SegmentProof, reach int64) (EarlierSegment, error) {
	from := min(int64(row.Position), int64(row.Seed)) - reach
	to := max(int64(row.end()), int64(row.Seed)+MaxSeedTokens) + reach
	var positions []uint32
	var seed []TokenID
	var covering []int
	for _, o := range a.Openings {
		if p := int64(o.Position); p >= from && p < to {
			if i := slices.IndexFunc(att.Rows, func(r Row) bool { return r.holds(o.Position) }); i >= 0 {
				positions = append(positions, o.Position)
				if att.Rows[i] != *row && !slices.Contains(covering, i) {
					covering = append(covering, i)
				}
			}
		}
		if o.Position == row.Seed+uint32(len(seed)) && len(seed) < MinSeedTokens {
			seed = append(seed, o.Token)
		}
	}
	opened, err := Narrow(a, positions)
	if err != nil {
		return EarlierSegment{}, err
	}
	p := EarlierSegment{Segment: s, From: windowFrom(TokenIDs(s.Content), seed, int64(row.Seed)-from), Opened: opened}
	for _, i := range covering {
		proof, err := NewRowProof(att, i)
		if err != nil {
			return EarlierSegment{}, err
		}
		p.Covering = append(p.Covering, proof)
	}
	return p, nil
}

// windowFrom returns where a window starts that holds the seed with so many tokens before it, if the segment is longer
// than a window.
func windowFrom(tokens, seed []TokenID, before int64) uint32 {
	if len(tokens) <= MaxDisputeWindow || len(seed) == 0 {
		return 0
	}
	for q := range tokens {
		if q+len(seed) <= len(tokens) && tokens[q] == seed[0] && tokens[q+len(seed)-1] == seed[len(seed)-1] {
			return uint32(min(max(0, int64(q)-before-MaxSkip), int64(len(tokens)-MaxDisputeWindow)))
		}
	}
	return 0
}

// Stretch returns the positions of the stretch that a row of method MEANING is of, from the start of its first sentence
// on, and those behind it that evidence opens because they may be one word with its last letter: what a ForgedRow must
// open.
func Stretch(row Row, a AnswerEvidence) []uint32 {
	first := row.Offset
	for i := len(a.Openings) - 1; i >= 0; i-- {
		if o := &a.Openings[i]; o.Position <= first {
			if first = o.Position; o.Marks&MarkStarts != 0 {
				break
			}
		}
	}
	var out []uint32
	for _, o := range a.Openings {
		if o.Position >= first && uint64(o.Position) < uint64(row.Seed)+maxUnit-1 {
			out = append(out, o.Position)
		}
	}
	return out
}
