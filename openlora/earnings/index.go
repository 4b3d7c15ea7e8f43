// Package earnings keeps what each account has earned, batch by batch, and what
// was paid out to it. It is built from the events of blocks, and from what the
// chain says a batch has credited, at the height of the batch. The ledger of
// x/rewards holds one sum for each account; this is where the sum comes from.
package earnings

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/openledger/openledger/internal/database"
	"github.com/openledger/openledger/internal/follow"
	"github.com/openledger/openledger/openlora/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

var (
	metaBucket     = []byte("meta")     // see the keys below
	waitingBucket  = []byte("waiting")  // be64 batch id → waiting
	entriesBucket  = []byte("entries")  // account ‖ be64 height ‖ be32 number → Entry
	accountsBucket = []byte("accounts") // account → Totals
	daysBucket     = []byte("days")     // date → Day

	firstKey   = []byte("first")   // be64 of the first block indexed
	nextKey    = []byte("next")    // be64 of the next block to index
	missingKey = []byte("missing") // JSON list of Missing

	// be64 of the first block whose day was counted, in an index that was begun without days
	daysFromKey = []byte("days_from")
)

const (
	pollInterval = 2 * time.Second
	// blocksPerWrite are read before they are written together: a write waits for the disk.
	blocksPerWrite = 200
	// writesPerReport is how often a long catching-up says how far it is.
	writesPerReport = 25
	// attempts at a block that the node answers with an error, before it is passed over. One that the node does not keep
	// is passed over at once.
	attempts = 3
)

// Source is a node.
type Source interface {
	// Heights returns the first block whose state the node has, and the last.
	Heights(ctx context.Context) (first, last int64, err error)
	// Events returns the events of a block in the order in which they came about; those of failed transactions are left
	// out. chain.ErrNoResults says that the node does not keep them.
	Events(ctx context.Context, height int64) ([]abci.Event, error)
	// BatchCredits asks the state of a height what a batch has credited.
	BatchCredits(ctx context.Context, height int64, batch uint64) (*attributiontypes.QueryBatchCreditsResponse, error)
	// BlockTime returns when a block was made.
	BlockTime(ctx context.Context, height int64) (time.Time, error)
}

// Index of earnings.
type Index struct {
	db   *bolt.DB
	node Source
	log  *slog.Logger
	mu   sync.Mutex // one follower at a time

	failed map[int64]int    // attempts at a block
	skip   map[int64]string // blocks to pass over, and why
}

// Open opens or makes an index.
func Open(path string, node Source, log *slog.Logger) (*Index, error) {
	buckets := [][]byte{metaBucket, waitingBucket, entriesBucket, accountsBucket, daysBucket}
	db, err := database.Open(path, buckets, func(tx *bolt.Tx, isNew func([]byte) bool) error {
		meta := tx.Bucket(metaBucket)
		if next := meta.Get(nextKey); isNew(daysBucket) && next != nil { // begun without days
			return meta.Put(daysFromKey, bytes.Clone(next))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("index of earnings: %w", err)
	}
	return &Index{db: db, node: node, log: log, failed: make(map[int64]int), skip: make(map[int64]string)}, nil
}

// Close closes the index.
func (x *Index) Close() error { return x.db.Close() }

// Run follows the chain until ctx ends.
func (x *Index) Run(ctx context.Context) {
	follow.Every(ctx, pollInterval, x.log, "the index of earnings could not follow the chain", x.Follow)
}

// Follow indexes all blocks up to the last one.
func (x *Index) Follow(ctx context.Context) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	first, last, err := x.node.Heights(ctx)
	if err != nil {
		return err
	}
	for writes := 1; ; writes++ {
		done, err := x.write(ctx, first, last)
		if err != nil || done {
			return err
		}
		if writes%writesPerReport == 0 {
			x.log.Info("indexing earnings", "blocks", writes*blocksPerWrite, "until", last)
		}
	}
}

// write indexes some blocks in one transaction. A block that cannot be read ends it; what was read before is kept. One
// that the node does not have, or that fails again and again, is passed over and noted: the blocks behind it do not
// wait for it.
func (x *Index) write(ctx context.Context, first, last int64) (done bool, err error) {
	var failed error
	var broken int64 // a block that could be read, and not indexed
	err = x.db.Update(func(tx *bolt.Tx) error {
		next, err := start(tx, first, last)
		if err != nil {
			return err
		}
		until := min(next+blocksPerWrite-1, last)
		for ; next <= until; next++ {
			var read []read
			if _, passed := x.skip[next]; !passed {
				read, failed = x.read(ctx, next)
			}
			if failed != nil && x.retry(ctx, next, failed) {
				break
			}
			failed = nil
			if why, passed := x.skip[next]; passed {
				if err := miss(tx, next, why); err != nil {
					return err
				}
				continue
			}
			b := block{tx: tx, height: next}
			for _, event := range read {
				if err := b.apply(event); err != nil {
					broken = next
					return fmt.Errorf("block %d: %w", next, err)
				}
			}
		}
		done = next > last
		return tx.Bucket(metaBucket).Put(nextKey, be64(uint64(next)))
	})
	if err == nil {
		clear(x.skip)
	}
	if broken > 0 { // nothing of it was written: the next attempt passes over the block
		x.log.Error("a block cannot be indexed; it is passed over", "err", err)
		x.skip[broken] = err.Error()
		return false, nil
	}
	return done, errors.Join(err, failed)
}

// retry reports whether a block is to be read again later, and notes otherwise that it is passed over.
func (x *Index) retry(ctx context.Context, height int64, err error) bool {
	if errors.Is(err, chain.ErrNoResults) {
		x.skip[height] = chain.ErrNoResults.Error()
		return false
	}
	if code := status.Code(err); ctx.Err() != nil || code == codes.Unavailable || code == codes.DeadlineExceeded ||
		code == codes.Canceled || code == codes.ResourceExhausted {
		return true // the node, not the block
	}
	if x.failed[height]++; x.failed[height] < attempts {
		return true
	}
	delete(x.failed, height)
	x.log.Error("a block cannot be read; it is passed over", "height", height, "err", err)
	x.skip[height] = err.Error()
	return false
}

// start returns the next block to index. An index that is new begins at the first block of which the node has the
// state.
func start(tx *bolt.Tx, first, last int64) (int64, error) {
	meta := tx.Bucket(metaBucket)
	stored := meta.Get(nextKey)
	if stored == nil {
		return first, meta.Put(firstKey, be64(uint64(first)))
	}
	next := int64(binary.BigEndian.Uint64(stored))
	if next > last+1 {
		return 0, fmt.Errorf(
			"the index has blocks up to %d, the node up to %d: wait until the node has caught up, or remove the index if the "+
				"chain was started anew", next-1, last)
	}
	return next, nil
}

func be64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func put(bucket *bolt.Bucket, key []byte, value any) error {
	encoded, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return bucket.Put(key, encoded)
}
