// Package outbox is a provider's durable memory of its sessions: the voucher of
// a call is on disk before its answer is sent, and receipts stay there until
// the chain has them. A crash loses none and sends none twice.
package outbox

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/openledger/openledger/internal/database"
	"github.com/openledger/openledger/internal/lru"
	"github.com/openledger/openledger/openlora/commit"
	"github.com/openledger/openledger/openlora/retrieval"
	"github.com/openledger/openledger/poa"
)

var (
	sessionsBucket = []byte("sessions") // session id → Session
	activeBucket   = []byte("active")   // session id, of sessions with calls to submit
	callsBucket    = []byte("calls")    // session id ‖ be64 call → Call, without its response
	repliesBucket  = []byte("replies")  // session id ‖ be64 call → response
	batchesBucket  = []byte("batches")  // be64 provider seq → Batch
	openBucket     = []byte("open")     // be64 provider seq, of batches that something is to be done about
	refusedBucket  = []byte("refused")  // be64 provider seq, of batches that were refused for good
	bundlesBucket  = []byte("bundles")  // root → bundle
	metaBucket     = []byte("meta")
	seqKey         = []byte("provider_seq")
	formKey        = []byte("form") // of the file
)

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
	Spent        poa.Amount  `json:"spent"`          // fees of all calls
	Gaps         uint64      `json:"gaps,omitempty"` // calls without an answer since the last one that has one
	Batched      uint64      `json:"batched"`
	Voucher      Voucher     `json:"voucher"`
	Broken       string      `json:"broken,omitempty"` // why nothing more can be submitted
	Done         bool        `json:"done,omitempty"`   // closed on chain and everything submitted
	Alone        bool        `json:"alone,omitempty"`  // shares no batch: one that it shared was refused
}

// active says that the session has calls that are in no batch.
func (s *Session) active() bool { return !s.Done && s.Broken == "" && s.N > s.Batched }

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

	// Influence is what method LORA asks the influence file for this answer; nil has its table decide alone.
	Influence *poa.LoraQuery `json:"influence,omitempty"`
	// Attribution is what the answer owes, in memory only: nil when it is not known any more.
	Attribution *poa.Attribution `json:"-"`

	// CumulativeMax and Signature are the voucher of this call.
	CumulativeMax poa.Amount `json:"cumulative_max"`
	Signature     []byte     `json:"signature"`
}

// Batch is a message for the chain, kept as bytes so that it is always sent as
// it was first.
type Batch struct {
	Seq     uint64     `json:"seq"`
	Message []byte     `json:"message"`
	Calls   []string   `json:"calls"` // receipt ids
	State   BatchState `json:"state"`
	Error   string     `json:"error,omitempty"` // why it was refused for good
	BatchID uint64     `json:"batch_id,omitempty"`
	TxHash  string     `json:"tx_hash,omitempty"`
	Height  int64      `json:"height,omitempty"`
	// Attested batches wait for validators when the chain has them.
	Attested bool `json:"attested,omitempty"`
	// Influence says that an answer is attributed by method LORA, which no evidence in a transaction proves.
	Influence bool `json:"influence,omitempty"`
	// Parts say whose calls it holds; Changed is when something last became of it.
	Parts   []Part    `json:"parts"`
	Changed time.Time `json:"changed"`
	// Bundle is the root of the bundle that it was formed with.
	Bundle []byte `json:"bundle,omitempty"`
}

// Part is the calls of a session in a batch, both ends included.
type Part struct {
	Session poa.Hash `json:"session"`
	First   uint64   `json:"first"`
	Last    uint64   `json:"last"`
}

// calls in the batch, gaps included.
func (b *Batch) calls() (n uint64) {
	for _, part := range b.Parts {
		n += part.Last - part.First + 1
	}
	return n
}

// blamed returns the session that a refusal names, or all.
func (b *Batch) blamed(refusal string) []poa.Hash {
	var all []poa.Hash
	for _, part := range b.Parts {
		if strings.Contains(refusal, "session "+part.Session.String()) {
			return []poa.Hash{part.Session}
		}
		all = append(all, part.Session)
	}
	return all
}

// Outbox is the open file.
type Outbox struct {
	// Takeover is how long Claim waits when it has replaced another holder, so that this one has ended to sign. Open sets
	// it to TakeoverWait.
	Takeover time.Duration

	db       *bolt.DB
	calls    *commit.Queue // of what is written for each call
	identity string        // of the file
	words    string        // folder of what is sent of answers that have no outcome yet

	mu           sync.Mutex
	attributions *lru.Table[callID, *poa.Attribution] // of answers that are in no batch
}

// callID names a call.
type callID struct {
	session poa.Hash
	n       uint64
}

// maxAttributions are kept in memory. Others are computed again when their receipts are made.
const maxAttributions = 4096

// Open opens or makes the file. Of calls that had started when the process ended, those of which no word was sent
// become gaps; the others are left for the gateway to sign for (Unfinished).
func Open(path string) (*Outbox, error) {
	o := &Outbox{Takeover: TakeoverWait, words: path + wordsSuffix,
		attributions: lru.New[callID, *poa.Attribution](maxAttributions)}
	buckets := [][]byte{sessionsBucket, activeBucket, callsBucket, repliesBucket, batchesBucket, openBucket,
		refusedBucket, bundlesBucket, metaBucket}
	db, err := database.Open(path, buckets, func(tx *bolt.Tx, _ func([]byte) bool) error {
		if err := checkForm(tx); err != nil {
			return err
		}
		return o.closeStarted(tx)
	})
	if errors.Is(err, database.ErrInUse) {
		return nil, fmt.Errorf("outbox %w: is another gateway running?", err)
	}
	if err != nil {
		return nil, fmt.Errorf("outbox %w", err)
	}
	o.db, o.calls = db, commit.NewQueue(db)
	if o.identity, err = identify(path); err == nil {
		err = o.dropFinished()
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return o, nil
}

// form of the file, which changes when an older one cannot be read as it is.
var form = []byte{2}

func checkForm(tx *bolt.Tx) error {
	meta := tx.Bucket(metaBucket)
	switch stored := meta.Get(formKey); {
	case bytes.Equal(stored, form):
		return nil
	case bytes.Equal(stored, []byte{1}):
		return errors.Join(setStates(tx), meta.Put(formKey, form))
	}
	if key, _ := tx.Bucket(sessionsBucket).Cursor().First(); key != nil {
		return errors.New(
			"the outbox was written by another version of openlorad: let that version submit what waits, then move the file " +
				"away")
	}
	return meta.Put(formKey, form)
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

// Active returns the sessions with calls that are in no batch.
func (o *Outbox) Active() ([]Session, error) {
	var sessions []Session
	err := o.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(activeBucket).ForEach(func(id, _ []byte) error {
			var session Session
			if err := get(tx, sessionsBucket, id, &session); err != nil {
				return err
			}
			sessions = append(sessions, session)
			return nil
		})
	})
	return sessions, err
}

// storeSession stores a session, and whether it has calls to submit.
func storeSession(tx *bolt.Tx, session Session) error {
	if err := mark(tx, activeBucket, session.ID[:], session.active()); err != nil {
		return err
	}
	return store(tx, sessionsBucket, session.ID[:], session)
}

// Call returns a call of a session, or ErrNotFound.
func (o *Outbox) Call(session poa.Hash, n uint64) (Call, error) {
	var call Call
	err := o.db.View(func(tx *bolt.Tx) error {
		key := callKey(session, n)
		if response := tx.Bucket(repliesBucket).Get(key); response != nil {
			call.Response = bytes.Clone(response)
		}
		return get(tx, callsBucket, key, &call)
	})
	o.mu.Lock()
	defer o.mu.Unlock()
	call.Attribution, _ = o.attributions.Get(callID{session, n})
	return call, err
}

// keepAttribution keeps what the answer of a call owes, or forgets it.
func (o *Outbox) keepAttribution(session poa.Hash, call Call) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if call.Attribution == nil || call.Gap {
		o.attributions.Delete(callID{session, call.N})
		return
	}
	o.attributions.Set(callID{session, call.N}, call.Attribution)
}

// storeCall stores a call, and its response apart from it: that is long, and seldom read.
func storeCall(tx *bolt.Tx, session poa.Hash, call Call) error {
	key, response := callKey(session, call.N), call.Response
	call.Response = nil
	reply := tx.Bucket(repliesBucket).Delete
	if response != nil {
		reply = func(key []byte) error { return tx.Bucket(repliesBucket).Put(key, response) }
	}
	return errors.Join(reply(key), store(tx, callsBucket, key, call))
}

// deleteCall forgets a call.
func deleteCall(tx *bolt.Tx, session poa.Hash, n uint64) error {
	key := callKey(session, n)
	return errors.Join(tx.Bucket(callsBucket).Delete(key), tx.Bucket(repliesBucket).Delete(key))
}

// Advance stores a session with its newest call, durably: when it returns, both
// are on disk. What became of earlier calls stays as it is: the sender may have
// submitted some while this one was answered.
//
// The words of a call that has an outcome now are forgotten.
func (o *Outbox) Advance(session Session, call Call) error {
	err := o.calls.Update(func(tx *bolt.Tx) error {
		var stored Session
		err := get(tx, sessionsBucket, session.ID[:], &stored)
		if err == nil {
			session.Batched, session.Broken, session.Alone = stored.Batched, stored.Broken, stored.Alone
			session.Done = false // the chain has it: it takes calls
		} else if !errors.Is(err, ErrNotFound) {
			return err
		}
		if stored.N < call.N {
			if err := closeBefore(tx, session.ID, call.N); err != nil {
				return err
			}
		}
		if err := storeCall(tx, session.ID, call); err != nil {
			return err
		}
		return storeSession(tx, session)
	})
	if err != nil || call.Started {
		return err
	}
	o.keepAttribution(session.ID, call)
	return o.dropWords(session.ID, call.N)
}

// closeBefore makes the call before one a gap if it never ended: it has no outcome, as its client was told.
func closeBefore(tx *bolt.Tx, id poa.Hash, n uint64) error {
	key := callKey(id, n-1)
	// most have ended, and are long to read
	if !bytes.Contains(tx.Bucket(callsBucket).Get(key), []byte(`"started":true`)) {
		return nil
	}
	var before Call
	if err := get(tx, callsBucket, key, &before); err != nil || !before.Started {
		return err
	}
	before.Started, before.Gap = false, true
	return store(tx, callsBucket, key, before)
}

// ErrBatched says that a call is in a batch, or not the last of its session.
var ErrBatched = errors.New("the call is in a batch, or not the last of its session")

// Reopen stores the last call of a session as one without an outcome, to answer it once more after it failed.
func (o *Outbox) Reopen(id poa.Hash, call Call) error {
	return o.calls.Update(func(tx *bolt.Tx) error {
		var session Session
		if err := get(tx, sessionsBucket, id[:], &session); err != nil {
			return err
		}
		var before Call
		if err := get(tx, callsBucket, callKey(id, call.N), &before); err != nil {
			return err
		}
		if session.N != call.N || session.Batched >= call.N || before.Hash != call.Hash || before.Answer != "" {
			return ErrBatched
		}
		return storeCall(tx, id, call)
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

// AddBatch stores a batch with its bundle, if it has one, and marks its calls, in one step, before it is sent.
func (o *Outbox) AddBatch(batch Batch, bundle []byte) error {
	err := o.db.Update(func(tx *bolt.Tx) error {
		if bundle != nil {
			if err := tx.Bucket(bundlesBucket).Put(batch.Bundle, bundle); err != nil {
				return err
			}
		}
		if err := storeBatch(tx, batch); err != nil {
			return err
		}
		if err := tx.Bucket(metaBucket).Put(seqKey, database.Key(batch.Seq)); err != nil {
			return err
		}
		for _, part := range batch.Parts {
			if err := part.assign(tx, part.Last, batch.Seq, nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, part := range batch.Parts {
		for n := part.First; n <= part.Last; n++ {
			o.keepAttribution(part.Session, Call{N: n})
		}
	}
	return nil
}

// assign says which batch the calls of a part are in, 0 is none, and up to which call the session is in batches. The
// session may have moved on since the batch was formed.
func (p Part) assign(tx *bolt.Tx, batched, seq uint64, change func(*Session)) error {
	for n := p.First; n <= p.Last; n++ {
		var call Call
		if err := get(tx, callsBucket, callKey(p.Session, n), &call); err != nil {
			return err
		}
		call.Seq = seq
		if err := store(tx, callsBucket, callKey(p.Session, n), call); err != nil {
			return err
		}
	}
	var session Session
	if err := get(tx, sessionsBucket, p.Session[:], &session); err != nil {
		return err
	}
	session.Batched = batched
	if change != nil {
		change(&session)
	}
	return storeSession(tx, session)
}

// Dissolve undoes a batch that the chain does not have, and those that were formed after it with later calls of its
// sessions: they have not been sent. The sessions named are submitted alone from now on.
func (o *Outbox) Dissolve(seq uint64, alone []poa.Hash) error {
	return o.db.Update(func(tx *bolt.Tx) error {
		later, err := openFrom(tx, seq)
		if err != nil {
			return err
		}
		blocked := make(map[poa.Hash]bool)
		later = slices.DeleteFunc(later, func(batch Batch) bool {
			if batch.State != BatchPending || batch.Seq != seq && !batch.isBlocked(blocked) {
				return true
			}
			block(blocked, batch)
			return false
		})
		for _, batch := range slices.Backward(later) { // the newest first: a session may be in several
			for _, part := range batch.Parts {
				if err := part.assign(tx, part.First-1, 0,
					func(session *Session) { session.Alone = session.Alone || slices.Contains(alone, part.Session) }); err != nil {
					return err
				}
			}
			if err := removeBatch(tx, batch); err != nil {
				return err
			}
		}
		return nil
	})
}

// skipTo makes the next number one above a number.
func (o *Outbox) skipTo(seq uint64) error {
	next, err := o.NextSeq()
	if err != nil || next > seq {
		return err
	}
	return o.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(metaBucket).Put(seqKey, database.Key(seq)) })
}

// removeBatch forgets a batch and its bundle.
func removeBatch(tx *bolt.Tx, batch Batch) error {
	key := database.Key(batch.Seq)
	if len(batch.Bundle) > 0 {
		if err := tx.Bucket(bundlesBucket).Delete(batch.Bundle); err != nil {
			return err
		}
	}
	return errors.Join(
		tx.Bucket(openBucket).Delete(key),
		tx.Bucket(refusedBucket).Delete(key), tx.Bucket(batchesBucket).Delete(key),
	)
}

// openFrom returns the batches that something is to be done about, from a number on.
func openFrom(tx *bolt.Tx, seq uint64) ([]Batch, error) {
	var batches []Batch
	cursor := tx.Bucket(openBucket).Cursor()
	for key, _ := cursor.Seek(database.Key(seq)); key != nil; key, _ = cursor.Next() {
		var batch Batch
		if err := get(tx, batchesBucket, key, &batch); err != nil {
			return nil, err
		}
		batches = append(batches, batch)
	}
	return batches, nil
}

// Update changes a session under the file's lock.
func (o *Outbox) Update(id poa.Hash, change func(*Session)) error {
	return o.db.Update(func(tx *bolt.Tx) error {
		var session Session
		if err := get(tx, sessionsBucket, id[:], &session); err != nil {
			return err
		}
		change(&session)
		return storeSession(tx, session)
	})
}

// PutBatch stores what became of a batch.
func (o *Outbox) PutBatch(batch Batch) error {
	return o.db.Update(func(tx *bolt.Tx) error {
		var before Batch
		if err := get(tx, batchesBucket, database.Key(batch.Seq), &before); err != nil {
			return err
		}
		taken := batch.State == BatchWaiting || batch.State == BatchSettled
		if before.State == BatchPending && taken && len(batch.Parts) == 1 {
			// Its session is not to blame for what was refused: it may share batches again.
			id := batch.Parts[0].Session
			var session Session
			if err := get(tx, sessionsBucket, id[:], &session); err != nil {
				return err
			}
			session.Alone = false
			if err := storeSession(tx, session); err != nil {
				return err
			}
		}
		batch.Changed = time.Now().UTC()
		return storeBatch(tx, batch)
	})
}

// storeBatch stores a batch, and whether something is to be done about it.
func storeBatch(tx *bolt.Tx, batch Batch) error {
	key := database.Key(batch.Seq)
	return errors.Join(
		mark(tx, openBucket, key, batch.open()),
		mark(tx, refusedBucket, key, batch.State == BatchRefused),
		store(tx, batchesBucket, key, batch),
	)
}

// Batch returns a batch by its number, or ErrNotFound.
func (o *Outbox) Batch(seq uint64) (Batch, error) {
	var batch Batch
	err := o.db.View(func(tx *bolt.Tx) error { return get(tx, batchesBucket, database.Key(seq), &batch) })
	return batch, err
}

// Pending returns the batches that have not reached the chain, oldest first.
func (o *Outbox) Pending() ([]Batch, error) { return o.inState(BatchPending) }

// Waiting returns the attested batches whose verdict is not known.
func (o *Outbox) Waiting() ([]Batch, error) { return o.inState(BatchWaiting) }

// inState returns the batches of a state in which something is to be done about them.
func (o *Outbox) inState(state BatchState) ([]Batch, error) {
	var batches []Batch
	err := o.db.View(func(tx *bolt.Tx) error {
		var err error
		batches, err = openFrom(tx, 0)
		return err
	})
	return slices.DeleteFunc(batches, func(batch Batch) bool { return batch.State != state }), err
}

// Refused returns the batches that the chain refused for good.
func (o *Outbox) Refused() ([]Batch, error) {
	var batches []Batch
	err := o.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(refusedBucket).ForEach(func(key, _ []byte) error {
			var batch Batch
			if err := get(tx, batchesBucket, key, &batch); err != nil {
				return err
			}
			batches = append(batches, batch)
			return nil
		})
	})
	return batches, err
}

// Counts returns how many batches have not reached the chain or wait for validators, and how many were refused.
func (o *Outbox) Counts() (open, refused int, err error) {
	err = o.db.View(func(tx *bolt.Tx) error {
		open, refused = tx.Bucket(openBucket).Stats().KeyN, tx.Bucket(refusedBucket).Stats().KeyN
		return nil
	})
	return open, refused, err
}

// mark puts a key into a set, or takes it out.
func mark(tx *bolt.Tx, bucket, key []byte, in bool) error {
	if in {
		return tx.Bucket(bucket).Put(key, nil)
	}
	return tx.Bucket(bucket).Delete(key)
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

// ParseAmount reads a decimal number of aopen.
func ParseAmount(text string) (poa.Amount, error) {
	value, ok := new(big.Int).SetString(text, 10)
	if !ok {
		return poa.Amount{}, fmt.Errorf("%q is not a number of aopen", text)
	}
	return poa.AmountFromBig(value)
}
