package bm25

import (
	"slices"
	"testing"
)

func TestTop(t *testing.T) {
	x := New([][]uint32{{1, 2, 3, 4}, {1, 1, 5, 6}, {7, 8, 9, 1}, {5, 5, 5, 5}})
	for _, c := range []struct {
		question []uint32
		want     []int
	}{
		{[]uint32{5}, []int{3, 1}},          // more often is better
		{[]uint32{1, 7}, []int{2, 1, 0}},    // rare words weigh more
		{[]uint32{1, 1, 1}, []int{1, 0, 2}}, // repeated words count once, ties to the earlier text
		{[]uint32{99}, []int{}},
	} {
		if got := x.Top(c.question, 8); !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, want %v", c.question, got, c.want)
		}
	}
	if got := x.Top([]uint32{1}, 1); len(got) != 1 {
		t.Errorf("%v", got)
	}
	if got := New(nil).Top([]uint32{1}, 3); len(got) != 0 {
		t.Errorf("nothing indexed: %v", got)
	}
}
