package earnings

import (
	"encoding/json"

	bolt "go.etcd.io/bbolt"
)

// Missing is a stretch of blocks that the index passed over, both ends included.
type Missing struct {
	From int64  `json:"from"`
	To   int64  `json:"to"`
	Why  string `json:"why"`
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
