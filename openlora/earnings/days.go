package earnings

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	sdkmath "cosmossdk.io/math"
)

// MaxDays is the largest number of days in one answer.
const MaxDays = 366

// Day is what the network paid on one day, in UTC, by the times of blocks. Amounts are in aopen.
type Day struct {
	Date     string `json:"date"` // 2026-11-29
	Batches  uint64 `json:"batches"`
	Receipts uint64 `json:"receipts"`
	// Contributors, Datanets (owners and curators), Lineage (owners of models) and Providers are paid from fees. Bonus is
	// minted for contributors in addition.
	Contributors sdkmath.Int `json:"contributors"`
	Datanets     sdkmath.Int `json:"datanets"`
	Lineage      sdkmath.Int `json:"lineage"`
	Providers    sdkmath.Int `json:"providers"`
	Bonus        sdkmath.Int `json:"bonus"`
	// PaidOut is what the ledger paid to accounts, refunds included.
	PaidOut sdkmath.Int `json:"paid_out"`
}

// Days is what the network paid, day by day, the newest first.
type Days struct {
	FirstHeight int64     `json:"first_height"` // blocks before it are not counted
	Height      int64     `json:"height"`       // the last counted block
	Complete    bool      `json:"complete"`     // all blocks up to Height are counted
	Missing     []Missing `json:"missing,omitempty"`
	Days        []Day     `json:"days"`
}

func newDay(date string) Day {
	zero := sdkmath.ZeroInt()
	return Day{Date: date, Contributors: zero, Datanets: zero, Lineage: zero, Providers: zero, Bonus: zero, PaidOut: zero}
}

// add counts an entry of an account.
func (d *Day) add(e Entry) {
	if e.Kind != KindBatch {
		d.PaidOut = d.PaidOut.Add(e.Amount)
		return
	}
	d.Bonus = d.Bonus.Add(*e.Bonus)
	for _, part := range e.Parts {
		switch part.Role {
		case "contributor":
			d.Contributors = d.Contributors.Add(part.Amount)
		case "datanet":
			d.Datanets = d.Datanets.Add(part.Amount)
		case "lineage":
			d.Lineage = d.Lineage.Add(part.Amount)
		case "provider":
			d.Providers = d.Providers.Add(part.Amount)
		}
	}
}

// updateDay changes the day of the block. A block whose time is not known counts for no day.
func (b *block) updateDay(change func(*Day)) error {
	if b.time.IsZero() {
		return nil
	}
	date := b.time.UTC().Format(time.DateOnly)
	bucket := b.tx.Bucket(daysBucket)
	var day Day
	if stored := bucket.Get([]byte(date)); stored == nil {
		day = newDay(date)
	} else if err := json.Unmarshal(stored, &day); err != nil {
		return err
	}
	change(&day)
	return put(bucket, []byte(date), day)
}

// Days returns what the network paid on the last days on which it paid anything, at most n of them.
func (x *Index) Days(n int) (Days, error) {
	if n < 1 || n > MaxDays {
		return Days{}, fmt.Errorf("%w: %d days, at least 1 and at most %d", ErrRequest, n, MaxDays)
	}
	days := Days{Days: []Day{}}
	return days, x.db.View(func(tx *bolt.Tx) error {
		meta := tx.Bucket(metaBucket)
		all, err := readExtent(meta)
		if err != nil {
			return err
		}
		days.FirstHeight, days.Height, days.Missing = all.first, all.height, all.missing
		if from := meta.Get(daysFromKey); from != nil {
			if since := int64(binary.BigEndian.Uint64(from)); since > days.FirstHeight {
				days.Missing = append(
					[]Missing{{From: days.FirstHeight, To: since - 1,
						Why: "the index is older than its days"}}, days.Missing...)
				days.FirstHeight = since
			}
		}
		days.Complete = days.Height > 0 && len(days.Missing) == 0
		cursor := tx.Bucket(daysBucket).Cursor()
		for key, value := cursor.Last(); key != nil && len(days.Days) < n; key, value = cursor.Prev() {
			var day Day
			if err := json.Unmarshal(value, &day); err != nil {
				return err
			}
			days.Days = append(days.Days, day)
		}
		return nil
	})
}
