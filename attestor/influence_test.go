package attestor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestPruneInfluence removes influence files that were not read for long, and nothing else.
func TestPruneInfluence(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "influence")
	removed, err := pruneInfluence(folder, time.Now())
	require.NoError(t, err, "there is no folder")
	require.Empty(t, removed)

	require.NoError(t, os.MkdirAll(folder, 0o755))
	old, young, other := strings.Repeat("a", 64), strings.Repeat("b", 64), "notes"
	for name, age := range map[string]time.Duration{old: week + time.Hour, young: week - time.Hour, other: 2 * week} {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, []byte(name), 0o600))
		require.NoError(t, os.Chtimes(path, time.Now().Add(-age), time.Now().Add(-age)))
	}
	removed, err = pruneInfluence(folder, time.Now().Add(-week))
	require.NoError(t, err)
	require.Equal(t, []string{old}, removed)
	for _, name := range []string{young, other} {
		_, err := os.Stat(filepath.Join(folder, name))
		require.NoError(t, err)
	}
}
