package rules

import (
	"slices"
	"testing"

	"github.com/openledger/openledger/measure/fidelity/grams"
)

func own(t *testing.T, name string, texts [][]uint32, answer []uint32) []int {
	t.Helper()
	weight := make([]int32, 100)
	for i := range weight {
		weight[i] = 8 << 16
	}
	for _, r := range Rejected {
		if r.Name == name {
			return r.Own(
				&Texts{List: texts, Weight: weight, Scale: WorldScale,
					Runs: func(a []uint32) []grams.Run { return grams.AllRuns(texts, a, WorldScale.Gram) }}, answer)
		}
	}
	t.Fatalf("no rule %q", name)
	return nil
}

// The counter-examples of section 1.3 of the economic review: under every rule that falls, a later text takes what the
// first owns.
func TestRejectedRulesFall(t *testing.T) {
	victim := []uint32{1, 2, 3, 4, 5, 6}
	answer := []uint32{1, 2, 3, 4, 5, 6, 7}
	longer := []uint32{1, 2, 3, 4, 5, 6, 7}
	all := func(owner int) []int { return slices.Repeat([]int{owner}, 7) }
	first := []int{0, 0, 0, 0, 0, 0, None}
	for _, c := range []struct {
		rule       string
		one, later []int
	}{
		{"earliest 5-gram", first, []int{0, 0, 0, 0, 0, 0, 1}},
		{"exact run >= 60 bits, earliest", first, []int{0, 0, 0, 0, 0, 0, 1}},
		{"longest run wins", first, all(1)},
		{"best alignment wins", first, all(1)},
		{"local continuity", first, []int{0, 0, 0, 1, 1, 1, 1}},
	} {
		if got := own(t, c.rule, [][]uint32{victim}, answer); !slices.Equal(got, c.one) {
			t.Errorf("%s, alone: %v", c.rule, got)
		}
		if got := own(t, c.rule, [][]uint32{victim, longer}, answer); !slices.Equal(got, c.later) {
			t.Errorf("%s, with a later text: %v", c.rule, got)
		}
	}
	if got := own(t, "12-gram, falling back to 5", [][]uint32{{1, 2, 3, 4}, longer}, answer); !slices.Equal(got, all(1)) {
		t.Errorf("fallback: %v", got)
	}
	// Two copies put the gram above the cap, and nobody is paid.
	if got := own(t, "document-frequency cap", [][]uint32{victim, victim, victim}, answer); !slices.Equal(got, all(None)) {
		t.Errorf("cap: %v", got)
	}
}
