package engine

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestManifests: concurrent callers read a manifest once; the least recently used one is dropped, and one that is too
// large is not read.
func TestManifests(t *testing.T) {
	var m manifests
	var encoded atomic.Int64
	encode := func(text string) []int {
		encoded.Add(1)
		return []int{len(text), 1, 2}
	}
	texts := func(name string) Texts {
		return Texts{Name: name, Bytes: 3, All: slices.Values([][]byte{[]byte("a"), []byte("bc")})}
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() { require.Equal(t, 6, m.index(texts("0"), encode).Len()) })
	}
	group.Wait()
	require.EqualValues(t, 2, encoded.Load())

	for i := range mostIndexes {
		m.index(texts(fmt.Sprint(i)), encode)
	}
	m.index(texts("0"), encode)
	m.index(texts("another"), encode)
	require.EqualValues(t, 2*(mostIndexes+1), encoded.Load())
	m.index(texts("0"), encode)
	require.EqualValues(t, 2*(mostIndexes+1), encoded.Load(), "0 is among the last that were asked for")
	m.index(texts("1"), encode)
	require.EqualValues(t, 2*(mostIndexes+2), encoded.Load(), "1 is not")

	large := texts("large")
	large.Bytes = mostManifest + 1
	require.Nil(t, m.index(large, encode))
	require.Nil(t, m.index(Texts{}, encode))
}
