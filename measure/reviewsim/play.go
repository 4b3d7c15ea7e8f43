package main

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// playAll plays rows, as many at the same time as there are workers, and returns their results in order. The result of
// a row does not depend on the other rows.
func playAll(o options, all []row) ([]result, error) {
	longest := make([]int, len(all)) // the longest row first, so that no worker ends much later
	for i := range longest {
		longest[i] = i
	}
	slices.SortStableFunc(longest, func(a, b int) int { return all[b].length() - all[a].length() })
	results := make([]result, len(all))
	return results, atOnce(o, len(all), func(n int) (string, error) {
		i := longest[n]
		var err error
		results[i], err = all[i].play(o)
		return fmt.Sprintf("%s, %s, pi %.2f", all[i].deviation, all[i].mix, all[i].pi), err
	})
}

// playPool does the same for attacks on the pool.
func playPool(o options, all []poolRow) ([]poolResult, error) {
	results := make([]poolResult, len(all))
	return results, atOnce(o, len(all), func(i int) (string, error) {
		var err error
		results[i], err = all[i].play(o)
		return fmt.Sprint(poolName, " ", all[i]), err
	})
}

// atOnce lets the workers do tasks at the same time, and reports each that is done.
func atOnce(o options, tasks int, task func(int) (string, error)) error {
	errs := make([]error, tasks)
	var next atomic.Int64
	var done sync.WaitGroup
	for range min(o.workers, tasks) {
		done.Go(func() {
			for n := int(next.Add(1)); n <= tasks; n = int(next.Add(1)) {
				name, err := task(n - 1)
				errs[n-1] = err
				progress("%d of %d: %s", n, tasks, name)
			}
		})
	}
	done.Wait()
	return errors.Join(errs...)
}
