package connect

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/internal/database"
	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/commit"
	"github.com/openledger/openledger/poa"
)

var (
	answersBucket = []byte("answers") // session ‖ be64 call → Record
	timesBucket   = []byte("times")   // be64 time in ns ‖ session ‖ be64 call → 1
	spentBucket   = []byte("spent")   // name of a key ‖ 0 ‖ hour → aopen
	openBucket    = []byte("open")    // session ‖ be64 call → 1, while the chain has not said who was paid
	paidBucket    = []byte("paid")    // role ‖ 0 ‖ account → Payee
)

// everybody is the name under which the spending of all keys is added up.
const everybody = "*"

// Record is what an answer has cost, and who was paid for it. Amounts are in aopen.
type Record struct {
	Receipt      string       `json:"receipt"`
	Time         time.Time    `json:"time"`
	Key          string       `json:"key"`
	Model        string       `json:"model"`
	Provider     string       `json:"provider"`
	Fee          math.Int     `json:"fee"`
	InputTokens  uint32       `json:"input_tokens"`
	OutputTokens uint32       `json:"output_tokens"`
	Sources      []api.Source `json:"sources"`
	// Refused says why an answer was not acknowledged. Its fee is what the provider can have been paid for it at most.
	Refused string `json:"refused,omitempty"`
	// Payment is what the chain says of it: pending, paid, compute, refunded, or unknown when it has said nothing for
	// days.
	Payment string  `json:"payment"`
	Height  int64   `json:"height,omitempty"`
	Paid    []Payee `json:"paid,omitempty"`
}

// Payee was paid by answers.
type Payee struct {
	// Role is contributor, provider, datanet_owners, model_owners, validators, bounty_pool or burned.
	Role string `json:"role"`
	// Account, of contributors and providers.
	Account string `json:"account,omitempty"`
	// Title of one of the contributor's texts.
	Title  string   `json:"title,omitempty"`
	Amount math.Int `json:"amount"`
	// Bonus that was minted on top for contributors, at most.
	Bonus math.Int `json:"bonus"`
	// Answers that paid.
	Answers int `json:"answers"`
}

// Ledger remembers what was spent and who was paid, across restarts.
type Ledger struct {
	db    *bolt.DB
	calls *commit.Queue // of what is written for each answer

	mu   sync.Mutex
	done [][sha256.Size]byte // parcels that were delivered
}

// ErrLedgerInUse says that another proxy has the ledger.
var ErrLedgerInUse = errors.New("another `openlorad connect` is running on this folder")

// OpenLedger opens the ledger in a file. One process can have it.
func OpenLedger(path string) (*Ledger, error) {
	db, err := database.Open(path,
		[][]byte{answersBucket, timesBucket, spentBucket, openBucket, paidBucket, parcelsBucket}, nil)
	if errors.Is(err, database.ErrInUse) {
		return nil, ErrLedgerInUse
	}
	if err != nil {
		return nil, err
	}
	l := &Ledger{db: db, calls: commit.NewQueue(db)}
	if err := l.sweep(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return l, nil
}

// Close closes the file.
func (l *Ledger) Close() error { return errors.Join(l.sweep(), l.db.Close()) }

func callKey(session poa.Hash, n uint64) []byte { return binary.BigEndian.AppendUint64(session[:], n) }

// Put records an answer. It may be put again: it is counted once.
func (l *Ledger) Put(session poa.Hash, n uint64, record Record) error {
	return l.put(session, n, record, [sha256.Size]byte{}, nil)
}

func (l *Ledger) put(session poa.Hash, n uint64, record Record, name [sha256.Size]byte, kept *parcel) error {
	key := callKey(session, n)
	return l.forgetting(l.calls.Update, func(tx *bolt.Tx) error {
		if kept != nil {
			if err := putJSON(tx.Bucket(parcelsBucket), name[:], kept); err != nil {
				return err
			}
		}
		if tx.Bucket(answersBucket).Get(key) != nil {
			return nil
		}
		for _, name := range []string{record.Key, everybody} {
			if err := add(tx.Bucket(spentBucket), spentKey(name, hour(record.Time)), record.Fee); err != nil {
				return err
			}
		}
		at := append(binary.BigEndian.AppendUint64(nil, uint64(record.Time.UnixNano())), key...)
		if err := tx.Bucket(timesBucket).Put(at, []byte{1}); err != nil {
			return err
		}
		if record.Payment == paymentPending {
			if err := tx.Bucket(openBucket).Put(key, []byte{1}); err != nil {
				return err
			}
		}
		return putJSON(tx.Bucket(answersBucket), key, record)
	})
}

func spentKey(name, hour string) []byte { return append(append([]byte(name), 0), hour...) }

func add(bucket *bolt.Bucket, key []byte, fee math.Int) error {
	sum, err := amountIn(bucket.Get(key))
	if err != nil {
		return err
	}
	return bucket.Put(key, []byte(sum.Add(fee).String()))
}

func amountIn(text []byte) (math.Int, error) {
	if text == nil {
		return math.ZeroInt(), nil
	}
	value, ok := math.NewIntFromString(string(text))
	if !ok {
		return value, fmt.Errorf("the ledger holds %q, which is no amount", text)
	}
	return value, nil
}

func putJSON(bucket *bolt.Bucket, key []byte, value any) error {
	encoded, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return bucket.Put(key, encoded)
}

// Spent returns what a key has spent in the hours whose names begin with period; everybody stands for all keys.
func (l *Ledger) Spent(name, period string) (sum math.Int, err error) {
	sum = math.ZeroInt()
	err = l.db.View(func(tx *bolt.Tx) error {
		prefix := spentKey(name, period)
		cursor := tx.Bucket(spentBucket).Cursor()
		for key, value := cursor.Seek(prefix); bytes.HasPrefix(key, prefix); key, value = cursor.Next() {
			one, err := amountIn(value)
			if err != nil {
				return err
			}
			sum = sum.Add(one)
		}
		return nil
	})
	return sum, err
}

// Names returns the names under which something was spent.
func (l *Ledger) Names() (names []string, err error) {
	err = l.db.View(func(tx *bolt.Tx) error {
		cursor := tx.Bucket(spentBucket).Cursor()
		for key, _ := cursor.First(); key != nil; {
			name, _, _ := bytes.Cut(key, []byte{0})
			if string(name) != everybody {
				names = append(names, string(name))
			}
			key, _ = cursor.Seek(append(slices.Clone(name), 1))
		}
		return nil
	})
	return names, err
}

// Last returns the last answers, newest first: those of a key, or of all.
func (l *Ledger) Last(most int, key string) (records []Record, err error) {
	err = l.db.View(func(tx *bolt.Tx) error {
		cursor := tx.Bucket(timesBucket).Cursor()
		for at, _ := cursor.Last(); at != nil && len(records) < most; at, _ = cursor.Prev() {
			var record Record
			if err := json.Unmarshal(tx.Bucket(answersBucket).Get(at[8:]), &record); err != nil {
				return err
			}
			if key == everybody || record.Key == key {
				records = append(records, record)
			}
		}
		return nil
	})
	return records, err
}

// Since calls take with the answers of a time and later, newest first.
func (l *Ledger) Since(from time.Time, take func(Record)) error {
	return l.db.View(func(tx *bolt.Tx) error {
		first := binary.BigEndian.AppendUint64(nil, uint64(from.UnixNano()))
		cursor := tx.Bucket(timesBucket).Cursor()
		for at, _ := cursor.Last(); at != nil && bytes.Compare(at, first) >= 0; at, _ = cursor.Prev() {
			var record Record
			if err := json.Unmarshal(tx.Bucket(answersBucket).Get(at[8:]), &record); err != nil {
				return err
			}
			take(record)
		}
		return nil
	})
}

// Open returns answers of which it is not known yet who was paid, in the order of their names, those behind a name
// first.
func (l *Ledger) Open(most int, behind []byte) (open []Record, err error) {
	err = l.db.View(func(tx *bolt.Tx) error {
		cursor := tx.Bucket(openBucket).Cursor()
		key, _ := cursor.Seek(append(slices.Clone(behind), 0))
		if len(behind) == 0 {
			key, _ = cursor.First()
		}
		for ; key != nil && len(open) < most; key, _ = cursor.Next() {
			var record Record
			if err := json.Unmarshal(tx.Bucket(answersBucket).Get(key), &record); err != nil {
				return err
			}
			open = append(open, record)
		}
		return nil
	})
	return open, err
}

// Settle notes who was paid by an answer, once.
func (l *Ledger) Settle(session poa.Hash, n uint64, payment string, height int64, paid []Payee) error {
	key := callKey(session, n)
	return l.db.Update(func(tx *bolt.Tx) error {
		if tx.Bucket(openBucket).Get(key) == nil {
			return nil
		}
		var record Record
		if err := json.Unmarshal(tx.Bucket(answersBucket).Get(key), &record); err != nil {
			return err
		}
		record.Payment, record.Height, record.Paid = payment, height, paid
		for _, one := range paid {
			if err := addPayee(tx.Bucket(paidBucket), one); err != nil {
				return err
			}
		}
		if err := tx.Bucket(openBucket).Delete(key); err != nil {
			return err
		}
		return putJSON(tx.Bucket(answersBucket), key, record)
	})
}

func addPayee(bucket *bolt.Bucket, one Payee) error {
	key := append(append([]byte(one.Role), 0), one.Account...)
	sum := Payee{Role: one.Role, Account: one.Account, Amount: math.ZeroInt(), Bonus: math.ZeroInt()}
	if stored := bucket.Get(key); stored != nil {
		if err := json.Unmarshal(stored, &sum); err != nil {
			return err
		}
	}
	sum.Title, sum.Amount, sum.Bonus, sum.Answers = one.Title, sum.Amount.Add(
		one.Amount,
	), sum.Bonus.Add(
		one.Bonus,
	), sum.Answers+1
	return putJSON(bucket, key, sum)
}

// Paid returns who was paid in all, the most first.
func (l *Ledger) Paid() (paid []Payee, err error) {
	err = l.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(paidBucket).ForEach(func(_, value []byte) error {
			var one Payee
			if err := json.Unmarshal(value, &one); err != nil {
				return err
			}
			paid = append(paid, one)
			return nil
		})
	})
	sortPayees(paid)
	return paid, err
}

func sortPayees(paid []Payee) {
	slices.SortStableFunc(paid, func(a, b Payee) int { return b.Amount.BigInt().Cmp(a.Amount.BigInt()) })
}
