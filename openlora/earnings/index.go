// Package earnings keeps what each account has earned, batch by batch, and what was paid out to it. It builds the index
// from the events of blocks, and from the credits of each batch in the state of its block. The ledger of x/rewards
// holds one sum for each account; the index shows the parts of that sum.
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

	// be64 of the first block that days count, if the index is older than this bucket
	daysFromKey = []byte("days_from")
)

const (
	pollInterval = 2 * time.Second
	// blocksPerWrite bounds the blocks of one write: fewer writes wait less for the disk.
	blocksPerWrite = 200
	// writesPerReport is the number of writes after which a long catch-up logs its progress.
	writesPerReport = 25
	// attempts is how often a block that fails is read before it is passed over. A block that the node does not keep is
	// passed over at once.
	attempts = 3
)

// Source is the node that an index follows.
type Source interface {
	// Heights returns the first block whose state the node has, and the last.
	Heights(ctx context.Context) (first, last int64, err error)
	// Events returns the events of a block in the order in which they were emitted, without those of failed transactions.
	// It fails with chain.ErrNoResults if the node does not keep them.
	Events(ctx context.Context, height int64) ([]abci.Event, error)
	// BatchCredits returns the credits of a batch in the state of a height, or in the latest state if the height is 0.
	BatchCredits(ctx context.Context, height int64, batch uint64) (*attributiontypes.QueryBatchCreditsResponse, error)
	// BlockTime returns when a block was made.
	BlockTime(ctx context.Context, height int64) (time.Time, error)
}

// Index is an index of earnings.
type Index struct {
	db   *bolt.DB
	node Source
	log  *slog.Logger
	mu   sync.Mutex // held by Follow

	failed map[int64]int    // failed attempts, by block
	skip   map[int64]string // reason to pass over, by block
}

// Open opens or creates an index.
func Open(path string, node Source, log *slog.Logger) (*Index, error) {
	buckets := [][]byte{metaBucket, waitingBucket, entriesBucket, accountsBucket, daysBucket}
	db, err := database.Open(path, buckets, func(tx *bolt.Tx, isNew func([]byte) bool) error {
		meta := tx.Bucket(metaBucket)
		if next := meta.Get(nextKey); isNew(daysBucket) && next != nil { // the file is older than this bucket
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

// write indexes some blocks in one transaction. A block that cannot be read ends the transaction, which keeps the
// blocks before it. A block that the node does not have, or that fails several times, is passed over and noted, so that
// later blocks do not wait for it.
func (x *Index) write(ctx context.Context, first, last int64) (done bool, err error) {
	var failed error
	var broken int64 // a block that was read but could not be indexed
	err = x.db.Update(func(tx *bolt.Tx) error {
		next, err := nextBlock(tx, first, last)
		if err != nil {
			return err
		}
		until := min(next+blocksPerWrite-1, last)
		for ; next <= until; next++ {
			var events []blockEvent
			if _, passed := x.skip[next]; !passed {
				events, failed = x.readBlock(ctx, next)
			}
			if failed != nil && x.retry(ctx, next, failed) {
				break
			}
			failed = nil
			if why, passed := x.skip[next]; passed {
				if err := addMissing(tx, next, why); err != nil {
					return err
				}
				continue
			}
			b := block{tx: tx, height: next}
			for _, event := range events {
				if err := b.apply(event); err != nil {
					broken = next
					return fmt.Errorf("block %d: %w", next, err)
				}
			}
		}
		done = next > last
		return tx.Bucket(metaBucket).Put(nextKey, database.Key(uint64(next)))
	})
	if err == nil {
		clear(x.skip)
	}
	if broken > 0 { // the transaction was rolled back: the next one passes over the block
		x.log.Error("a block cannot be indexed; it is passed over", "err", err)
		x.skip[broken] = err.Error()
		return false, nil
	}
	return done, errors.Join(err, failed)
}

// retry reports whether to read a block again later. Otherwise it notes that the block is passed over.
func (x *Index) retry(ctx context.Context, height int64, err error) bool {
	if errors.Is(err, chain.ErrNoResults) {
		x.skip[height] = chain.ErrNoResults.Error()
		return false
	}
	if code := status.Code(err); ctx.Err() != nil || code == codes.Unavailable || code == codes.DeadlineExceeded ||
		code == codes.Canceled || code == codes.ResourceExhausted {
		return true // the node is at fault, not the block
	}
	if x.failed[height]++; x.failed[height] < attempts {
		return true
	}
	delete(x.failed, height)
	x.log.Error("a block cannot be read; it is passed over", "height", height, "err", err)
	x.skip[height] = err.Error()
	return false
}

// nextBlock returns the next block to index. A new index begins at the first block of which the node has the state.
func nextBlock(tx *bolt.Tx, first, last int64) (int64, error) {
	meta := tx.Bucket(metaBucket)
	stored := meta.Get(nextKey)
	if stored == nil {
		return first, meta.Put(firstKey, database.Key(uint64(first)))
	}
	next := int64(binary.BigEndian.Uint64(stored))
	if next > last+1 {
		return 0, fmt.Errorf(
			"the index has blocks up to %d, the node up to %d: wait until the node has caught up, or remove the index if the "+
				"chain was started anew", next-1, last)
	}
	return next, nil
}

func put(bucket *bolt.Bucket, key []byte, value any) error {
	encoded, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return bucket.Put(key, encoded)
}
