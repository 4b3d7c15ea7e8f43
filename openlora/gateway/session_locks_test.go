package gateway

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/openledger/openledger/poa"
)

func TestSessionLockWaitsForTheCallBefore(t *testing.T) {
	var locks sessionLocks
	ctx, id := context.Background(), poa.LeafHash([]byte("session"))
	require.True(t, locks.lock(ctx, id))
	require.True(t, locks.lock(ctx, poa.LeafHash([]byte("another"))), "sessions do not wait for each other")
	time.AfterFunc(20*time.Millisecond, func() { locks.unlock(id) })
	require.True(t, locks.lock(ctx, id))

	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	require.False(t, locks.lock(short, id), "a call that stays in flight is not waited for without end")
}

func TestSessionLockLetsOneIn(t *testing.T) {
	var locks sessionLocks
	var inside, most atomic.Int32
	var group errgroup.Group
	for range 16 {
		group.Go(func() error {
			if locks.lock(context.Background(), poa.Hash{}) {
				most.Store(max(most.Load(), inside.Add(1)))
				time.Sleep(time.Millisecond)
				inside.Add(-1)
				locks.unlock(poa.Hash{})
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	require.EqualValues(t, 1, most.Load())
}
