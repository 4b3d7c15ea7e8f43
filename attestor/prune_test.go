package attestor

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/attestor/judge"
	"github.com/openledger/openledger/content/influence"
	"github.com/openledger/openledger/poa"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

const week = 7 * 24 * time.Hour

// newTestLibrary returns a library without a chain. The function that it returns makes an index that was written some
// time ago.
func newTestLibrary(t *testing.T, memory int) (*library, func(string, time.Duration) string) {
	t.Helper()
	l := newLibrary(nil, nil, influence.Source{}, filepath.Join(t.TempDir(), "index"), memory)
	return l, func(name string, age time.Duration) string {
		path := filepath.Join(l.dir, name)
		aged(t, path, age)
		return path
	}
}

// over is the folder of the index of a manifest of one DataNet.
func over(datanet uint64) string {
	return indexFolder(modelstypes.ModelVersion{Manifest: []modelstypes.ManifestEntry{{DatanetId: datanet, Version: 1}}})
}

// indexBytes of every index here.
const indexBytes = 10_000

// keep puts a model with the index of a manifest into memory.
func keep(l *library, k modelKey, folder string) *judge.Model {
	l.mu.Lock()
	index := l.indexes[folder]
	if index == nil {
		index = &cachedIndex{index: poa.NewIndex(poa.ProtocolStatistics()), folder: folder, bytes: indexBytes}
		l.indexes[folder] = index
		l.bytes += index.bytes
	}
	index.models++
	l.mu.Unlock()
	return l.put(k, &judge.Model{Index: index.index}, index)
}

func aged(t *testing.T, path string, age time.Duration) {
	t.Helper()
	require.NoError(t, os.MkdirAll(path, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(path, "manifest.json"), []byte("{}"), 0o644))
	then := time.Now().Add(-age)
	require.NoError(t, os.Chtimes(path, then, then))
}

func used(t *testing.T, path string) time.Time {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.ModTime()
}

// TestPrune removes what was not used for long, and nothing that is not an index.
func TestPrune(t *testing.T) {
	l, folder := newTestLibrary(t, 1<<20)
	removed, err := l.prune(time.Now())
	require.NoError(t, err, "nothing was ever indexed")
	require.Empty(t, removed)

	old, young := folder(over(1), week+time.Hour), folder(over(2), week-time.Hour)
	former := folder("model-1-v2", 2*week)
	var others []string
	for _, name := range []string{"notes", "model-1", "model-01-v2", "model-1-v2.old", "model-1-v99999999999",
		folderPrefix, folderPrefix + "1", over(3) + "0"} {
		path := filepath.Join(l.dir, name)
		aged(t, path, 2*week)
		others = append(others, path)
	}
	file := filepath.Join(l.dir, "model-9-v9")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	require.NoError(t, os.Chtimes(file, time.Unix(0, 0), time.Unix(0, 0)))

	removed, err = l.prune(time.Now().Add(-week))
	require.NoError(t, err)
	require.Equal(t, []string{over(1), "model-1-v2"}, removed)
	require.NoDirExists(t, old)
	require.NoDirExists(t, former)
	require.DirExists(t, young)
	require.FileExists(t, file)
	for _, path := range others {
		require.DirExists(t, path)
	}
	require.Empty(t, l.loading, "nothing stays reserved")
}

// TestPruneKeepsWhatIsOpen, however old its folder is, and dates it by its last use.
func TestPruneKeepsWhatIsOpen(t *testing.T) {
	l, folder := newTestLibrary(t, 1<<20)
	open, loading := over(1), over(2)
	openPath, loadingPath := folder(open, 3*week), folder(loading, 3*week)
	keep(l, modelKey{1, 1}, open)
	lastUse := time.Now().Add(-2 * week)
	l.indexes[open].used = lastUse
	require.True(t, l.reserve(loading))
	require.False(t, l.reserve(loading), "one at a time")

	removed, err := l.prune(time.Now().Add(-week))
	require.NoError(t, err)
	require.Empty(t, removed)
	require.DirExists(t, loadingPath)
	require.WithinDuration(t, lastUse, used(t, openPath), time.Second)
}

// TestPutDatesDroppedIndexes: an index that leaves memory was in use until then.
func TestPutDatesDroppedIndexes(t *testing.T) {
	l, folder := newTestLibrary(t, -1) // no room for a second one
	first := modelKey{1, 1}
	path := folder(over(1), 3*week)
	keep(l, first, over(1))
	keep(l, modelKey{1, 2}, over(2))
	require.NotContains(t, l.models, first)
	require.NotContains(t, l.indexes, over(1))
	require.WithinDuration(t, time.Now(), used(t, path), time.Minute)
	removed, err := l.prune(time.Now().Add(-week))
	require.NoError(t, err)
	require.Empty(t, removed)
}

// TestModelsOfOneManifestShareAnIndex: it takes memory once, and stays as long as one of them does.
func TestModelsOfOneManifestShareAnIndex(t *testing.T) {
	manifest := []modelstypes.ManifestEntry{{DatanetId: 1, Version: 2}, {DatanetId: 3, Version: 4}}
	folder := indexFolder(modelstypes.ModelVersion{ModelId: 1, Version: 1, Manifest: manifest})
	require.Equal(t, folder, indexFolder(modelstypes.ModelVersion{ModelId: 9, Version: 7, Manifest: manifest,
		Method: modelstypes.ATTRIBUTION_METHOD_LORA}))
	for _, other := range []modelstypes.ModelVersion{
		{Manifest: manifest, Method: modelstypes.ATTRIBUTION_METHOD_RAG}, {Manifest: manifest[:1]}, {},
		{Manifest: []modelstypes.ManifestEntry{{DatanetId: 1, Version: 2}, {DatanetId: 3, Version: 5}}},
	} {
		require.NotEqual(t, folder, indexFolder(other))
	}

	l, _ := newTestLibrary(t, 3*modelBytes+indexBytes)
	first := keep(l, modelKey{1, 1}, folder)
	for id := uint64(2); id <= 3; id++ {
		require.Same(t, first.Index, keep(l, modelKey{id, 1}, folder).Index)
	}
	require.Equal(t, 3*modelBytes+indexBytes, l.bytes)
	require.Len(t, l.models, 3)
	require.Same(t, first, keep(l, modelKey{1, 1}, folder), "the model that is there")
	require.Equal(t, 3, l.indexes[folder].models)

	keep(l, modelKey{4, 1}, folder) // the first one gives way
	require.NotContains(t, l.models, modelKey{1, 1})
	require.Contains(t, l.indexes, folder)
	keep(l, modelKey{5, 1}, over(1)) // there is no room for two indexes
	require.NotContains(t, l.indexes, folder)
	require.Equal(t, modelBytes+indexBytes, l.bytes)
}

// TestIndexWaitsForPrune: an index is not opened while its folder is removed.
func TestIndexWaitsForPrune(t *testing.T) {
	l, _ := newTestLibrary(t, 1<<20)
	version := modelstypes.ModelVersion{Manifest: []modelstypes.ManifestEntry{{DatanetId: 1, Version: 1}}}
	require.True(t, l.reserve(indexFolder(version)))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := l.openIndex(ctx, version)
	require.ErrorIs(t, err, context.Canceled)
}

// TestKeepPruning begins with what was left over from before the start.
func TestKeepPruning(t *testing.T) {
	l, folder := newTestLibrary(t, 1<<20)
	path := folder(over(1), week+time.Hour)
	a := &Attestor{config: Config{IndexKeep: week}, library: l, log: slog.New(slog.DiscardHandler)}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	a.keepPruning(ctx)
	require.NoDirExists(t, path)
}
