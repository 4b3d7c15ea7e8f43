package poa

import "hash/maphash"

// slotMultiplier spreads token ids over a slotTable. It is secret and differs between processes, so that nobody can
// choose tokens that collide; it decides where an entry lies and never what a lookup returns.
var slotMultiplier = maphash.String(maphash.MakeSeed(), "slots") | 1

// slotTable numbers the distinct tokens of one answer from 1. Lookups of tokens that are not in the answer, which are
// nearly all, end at the first place.
type slotTable struct {
	entries []slotEntry // a power of two, at least four times the tokens
	shift   uint
}

type slotEntry struct {
	id   TokenID
	slot uint16 // 0 for a free place
}

// reset empties the table and makes room for n tokens, at most MaxAnswerTokens.
func (t *slotTable) reset(n int) {
	size, shift := 64, uint(58)
	for size < 4*n {
		size, shift = 2*size, shift-1
	}
	if cap(t.entries) < size {
		t.entries = make([]slotEntry, size)
	} else {
		t.entries = t.entries[:size]
		clear(t.entries)
	}
	t.shift = shift
}

// slot returns the number of a token, or 0 if it has none.
func (t *slotTable) slot(id TokenID) uint16 {
	mask := uint64(len(t.entries) - 1)
	for i := uint64(id) * slotMultiplier >> t.shift; ; i++ {
		e := &t.entries[i&mask]
		if e.slot == 0 || e.id == id {
			return e.slot
		}
	}
}

// add gives a token that has no number the given one.
func (t *slotTable) add(id TokenID, slot uint16) {
	mask := uint64(len(t.entries) - 1)
	i := uint64(id) * slotMultiplier >> t.shift
	for t.entries[i&mask].slot != 0 {
		i++
	}
	t.entries[i&mask] = slotEntry{id, slot}
}
