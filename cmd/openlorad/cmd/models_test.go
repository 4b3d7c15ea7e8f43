package cmd

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/openledger/openledger/content/artifact"
	"github.com/openledger/openledger/openlora/adapters"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// noModels is a chain without models.
type noModels struct{ modelstypes.QueryClient }

func (noModels) Model(context.Context, *modelstypes.QueryModelRequest, ...grpc.CallOption) (
	*modelstypes.QueryModelResponse, error,
) {
	return nil, status.Error(codes.NotFound, "model not found")
}

// TestModels: the commands talk only to the gateway of their home, over a socket that only its user can open, and say
// so if none runs. A home may have a long path.
func TestModels(t *testing.T) {
	home := filepath.Join(t.TempDir(), strings.Repeat("deep/", 25))
	run := func(args ...string) (string, error) {
		root := NewRootCmd()
		var out bytes.Buffer
		root.SetOut(&out)
		root.SetErr(&out)
		root.SetArgs(append([]string{"--home", home, "models"}, args...))
		err := root.ExecuteContext(t.Context())
		return out.String(), err
	}
	_, err := run("list")
	require.ErrorContains(t, err, "no gateway runs")
	_, err = run("add", "x")
	require.ErrorContains(t, err, "no model")

	store, err := artifact.Open(filepath.Join(home, artifactsFolder))
	require.NoError(t, err)
	shelf, err := adapters.New(adapters.Config{Models: noModels{}, Store: store, Memory: 64 << 20,
		Folder: filepath.Join(home, adaptersFolder), Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- serveOperator(ctx, home, shelf, slog.New(slog.DiscardHandler)) }()
	require.Eventually(t, func() bool { _, err := run("list"); return err == nil }, 10*time.Second, time.Millisecond)
	info, err := os.Stat(filepath.Join(home, modelsSocket))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.ErrorContains(t, serveOperator(t.Context(), home, shelf, nil), "another gateway")

	_, err = run("remove", "7")
	require.NoError(t, err)
	listed, err := run("list")
	require.NoError(t, err)
	require.Contains(t, listed, "removed")
	_, err = run("add", "7")
	require.ErrorContains(t, err, "model not found")
	file := filepath.Join(t.TempDir(), "adapter.safetensors")
	require.NoError(t, os.WriteFile(file, []byte("weights"), 0o600))
	said, err := run("add", "7", "--file", file)
	require.ErrorContains(t, err, "model not found")
	require.Contains(t, said, "7 bytes, SHA-256")
	stop()
	require.NoError(t, <-done)
}
