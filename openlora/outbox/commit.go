package outbox

import (
	"sync"

	bolt "go.etcd.io/bbolt"
)

// committer has writes that come while another is being flushed to the disk share the next flush. Each returns when it
// is on disk, as by itself.
type committer struct {
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

// update makes a change durably. The change may be made more than once before it is on disk, in transactions that are
// rolled back; it must not depend on its earlier attempts.
func (c *committer) update(change func(*bolt.Tx) error) error {
	mine := &write{change: change, turn: make(chan bool, 1)}
	c.mu.Lock()
	c.waiting = append(c.waiting, mine)
	leads := !c.busy
	c.busy = true
	c.mu.Unlock()
	if leads || <-mine.turn {
		c.commit(mine)
	}
	return mine.err
}

// commit writes what waits, in the order in which it came, and has the next one in the line commit what came meanwhile.
func (c *committer) commit(mine *write) {
	c.mu.Lock()
	together := c.waiting[:min(len(c.waiting), maxTogether)]
	c.waiting = c.waiting[len(together):]
	c.mu.Unlock()
	c.run(together)
	for _, one := range together {
		if one != mine {
			one.turn <- false
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.busy = len(c.waiting) > 0; c.busy {
		c.waiting[0].turn <- true
	}
}

// run makes changes in one transaction. If one fails each is made alone, so that none suffers for another.
func (c *committer) run(together []*write) {
	if len(together) > 1 {
		err := c.db.Update(func(tx *bolt.Tx) error {
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
		one.err = c.db.Update(one.change)
	}
}
