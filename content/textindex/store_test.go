package textindex_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/content/textindex"
	"github.com/openledger/openledger/poa"
)

func segment(rank uint64) poa.Segment {
	text := ""
	for i := range 60 {
		text += fmt.Sprintf("word%d-%d of the ", rank, i)
	}
	return poa.NewSegment(rank, 0, []byte(text))
}

// TestStore: an index is the same after it is opened again, grows, and removes the files that it no longer needs.
func TestStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "datanet-1")
	store, err := textindex.Open(dir, poa.ProtocolStatistics())
	require.NoError(t, err)
	for rank := range uint64(7) {
		require.NoError(t, store.Add(segment(rank)))
		require.NoError(t, store.Save())
	}
	for range 2 { // the second time nothing changes
		again, err := textindex.Open(dir, poa.ProtocolStatistics())
		require.NoError(t, err)
		require.Equal(t, 7, again.Ranks())
		require.True(t, again.Has(3))
		require.False(t, again.Has(9))
		for rank := range uint64(7) {
			want := segment(rank)
			got, err := again.Index().Attribute(poa.Answer{Tokens: want.Tokens})
			require.NoError(t, err)
			require.Equal(t, rank, got.Entries[0].Rank)
		}
		require.NoError(t, again.Save())
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.tier"))
	require.NoError(t, err)
	require.Len(t, files, len(store.Index().Tiers()))
}

// TestInterruptedRebuild: tiers are named by their place, so that another index in the same folder has files of the
// same names. If its Save ends early, Open returns an empty index, not one of old and new tiers.
func TestInterruptedRebuild(t *testing.T) {
	dir := t.TempDir()
	store, err := textindex.Open(dir, poa.ProtocolStatistics())
	require.NoError(t, err)
	require.NoError(t, store.Add(segment(1), segment(2), segment(3), segment(4)))
	require.NoError(t, store.Add(segment(5)))
	require.Equal(t, []int{4, 1}, store.Index().Tiers())
	require.NoError(t, store.Save())

	store.Reset()
	require.NoError(t, store.Add(segment(2), segment(3), segment(4), segment(5)))
	require.NoError(t, store.Add(segment(6)))
	last := filepath.Join(dir, "000000004-000000005.tier")
	old, err := os.ReadFile(last)
	require.NoError(t, err)
	require.NoError(t, os.Remove(last))
	require.NoError(t, os.MkdirAll(filepath.Join(last, "in the way"), 0o755)) // writing the last tier fails
	require.Error(t, store.Save())
	require.NoError(t, os.RemoveAll(last))
	require.NoError(t, os.WriteFile(last, old, 0o644))

	again, err := textindex.Open(dir, poa.ProtocolStatistics())
	require.NoError(t, err)
	require.Zero(t, again.Ranks())
	require.NoError(t, store.Save())
	again, err = textindex.Open(dir, poa.ProtocolStatistics())
	require.NoError(t, err)
	require.Equal(t, 5, again.Ranks())
	require.True(t, again.Has(6))
	require.False(t, again.Has(1))
}

func TestDamageIsFound(t *testing.T) {
	dir := t.TempDir()
	store, err := textindex.Open(dir, poa.ProtocolStatistics())
	require.NoError(t, err)
	require.NoError(t, store.Add(segment(1), segment(2)))
	require.NoError(t, store.Save())
	files, err := filepath.Glob(filepath.Join(dir, "*.tier"))
	require.NoError(t, err)
	data, err := os.ReadFile(files[0])
	require.NoError(t, err)

	for name, damage := range map[string]func(){
		"tier changed": func() { require.NoError(t, os.WriteFile(files[0], append([]byte("x"), data...), 0o644)) },
		"tier missing": func() { require.NoError(t, os.Remove(files[0])) },
		"no manifest":  func() { require.NoError(t, os.WriteFile(filepath.Join(dir, "manifest.json"), []byte("{"), 0o644)) },
		"elsewhere": func() {
			require.NoError(
				t, os.WriteFile(filepath.Join(dir, "manifest.json"),
					[]byte(`{"statistics_root":"`+poa.ProtocolStatistics().Root().String()+`","tiers":["../x"]}`), 0o644))
		},
		"tier twice": func() {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "again.tier"), data, 0o644))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "manifest.json"),
				[]byte(`{"statistics_root":"`+poa.ProtocolStatistics().Root().String()+`","tiers":["`+
					filepath.Base(files[0])+`","again.tier"]}`), 0o644))
		},
		"other table": func() {
			require.NoError(
				t, os.WriteFile(filepath.Join(dir, "manifest.json"),
					[]byte(`{"statistics_root":"`+poa.Hash{}.String()+`","tiers":[]}`), 0o644))
		},
	} {
		damage()
		broken, err := textindex.Open(dir, poa.ProtocolStatistics())
		require.ErrorIs(t, err, poa.ErrIndexEncoding, name)
		require.Zero(t, broken.Ranks())
		// The index can be built again in the same folder.
		require.NoError(t, broken.Add(segment(1), segment(2)))
		require.NoError(t, broken.Save())
		whole, err := textindex.Open(dir, poa.ProtocolStatistics())
		require.NoError(t, err, name)
		require.Equal(t, 2, whole.Ranks())
	}
}
