package earnings

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

const (
	// DefaultLimit of a page of a history.
	DefaultLimit = 20
	// MaxLimit of a page of a history.
	MaxLimit = 100
)

// ErrRequest reports a wrong argument of a request.
var ErrRequest = errors.New("invalid request")

// History is a page of what an account has earned and was paid, the newest first.
type History struct {
	Address     string `json:"address"`
	FirstHeight int64  `json:"first_height"` // the index begins with this block
	Height      int64  `json:"height"`       // the last block of the index
	// Complete says that all blocks up to Height are indexed. Otherwise income of the blocks in Missing may be missing.
	Complete bool      `json:"complete"`
	Missing  []Missing `json:"missing,omitempty"`
	Totals   Totals    `json:"totals"`
	Entries  []Entry   `json:"entries"`
	Next     string    `json:"next,omitempty"` // argument before of the next page; empty on the last one
}

// History returns a page of an account's history. before is Next of the page before it, or empty. A limit of 0 means
// DefaultLimit.
func (x *Index) History(address, before string, limit int) (History, error) {
	account, err := sdk.AccAddressFromBech32(address)
	if err != nil {
		return History{}, fmt.Errorf("%w: address %q: %s", ErrRequest, address, err)
	}
	if limit < 0 || limit > MaxLimit {
		return History{}, fmt.Errorf("%w: limit %d: use 1 to %d", ErrRequest, limit, MaxLimit)
	}
	if limit == 0 {
		limit = DefaultLimit
	}
	from, err := hex.DecodeString(before)
	if err != nil || len(from) != 0 && len(from) != placeSize {
		return History{}, fmt.Errorf("%w: before %q is not the `next` of a page", ErrRequest, before)
	}
	history := History{Address: address, Entries: []Entry{}}
	return history, x.db.View(func(tx *bolt.Tx) error { return history.fill(tx, account, from, limit) })
}

// placeSize is the size of a height and a number, in bytes.
const placeSize = 12

func (h *History) fill(tx *bolt.Tx, account sdk.AccAddress, before []byte, limit int) error {
	all, err := readExtent(tx.Bucket(metaBucket))
	if err != nil {
		return err
	}
	h.FirstHeight, h.Height, h.Missing = all.first, all.height, all.missing
	h.Complete = h.Height > 0 && len(h.Missing) == 0
	if h.Totals, err = totalsOf(tx, account); err != nil {
		return err
	}
	prefix := accountKey(account)
	if len(before) == 0 {
		before = bytes.Repeat([]byte{0xff}, placeSize)
	}
	cursor := tx.Bucket(entriesBucket).Cursor()
	step := cursor.Prev
	if key, _ := cursor.Seek(append(bytes.Clone(prefix), before...)); key == nil {
		step = cursor.Last
	}
	key, value := step()
	for ; bytes.HasPrefix(key, prefix); key, value = cursor.Prev() {
		if len(h.Entries) == limit {
			return nil
		}
		var entry Entry
		if err := json.Unmarshal(value, &entry); err != nil {
			return err
		}
		h.Entries = append(h.Entries, entry)
		h.Next = hex.EncodeToString(key[len(prefix):])
	}
	h.Next = "" // no entry is left
	return nil
}
