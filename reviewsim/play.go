package main

import (
	"slices"
	"sync"
	"sync/atomic"
)

// playAll plays rows, as many at the same time as there are workers, and
// returns their results in order. What a row comes to depends on nothing else.
func playAll(o options, all []row) ([]result, error) {
	results, errs := make([]result, len(all)), make([]error, len(all))
	longest := make([]int, len(all)) // first, so that no worker ends much later
	for i := range longest {
		longest[i] = i
	}
	slices.SortStableFunc(longest, func(a, b int) int { return all[b].length() - all[a].length() })
	var next atomic.Int64
	var done sync.WaitGroup
	for range min(o.workers, len(all)) {
		done.Go(func() {
			for n := int(next.Add(1)); n <= len(all); n = int(next.Add(1)) {
				i := longest[n-1]
				results[i], errs[i] = all[i].play(o)
				progress("%d of %d: %s, %s, pi %.2f", n, len(all), all[i].deviation, all[i].mix, all[i].pi)
			}
		})
	}
	done.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return results, nil
}
