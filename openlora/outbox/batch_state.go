package outbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// BatchState is the state of a batch.
type BatchState uint8

// States of a batch. An attested batch goes from pending to waiting to settled, and an inline batch from pending to
// settled. Both can end as refused.
const (
	// BatchPending batches have not reached the chain.
	BatchPending BatchState = iota
	// BatchWaiting batches are on chain, and validators have not decided about them yet.
	BatchWaiting
	// BatchSettled batches are on chain, and the sender has nothing more to do about them.
	BatchSettled
	// BatchRefused batches were refused for good, by the chain or by validators. Batch.Error says why.
	BatchRefused
)

var batchStates = []string{"pending", "waiting", "settled", "refused"}

// String returns the name of the state.
func (s BatchState) String() string {
	if int(s) >= len(batchStates) {
		return fmt.Sprintf("BatchState(%d)", uint8(s))
	}
	return batchStates[s]
}

// MarshalText implements encoding.TextMarshaler.
func (s BatchState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *BatchState) UnmarshalText(text []byte) error {
	at := slices.Index(batchStates, string(text))
	if at < 0 {
		return fmt.Errorf("%q is not a state of a batch", text)
	}
	*s = BatchState(at)
	return nil
}

// record stores that the chain has the batch.
func (b *Batch) record(at Recorded) {
	b.State, b.BatchID, b.TxHash, b.Height = BatchSettled, at.BatchID, at.TxHash, at.Height
	if b.Attested {
		b.State = BatchWaiting
	}
}

// refuse stores that the batch was refused for good.
func (b *Batch) refuse(reason string) { b.State, b.Error = BatchRefused, reason }

// open reports whether the sender still has to do something about the batch.
func (b *Batch) open() bool { return b.State == BatchPending || b.State == BatchWaiting }

// setStates sets the state of batches in a file of form 1, which kept it as three fields.
func setStates(tx *bolt.Tx) error {
	type fields struct {
		Done    bool   `json:"done"`
		Settled bool   `json:"settled"`
		Error   string `json:"error"`
	}
	var batches []Batch
	err := tx.Bucket(batchesBucket).ForEach(func(_, raw []byte) error {
		var batch Batch
		var old fields
		if err := errors.Join(json.Unmarshal(raw, &batch), json.Unmarshal(raw, &old)); err != nil {
			return err
		}
		switch {
		case old.Error != "":
			batch.State = BatchRefused
		case old.Done && batch.Attested && !old.Settled:
			batch.State = BatchWaiting
		case old.Done:
			batch.State = BatchSettled
		}
		batches = append(batches, batch)
		return nil
	})
	for _, batch := range batches {
		err = errors.Join(err, storeBatch(tx, batch))
	}
	return err
}
