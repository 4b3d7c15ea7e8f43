package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Pool shares out tasks to threads. A nil *Pool runs everything in the calling goroutine. Results never depend on how
// many threads there are: each task writes elements of its own.
type Pool struct {
	threads int
	jobs    chan *job
	close   sync.Once
}

// job is one call of Run.
type job struct {
	tasks int64
	run   func(task int)
	next  atomic.Int64 // the next task that nobody has taken
	left  atomic.Int64 // tasks that have not ended
	done  chan struct{}
}

// NewPool starts threads-1 goroutines that help the caller of Run. threads of 0 or less means one per processor.
// Close ends them.
func NewPool(threads int) *Pool {
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	p := &Pool{threads: threads, jobs: make(chan *job, 4*threads)}
	for range threads - 1 {
		go p.help()
	}
	return p
}

// Threads returns how many threads work at most on one call of Run, the caller's among them.
func (p *Pool) Threads() int {
	if p == nil {
		return 1
	}
	return p.threads
}

// Close ends the pool's goroutines. It must not be called while Run is running, and Run not after it.
func (p *Pool) Close() {
	if p != nil {
		p.close.Do(func() { close(p.jobs) })
	}
}

// spins is how often a helper looks for the next job before it sleeps. Products of one token follow each other within
// microseconds, less than it takes to wake a thread.
const spins = 2000

func (p *Pool) help() {
	for {
		j, open := p.wait()
		if !open {
			return
		}
		j.work()
	}
}

func (p *Pool) wait() (*job, bool) {
	for range spins {
		select {
		case j, open := <-p.jobs:
			return j, open
		default:
		}
	}
	j, open := <-p.jobs
	return j, open
}

// Run calls run(0) … run(tasks-1), each once, on up to Threads goroutines, and returns when all have returned. Several
// goroutines may call Run at once, and run may call it.
func (p *Pool) Run(tasks int, run func(task int)) {
	if p == nil || p.threads == 1 || tasks <= 1 {
		for task := range tasks {
			run(task)
		}
		return
	}
	j := &job{tasks: int64(tasks), run: run, done: make(chan struct{})}
	j.left.Store(int64(tasks))
	for range min(p.threads, tasks) - 1 {
		select {
		case p.jobs <- j:
		default: // every helper has more than enough to do
		}
	}
	j.work()
	for range spins {
		if j.left.Load() == 0 {
			return
		}
	}
	<-j.done
}

func (j *job) work() {
	for {
		task := j.next.Add(1) - 1
		if task >= j.tasks {
			return
		}
		j.run(int(task))
		if j.left.Add(-1) == 0 {
			close(j.done)
		}
	}
}

// rowsChunk is how many rows Rows gives to a thread at a time.
const rowsChunk = 16

// Rows calls run(0) … run(n-1), several of them one after the other on each thread.
func (p *Pool) Rows(n int, run func(row int)) {
	if n <= rowsChunk || p.Threads() == 1 {
		for i := range n {
			run(i)
		}
		return
	}
	p.Run((n+rowsChunk-1)/rowsChunk, func(task int) {
		for i := task * rowsChunk; i < min(n, (task+1)*rowsChunk); i++ {
			run(i)
		}
	})
}
