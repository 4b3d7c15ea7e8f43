package main

import (
	"context"
	"math"
	"runtime/metrics"
	"runtime/pprof"
	"slices"
	"syscall"
	"time"
)

// cost of some work.
type cost struct {
	cpu  time.Duration // of this process, all threads: the collector and the database's compaction included
	wall time.Duration

	own       time.Duration // CPU of the thread that works
	allocated float64       // bytes
}

// measure runs something and returns what it cost. Profiles carry the phase as a label.
func measure(phase string, run func() error) (cost, error) {
	from := now()
	var err error
	pprof.Do(context.Background(), pprof.Labels("phase", phase), func(context.Context) { err = run() })
	return now().since(from), err
}

// moment is what has been used until then.
type moment struct {
	cpu, own  time.Duration
	allocated float64
	at        time.Time
}

func now() moment {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return moment{cpu: cpu(), own: threadCPU(), allocated: float64(sample[0].Value.Uint64()), at: time.Now()}
}

func (m moment) since(from moment) cost {
	return cost{cpu: m.cpu - from.cpu, wall: m.at.Sub(from.at), own: m.own - from.own,
		allocated: m.allocated - from.allocated}
}

// shareBackground gives each part of some work its own CPU and, of what the collector and the database did meanwhile on
// other threads, as much as it has of the memory allocated. Such work runs later than what caused it.
func shareBackground(whole cost, parts ...*cost) {
	background := max(0, whole.cpu-whole.own)
	for _, part := range parts {
		part.cpu = part.own + time.Duration(float64(background)*part.allocated/max(1, whole.allocated))
	}
}

// cpu returns the processor time of this process: it does not grow while other programs keep the machine busy.
func cpu() time.Duration { return used(syscall.RUSAGE_SELF) }

func used(by int) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(by, &used); err != nil {
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
