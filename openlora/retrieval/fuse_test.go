package retrieval

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestFuse(t *testing.T) {
	require.Equal(t, []int{3, 5, 7, 9}, fuse([]int{5, 3, 9}, []int{3, 7}))
	require.Empty(t, fuse(nil, nil))
}

// TestFuseJoinsLists: all places and each once, a list by itself as it is, in whatever order the lists come; and a
// place that stands before another in every list stands before it in the end.
func TestFuseJoinsLists(t *testing.T) {
	ranking := rapid.SliceOfNDistinct(rapid.IntRange(0, 30), 0, 25, func(i int) int { return i })
	rapid.Check(t, func(t *rapid.T) {
		lists := rapid.SliceOfN(ranking, 1, 4).Draw(t, "lists")
		given := make([][]int, len(lists))
		for i, list := range lists {
			given[i] = slices.Clone(list)
		}
		joined := fuse(lists...)
		require.Equal(t, given, lists)
		all := slices.Concat(lists...)
		slices.Sort(all)
		require.ElementsMatch(t, slices.Compact(all), joined)
		shuffled := rapid.Permutation(lists).Draw(t, "shuffled")
		require.Equal(t, joined, fuse(shuffled...))
		require.Equal(t, len(lists[0]), len(fuse(lists[0])))
		if len(lists[0]) > 0 {
			require.Equal(t, lists[0], fuse(lists[0]))
		}
		for i, later := range joined {
			for _, earlier := range joined[:i] {
				dominated := true
				for _, list := range lists {
					a, b := slices.Index(list, later), slices.Index(list, earlier)
					dominated = dominated && a >= 0 && (b < 0 || a < b)
				}
				require.False(t, dominated, "%d stands before %d in all of %v, and not in %v", later, earlier, lists, joined)
			}
		}
	})
}
