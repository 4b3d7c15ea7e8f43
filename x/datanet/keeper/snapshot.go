package keeper

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// AcceptSnapshot implements types.MsgServer.
func (s msgServer) AcceptSnapshot(ctx context.Context, msg *types.MsgAcceptSnapshot) (*types.MsgAcceptSnapshotResponse,
	error) {
	if _, err := s.govern(ctx, msg, msg.Authority); err != nil {
		return nil, err
	}
	id, err := s.acceptSnapshot(ctx, msg)
	if err != nil {
		return nil, err
	}
	return &types.MsgAcceptSnapshotResponse{Id: id},
		modulekit.Emit(ctx, &types.EventSnapshotAccepted{Id: id, Name: msg.Name})
}

// acceptSnapshot makes public text prior art.
func (k Keeper) acceptSnapshot(ctx context.Context, msg *types.MsgAcceptSnapshot) (uint64, error) {
	id, err := k.NextSnapshot.Next(ctx)
	if err != nil {
		return 0, err
	}
	return id, k.Snapshots.Set(ctx, id, types.Snapshot{
		Id: id, Name: msg.Name, Uri: msg.Uri, Root: msg.Root, Segments: msg.Segments,
		Height: sdk.UnwrapSDKContext(ctx).BlockHeight(), Author: msg.Author,
		NormVersion: poa.NormVersion,
	})
}
