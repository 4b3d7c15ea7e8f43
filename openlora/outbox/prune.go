package outbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

const (
	// pruneInterval is how often the outbox is looked through for what may be forgotten, prunesAtOnce how many batches go
	// each time.
	pruneInterval = time.Minute
	prunesAtOnce  = 200
)

// prune forgets batches that nothing has become of for longer than Keep, with their answers and bundles, oldest first;
// and sessions that have ended. A batch that the chain does not have yet keeps all after it.
func (s *Sender) prune(ctx context.Context) error {
	if s.Keep == 0 || time.Since(s.pruned) < pruneInterval {
		return nil
	}
	s.pruned = time.Now()
	for range prunesAtOnce {
		batch, ok, err := s.Outbox.oldest(s.pruned.Add(-s.Keep))
		if err != nil || !ok {
			return err
		}
		ended, err := s.ended(ctx, batch)
		if err != nil {
			return err
		}
		if err := s.Outbox.forget(batch, ended); err != nil {
			return fmt.Errorf("batch %d could not be forgotten: %w", batch.Seq, err)
		}
	}
	return nil
}

// ended returns the sessions of a batch of which it holds the last calls, and that the chain has closed or forgotten.
func (s *Sender) ended(ctx context.Context, batch Batch) ([]poa.Hash, error) {
	var ended []poa.Hash
	for _, part := range batch.Parts {
		session, err := s.Outbox.Session(part.Session)
		if errors.Is(err, ErrNotFound) || err == nil && (session.active() || session.Batched != part.Last) {
			continue
		}
		if err != nil {
			return nil, err
		}
		stored, err := s.Node.Session(ctx, part.Session)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		if err != nil || stored.Status == attributiontypes.SESSION_STATUS_CLOSED {
			ended = append(ended, part.Session)
		}
	}
	return ended, nil
}

// oldest returns the first batch, if nothing is to be done about it and nothing has become of it since a time.
func (o *Outbox) oldest(before time.Time) (batch Batch, ok bool, err error) {
	err = o.db.View(func(tx *bolt.Tx) error {
		key, _ := tx.Bucket(batchesBucket).Cursor().First()
		if key == nil {
			return nil
		}
		ok = true
		return get(tx, batchesBucket, key, &batch)
	})
	return batch, ok && batch.Changed.Before(before) && !batch.open(), err
}

// forget removes a batch with its calls, and sessions with all of theirs.
func (o *Outbox) forget(batch Batch, sessions []poa.Hash) error {
	return o.db.Update(func(tx *bolt.Tx) error {
		for _, part := range batch.Parts {
			for n := part.First; n <= part.Last; n++ {
				if err := deleteCall(tx, part.Session, n); err != nil {
					return err
				}
			}
		}
		for _, id := range sessions {
			var session Session
			if err := get(tx, sessionsBucket, id[:], &session); err != nil {
				return err
			}
			if session.active() { // since it was looked at
				continue
			}
			for n := session.Batched + 1; n <= session.N; n++ {
				if err := deleteCall(tx, id, n); err != nil {
					return err
				}
			}
			if err := errors.Join(tx.Bucket(activeBucket).Delete(id[:]), tx.Bucket(sessionsBucket).Delete(id[:])); err != nil {
				return err
			}
		}
		return removeBatch(tx, batch)
	})
}
