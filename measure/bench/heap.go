package main

import (
	"runtime"
	"time"
)

const (
	heapAccounts = 100_000
	// heapSamples is the number of times that a run measures the heap.
	heapSamples = 10
)

// heapRun is the memory in use over many blocks.
type heapRun struct {
	accounts, blocks, pairs int
	at                      []int     // blocks
	live                    []float64 // MB after garbage collection
	cpu                     float64   // ms a block, of everything
}

// measureHeap settles many blocks, because growth shows only over many. Their load is the largest that fits the time
// that the options allow, which is less than the full load.
func measureHeap(w *world, o options) (heapRun, error) {
	out := heapRun{accounts: w.accounts, blocks: o.heapBlocks}
	l, err := w.fit(o)
	if err != nil {
		return out, err
	}
	out.pairs = l.pairs()
	progress("%s: %d blocks of %d pairs", nameHeap, o.heapBlocks, out.pairs)
	s := newSettler(w, l)
	from := newDraw(uniform, w.accounts, 4)
	out.at, out.live = append(out.at, 0), append(out.live, liveMB())
	spent := cpu()
	for i := 1; i <= o.heapBlocks; i++ {
		if _, err := s.runBlock(l.draw(from, l.pairs())); err != nil {
			return out, err
		}
		if i%max(1, o.heapBlocks/heapSamples) == 0 {
			out.at, out.live = append(out.at, i), append(out.live, liveMB())
			progress("%s: block %d, %.0f MB live", nameHeap, i, out.live[len(out.live)-1])
		}
	}
	out.cpu = ms(cpu()-spent) / float64(o.heapBlocks)
	return out, s.drain()
}

// fit chooses the largest load of a block that fits the time for the heap.
func (w *world) fit(o options) (load, error) {
	const trial = 3
	l := o.load
	for l.pairs() > o.load.entries {
		s := newSettler(w, l)
		from := newDraw(uniform, w.accounts, 5)
		began := time.Now()
		for range trial {
			if _, err := s.runBlock(l.draw(from, l.pairs())); err != nil {
				return l, err
			}
		}
		if err := s.drain(); err != nil {
			return l, err
		}
		if time.Since(began)/trial*time.Duration(o.heapBlocks) <= o.heapBudget {
			break
		}
		if l.batches > 1 {
			l.batches = 1
		} else {
			l.receipts = max(1, l.receipts/2)
		}
	}
	return l, nil
}

// liveMB returns the size of the heap after garbage collection.
func liveMB() float64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc) / 1e6
}
