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

// cost is the cost of some work.
type cost struct {
	cpu  time.Duration // of all threads of this process, with garbage collection and the database's compaction
	wall time.Duration

	own       time.Duration // CPU of the thread that does the work
	allocated float64       // bytes
}

// measure runs something and returns what it cost. Profiles carry the phase as a label.
func measure(phase string, run func() error) (cost, error) {
	from := now()
	var err error
	pprof.Do(context.Background(), pprof.Labels("phase", phase), func(context.Context) { err = run() })
	return now().since(from), err
}

// moment is what the process has used up to a moment.
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

// shareBackground sets the CPU of each part of some work. A part gets the CPU of its own thread and a share of what
// garbage collection and the database used on other threads, in proportion to the memory that it allocated. Such
// background work runs later than the part that caused it.
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

// awaitQuiet waits, for at most a minute, until the database has compacted what was written before.
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

// series holds figures of one kind, one for each block.
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

// ms returns a duration in milliseconds.
func ms(d time.Duration) float64 { return d.Seconds() * 1e3 }
