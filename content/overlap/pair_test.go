package overlap_test

import (
	"math/rand"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/content/overlap"
	"github.com/openledger/openledger/poa"
)

func fileOf(texts ...[]string) poa.SegmentFile {
	var file poa.SegmentFile
	for _, words := range texts {
		file.Segments = append(file.Segments, []byte(strings.Join(words, " ")))
	}
	return file
}

// TestCopies: the pair is found by the test of the chain.
func TestCopies(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	a, b, c, own := prose(rng, 120), prose(rng, 120), prose(rng, 120), prose(rng, 120)
	earlier := fileOf(a, b, c)
	edited := append([]string(nil), b...)
	for i := 3; i < len(edited); i += 6 {
		edited[i] = "changed"
	}
	later := fileOf(own, edited, c)

	pair, err := overlap.Copies(later, earlier, nil)
	require.NoError(t, err)
	require.Equal(t, overlap.Pair{Later: 2, Earlier: 2, CopiedPPM: 1_000_000}, pair)

	pair, err = overlap.Copies(later, earlier, func(n int) bool { return n == 2 })
	require.NoError(t, err)
	require.Equal(t, 1, pair.Later)
	require.Equal(t, 1, pair.Earlier)
	require.True(t, pair.Duplicate())
	ppm, err := poa.CopiedPPM(poa.TokenIDs(later.Segments[1]), poa.TokenIDs(earlier.Segments[1]), poa.ProtocolStatistics())
	require.NoError(t, err)
	require.Equal(t, ppm, pair.CopiedPPM, "as the chain will measure it")

	pair, err = overlap.Copies(fileOf(own, prose(rng, 100)), earlier, nil)
	require.NoError(t, err)
	require.False(t, pair.Duplicate())
}
