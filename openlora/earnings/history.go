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

// ErrRequest says that a history was asked for in a way that makes no sense.
var ErrRequest = errors.New("invalid request")

// History is a page of what an account has earned and was paid, newest first.
type History struct {
	Address     string `json:"address"`
	FirstHeight int64  `json:"first_height"` // of the index: nothing before is in it
	Height      int64  `json:"height"`       // up to which blocks are indexed
	// Complete says that all blocks up to Height are indexed. Otherwise there may be income that is not in the history, of
	// blocks that are Missing.
	Complete bool      `json:"complete"`
	Missing  []Missing `json:"missing,omitempty"`
	Totals   Totals    `json:"totals"`
	Entries  []Entry   `json:"entries"`
	Next     string    `json:"next,omitempty"` // where the next page begins, as before
}

// History returns a page of an account's history. before is Next of the page before it, or nothing.
func (x *Index) History(address, before string, limit int) (History, error) {
	account, err := sdk.AccAddressFromBech32(address)
	if err != nil {
		return History{}, fmt.Errorf("%w: address %q: %s", ErrRequest, address, err)
	}
	if limit < 0 || limit > MaxLimit {
		return History{}, fmt.Errorf("%w: limit %d, at most %d", ErrRequest, limit, MaxLimit)
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

// placeSize of a height and a number.
const placeSize = 12

func (h *History) fill(tx *bolt.Tx, account sdk.AccAddress, before []byte, limit int) error {
	all, err := reach(tx.Bucket(metaBucket))
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
	h.Next = "" // that was all
	return nil
}
