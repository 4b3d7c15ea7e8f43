package earnings

import (
	"encoding/binary"
	"encoding/json"

	bolt "go.etcd.io/bbolt"
)

// Missing is a range of blocks that the index passed over, both ends included.
type Missing struct {
	From int64  `json:"from"`
	To   int64  `json:"to"`
	Why  string `json:"why"`
}

// extent is the range of blocks of an index, and those missing in it.
type extent struct {
	first, height int64
	missing       []Missing
}

// readExtent reads the extent of the index.
func readExtent(meta *bolt.Bucket) (extent, error) {
	var all extent
	if next := meta.Get(nextKey); next != nil {
		all.first, all.height = int64(binary.BigEndian.Uint64(meta.Get(firstKey))), int64(binary.BigEndian.Uint64(next))-1
	}
	var err error
	if all.missing, err = readMissing(meta); err != nil {
		return all, err
	}
	if all.first > 1 {
		all.missing = append(
			[]Missing{{From: 1, To: all.first - 1, Why: "the node had no state of them when the index began"}},
			all.missing...)
	}
	return all, nil
}

// readMissing reads the ranges that were passed over, in the order of heights.
func readMissing(meta *bolt.Bucket) ([]Missing, error) {
	stored := meta.Get(missingKey)
	if stored == nil {
		return nil, nil
	}
	var all []Missing
	return all, json.Unmarshal(stored, &all)
}

// addMissing notes that a block was passed over. Neighbouring blocks with the same reason become one range.
func addMissing(tx *bolt.Tx, height int64, why string) error {
	meta := tx.Bucket(metaBucket)
	all, err := readMissing(meta)
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
