package connect

import (
	"crypto/sha256"
	"encoding/json"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/session"
)

// parcelsBucket holds answers that were paid and may not have been delivered: parcelKey → parcel.
var parcelsBucket = []byte("parcels")

// parcelTime is how long an answer waits after a crash for its client to ask again.
const parcelTime = 10 * time.Minute

// parcel is an answer that is to be delivered.
type parcel struct {
	Time     time.Time   `json:"time"`
	Model    uint64      `json:"model"`
	Provider string      `json:"provider"`
	Message  api.Message `json:"message"`
	Finish   string      `json:"finish"`
	Proof    api.Answer  `json:"proof"`
}

// parcelKey names the answer to a question by who asks it. Query is its canonical form.
func parcelKey(name string, query []byte) [sha256.Size]byte {
	hash := sha256.New()
	hash.Write([]byte(name))
	hash.Write([]byte{0})
	hash.Write(query)
	return [sha256.Size]byte(hash.Sum(nil))
}

// parcel returns an answer that was kept before a time, if there is one, and it is not too old.
func (l *Ledger) parcel(key [sha256.Size]byte, before time.Time) (*parcel, error) {
	var found *parcel
	err := l.db.View(func(tx *bolt.Tx) error {
		content := tx.Bucket(parcelsBucket).Get(key[:])
		if content == nil {
			return nil
		}
		var kept parcel
		if err := json.Unmarshal(content, &kept); err != nil {
			return err
		}
		if kept.Time.Before(before) && time.Since(kept.Time) < parcelTime {
			found = &kept
		}
		return nil
	})
	return found, err
}

// delivered notes that an answer has reached its client. It is forgotten with the next write: if the process is killed
// before, the client that asks the same once more gets the same answer, for nothing.
func (l *Ledger) delivered(key [sha256.Size]byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done = append(l.done, key)
}

// forgetting writes a change, and removes what was delivered with it.
func (l *Ledger) forgetting(write func(func(*bolt.Tx) error) error, change func(*bolt.Tx) error) error {
	l.mu.Lock()
	done := l.done
	l.done = nil
	l.mu.Unlock()
	err := write(func(tx *bolt.Tx) error {
		for _, key := range done {
			if err := tx.Bucket(parcelsBucket).Delete(key[:]); err != nil {
				return err
			}
		}
		return change(tx)
	})
	if err != nil { // it stays with what is written next
		l.mu.Lock()
		defer l.mu.Unlock()
		l.done = append(l.done, done...)
	}
	return err
}

// sweep removes parcels that nobody has asked for.
func (l *Ledger) sweep() error {
	return l.forgetting(l.db.Update, func(tx *bolt.Tx) error {
		bucket := tx.Bucket(parcelsBucket)
		cursor := bucket.Cursor()
		for key, content := cursor.First(); key != nil; key, content = cursor.Next() {
			var kept parcel
			if json.Unmarshal(content, &kept) == nil && time.Since(kept.Time) < parcelTime {
				continue
			}
			if err := cursor.Delete(); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *parcel) answer() *session.Answer {
	return &session.Answer{Text: p.Message.Answered(), Message: p.Message, Finish: p.Finish, Proof: p.Proof}
}
