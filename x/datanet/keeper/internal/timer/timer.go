// Package timer is the queue of the steps that x/datanet runs at a later time. One queue holds all kinds, and the
// oldest step runs first, so no kind waits for ever.
package timer

import (
	"context"
	"errors"
	"time"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"

	"github.com/openledger/openledger/x/datanet/types"
)

// Key is (Unix time in nanoseconds, kind, id).
type Key = collections.Triple[int64, uint64, uint64]

// Kinds of timers. The numbers stand in the store.
const (
	Cohort    = 1 // deadline of a phase, by cohort
	Unbonding = 2 // by data validator
	Recall    = 3 // by contribution
	Vesting   = 4 // by contribution
	Bounty    = 5 // deadline, by bounty
	Decay     = 6 // by contribution
)

// Retry is how long a step that failed waits.
const Retry = time.Hour

// Queue holds the timers, and for each kind and id when its timer is.
type Queue struct {
	Pending collections.KeySet[Key]
	At      collections.Map[collections.Pair[uint64, uint64], int64]
}

// NewQueue returns the queue in a schema.
func NewQueue(sb *collections.SchemaBuilder) Queue {
	pair := collections.PairKeyCodec(collections.Uint64Key, collections.Uint64Key)
	return Queue{
		Pending: collections.NewKeySet(sb, types.TimersKey, "timers",
			collections.TripleKeyCodec(collections.Int64Key, collections.Uint64Key, collections.Uint64Key)),
		At: collections.NewMap(sb, types.TimerAtKey, "timer_at", pair, collections.Int64Value),
	}
}

// Set sets the timer of a kind and an id. It replaces an earlier one.
func (q Queue) Set(ctx context.Context, kind, id uint64, at time.Time) error {
	if err := q.Clear(ctx, kind, id); err != nil {
		return err
	}
	if err := q.At.Set(ctx, collections.Join(kind, id), at.UnixNano()); err != nil {
		return err
	}
	return q.Pending.Set(ctx, collections.Join3(at.UnixNano(), kind, id))
}

// Clear removes a timer, if there is one.
func (q Queue) Clear(ctx context.Context, kind, id uint64) error {
	at, err := q.At.Get(ctx, collections.Join(kind, id))
	if errors.Is(err, collections.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := q.At.Remove(ctx, collections.Join(kind, id)); err != nil {
		return err
	}
	return q.Pending.Remove(ctx, collections.Join3(at, kind, id))
}

// Due returns the oldest timers that are due at a time, at most limit of them.
func (q Queue) Due(ctx context.Context, now time.Time, limit int) ([]Key, error) {
	until := new(collections.Range[Key]).EndExclusive(collections.Join3(now.UnixNano()+1, uint64(0), uint64(0)))
	var due []Key
	err := q.Pending.Walk(ctx, until, func(key Key) (bool, error) {
		due = append(due, key)
		return len(due) == limit, nil
	})
	return due, err
}

// Has reports whether a timer is in the queue.
func (q Queue) Has(ctx context.Context, key Key) (bool, error) { return q.Pending.Has(ctx, key) }

// CheckInvariants fails with ErrInvariant unless both sides of the queue agree.
func (q Queue) CheckInvariants(ctx context.Context) error {
	timers := 0
	err := q.Pending.Walk(ctx, nil, func(key Key) (bool, error) {
		timers++
		at, err := q.At.Get(ctx, collections.Join(key.K2(), key.K3()))
		if err == nil && at != key.K1() {
			err = errorsmod.Wrapf(types.ErrInvariant, "timer %d of %d is at %d and at %d", key.K2(), key.K3(), key.K1(),
				at)
		}
		return err != nil, err
	})
	if err != nil {
		return err
	}
	known := 0
	err = q.At.Walk(ctx, nil, func(collections.Pair[uint64, uint64], int64) (bool, error) {
		known++
		return false, nil
	})
	if err == nil && known != timers {
		err = errorsmod.Wrapf(types.ErrInvariant, "%d timers in the queue, %d known", timers, known)
	}
	return err
}
