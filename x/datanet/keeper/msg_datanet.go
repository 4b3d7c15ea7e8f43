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
	fee := reviewFee(msg.ReviewPolicy, msg.ReviewFee, msg.ReviewFeePerThousand)
	id, err := s.createDataNet(ctx, params, types.DataNet{
		Owner: msg.Owner, Name: msg.Name, Description: msg.Description, Domain: msg.Domain, Licence: msg.Licence,
		GuidelinesUri: msg.GuidelinesUri, ReviewPolicy: msg.ReviewPolicy, RoyaltyFloor: msg.RoyaltyFloor,
		OwnerPpm: msg.OwnerPpm, AllowFewStopWords: msg.AllowFewStopWords, Curators: msg.Curators,
		ReviewFee: fee.Base, ReviewFeePerThousand: fee.PerThousand,
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
	before, fee := datanet.FeesAt(now), reviewFee(datanet.ReviewPolicy, msg.ReviewFee, msg.ReviewFeePerThousand)
	datanet.ReviewFee, datanet.ReviewFeePerThousand = fee.Base, fee.PerThousand
	if err := checkTerms(params, datanet); err != nil {
		return nil, err
	}
	if fee.Equal(before) {
		datanet.NextReviewFee, datanet.NextReviewFeePerThousand, datanet.FeeFrom = math.ZeroInt(), math.ZeroInt(), time.Time{}
	} else {
		datanet.NextReviewFee, datanet.NextReviewFeePerThousand = fee.Base, fee.PerThousand
		datanet.FeeFrom = now.Add(params.Review.CredentialDelay)
	}
	datanet.ReviewFee, datanet.ReviewFeePerThousand = before.Base, before.PerThousand
	// Batches of this block keep the royalties that they were paid by.
	if err := s.setRoyalties(ctx, datanet, sdk.UnwrapSDKContext(ctx).BlockHeight()+1); err != nil {
		return nil, err
	}
	if err := s.DataNets.Set(ctx, datanet.Id, datanet); err != nil {
		return nil, err
	}
	return &types.MsgUpdateDataNetResponse{}, emit(ctx, &types.EventDataNetUpdated{DatanetId: datanet.Id, Owner: datanet.Owner})
}
