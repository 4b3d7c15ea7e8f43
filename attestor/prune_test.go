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
)

const week = 7 * 24 * time.Hour

// shelf is a library without a chain; folder makes an index of it that was
// written some time ago.
func shelf(t *testing.T, memory int) (*library, func(modelKey, time.Duration) string) {
	t.Helper()
	l := newLibrary(nil, nil, influence.Source{}, filepath.Join(t.TempDir(), "index"), memory)
	return l, func(k modelKey, age time.Duration) string {
		path := filepath.Join(l.dir, k.folder())
		aged(t, path, age)
		return path
	}
}

func aged(t *testing.T, path string, age time.Duration) {
	t.Helper()
	require.NoError(t, os.MkdirAll(path, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(path, "manifest.json"), []byte("{}"), 0o644))
	then := time.Now().Add(-age)
	require.NoError(t, os.Chtimes(path, then, then))
}

func model() *judge.Model { return &judge.Model{Index: poa.NewIndex(poa.ProtocolStatistics())} }

func used(t *testing.T, path string) time.Time {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.ModTime()
}

// TestPrune removes what was not used for long, and nothing that is not an index.
func TestPrune(t *testing.T) {
	l, folder := shelf(t, 1<<20)
	removed, err := l.prune(time.Now())
	require.NoError(t, err, "nothing was ever indexed")
	require.Empty(t, removed)

	old, young := folder(modelKey{1, 2}, week+time.Hour), folder(modelKey{1, 3}, week-time.Hour)
	var others []string
	for _, name := range []string{"notes", "model-1", "model-01-v2", "model-1-v2.old", "model-1-v99999999999"} {
		path := filepath.Join(l.dir, name)
		aged(t, path, 2*week)
		others = append(others, path)
	}
	file := filepath.Join(l.dir, "model-9-v9")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	require.NoError(t, os.Chtimes(file, time.Unix(0, 0), time.Unix(0, 0)))

	removed, err = l.prune(time.Now().Add(-week))
	require.NoError(t, err)
	require.Equal(t, []string{"model-1-v2"}, removed)
	require.NoDirExists(t, old)
	require.DirExists(t, young)
	require.FileExists(t, file)
	for _, path := range others {
		require.DirExists(t, path)
	}
	require.Empty(t, l.loading, "nothing stays reserved")
}

// TestPruneKeepsWhatIsOpen, however old its folder is, and dates it by its last use.
func TestPruneKeepsWhatIsOpen(t *testing.T) {
	l, folder := shelf(t, 1<<20)
	open, loading := modelKey{1, 1}, modelKey{2, 1}
	openPath, loadingPath := folder(open, 3*week), folder(loading, 3*week)
	l.put(open, model())
	lastUse := time.Now().Add(-2 * week)
	l.models[open].used = lastUse
	require.True(t, l.reserve(loading))
	require.False(t, l.reserve(loading), "one at a time")

	removed, err := l.prune(time.Now().Add(-week))
	require.NoError(t, err)
	require.Empty(t, removed)
	require.DirExists(t, loadingPath)
	require.WithinDuration(t, lastUse, used(t, openPath), time.Second)
}

// TestShelveDatesWhatItDrops: an index that leaves memory was in use until then.
func TestShelveDatesWhatItDrops(t *testing.T) {
	l, folder := shelf(t, -1) // no room for a second one
	first := modelKey{1, 1}
	path := folder(first, 3*week)
	l.put(first, model())
	l.put(modelKey{1, 2}, model())
	require.NotContains(t, l.models, first)
	require.WithinDuration(t, time.Now(), used(t, path), time.Minute)
	removed, err := l.prune(time.Now().Add(-week))
	require.NoError(t, err)
	require.Empty(t, removed)
}

// TestModelWaitsForPrune: an index is not opened while its folder is removed.
func TestModelWaitsForPrune(t *testing.T) {
	l, _ := shelf(t, 1<<20)
	k := modelKey{1, 1}
	require.True(t, l.reserve(k))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := l.view(ctx).Model(k.id, k.version)
	require.ErrorIs(t, err, context.Canceled)
}

// TestKeepPruning begins with what was left over from before the start.
func TestKeepPruning(t *testing.T) {
	l, folder := shelf(t, 1<<20)
	path := folder(modelKey{1, 1}, week+time.Hour)
	a := &Attestor{config: Config{IndexKeep: week}, library: l, log: slog.New(slog.DiscardHandler)}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	a.keepPruning(ctx)
	require.NoDirExists(t, path)
}
