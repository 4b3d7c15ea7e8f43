package socket

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSocketsLieAnywhere: in a home of any depth somebody listens and is reached, and closing leaves nothing.
func TestSocketsLieAnywhere(t *testing.T) {
	for name, depth := range map[string]int{"short": 0, "deep": 4} {
		t.Run(name, func(t *testing.T) {
			dir, err := os.MkdirTemp("", "s")
			require.NoError(t, err)
			defer os.RemoveAll(dir)
			for range depth {
				dir = filepath.Join(dir, strings.Repeat("d", 60))
			}
			require.NoError(t, os.MkdirAll(dir, 0o700))
			path := filepath.Join(dir, "a.sock")
			_, err = Dial(t.Context(), path)
			require.ErrorContains(t, err, path)
			listener, err := Listen(t.Context(), path)
			require.NoError(t, err)
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.NotZero(t, info.Mode()&os.ModeSocket)
			for range 2 {
				conn, err := Dial(t.Context(), path)
				require.NoError(t, err)
				require.NoError(t, conn.Close())
			}
			require.NoError(t, listener.Close())
			_, err = os.Stat(path)
			require.ErrorIs(t, err, os.ErrNotExist)
		})
	}
}
