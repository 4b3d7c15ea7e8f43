package follow_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/internal/follow"
)

// TestEvery: a step that fails is logged and tried again at the next turn; the end of ctx is no failure.
func TestEvery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := slog.New(slog.NewTextHandler(&out, nil))
		ctx, cancel := context.WithCancel(t.Context())
		began, steps := time.Now(), 0
		follow.Every(ctx, 2*time.Second, log, "blocks cannot be read", func(ctx context.Context) error {
			require.Equal(t, time.Duration(steps)*2*time.Second, time.Since(began))
			switch steps++; steps {
			case 2:
				return errors.New("no node")
			case 4:
				cancel()
				return ctx.Err()
			}
			return nil
		})
		require.Equal(t, 4, steps)
		require.Equal(t, 1, bytes.Count(out.Bytes(), []byte("level=WARN")))
		require.Contains(t, out.String(), `msg="blocks cannot be read; trying again" err="no node"`)
	})
}
