package keeper

import (
	"context"
	"time"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

// CreateDataNet implements types.MsgServer.
func (s msgServer) CreateDataNet(ctx context.Context, msg *types.MsgCreateDataNet) (*types.MsgCreateDataNetResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	id, err := s.createDataNet(ctx, params, types.DataNet{
		Owner: msg.Owner, Name: msg.Name, Description: msg.Description, Domain: msg.Domain, Licence: msg.Licence,
		GuidelinesUri: msg.GuidelinesUri, ReviewPolicy: msg.ReviewPolicy, RoyaltyFloor: msg.RoyaltyFloor,
		OwnerPpm: msg.OwnerPpm, AllowFewStopWords: msg.AllowFewStopWords, Curators: msg.Curators, ReviewFee: types.OrZero(msg.ReviewFee),
	})
	if err != nil {
		return nil, err
	}
	return &types.MsgCreateDataNetResponse{DatanetId: id},
		emit(ctx, &types.EventDataNetCreated{DatanetId: id, Owner: msg.Owner, Name: msg.Name})
}

// UpdateDataNet implements types.MsgServer.
func (s msgServer) UpdateDataNet(ctx context.Context, msg *types.MsgUpdateDataNet) (*types.MsgUpdateDataNetResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	datanet, err := s.ownedDataNet(ctx, msg.DatanetId, msg.Owner)
	if err != nil {
		return nil, err
	}
	datanet.Name, datanet.Description, datanet.GuidelinesUri = msg.Name, msg.Description, msg.GuidelinesUri
	datanet.RoyaltyFloor, datanet.OwnerPpm, datanet.Closed = msg.RoyaltyFloor, msg.OwnerPpm, msg.Closed
	if msg.NewOwner != "" {
		datanet.Owner = msg.NewOwner
	}
	datanet.Curators, datanet.BountyPanels = msg.Curators, msg.BountyPanels
	now := sdk.UnwrapSDKContext(ctx).BlockTime().UTC()
	before := datanet.FeeAt(now)
	datanet.ReviewFee = types.OrZero(msg.ReviewFee)
	if err := checkTerms(params, datanet); err != nil {
		return nil, err
	}
	if !datanet.ReviewFee.Equal(before) {
		datanet.NextReviewFee, datanet.FeeFrom = datanet.ReviewFee, now.Add(params.Review.CredentialDelay)
	} else {
		datanet.NextReviewFee, datanet.FeeFrom = math.ZeroInt(), time.Time{}
	}
	datanet.ReviewFee = before
	// Batches of this block keep the royalties that they were paid by.
	if err := s.setRoyalties(ctx, datanet, sdk.UnwrapSDKContext(ctx).BlockHeight()+1); err != nil {
		return nil, err
	}
	if err := s.DataNets.Set(ctx, datanet.Id, datanet); err != nil {
		return nil, err
	}
	return &types.MsgUpdateDataNetResponse{}, emit(ctx, &types.EventDataNetUpdated{DatanetId: datanet.Id, Owner: datanet.Owner})
}
