// Package indexer keeps the receipts and the root of every batch, so that a receipt can be proved after the chain has
// pruned it. While the dispute window of a batch is open, its receipts can be read from the chain; later a lost index
// can only be replaced by a copy of another one.
package indexer

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/openledger/openledger/internal/database"
	"github.com/openledger/openledger/internal/follow"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

var (
	batchesBucket  = []byte("batches")  // be64 batch id → entry
	receiptsBucket = []byte("receipts") // receipt id → be64 batch id ‖ be32 index
	rootsBucket    = []byte("roots")    // be64 batch id → root of the batch, for proofs over all batches
)

const pollInterval = 2 * time.Second

// Indexer is an index that follows a node.
type Indexer struct {
	db   *bolt.DB
	node *chain.Client
	log  *slog.Logger
}

// entry is an indexed batch.
type entry struct {
	Root    poa.Hash `json:"root"`
	Leaf    uint64   `json:"leaf"`
	Records [][]byte `json:"records"`
}

// Open opens or creates the index.
func Open(path string, node *chain.Client, log *slog.Logger) (*Indexer, error) {
	buckets := [][]byte{batchesBucket, receiptsBucket, rootsBucket}
	db, err := database.Open(path, buckets, func(tx *bolt.Tx, isNew func([]byte) bool) error {
		if !isNew(rootsBucket) {
			return nil
		}
		return tx.Bucket(batchesBucket).ForEach(func(id, raw []byte) error { // the file is older than this bucket
			var stored entry
			if err := json.Unmarshal(raw, &stored); err != nil {
				return fmt.Errorf("batch %d: %w", binary.BigEndian.Uint64(id), err)
			}
			return tx.Bucket(rootsBucket).Put(id, stored.Root[:])
		})
	})
	if err != nil {
		return nil, fmt.Errorf("index of receipts: %w", err)
	}
	return &Indexer{db: db, node: node, log: log}, nil
}

// Close closes the index.
func (x *Indexer) Close() error { return x.db.Close() }

// Run follows the chain until ctx ends.
func (x *Indexer) Run(ctx context.Context) {
	follow.Every(ctx, pollInterval, x.log, "the index of receipts could not follow the chain", x.Follow)
}

// Follow indexes new batches.
func (x *Indexer) Follow(ctx context.Context) error {
	accumulator, err := x.node.Attribution.Accumulator(ctx, &attributiontypes.QueryAccumulatorRequest{})
	if err != nil {
		return err
	}
	for next := x.last() + 1; next <= accumulator.Accumulator.Count; next++ {
		batch, err := x.node.Attribution.Batch(ctx, &attributiontypes.QueryBatchRequest{BatchId: next})
		if err != nil {
			return fmt.Errorf("batch %d: %w", next, err)
		}
		records, err := x.records(ctx, batch.Batch)
		if err != nil {
			return fmt.Errorf("batch %d: %w", next, err)
		}
		if err := x.put(batch.Batch, records); err != nil {
			return err
		}
	}
	return nil
}

// last returns the id of the last batch in the index, or 0. Ids count from 1 without gaps.
func (x *Indexer) last() uint64 {
	var last uint64
	_ = x.db.View(func(tx *bolt.Tx) error {
		if key, _ := tx.Bucket(batchesBucket).Cursor().Last(); key != nil {
			last = binary.BigEndian.Uint64(key)
		}
		return nil
	})
	return last
}

// records reads the receipts of a batch and checks them against its root.
func (x *Indexer) records(ctx context.Context, batch attributiontypes.Batch) ([]poa.Record, error) {
	records, err := attributiontypes.ReadRecords(ctx, x.node.Attribution, batch.Id)
	if err != nil {
		return nil, err
	}
	leaves := make([]poa.Hash, len(records))
	for i, record := range records {
		leaves[i] = record.Leaf()
	}
	if root := poa.MerkleRoot(leaves); string(root[:]) != string(batch.Root) {
		return nil, errors.New("its receipts do not give its root: the node has pruned some of them, or answers wrongly; " +
			"follow another node")
	}
	return records, nil
}

func (x *Indexer) put(batch attributiontypes.Batch, records []poa.Record) error {
	root, err := poa.HashFromBytes(batch.Root)
	if err != nil {
		return err
	}
	stored := entry{Root: root, Leaf: batch.Leaf}
	return x.db.Update(func(tx *bolt.Tx) error {
		for i, record := range records {
			encoded, err := record.MarshalBinary()
			if err != nil {
				return err
			}
			stored.Records = append(stored.Records, encoded)
			place := binary.BigEndian.AppendUint32(database.Key(batch.Id), uint32(i))
			if err := tx.Bucket(receiptsBucket).Put([]byte(attributiontypes.ReceiptID(record.Session[:], record.N)),
				place); err != nil {
				return err
			}
		}
		encoded, err := json.Marshal(stored)
		if err != nil {
			return err
		}
		return errors.Join(
			tx.Bucket(batchesBucket).Put(database.Key(batch.Id), encoded),
			tx.Bucket(rootsBucket).Put(database.Key(batch.Id), root[:]),
		)
	})
}

// ErrNotFound reports that a receipt is not in the index.
var ErrNotFound = errors.New("receipt is not in the index")

// Proof returns the proof of a receipt against all indexed batches.
func (x *Indexer) Proof(id string) (attributiontypes.ReceiptProof, error) {
	var proof attributiontypes.ReceiptProof
	err := x.db.View(func(tx *bolt.Tx) error {
		place := tx.Bucket(receiptsBucket).Get([]byte(id))
		if place == nil {
			return fmt.Errorf("%w: %s", ErrNotFound, id)
		}
		batch, index := place[:8], binary.BigEndian.Uint32(place[8:])
		var stored entry
		if err := json.Unmarshal(tx.Bucket(batchesBucket).Get(batch), &stored); err != nil {
			return fmt.Errorf("batch %d: %w", binary.BigEndian.Uint64(batch), err)
		}
		records := make([]poa.Record, len(stored.Records))
		for i, encoded := range stored.Records {
			var err error
			if records[i], err = poa.UnmarshalRecord(encoded); err != nil {
				return err
			}
		}
		roots, err := allRoots(tx)
		if err != nil {
			return err
		}
		proof, err = attributiontypes.BuildReceiptProof(records, int(index), roots, stored.Leaf)
		return err
	})
	return proof, err
}

// allRoots returns the roots of all batches, in order.
func allRoots(tx *bolt.Tx) ([]poa.Hash, error) {
	var roots []poa.Hash
	err := tx.Bucket(rootsBucket).ForEach(func(_, root []byte) error {
		hash, err := poa.HashFromBytes(root)
		roots = append(roots, hash)
		return err
	})
	return roots, err
}

// ServeHTTP answers GET …/receipts/{id}/proof with a proof in JSON, against all batches that the chain has now.
func (x *Indexer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := x.Follow(r.Context()); err != nil {
		x.log.Warn("the index could not follow the chain", "err", err)
	}
	id := r.PathValue("id")
	proof, err := x.Proof(id)
	var encoded []byte
	if err == nil {
		encoded, err = x.node.Codec().MarshalJSON(&proof)
	}
	switch {
	case errors.Is(err, ErrNotFound):
		writeError(w, http.StatusNotFound, "invalid_request_error", "receipt_not_found", err.Error())
	case err != nil:
		x.log.Error("a receipt could not be proved", "receipt", id, "err", err)
		writeError(w, http.StatusInternalServerError, "server_error", "proof_failed",
			"the gateway could not prove the receipt; its log says why")
	default:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(encoded)
	}
}

// writeError writes an error in the form of OpenAI's API.
func writeError(w http.ResponseWriter, status int, kind, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"error": map[string]string{"message": message, "type": kind, "code": code}})
}
