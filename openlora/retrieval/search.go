package retrieval

import (
	"cmp"
	"slices"

	"github.com/openledger/openledger/poa"
)

// searcher ranks segments by integer BM25 with k1 = 1.2 and b = 0.75:
// idf = log2(2N+2) − log2(2·df+1) and
// score = Σ idf·tf·2200 / (1000·tf + 300 + 900·dl·1000/avgdl_milli), floored.
type searcher struct {
	postings map[poa.TokenID][]posting
	lengths  []int64
	average  int64 // tokens of a segment, in thousandths
}

type posting struct {
	segment int32
	count   int32
}

func newSearcher(segments []Segment) *searcher {
	s := &searcher{postings: make(map[poa.TokenID][]posting), lengths: make([]int64, len(segments))}
	total := int64(0)
	for i, segment := range segments {
		ids := poa.TokenIDs(segment.Text)
		s.lengths[i] = int64(len(ids))
		total += int64(len(ids))
		slices.Sort(ids)
		for from := 0; from < len(ids); {
			to := from
			for to < len(ids) && ids[to] == ids[from] {
				to++
			}
			s.postings[ids[from]] = append(s.postings[ids[from]], posting{int32(i), int32(to - from)})
			from = to
		}
	}
	if len(segments) > 0 {
		s.average = max(total*1000/int64(len(segments)), 1)
	}
	return s
}

// idf of a token in Q16 bits, at least 0.
func (s *searcher) idf(id poa.TokenID) int64 {
	n, df := uint64(len(s.lengths)), uint64(len(s.postings[id]))
	return max(int64(poa.Log2Q16(2*n+2))-int64(poa.Log2Q16(2*df+1)), 0)
}

// best returns the places of the k best segments; ties go to the lower rank,
// in whose order segments stand.
func (s *searcher) best(question string, k int) []int {
	ids := poa.TokenIDs([]byte(question))
	slices.Sort(ids)
	scores := make([]int64, len(s.lengths))
	for _, id := range slices.Compact(ids) {
		idf := s.idf(id)
		for _, p := range s.postings[id] {
			count := int64(p.count)
			norm := 1000*count + 300 + 900*s.lengths[p.segment]*1000/s.average
			scores[p.segment] += idf * count * 2200 / norm
		}
	}
	var found []int
	for i, score := range scores {
		if score > 0 {
			found = append(found, i)
		}
	}
	slices.SortStableFunc(found, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	return found[:min(k, len(found))]
}
