// Package commit has writes to a bbolt file share flushes to the disk. Each returns when it is on disk, as by itself:
// what costs is the flush, and one is enough for all that came while another was going on.
package commit

import (
	"sync"

	bolt "go.etcd.io/bbolt"
)

// Queue of writes to a file. It is safe for concurrent use.
type Queue struct {
	db *bolt.DB

	mu      sync.Mutex
	busy    bool // somebody commits
	waiting []*write
}

// write is a change on its way to the disk.
type write struct {
	change func(*bolt.Tx) error
	err    error
	turn   chan bool // false when it is done, true when it is to commit what waits
}

// maxTogether bounds the writes of one transaction.
const maxTogether = 256

// NewQueue returns a queue for a file, which others may write to as well.
func NewQueue(db *bolt.DB) *Queue { return &Queue{db: db} }

// Update makes a change durably. The change may be made more than once before it is on disk, in transactions that are
// rolled back; it must not depend on its earlier attempts.
func (q *Queue) Update(change func(*bolt.Tx) error) error {
	mine := &write{change: change, turn: make(chan bool, 1)}
	q.mu.Lock()
	q.waiting = append(q.waiting, mine)
	leads := !q.busy
	q.busy = true
	q.mu.Unlock()
	if leads || <-mine.turn {
		q.commit(mine)
	}
	return mine.err
}

// commit writes what waits, in the order in which it came, and has the next one in the line commit what came meanwhile.
func (q *Queue) commit(mine *write) {
	q.mu.Lock()
	together := q.waiting[:min(len(q.waiting), maxTogether)]
	q.waiting = q.waiting[len(together):]
	q.mu.Unlock()
	q.run(together)
	for _, one := range together {
		if one != mine {
			one.turn <- false
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.busy = len(q.waiting) > 0; q.busy {
		q.waiting[0].turn <- true
	}
}

// run makes changes in one transaction. If one fails each is made alone, so that none suffers for another.
func (q *Queue) run(together []*write) {
	if len(together) > 1 {
		err := q.db.Update(func(tx *bolt.Tx) error {
			for _, one := range together {
				if err := one.change(tx); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			return
		}
	}
	for _, one := range together {
		one.err = q.db.Update(one.change)
	}
}
