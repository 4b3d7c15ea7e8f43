package corpus

import (
	"errors"
	"slices"
	"strings"

	"github.com/openledger/openledger/poa"
)

func compareStrings(a, b string) int { return strings.Compare(a, b) }

func sortedKeys(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// refusal returns the stable name of what CheckSegment found.
func refusal(err error) string {
	var e *poa.SegmentError
	if errors.As(err, &e) {
		return e.Code
	}
	return "other"
}
