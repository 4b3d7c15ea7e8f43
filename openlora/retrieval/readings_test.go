package retrieval

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/poa"
)

func TestReadingsAreRememberedAndBounded(t *testing.T) {
	var r readings
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			for place := range 3 * maxReadings {
				require.EqualValues(t, place, r.get(place, func() poa.Segment { return poa.Segment{Rank: uint64(place)} }).Rank)
			}
		})
	}
	work.Wait()
	require.LessOrEqual(t, len(r.known), maxReadings)
	last := 3*maxReadings - 1
	require.EqualValues(t, last, r.get(last, func() poa.Segment { t.Error("read again"); return poa.Segment{} }).Rank)
}

// What is remembered of a segment is what is read of it.
func TestInterpretedSegmentsAreTheSame(t *testing.T) {
	text := []byte("The club hair stays in the follicle until the next shaft pushes it out of the skin.")
	l := &Text{canonical: []poa.Segment{poa.NewSegment(7, 2, text)}, segments: []Segment{{Ref: Ref{7, 2}, Text: text}}}
	want := l.canonical[0]
	want.Interpret(text)
	for range 2 {
		require.Equal(t, []poa.Segment{want}, l.interpreted([]int{0}))
	}
	require.Nil(t, l.canonical[0].Concepts)
}
