package attestor

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/openledger/openledger/internal/database"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

var (
	verdictsBucket = []byte("verdicts") // be64 number → entry
	heldBucket     = []byte("held")     // be64 rank → content hash that was checked
)

// entry is a verdict that was given.
type entry struct {
	// Subject is what the item asked about: numbers start again on another chain.
	Subject string                   `json:"subject"`
	Verdict attributiontypes.Verdict `json:"verdict"`
	Reason  string                   `json:"reason,omitempty"`
	Time    time.Time                `json:"time"`
}

// verdictStore keeps verdicts on disk, so that a restart repeats them: the chain counts the first and no other.
type verdictStore struct{ db *bolt.DB }

func openVerdictStore(path string) (*verdictStore, error) {
	db, err := database.Open(path, [][]byte{verdictsBucket, heldBucket}, nil)
	if err != nil {
		return nil, fmt.Errorf("verdicts: %w (is another attestor running?)", err)
	}
	return &verdictStore{db}, nil
}

// verdict returns what was said of an item, if it asked about the same thing.
func (s *verdictStore) verdict(number uint64, subject string) (found entry, ok bool, err error) {
	err = s.db.View(func(tx *bolt.Tx) error {
		raw := tx.Bucket(verdictsBucket).Get(database.Key(number))
		if raw == nil {
			return nil
		}
		if err := json.Unmarshal(raw, &found); err != nil {
			return err
		}
		ok = found.Subject == subject
		return nil
	})
	return found, ok, err
}

// record writes a verdict unless there is one.
func (s *verdictStore) record(number uint64, e entry) error {
	return s.db.Update(func(tx *bolt.Tx) error {
		bucket := tx.Bucket(verdictsBucket)
		var stored entry
		known := bucket.Get(database.Key(number))
		if known != nil && json.Unmarshal(known, &stored) == nil && stored.Subject == e.Subject {
			return nil
		}
		raw, err := json.Marshal(e)
		if err != nil {
			return err
		}
		return bucket.Put(database.Key(number), raw)
	})
}

// prune drops verdicts on batches and versions below the bases of their windows.
func (s *verdictStore) prune(base, versionBase uint64) error {
	return s.db.Update(func(tx *bolt.Tx) error {
		cursor := tx.Bucket(verdictsBucket).Cursor()
		for _, below := range [][2]uint64{{0, base}, {attributiontypes.FirstVersion, versionBase}} {
			k, _ := cursor.Seek(database.Key(below[0]))
			for ; k != nil && binary.BigEndian.Uint64(k) < below[1]; k, _ = cursor.Next() {
				if err := cursor.Delete(); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// checked reports whether a contribution's text was found right before.
func (s *verdictStore) checked(rank uint64, hash []byte) bool {
	same := false
	_ = s.db.View(func(tx *bolt.Tx) error {
		same = string(tx.Bucket(heldBucket).Get(database.Key(rank))) == string(hash)
		return nil
	})
	return same && len(hash) > 0
}

func (s *verdictStore) setChecked(rank uint64, hash []byte) error {
	return s.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(heldBucket).Put(database.Key(rank), hash) })
}

func (s *verdictStore) close() error { return s.db.Close() }
