package keeper

import (
	"context"

	"github.com/openledger/openledger/x/internal/modulekit"
	"github.com/openledger/openledger/x/models/types"
)

// RegisterModel implements types.MsgServer.
func (s msgServer) RegisterModel(ctx context.Context,
	msg *types.MsgRegisterModel) (*types.MsgRegisterModelResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	id, err := s.registerModel(ctx, params, types.Model{
		Owner: msg.Owner, Name: msg.Name, Description: msg.Description, Kind: msg.Kind, ParentId: msg.ParentId,
		ParentPpm: msg.ParentPpm,
	}, types.ModelVersion{Digest: msg.Digest, Uri: msg.Uri, Manifest: msg.Manifest, Method: msg.Method,
		Royalty: msg.Royalty, Training: msg.Training})
	if err != nil {
		return nil, err
	}
	if err := modulekit.Emit(ctx, &types.EventModelRegistered{ModelId: id, Owner: msg.Owner, Name: msg.Name}); err != nil {
		return nil, err
	}
	return &types.MsgRegisterModelResponse{ModelId: id},
		modulekit.Emit(ctx, &types.EventModelVersionPublished{ModelId: id, Version: 1})
}

// PublishModelVersion implements types.MsgServer.
func (s msgServer) PublishModelVersion(ctx context.Context,
	msg *types.MsgPublishModelVersion) (*types.MsgPublishModelVersionResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	model, err := s.ownedModel(ctx, msg.ModelId, msg.Owner)
	if err != nil {
		return nil, err
	}
	version := types.ModelVersion{Digest: msg.Digest, Uri: msg.Uri, Manifest: msg.Manifest, Method: msg.Method,
		Royalty: msg.Royalty, Training: msg.Training}
	if err := types.CheckManifestOf(model.Kind, version.Manifest); err != nil {
		return nil, err
	}
	if err := s.checkVersion(ctx, params, model, version); err != nil {
		return nil, err
	}
	if err := s.addVersion(ctx, &model, version); err != nil {
		return nil, err
	}
	return &types.MsgPublishModelVersionResponse{Version: model.Version},
		modulekit.Emit(ctx, &types.EventModelVersionPublished{ModelId: model.Id, Version: model.Version})
}

// UpdateModel implements types.MsgServer.
func (s msgServer) UpdateModel(ctx context.Context, msg *types.MsgUpdateModel) (*types.MsgUpdateModelResponse, error) {
	if _, err := s.begin(ctx, msg); err != nil {
		return nil, err
	}
	model, err := s.ownedModel(ctx, msg.ModelId, msg.Owner)
	if err != nil {
		return nil, err
	}
	model.Description, model.Retired = msg.Description, msg.Retired
	if msg.NewOwner != "" {
		model.Owner = msg.NewOwner
	}
	if err := s.Models.Set(ctx, model.Id, model); err != nil {
		return nil, err
	}
	return &types.MsgUpdateModelResponse{}, modulekit.Emit(ctx,
		&types.EventModelUpdated{ModelId: model.Id, Owner: model.Owner, Retired: model.Retired})
}
