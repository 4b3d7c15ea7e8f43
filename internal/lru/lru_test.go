package lru_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openledger/openledger/internal/lru"
)

// TestTable compares a table with a list that is searched from end to end.
func TestTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type entry struct{ key, value int }
		var want []entry // the last used last
		most := rapid.IntRange(1, 5).Draw(t, "most")
		table := lru.New[int, int](most)
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			key := rapid.IntRange(0, 7).Draw(t, "key")
			at := slices.IndexFunc(want, func(e entry) bool { return e.key == key })
			var held entry
			if at >= 0 {
				held = want[at]
			}
			switch rapid.SampledFrom([]string{"get", "set", "delete"}).Draw(t, "step") {
			case "get":
				value, ok := table.Get(key)
				require.Equal(t, at >= 0, ok)
				require.Equal(t, held.value, value)
				if at >= 0 {
					want = append(slices.Delete(want, at, at+1), held)
				}
			case "set":
				value := rapid.Int().Draw(t, "value")
				table.Set(key, value)
				if at >= 0 {
					want = slices.Delete(want, at, at+1)
				}
				want = append(want, entry{key, value})
				want = want[max(0, len(want)-most):]
			case "delete":
				table.Delete(key)
				if at >= 0 {
					want = slices.Delete(want, at, at+1)
				}
			}
			require.Equal(t, len(want), table.Len())
		}
	})
}
