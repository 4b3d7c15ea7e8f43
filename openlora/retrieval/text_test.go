package retrieval

import (
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	guarded "github.com/openledger/openledger/content/fetch"
	"github.com/openledger/openledger/openlora/chain"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// TestLibrariesOfOneManifestShareItsText, unless one needs the meaning of words and the other does not. The text leaves
// with the last of them.
func TestLibrariesOfOneManifestShareItsText(t *testing.T) {
	s, cache := newSetting(t), NewTextCache()
	load := func(method modelstypes.AttributionMethod) *Library {
		l, err := Load(t.Context(), Sources{
			Node: &chain.Client{Datanet: s.datanets, Models: models{method: method}}, Content: s.store,
			Fetch: guarded.New(guarded.DefaultLimits()), Texts: cache,
		}, "", 1, 0)
		require.NoError(t, err)
		return l
	}
	span, meaning := load(modelstypes.ATTRIBUTION_METHOD_SPAN), load(modelstypes.ATTRIBUTION_METHOD_MEANING)
	require.NotSame(t, span.Text, meaning.Text)
	require.NotEqual(t, span.Texts().Name, meaning.Texts().Name)
	var all [8]*Library
	var work sync.WaitGroup
	for i := range all {
		work.Go(func() { all[i] = load(methods[i%2]) }) // SPAN and RAG
	}
	work.Wait()
	for _, l := range all {
		require.Same(t, span.Text, l.Text)
	}
	name := textName(span.Version)
	runtime.KeepAlive(span)
	require.Same(t, span.Text, cache.get(name))

	span, all = nil, [8]*Library{}
	require.Eventually(t, func() bool { runtime.GC(); return cache.get(name) == nil }, 10*time.Second, time.Millisecond)
	require.Len(t, cache.known, 2)
	load(modelstypes.ATTRIBUTION_METHOD_MEANING)
	require.Same(t, meaning.Text, cache.get(textName(meaning.Version)))
	again := load(modelstypes.ATTRIBUTION_METHOD_RAG)
	require.Same(t, again.Text, cache.get(name))
	require.Len(t, cache.known, 2, "what nobody has is forgotten")
}

// TestLaterStopsStay: libraries that share a text read the stops at the same time. What was read of an older block does
// not replace what was read of a later one.
func TestLaterStopsStay(t *testing.T) {
	s := newSetting(t)
	l := s.library(t, modelstypes.ATTRIBUTION_METHOD_SPAN)
	s.stops[1] = []datanettypes.SegmentStop{{Rank: 3, StoppedHeight: 11}}
	s.heights = map[uint64]int64{1: 11, 2: 11}
	height, err := l.Refresh(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 11, height)
	s.stops[1], s.heights = nil, map[uint64]int64{1: 10, 2: 10}
	height, err = l.Refresh(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 10, height)
	_, stopped := l.stopped(Ref{3, 0}, 11)
	require.True(t, stopped)
	_, stopped = l.stopped(Ref{3, 0}, 10)
	require.False(t, stopped)
}

// TestTextThatFailsIsLoadedAgain: a failure is not kept.
func TestTextThatFailsIsLoadedAgain(t *testing.T) {
	cache, failed := NewTextCache(), errors.New("failed")
	_, err := cache.open(modelstypes.ModelVersion{}, func() (*Text, error) { return nil, failed })
	require.ErrorIs(t, err, failed)
	text, err := cache.open(modelstypes.ModelVersion{}, func() (*Text, error) { return &Text{}, nil })
	require.NoError(t, err)
	require.NotNil(t, text)
}

// TestTextNames: texts that differ have different names.
func TestTextNames(t *testing.T) {
	entry := func(datanet, version uint64) modelstypes.ManifestEntry {
		return modelstypes.ManifestEntry{DatanetId: datanet, Version: version}
	}
	names := make(map[string]bool)
	for _, manifest := range [][]modelstypes.ManifestEntry{
		{entry(1, 2)}, {entry(2, 1)}, {entry(1, 2), entry(3, 4)}, {entry(12, 34)}, {entry(1, 1<<40)}, {entry(1<<40, 1)},
	} {
		for _, method := range []modelstypes.AttributionMethod{
			modelstypes.ATTRIBUTION_METHOD_SPAN, modelstypes.ATTRIBUTION_METHOD_MEANING,
		} {
			names[textName(modelstypes.ModelVersion{Method: method, Manifest: manifest})] = true
		}
	}
	require.Len(t, names, 12)
}
