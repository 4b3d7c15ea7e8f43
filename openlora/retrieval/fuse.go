package retrieval

import (
	"cmp"
	"slices"
)

// fuseDepth flattens the weights of ranks: the larger it is, the less the first places of a list outweigh the next
// ones.
const fuseDepth = 20

// fuse joins lists of places, each best first, by the sum of the weights of their ranks. Ties go to the earlier place.
func fuse(lists ...[]int) []int {
	worth := make(map[int]int)
	var places []int
	for _, list := range lists {
		for rank, place := range list {
			if worth[place] == 0 {
				places = append(places, place)
			}
			worth[place] += 1_000_000 / (fuseDepth + rank)
		}
	}
	slices.SortFunc(places, func(a, b int) int { return cmp.Or(cmp.Compare(worth[b], worth[a]), cmp.Compare(a, b)) })
	return places
}
