package poa

import (
	"fmt"
	"math"
)

// Work units: one byte that is hashed is one unit, and a hash has at least 64 of them. The other weights are set so
// that a unit takes about the same time everywhere.
const (
	unitsPerHash    = 64
	unitsPerPair    = 60
	unitsPerWindow  = 120  // one pair of equal stems and the words around it
	unitsPerMeaning = 1024 // one word, with its look-up in the table of meaning
	unitsPerLookup  = 16
	unitsPerSeed    = 64   // one seed of an answer looked up in an index
	unitsPerRun     = 120  // one place of a seed in a segment and the tokens around it
	unitsPerLook    = 10   // one pair near a seed that is passed by
	looksPerPair    = 5    // so many looks more if it is compared
	unitsPerAnchor  = 2048 // one segment listed for an answer: its seed anchors it within a few tokens
	unitsPerSegment = 4096 // fixed cost of one segment: lookup of the contribution, admission, sorting
	unitsPerAnswer  = 4096 // fixed cost of one answer: buffers of its length

	unitsPerScore  = 448 // the product of a query and a sketch, and its noise
	unitsPerAmount = 192 // one amount by influence: row, leaf, inner node, and its place in the order

	// unitsPerPass is a third of a pair: it is listed, and scored in two passes. pairsPerSpend of them are counted at
	// once.
	unitsPerPass  = unitsPerPair / 3
	pairsPerSpend = 1 << 10

	// maxSenses is an upper bound of the number of senses of one word.
	maxSenses = 32

	// unitsPerStop is the number of units between two calls of Work.Stop.
	unitsPerStop = 1 << 16
)

// MaxAnswerPairs bounds the work of attributing or verifying one answer, in pairs of equal tokens of answer and text;
// other comparisons count as many pairs as they cost. The bound is the number of pairs of the longest answer and the
// longest segment if all their tokens are the same. Ordinary answers have a few pairs a token for each segment that
// they share words with: the README says what was measured.
const MaxAnswerPairs = MaxAnswerTokens * MaxSegmentTokens

// maxAnswerUnits is MaxAnswerPairs in units, and room for looking up the words of one answer and one segment.
const maxAnswerUnits = MaxAnswerPairs*unitsPerPair + 1<<22

// Work counts the work of verification in the units of WorkUnits, and ends it at a limit or when its caller stops it.
// The count depends only on what is verified, so that everybody counts the same. The zero value only counts; a nil Work
// does not even count.
type Work struct {
	// Limit is the largest number of units; 0 for none. Above it verification fails with ErrWork.
	Limit uint64
	// Stop, if not nil, is called about every 65,536 units. If it returns an error, verification fails with ErrStopped and
	// that error.
	Stop func() error

	spent, asked uint64
	err          error
}

// Spent returns the units counted so far.
func (w *Work) Spent() uint64 { return w.spent }

// spend counts units. It returns an error if work must end, and then the same error at each call.
func (w *Work) spend(units uint64) error {
	if w == nil || w.err != nil {
		return w.ended()
	}
	w.spent += units
	if w.Limit > 0 && w.spent > w.Limit {
		w.err = fmt.Errorf("%w: it takes more than the %d units that were announced", ErrWork, w.Limit)
	} else if w.Stop != nil && w.spent-w.asked >= unitsPerStop {
		w.asked = w.spent
		if err := w.Stop(); err != nil {
			w.err = fmt.Errorf("%w: %w", ErrStopped, err)
		}
	}
	return w.err
}

func (w *Work) ended() error {
	if w == nil {
		return nil
	}
	return w.err
}

// meter counts the work of one answer, up to what an answer may take, and passes it on.
type meter struct {
	left  uint64
	err   error
	total *Work
}

// start begins with an answer.
func (m *meter) start() { m.left, m.err = maxAnswerUnits, m.total.ended() }

// unbound lets an answer take any work.
func (m *meter) unbound() { m.left = math.MaxUint64 }

// bound lets an answer take no more than some units.
func (m *meter) bound(units uint64) { m.left = units }

// allows reports whether an answer may take so many units more, without counting them. If not, the meter has run out.
func (m *meter) allows(units uint64) bool {
	if m.err == nil && units > m.left {
		m.err = fmt.Errorf(
			"%w: answer and text have more than %d pairs of equal words; an answer that repeats one word so often cannot be "+
				"proved",
			ErrWork, MaxAnswerPairs)
	}
	return m.err == nil
}

// spend counts units and says whether work may go on.
func (m *meter) spend(units uint64) bool {
	if !m.allows(units) {
		return false
	}
	m.left -= units
	m.err = m.total.spend(units)
	return m.err == nil
}

// WorkUnits returns an upper bound of the work of VerifyEvidence, computed without hashing, so that a chain can charge
// for it first. The number of token pairs of an answer and a segment is at most the tokens of the segment times the
// number of openings of the answer's commonest opened token; both are counted. For evidence of ordinary text the bound
// is within a small factor of the work; the worst case of one answer and one segment is 4096 · 512 pairs. A caller that
// charges for the bound must verify with a Work of this limit: text that is made for the purpose can take a little
// more, and then verification fails.
func WorkUnits(e Evidence) uint64 {
	units := uint64(0)
	tokens := make([]uint64, len(e.Segments))
	for i, s := range e.Segments {
		tokens[i] = uint64(min(countTokens(s.Content), MaxSegmentTokens))
		units += segmentUnits(s, tokens[i]) + tokens[i]*unitsPerLookup
	}
	for _, a := range e.Answers {
		opened := uint64(len(a.Openings))
		common := commonest(a.Openings)
		units += answerUnits(a) + opened*unitsPerLookup
		if uint64(len(a.Segments)) > opened {
			continue // refused before any comparison
		}
		for _, s := range a.Segments {
			if uint64(s) < uint64(len(tokens)) {
				units += unitsPerAnchor + (tokens[s]+opened+1)*unitsPerLookup
				units += tokens[s] * common * unitsPerPair
			}
		}
		if len(a.Windows) == 0 {
			continue
		}
		stem := commonestStem(a.Openings)
		for _, s := range a.Windows {
			if uint64(s) < uint64(len(tokens)) {
				// By stems, and by meanings: whatever the method is.
				units += unitsPerHash + tokens[s]*(2*unitsPerHash+stem*unitsPerWindow) + opened*2*unitsPerHash
				units += tokens[s]*unitsPerMeaning + (tokens[s]+opened)*maxSenses*unitsPerLookup +
					2*uint64(min(a.Count, MaxAnswerTokens))*unitsPerLookup
				// Each part of it is summed up, and the path leads through it, twice.
				parts := tokens[s]/BlockStems + 1
				units += (parts*(2*opened*maxSenses+3*uint64(min(a.Count, MaxAnswerTokens))) +
					tokens[s]*maxSenses*4) * unitsPerLookup / 4
			}
		}
		units += opened * unitsPerMeaning
	}
	return units
}

// segmentUnits returns the work of checking a segment of so many tokens and its path.
func segmentUnits(s SegmentProof, tokens uint64) uint64 {
	return unitsPerSegment + 3*uint64(len(s.Content)) + tokens*unitsPerHash + uint64(len(s.Path))*2*unitsPerHash
}

// answerUnits returns the work of checking the openings of an answer: a leaf, at most one inner node per opening and
// proof hash, and a row's leaf and inner node per opening.
func answerUnits(a AnswerEvidence) uint64 {
	return unitsPerAnswer + uint64(min(a.Count, MaxAnswerTokens)) + uint64(len(a.Openings))*4*2*unitsPerHash +
		uint64(len(a.Proof))*2*unitsPerHash
}

// loraUnits returns the work of recomputing the part by influence of one answer over so many contributions. asked says
// that the answer has a query.
func loraUnits(contributions int, asked bool) uint64 {
	units := uint64(unitsPerAmount)
	if asked {
		units += unitsPerScore
	}
	return uint64(contributions) * units
}

// commonest returns how often the commonest token is opened.
func commonest(openings []Opening) uint64 {
	counts := make(map[TokenID]uint64, len(openings))
	most := uint64(0)
	for _, o := range openings {
		n := counts[o.Token] + 1
		counts[o.Token] = n
		most = max(most, n)
	}
	return most
}

// commonestStem returns how often the commonest stem is opened.
func commonestStem(openings []Opening) uint64 {
	counts := make(map[string]uint64, len(openings))
	most := uint64(0)
	var buf []byte
	for _, o := range openings {
		buf = append(buf[:0], o.Word...) // stemOf may change it
		stem := string(stemOf(buf))
		counts[stem]++
		most = max(most, counts[stem])
	}
	return most
}
