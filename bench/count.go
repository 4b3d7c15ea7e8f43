package main

import (
	"context"
	"math"
	"runtime/pprof"
	"slices"
	"syscall"
	"time"
)

// cost of some work.
type cost struct {
	cpu  time.Duration // of this process, all threads: the collector and the database's compaction included
	wall time.Duration
}

func (c cost) plus(d cost) cost { return cost{c.cpu + d.cpu, c.wall + d.wall} }

// measure runs something and returns what it cost. Profiles carry the phase as a label.
func measure(phase string, run func() error) (cost, error) {
	from, began := cpu(), time.Now()
	var err error
	pprof.Do(context.Background(), pprof.Labels("phase", phase), func(context.Context) { err = run() })
	return cost{cpu: cpu() - from, wall: time.Since(began)}, err
}

// cpu returns the processor time of this process: it does not grow while other programs keep the machine busy.
func cpu() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// awaitQuiet waits until the database has compacted what was written before.
func awaitQuiet() {
	const look = 200 * time.Millisecond
	for began := time.Now(); time.Since(began) < time.Minute; {
		before := cpu()
		time.Sleep(look)
		if cpu()-before < look/20 {
			break
		}
	}
}

// series are figures of one kind, one a block.
type series []float64

func (s series) mean() float64 {
	if len(s) == 0 {
		return math.NaN()
	}
	return s.sum() / float64(len(s))
}

func (s series) sum() float64 {
	total := 0.0
	for _, v := range s {
		total += v
	}
	return total
}

func (s series) median() float64 {
	if len(s) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(s))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

func (s series) max() float64 {
	if len(s) == 0 {
		return math.NaN()
	}
	return slices.Max(s)
}

// ms of a duration.
func ms(d time.Duration) float64 { return d.Seconds() * 1e3 }
