package retrieval

import (
	"slices"
	"testing"
)

func TestFuse(t *testing.T) {
	if got := fuse([]int{5, 3, 9}, []int{3, 7}); !slices.Equal(got, []int{3, 5, 7, 9}) {
		t.Errorf("%v", got)
	}
	if got := fuse(nil, nil); len(got) != 0 {
		t.Errorf("%v", got)
	}
}
