// Package outbox is a provider's durable memory of its sessions: the voucher of
// a call is on disk before its answer is sent, and receipts stay there until
// the chain has them. A crash loses none and sends none twice.
package outbox

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/openledger/openledger/openlora/retrieval"
	"github.com/openledger/openledger/poa"
)

var (
	sessionsBucket = []byte("sessions") // session id → Session
	callsBucket    = []byte("calls")    // session id ‖ be64 call → Call
	batchesBucket  = []byte("batches")  // be64 provider seq → Batch
	bundlesBucket  = []byte("bundles")  // root → bundle
	metaBucket     = []byte("meta")
	seqKey         = []byte("provider_seq")
)

// openTimeout for the file lock of another process.
const openTimeout = 5 * time.Second

// ErrNotFound says that the outbox does not hold something.
var ErrNotFound = errors.New("not in the outbox")

// Voucher is the client's latest signature.
type Voucher struct {
	N             uint64     `json:"n"`
	Call          poa.Hash   `json:"call"`
	CumulativeMax poa.Amount `json:"cumulative_max"`
	Signature     []byte     `json:"signature"`
}

// Session is where a session stands for the provider.
type Session struct {
	ID           poa.Hash    `json:"id"`
	ModelID      uint64      `json:"model_id"`
	ModelVersion uint32      `json:"model_version"`
	N            uint64      `json:"n"` // last call, gaps included
	Head         poa.Hash    `json:"head"`
	Last         poa.Outcome `json:"last"`
	Spent        poa.Amount  `json:"spent"` // fees of all calls
	Batched      uint64      `json:"batched"`
	Voucher      Voucher     `json:"voucher"`
	Broken       string      `json:"broken,omitempty"` // why nothing more can be submitted
	Done         bool        `json:"done,omitempty"`   // closed on chain and everything submitted
}

// Call is one call of a session.
type Call struct {
	N         uint64          `json:"n"`
	Hash      poa.Hash        `json:"hash"`
	Gap       bool            `json:"gap"`
	CallKey   poa.Hash        `json:"call_key"`
	QueryHash poa.Hash        `json:"query_hash"`
	MaxFee    poa.Amount      `json:"max_fee"`
	Started   bool            `json:"started"` // no outcome yet
	Outcome   poa.Outcome     `json:"outcome"`
	Answer    string          `json:"answer,omitempty"`
	Retrieved []retrieval.Ref `json:"retrieved,omitempty"`
	Response  json.RawMessage `json:"response,omitempty"` // for a client that asks again
	Seq       uint64          `json:"seq,omitempty"`      // of the batch that holds it

	// CumulativeMax and Signature are the voucher of this call.
	CumulativeMax poa.Amount `json:"cumulative_max"`
	Signature     []byte     `json:"signature"`
}

// Batch is a message for the chain, kept as bytes so that it is always sent as
// it was first.
type Batch struct {
	Seq     uint64   `json:"seq"`
	Message []byte   `json:"message"`
	Calls   []string `json:"calls"` // receipt ids
	Done    bool     `json:"done"`
	Error   string   `json:"error,omitempty"` // refused for good
	BatchID uint64   `json:"batch_id,omitempty"`
	TxHash  string   `json:"tx_hash,omitempty"`
	Height  int64    `json:"height,omitempty"`
	// Attested batches wait for validators; Settled says that their verdict is known.
	Attested bool `json:"attested,omitempty"`
	Settled  bool `json:"settled,omitempty"`
}

// Outbox is the open file.
type Outbox struct{ db *bolt.DB }

// Open opens or makes the file. Calls that had started when the process ended
// have no outcome: they become gaps.
func Open(path string) (*Outbox, error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: openTimeout})
	if err != nil {
		return nil, fmt.Errorf("outbox %s: %w (is another gateway running?)", path, err)
	}
	o := &Outbox{db}
	err = db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{sessionsBucket, callsBucket, batchesBucket, bundlesBucket, metaBucket} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return closeStarted(tx)
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return o, nil
}

// closeStarted turns calls without an outcome into gaps.
func closeStarted(tx *bolt.Tx) error {
	return tx.Bucket(sessionsBucket).ForEach(func(id, raw []byte) error {
		var session Session
		if err := json.Unmarshal(raw, &session); err != nil {
			return err
		}
		var call Call
		err := get(tx, callsBucket, callKey(session.ID, session.N), &call)
		if errors.Is(err, ErrNotFound) || err == nil && !call.Started {
			return nil
		}
		if err != nil {
			return err
		}
		call.Started, call.Gap = false, true
		return store(tx, callsBucket, callKey(session.ID, call.N), call)
	})
}

// Close closes the file.
func (o *Outbox) Close() error { return o.db.Close() }

// Session returns a session, or ErrNotFound.
func (o *Outbox) Session(id poa.Hash) (Session, error) {
	var session Session
	err := o.db.View(func(tx *bolt.Tx) error { return get(tx, sessionsBucket, id[:], &session) })
	return session, err
}

// Sessions returns all sessions.
func (o *Outbox) Sessions() ([]Session, error) {
	var sessions []Session
	err := o.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(sessionsBucket).ForEach(func(_, raw []byte) error {
			var session Session
			if err := json.Unmarshal(raw, &session); err != nil {
				return err
			}
			sessions = append(sessions, session)
			return nil
		})
	})
	return sessions, err
}

// PutSession stores a session.
func (o *Outbox) PutSession(session Session) error {
	return o.db.Update(func(tx *bolt.Tx) error { return store(tx, sessionsBucket, session.ID[:], session) })
}

// Call returns a call of a session, or ErrNotFound.
func (o *Outbox) Call(session poa.Hash, n uint64) (Call, error) {
	var call Call
	err := o.db.View(func(tx *bolt.Tx) error { return get(tx, callsBucket, callKey(session, n), &call) })
	return call, err
}

// Advance stores a session with its newest call, durably: when it returns, both
// are on disk.
func (o *Outbox) Advance(session Session, call Call) error {
	return o.db.Update(func(tx *bolt.Tx) error {
		if err := store(tx, callsBucket, callKey(session.ID, call.N), call); err != nil {
			return err
		}
		return store(tx, sessionsBucket, session.ID[:], session)
	})
}

// NextSeq returns the number for the next batch. Numbers only grow, also when
// the file is lost: a new file starts from the clock.
func (o *Outbox) NextSeq() (uint64, error) {
	var next uint64
	err := o.db.View(func(tx *bolt.Tx) error {
		if raw := tx.Bucket(metaBucket).Get(seqKey); raw != nil {
			next = binary.BigEndian.Uint64(raw) + 1
		}
		return nil
	})
	return max(next, uint64(time.Now().Unix())), err
}

// AddBatch stores a batch and marks its calls, in one step, before it is sent.
func (o *Outbox) AddBatch(batch Batch, sessions []Session, calls map[poa.Hash][]Call) error {
	return o.db.Update(func(tx *bolt.Tx) error {
		if err := store(tx, batchesBucket, be64(batch.Seq), batch); err != nil {
			return err
		}
		if err := tx.Bucket(metaBucket).Put(seqKey, be64(batch.Seq)); err != nil {
			return err
		}
		for _, session := range sessions {
			// The session may have moved on since the batch was formed.
			var current Session
			if err := get(tx, sessionsBucket, session.ID[:], &current); err != nil {
				return err
			}
			current.Batched = session.Batched
			if err := store(tx, sessionsBucket, session.ID[:], current); err != nil {
				return err
			}
			for _, call := range calls[session.ID] {
				call.Seq = batch.Seq
				if err := store(tx, callsBucket, callKey(session.ID, call.N), call); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Update changes a session under the file's lock.
func (o *Outbox) Update(id poa.Hash, change func(*Session)) error {
	return o.db.Update(func(tx *bolt.Tx) error {
		var session Session
		if err := get(tx, sessionsBucket, id[:], &session); err != nil {
			return err
		}
		change(&session)
		return store(tx, sessionsBucket, id[:], session)
	})
}

// PutBatch stores what became of a batch.
func (o *Outbox) PutBatch(batch Batch) error {
	return o.db.Update(func(tx *bolt.Tx) error { return store(tx, batchesBucket, be64(batch.Seq), batch) })
}

// Batch returns a batch by its number, or ErrNotFound.
func (o *Outbox) Batch(seq uint64) (Batch, error) {
	var batch Batch
	err := o.db.View(func(tx *bolt.Tx) error { return get(tx, batchesBucket, be64(seq), &batch) })
	return batch, err
}

// Pending returns the batches that have not reached the chain, oldest first.
func (o *Outbox) Pending() ([]Batch, error) {
	return o.batches(func(b Batch) bool { return !b.Done && b.Error == "" })
}

// Refused returns the batches that the chain refused for good.
func (o *Outbox) Refused() ([]Batch, error) {
	return o.batches(func(b Batch) bool { return b.Error != "" })
}

func (o *Outbox) batches(keep func(Batch) bool) ([]Batch, error) {
	var batches []Batch
	err := o.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(batchesBucket).ForEach(func(_, raw []byte) error {
			var batch Batch
			if err := json.Unmarshal(raw, &batch); err != nil {
				return err
			}
			if keep(batch) {
				batches = append(batches, batch)
			}
			return nil
		})
	})
	return batches, err
}

func get(tx *bolt.Tx, bucket, key []byte, into any) error {
	raw := tx.Bucket(bucket).Get(key)
	if raw == nil {
		return ErrNotFound
	}
	return json.Unmarshal(raw, into)
}

func store(tx *bolt.Tx, bucket, key []byte, value any) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return tx.Bucket(bucket).Put(key, raw)
}

func callKey(session poa.Hash, n uint64) []byte {
	return binary.BigEndian.AppendUint64(append([]byte(nil), session[:]...), n)
}

func be64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// ParseAmount reads a decimal number of aopen.
func ParseAmount(text string) (poa.Amount, error) {
	value, ok := new(big.Int).SetString(text, 10)
	if !ok {
		return poa.Amount{}, fmt.Errorf("%q is not a number of aopen", text)
	}
	return poa.AmountFromBig(value)
}
