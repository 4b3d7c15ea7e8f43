package overlap_test

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/content/overlap"
	"github.com/openledger/openledger/poa"
)

func prose(rng *rand.Rand, n int) []string {
	common := strings.Fields("the of and to in is that for it with as on be by this")
	words := make([]string, n)
	for i := range words {
		if words[i] = fmt.Sprintf("w%d", rng.Intn(20_000)); rng.Intn(5) < 2 {
			words[i] = common[rng.Intn(len(common))]
		}
	}
	return words
}

func TestCheck(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	var known []overlap.Known
	for i := range 20 {
		k := overlap.Known{Name: fmt.Sprintf("notes %d", i), Rank: uint64(100 + i)}
		for range 3 {
			k.File.Segments = append(k.File.Segments, []byte(strings.Join(prose(rng, 120), " ")))
		}
		known = append(known, k)
	}
	checker, err := overlap.New(known)
	require.NoError(t, err)

	edited := strings.Fields(string(known[4].File.Segments[1]))
	for i := 3; i < len(edited); i += 8 {
		edited[i] = "changed"
	}
	shuffled := strings.Fields(string(known[7].File.Segments[2]))
	for i := 0; i+4 <= len(shuffled); i += 4 {
		rng.Shuffle(4, func(a, b int) { shuffled[i+a], shuffled[i+b] = shuffled[i+b], shuffled[i+a] })
	}
	own := prose(rng, 120)
	findings, err := checker.Check(poa.SegmentFile{Segments: [][]byte{
		[]byte(strings.Join(own, " ")), []byte(strings.Join(edited, " ")), []byte(strings.Join(shuffled, " ")),
	}})
	require.NoError(t, err)
	require.Len(t, findings, 2)
	require.Equal(t, 1, findings[0].Segment)
	require.True(t, findings[0].Duplicate())
	require.EqualValues(t, 104, findings[0].Rank)
	require.Equal(t, 1, findings[0].OfSegment)
	require.Equal(t, 2, findings[1].Segment)
	require.False(t, findings[1].Duplicate())
	require.EqualValues(t, 107, findings[1].Derived[0].Rank)

	declared := overlap.Declare(findings)
	require.Len(t, declared, 2)
	require.EqualValues(t, 107, declared[1].Rank)
	require.Greater(t, declared[1].PPM, uint32(900_000))

	nothing, err := overlap.New(nil)
	require.NoError(t, err)
	findings, err = nothing.Check(poa.SegmentFile{Segments: [][]byte{[]byte("some words of nobody")}})
	require.NoError(t, err)
	require.Empty(t, findings)
}
