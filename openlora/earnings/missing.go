package earnings

import (
	"encoding/binary"
	"encoding/json"

	bolt "go.etcd.io/bbolt"
)

// Missing is a stretch of blocks that the index passed over, both ends included.
type Missing struct {
	From int64  `json:"from"`
	To   int64  `json:"to"`
	Why  string `json:"why"`
}

// extent is which blocks an index has.
type extent struct {
	first, height int64
	missing       []Missing
}

// reach reads which blocks the index has.
func reach(meta *bolt.Bucket) (extent, error) {
	var all extent
	if next := meta.Get(nextKey); next != nil {
		all.first, all.height = int64(binary.BigEndian.Uint64(meta.Get(firstKey))), int64(binary.BigEndian.Uint64(next))-1
	}
	var err error
	if all.missing, err = missing(meta); err != nil {
		return all, err
	}
	if all.first > 1 {
		all.missing = append(
			[]Missing{{From: 1, To: all.first - 1, Why: "the node had no state of them when the index was begun"}},
			all.missing...)
	}
	return all, nil
}

// missing reads what was passed over, in the order of heights.
func missing(meta *bolt.Bucket) ([]Missing, error) {
	stored := meta.Get(missingKey)
	if stored == nil {
		return nil, nil
	}
	var all []Missing
	return all, json.Unmarshal(stored, &all)
}

// miss notes that a block was passed over. Blocks in a row of which the same is said are one stretch.
func miss(tx *bolt.Tx, height int64, why string) error {
	meta := tx.Bucket(metaBucket)
	all, err := missing(meta)
	if err != nil {
		return err
	}
	if n := len(all); n > 0 && all[n-1].To == height-1 && all[n-1].Why == why {
		all[n-1].To = height
	} else {
		all = append(all, Missing{From: height, To: height, Why: why})
	}
	return put(meta, missingKey, all)
}
