package main

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/openledger/openledger/x/datanet/types"
)

// item is something under review, with the truth about it.
type item struct {
	salt  []byte // of its mark, and of its seal if the item is gold
	by    *account
	text  string
	rank  uint64
	good  bool
	clear bool
	own   bool // junk that the deviators, or those who bribe them, want accepted
	gold  types.GoldKind
	coin  bool // the shared coin for it
	// bounty of the pool that it applies for, or 0.
	bounty uint64

	accepted bool // by the panel
	stands   bool // accepted after appeals
	appealed uint64
}

// opinion returns what a reviewer who makes an effort thinks of an item.
func (it *item) opinion(r *rand.Rand) bool {
	right := r.Float64() < clearRight
	if !it.clear {
		right = r.Float64() < borderlineRight
	}
	return right == it.good
}

// uniqueText returns a segment that shares no word with other segments.
func uniqueText(n uint64) string {
	var b strings.Builder
	for i := range 40 {
		fmt.Fprintf(&b, "w%dx%d ", n, i)
	}
	return b.String()
}

// batch returns the items of a cohort in random order. Junk of the deviators takes the place of ordinary items.
func (w *world) batch(pi float64, junk int) []*item {
	var items []*item
	add := func(by *account, good, clear bool, gold types.GoldKind) *item {
		w.texts++
		it := &item{by: by, text: uniqueText(w.texts), good: good, clear: clear, gold: gold, salt: randomHash(w.rand),
			coin: w.rand.IntN(2) == 0}
		items = append(items, it)
		return it
	}
	for n := range ordinaryItems {
		good, clear := w.rand.Float64() < pi, w.rand.Float64() < clearShare
		if n < junk {
			add(w.submitter, false, true, types.GOLD_KIND_UNSPECIFIED).own = true
			continue
		}
		add(w.crowd, good, clear, types.GOLD_KIND_UNSPECIFIED)
	}
	add(w.planter, false, true, types.GOLD_KIND_DUPLICATE).text = w.original.text
	add(w.owner, false, true, types.GOLD_KIND_ALTERED)
	add(w.owner, true, true, types.GOLD_KIND_SOUND)
	add(w.owner, true, true, types.GOLD_KIND_SOUND)
	w.rand.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
	return items
}
