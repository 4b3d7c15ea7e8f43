package connect

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// cached is a value that is read again when it is older than an age. A caller that asks for an old value gets it, and
// starts a new read for the next callers: only the very first caller waits.
type cached[T any] struct {
	mu     sync.Mutex
	value  T
	read   time.Time
	known  bool
	flight singleflight.Group
}

func (c *cached[T]) get(ctx context.Context, age time.Duration, read func(context.Context) (T, error)) (T, error) {
	c.mu.Lock()
	value, known, fresh := c.value, c.known, c.known && time.Since(c.read) < age
	c.mu.Unlock()
	if fresh {
		return value, nil
	}
	reading := c.flight.DoChan("", func() (any, error) {
		value, err := read(context.WithoutCancel(ctx))
		c.mu.Lock()
		defer c.mu.Unlock()
		if err == nil {
			c.value, c.known = value, true
		}
		if err == nil || c.known {
			c.read = time.Now() // what cannot be read is not asked for by everybody at once
		}
		return value, err
	})
	if known {
		return value, nil
	}
	select {
	case result := <-reading:
		if result.Err != nil {
			return value, result.Err
		}
		return result.Val.(T), nil
	case <-ctx.Done():
		return value, ctx.Err()
	}
}
