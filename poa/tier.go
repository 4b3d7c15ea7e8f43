package poa

import "slices"

// tier holds the seeds of successive segments, sorted by print. Of each print the first MaxPostings segments in the
// order of rank and index are kept, each once.
type tier struct {
	from, to int      // segments
	prints   []uint32 // sorted; equal ones in the order of rank and index
	segments []uint32
	first    []uint32 // by the top bits of a print: the first element with at least these bits
	shift    uint
}

// seedsPerBucket is how many seeds share one element of tier.first, about.
const seedsPerBucket = 4

func (t *tier) size() int { return len(t.prints) }

func (t *tier) bytes() int { return 4 * (cap(t.prints) + cap(t.segments) + cap(t.first)) }

// seedPrint is a mix of the token ids of a seed, which are uniform already. Seeds with equal prints share their
// postings; whoever makes one on purpose gains no more than by registering the seed itself.
func seedPrint(ids []TokenID) uint32 {
	h := uint64(len(ids))
	for _, id := range ids {
		h = (h<<23 | h>>41) ^ uint64(id)
		h *= 0x9E3779B97F4A7C15
	}
	return uint32((h ^ h>>29) * 0xBF58476D1CE4E5B9 >> 32)
}

// seedLength returns how many of the first tokens are a seed, or 0 if they hold none.
func seedLength(weight []int32) int {
	bits := int32(0)
	for i, g := range weight[:min(len(weight), MaxSeedTokens)] {
		bits += g
		if i+1 >= MinSeedTokens && bits >= seedQ16 {
			return i + 1
		}
	}
	return 0
}

// newTier lists the seeds of segments from … to-1.
func (x *Index) newTier(from, to int) *tier {
	order := make([]uint32, to-from)
	for i := range order {
		order[i] = uint32(from + i)
	}
	slices.SortFunc(order, x.compare)
	var weight [MaxSegmentTokens]int32
	keys := make([]uint64, 0, len(x.tokens)-int(x.segments[from].start)) // print, place in order
	for i, segment := range order {
		tokens := x.Segment(int(segment)).Tokens
		for p, id := range tokens {
			weight[p] = x.stats.Surprisal(id)
		}
		for p := range tokens {
			if n := seedLength(weight[p:len(tokens)]); n > 0 {
				keys = append(keys, uint64(seedPrint(tokens[p:p+n]))<<32|uint64(i))
			}
		}
	}
	keys = sortByPrint(keys)
	t := &tier{from: from, to: to, prints: make([]uint32, 0, len(keys)), segments: make([]uint32, 0, len(keys))}
	for i, k := range keys {
		if i == 0 || keys[i-1] != k {
			t.push(uint32(k>>32), order[uint32(k)])
		}
	}
	t.fillBuckets()
	return t
}

// push adds a posting behind all others, unless its print has MaxPostings already.
func (t *tier) push(print, segment uint32) {
	if n := len(t.prints); n < MaxPostings || t.prints[n-MaxPostings] != print {
		t.prints, t.segments = append(t.prints, print), append(t.segments, segment)
	}
}

// sortByPrint sorts by the upper half, keeping the order of equal ones: three passes over eleven bits each.
func sortByPrint(keys []uint64) []uint64 {
	other := make([]uint64, len(keys))
	for _, shift := range [...]uint{32, 43, 54} {
		var count [1 << 11]uint32
		for _, k := range keys {
			count[k>>shift&(1<<11-1)]++
		}
		sum := uint32(0)
		for i, n := range count {
			count[i] = sum
			sum += n
		}
		for _, k := range keys {
			d := k >> shift & (1<<11 - 1)
			other[count[d]] = k
			count[d]++
		}
		keys, other = other, keys
	}
	return keys
}

// mergeTiers joins two tiers of successive segments.
func (x *Index) mergeTiers(a, b *tier) *tier {
	n := a.size() + b.size()
	t := &tier{from: a.from, to: b.to, prints: make([]uint32, 0, n), segments: make([]uint32, 0, n)}
	for i, j := 0, 0; i+j < n; {
		if j == b.size() || i < a.size() && (a.prints[i] < b.prints[j] ||
			a.prints[i] == b.prints[j] && x.compare(a.segments[i], b.segments[j]) < 0) {
			t.push(a.prints[i], a.segments[i])
			i++
		} else {
			t.push(b.prints[j], b.segments[j])
			j++
		}
	}
	t.fillBuckets()
	return t
}

func (t *tier) fillBuckets() {
	bits := uint(1)
	for bits < 31 && t.size()>>bits > seedsPerBucket {
		bits++
	}
	t.shift = 32 - bits
	t.first = make([]uint32, 1<<bits+1)
	bucket := 0
	for i, p := range t.prints {
		for ; bucket <= int(p>>t.shift); bucket++ {
			t.first[bucket] = uint32(i)
		}
	}
	for ; bucket < len(t.first); bucket++ {
		t.first[bucket] = uint32(t.size())
	}
}

// find returns the segments of a print in the order of rank and index.
func (t *tier) find(print uint32) []uint32 {
	from, end := int(t.first[print>>t.shift]), int(t.first[print>>t.shift+1])
	// Nearly always there are a few; who made many of one bucket on purpose gains nothing.
	at, _ := slices.BinarySearch(t.prints[from:end], print)
	from += at
	to := from
	for to < end && t.prints[to] == print {
		to++
	}
	return t.segments[from:to]
}
