package cmd

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	modelstypes "github.com/openledger/openledger/x/models/types"
)

// models answers queries about models by their ids.
type models struct {
	modelstypes.QueryClient
	kinds map[uint64]modelstypes.ModelKind
}

func (m models) Model(_ context.Context, in *modelstypes.QueryModelRequest,
	_ ...grpc.CallOption) (*modelstypes.QueryModelResponse, error) {
	kind, known := m.kinds[in.ModelId]
	if !known {
		return nil, status.Error(codes.NotFound, "no such model")
	}
	return &modelstypes.QueryModelResponse{Model: modelstypes.Model{Id: in.ModelId, Kind: kind}}, nil
}

// TestParentsThatAreAdapters: no honest owner is accused because the command cannot train on an adapter.
func TestParentsThatAreAdapters(t *testing.T) {
	known := models{kinds: map[uint64]modelstypes.ModelKind{
		1: modelstypes.MODEL_KIND_BASE, 2: modelstypes.MODEL_KIND_ADAPTER,
	}}
	check := func(parent uint64) error {
		return checkParent(context.Background(), known, modelstypes.Model{Id: 3, ParentId: parent})
	}
	require.NoError(t, check(0))
	require.NoError(t, check(1))
	require.ErrorContains(t, check(2), "model 3 was trained on adapter 2")
	require.ErrorContains(t, check(9), "model 9")
}
