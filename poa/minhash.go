package poa

import "slices"

// MinHash finds texts that may be near copies without comparing all pairs: texts with Jaccard similarity J of their
// 3-token shingles share one of the MinHashBands band keys with probability 1 − (1 − J^8)^14: .99 at J = .85, .57 at
// .7, .05 at .5. The exact test is CopiedPPM.

const (
	// MinHashBands and MinHashRows are the number of keys of a text and of minima behind each.
	MinHashBands, MinHashRows = 14, 8

	shingleTokens = 3
)

// BandKeys returns the keys of a text. Texts of fewer than three tokens have one shingle.
func BandKeys(tokens []TokenID) [MinHashBands]uint64 {
	var least [MinHashBands * MinHashRows]uint64
	for i := range least {
		least[i] = ^uint64(0)
	}
	for i := 0; i == 0 || i+shingleTokens <= len(tokens); i++ {
		h := uint64(0)
		for _, id := range tokens[i:min(len(tokens), i+shingleTokens)] {
			h = mix64(h<<1 | h>>63 ^ uint64(id))
		}
		for k := range least {
			// Each minimum has its own odd multiplier.
			least[k] = min(least[k], mix64(h*(2*uint64(k)+1)+uint64(k)))
		}
	}
	var keys [MinHashBands]uint64
	for b := range keys {
		h := uint64(b)
		for _, v := range least[b*MinHashRows : (b+1)*MinHashRows] {
			h = mix64(h ^ v)
		}
		keys[b] = h
	}
	return keys
}

// mix64 is the finaliser of SplitMix64.
func mix64(h uint64) uint64 {
	h = (h ^ h>>30) * 0xBF58476D1CE4E5B9
	h = (h ^ h>>27) * 0x94D049BB133111EB
	return h ^ h>>31
}

// NearIndex finds texts by equal band keys. The zero value is ready for use.
type NearIndex struct {
	bands [MinHashBands]map[uint64][]int32
	count int32
}

// Add registers the next text and returns its number, from 0.
func (x *NearIndex) Add(tokens []TokenID) int {
	for b, key := range BandKeys(tokens) {
		if x.bands[b] == nil {
			x.bands[b] = make(map[uint64][]int32)
		}
		x.bands[b][key] = append(x.bands[b][key], x.count)
	}
	x.count++
	return int(x.count) - 1
}

// Candidates returns the numbers of texts that share a band key, in increasing order.
func (x *NearIndex) Candidates(tokens []TokenID) []int {
	var out []int
	for b, key := range BandKeys(tokens) {
		for _, i := range x.bands[b][key] {
			out = append(out, int(i))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
