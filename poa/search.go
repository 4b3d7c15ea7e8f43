package poa

import (
	"cmp"
	"slices"
	"sync"
)

// RetrievalPool is how many of the best segments are compared before near-copies of one text are reduced to one.
const RetrievalPool = 64

// Search retrieves segments for questions by integer BM25 (README.md, section 4a): k1 = 1.2, b = 0.75,
//
//	idf = log2(2N+2) − log2(2·df+1), in Q16, not below 0
//	score = Σ idf·tf·2200 / (1000·tf + 300 + 900·length·1000/average), each term rounded down,
//
// where average is the mean length in thousandths of a token and every word of the question counts once. Ties go to the
// lower rank and index. Retrieval decides what is compared by local windows and shown to a model; by itself it pays
// nobody.
//
// It is safe for concurrent use.
type Search struct {
	segments []Segment
	text     func(place int) []byte
	postings map[TokenID][]searchPosting
	own      map[TokenID]int // segments that have a token and derive from nothing
	average  int64           // thousandths of a token
	lengths  []int64         // by segment: what its length adds to the divisor
	scratch  sync.Pool       // of *searchScratch
	near     nearTexts
}

type searchPosting struct {
	segment, count int32
}

// NewSearch indexes segments, with what they are derived from; text returns that of one of them.
func NewSearch(segments []Segment, text func(place int) []byte) (*Search, error) {
	s := &Search{segments: segments, text: text, postings: make(map[TokenID][]searchPosting), own: make(map[TokenID]int)}
	total := int64(0)
	for i := range segments {
		if err := segments[i].validate(); err != nil {
			return nil, err
		}
		total += int64(len(segments[i].Tokens))
		for _, id := range segments[i].Tokens {
			list := s.postings[id]
			if n := len(list); n > 0 && list[n-1].segment == int32(i) {
				list[n-1].count++
				continue
			}
			s.postings[id] = append(list, searchPosting{int32(i), 1})
			if len(segments[i].Derived) == 0 {
				s.own[id]++
			}
		}
	}
	s.average = 1
	if len(segments) > 0 {
		s.average = max(1, 1000*total/int64(len(segments)))
	}
	s.lengths = make([]int64, len(segments))
	for i := range segments {
		s.lengths[i] = 300 + 900*int64(len(segments[i].Tokens))*1000/s.average
	}
	return s, nil
}

// IDF returns how rare a token is among the segments, in Q16 bits.
func (s *Search) IDF(id TokenID) int64 {
	n, df := uint64(len(s.segments)), uint64(len(s.postings[id]))
	return max(0, int64(Log2Q16(2*n+2))-int64(Log2Q16(2*df+1)))
}

// Rank returns the places of the k best segments for a question, best first; those without any of its words are left
// out.
func (s *Search) Rank(question []TokenID, k int) []int {
	words := slices.Clone(question)
	slices.Sort(words)
	x := s.borrow()
	for _, id := range slices.Compact(words) {
		idf := s.IDF(id)
		if idf == 0 {
			continue
		}
		for _, p := range s.postings[id] {
			tf := int64(p.count)
			gain := idf * tf * 2200 / (1000*tf + s.lengths[p.segment])
			if x.scores[p.segment] == 0 && gain > 0 {
				x.found = append(x.found, p.segment)
			}
			x.scores[p.segment] += gain
		}
	}
	best := s.best(x, max(k, 0))
	for _, place := range x.found {
		x.scores[place] = 0
	}
	x.found = x.found[:0]
	s.scratch.Put(x)
	return best
}

// searchScratch is what one search needs.
type searchScratch struct {
	scores []int64 // by segment, zero between searches
	found  []int32
}

func (s *Search) borrow() *searchScratch {
	if x, ok := s.scratch.Get().(*searchScratch); ok {
		return x
	}
	return &searchScratch{scores: make([]int64, len(s.segments))}
}

// sortedMost is how many places are kept in order while others are looked at; more are sorted.
const sortedMost = 64

// best returns the k places with the best scores of those that were found.
func (s *Search) best(x *searchScratch, k int) []int {
	compare := func(a, b int) int {
		return cmp.Or(cmp.Compare(x.scores[b], x.scores[a]), compareSegments(s.segments[a], s.segments[b]))
	}
	var out []int
	for _, place := range x.found {
		if k > sortedMost || len(out) < k {
			out = append(out, int(place))
			if k <= sortedMost && len(out) == k {
				slices.SortFunc(out, compare)
			}
			continue
		}
		if k == 0 || compare(int(place), out[k-1]) > 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(out, int(place), compare)
		copy(out[at+1:], out[at:])
		out[at] = int(place)
	}
	slices.SortFunc(out, compare)
	return out[:min(k, len(out))]
}

// Retrieve returns the places of at most k segments for a question, best first, at most one of each group of
// near-copies: where one derives from another (see Derivations) the earlier one stands for both, so that copies crowd
// nobody out. What they take the place of is found among the best 64.
func (s *Search) Retrieve(question []TokenID, k int) []int {
	return s.Distinct(s.Rank(question, max(k, RetrievalPool)), k)
}

// Distinct returns the first k of the places given, at most one of each group of near-copies, as Retrieve does. It lets
// others rank. What is near one of a group belongs to it, even if the earliest of the group stands for that one:
// otherwise, a copy of it would be kept beside it.
func (s *Search) Distinct(places []int, k int) []int {
	var groups [][]int // the earliest first
	for _, c := range places {
		near := slices.IndexFunc(groups, func(group []int) bool {
			return slices.ContainsFunc(group, func(i int) bool { return s.same(i, c) })
		})
		switch {
		case near < 0 && len(groups) < k:
			groups = append(groups, []int{c})
		case near < 0:
		case compareSegments(s.segments[c], s.segments[groups[near][0]]) < 0:
			groups[near] = slices.Insert(groups[near], 0, c)
		default:
			groups[near] = append(groups[near], c)
		}
	}
	var kept []int
	for _, group := range groups {
		kept = append(kept, group[0])
	}
	return kept
}

// Parameters of Found.
const (
	foundTokens  = 40 // of a stretch of the answer that is looked for
	foundStep    = 20 // from one stretch to the next
	foundEach    = 3  // segments for each
	foundMost    = MaxMeaningSegments - MaxWindowSegments
	foundPosting = 1024 // words that more segments have find nothing
)

// Found returns the places of segments that stretches of an answer find by themselves, in the order of the stretches,
// but for those that were retrieved for the question. Method MEANING considers them too.
func (s *Search) Found(answer []TokenID, retrieved []int) []int {
	var out []int
	for from := 0; from == 0 || from+foundStep < len(answer); from += foundStep {
		rare := make([]TokenID, 0, foundTokens)
		for _, id := range answer[from:min(from+foundTokens, len(answer))] {
			if len(s.postings[id]) <= foundPosting {
				rare = append(rare, id)
			}
		}
		for _, place := range s.Rank(rare, foundEach) {
			if len(out) < foundMost && !slices.Contains(out, place) && !slices.Contains(retrieved, place) {
				out = append(out, place)
			}
		}
	}
	return out
}

// CommonWord reports whether a word, in small letters, is one of the stop words of CheckSegment.
func CommonWord(word []byte) bool {
	h := tokenHasher{}
	return isStopWord(h.id(word))
}
