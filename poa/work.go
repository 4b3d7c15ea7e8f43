package poa

// Work units: one byte that is hashed is one unit, and a hash has at least 64 of them. The other weights are set so that a unit
// takes about the same time everywhere.
const (
	unitsPerHash    = 64
	unitsPerPair    = 60
	unitsPerWindow  = 120 // one pair of equal stems and the words around it
	unitsPerLookup  = 16
	unitsPerSegment = 4096 // fixed cost of one segment: lookup of the contribution, admission, sorting
	unitsPerAnswer  = 4096 // fixed cost of one answer: buffers of its length
)

// WorkUnits returns an upper bound of the work of VerifyEvidence, computed without hashing, so that a chain can charge for it
// first. The number of token pairs of an answer and a segment is at most the tokens of the segment times the number of openings
// of the answer's commonest opened token; both are counted. For evidence of ordinary text the bound is within a small factor of
// the work; the worst case of one answer and one segment is 4096 · 512 pairs.
func WorkUnits(e Evidence) uint64 {
	units := uint64(0)
	tokens := make([]uint64, len(e.Segments))
	for i, s := range e.Segments {
		tokens[i] = uint64(min(countTokens(s.Content), MaxSegmentTokens))
		units += unitsPerSegment + 3*uint64(len(s.Content)) + tokens[i]*(unitsPerHash+unitsPerLookup) + uint64(len(s.Path))*2*unitsPerHash
	}
	for _, a := range e.Answers {
		opened := uint64(len(a.Openings))
		common := commonest(a.Openings)
		// A leaf, at most one inner node per opening and proof hash, and a row's leaf and inner node per opening.
		units += unitsPerAnswer + uint64(min(a.Count, MaxAnswerTokens)) + opened*(4*2*unitsPerHash+unitsPerLookup) + uint64(len(a.Proof))*2*unitsPerHash
		if uint64(len(a.Segments)) > opened {
			continue // refused before any comparison
		}
		for _, s := range a.Segments {
			if uint64(s) < uint64(len(tokens)) {
				units += (tokens[s] + opened + 1) * unitsPerLookup
				units += tokens[s] * common * unitsPerPair
			}
		}
		if len(a.Windows) == 0 {
			continue
		}
		stem := commonestStem(a.Openings)
		for _, s := range a.Windows {
			if uint64(s) < uint64(len(tokens)) {
				units += tokens[s]*(2*unitsPerHash+stem*unitsPerWindow) + opened*2*unitsPerHash
			}
		}
	}
	return units
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
