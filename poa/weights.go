package poa

import (
	"cmp"
	"slices"
)

// result turns the claims into rows and weights.
func (w *workspace) result() Attribution {
	var rows []Row
	total := uint64(0)
	for i := range w.claims {
		c := &w.claims[i]
		if !c.owned {
			continue
		}
		owner, bits := &w.segments[c.owner], uint32(w.weight[c.slot])
		total += uint64(bits)
		if n := len(rows); n > 0 && continues(&rows[n-1], owner, c) {
			r := &rows[n-1]
			r.Length++
			r.Bits += bits
			r.Score = max(r.Score, c.score)
			continue
		}
		row := Row{
			Position: uint32(c.pos), Length: 1, Rank: owner.Rank, Segment: owner.Index, Offset: uint32(c.off), Score: c.score,
			Seed: owner.seed, Bits: bits,
			Window: c.window,
		}
		if c.meaning {
			row.Seed = uint32(c.till)
		}
		rows = append(rows, row)
	}
	total += uint64(w.count-w.owned()) * uint64(HiddenBits)
	a := Attribution{Rows: rows, TotalBits: total}
	a.Weigh(w.derivations(), nil)
	return a
}

func (w *workspace) owned() int {
	n := 0
	for i := range w.claims {
		if w.claims[i].owned {
			n++
		}
	}
	return n
}

// derivations returns a look-up of the owners' derivations.
func (w *workspace) derivations() func(rank uint64, segment uint32) []Derivation {
	derived := make(map[segmentKey][]Derivation)
	for i := range w.segments {
		if s := &w.segments[i]; len(s.Derived) > 0 {
			derived[segmentKey{s.Rank, s.Index}] = s.Derived
		}
	}
	return func(rank uint64, segment uint32) []Derivation { return derived[segmentKey{rank, segment}] }
}

func continues(r *Row, owner *ownerSegment, c *claim) bool {
	return r.Rank == owner.Rank && r.Segment == owner.Index && r.Window == c.window &&
		r.Position+r.Length == uint32(c.pos) &&
		(c.meaning && r.Offset == uint32(c.off) && r.Seed == uint32(c.till) ||
			!c.meaning && r.Offset+r.Length == uint32(c.off))
}

// share is what one contribution gets, in Q16 bits.
type share struct {
	rank      uint64
	bits      uint64
	lora      uint64 // the part of bits that it gets by influence
	ppm       uint32
	loraPPM   uint32
	remainder uint64
}

// apportion divides TotalPPM by largest remainder over the contributions and the rest (README.md, section 4, step 9):
// shares of one rank are added up; those beyond the MaxEntries largest (ties: lower rank first) fold into the rest;
// each gets its quota rounded down; what is left goes one by one to the largest remainders, ties to the lower rank, the
// rest last. Shares of zero ppm are left out.
func apportion(shares []share, rest uint64) ([]Entry, uint32) {
	shares = mergeByRank(shares)
	slices.SortFunc(shares, largerShare)
	total := rest
	for i, s := range shares {
		total += s.bits
		if i >= MaxEntries {
			rest += s.bits
		}
	}
	shares = shares[:min(len(shares), MaxEntries)]
	if total == 0 {
		return nil, TotalPPM
	}
	left := uint32(TotalPPM) - uint32(rest*TotalPPM/total)
	restRemainder := rest * TotalPPM % total
	for i := range shares {
		s := &shares[i]
		s.ppm, s.remainder = uint32(s.bits*TotalPPM/total), s.bits*TotalPPM%total
		left -= s.ppm
	}
	slices.SortFunc(shares, func(a, b share) int {
		return cmp.Or(cmp.Compare(b.remainder, a.remainder), cmp.Compare(a.rank, b.rank))
	})
	// left is below the number of parties, because every remainder is below total. The rest receives one unit if its
	// remainder is among the left largest; behind it stand the shares with smaller ones.
	restUsed := false
	for i := 0; left > 0; {
		if !restUsed && (i == len(shares) || restRemainder > shares[i].remainder) {
			restUsed = true
			left--
			continue
		}
		if i == len(shares) {
			break
		}
		shares[i].ppm++
		left--
		i++
	}
	for i := range shares {
		shares[i].loraPPM = min(shares[i].ppm, loraPPM(shares[i].lora, total))
	}
	return entriesOf(shares)
}

// entriesOf returns the shares that are not zero in the order of a receipt, and what they leave.
func entriesOf(shares []share) ([]Entry, uint32) {
	var entries []Entry
	unattributed := uint32(TotalPPM)
	for _, s := range shares {
		if s.ppm > 0 {
			entries = append(entries, Entry{Rank: s.rank, WeightPPM: s.ppm, LoraPPM: s.loraPPM})
			unattributed -= s.ppm
		}
	}
	slices.SortFunc(entries, compareEntries)
	return entries, unattributed
}

// mergeByRank adds up the shares of each rank; the result is sorted by rank.
func mergeByRank(shares []share) []share {
	slices.SortFunc(shares, func(a, b share) int { return cmp.Compare(a.rank, b.rank) })
	merged := shares[:0]
	for _, s := range shares {
		if n := len(merged); n > 0 && merged[n-1].rank == s.rank {
			merged[n-1].bits += s.bits
			merged[n-1].lora += s.lora
		} else {
			merged = append(merged, s)
		}
	}
	return merged
}

func (s share) compareRank(rank uint64) int { return cmp.Compare(s.rank, rank) }
