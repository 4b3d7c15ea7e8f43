package keeper

import (
	"context"
	"time"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// CreateDataNet implements types.MsgServer.
func (s msgServer) CreateDataNet(ctx context.Context, msg *types.MsgCreateDataNet) (*types.MsgCreateDataNetResponse,
	error) {
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
		modulekit.Emit(ctx, &types.EventDataNetCreated{DatanetId: id, Owner: msg.Owner, Name: msg.Name})
}

// UpdateDataNet implements types.MsgServer.
func (s msgServer) UpdateDataNet(ctx context.Context, msg *types.MsgUpdateDataNet) (*types.MsgUpdateDataNetResponse,
	error) {
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
	return &types.MsgUpdateDataNetResponse{}, modulekit.Emit(ctx, &types.EventDataNetUpdated{DatanetId: datanet.Id,
		Owner: datanet.Owner})
}

// createDataNet burns the creation fee and stores a new DataNet.
func (k Keeper) createDataNet(ctx context.Context, params types.Params, datanet types.DataNet) (uint64, error) {
	if err := checkTerms(params, datanet); err != nil {
		return 0, err
	}
	if err := k.funds.Take(ctx, sdk.MustAccAddressFromBech32(datanet.Owner), params.CreationFee); err != nil {
		return 0, errorsmod.Wrapf(err, "creating a DataNet costs %saopen", params.CreationFee)
	}
	if err := k.funds.Burn(ctx, params.CreationFee); err != nil {
		return 0, err
	}
	id, err := k.NextDataNet.Next(ctx)
	if err != nil {
		return 0, err
	}
	datanet.Id = id
	datanet.CreatedHeight = sdk.UnwrapSDKContext(ctx).BlockHeight()
	if err := k.ContributionsRange.Set(ctx, id, types.Accumulator{}); err != nil {
		return 0, err
	}
	if err := k.StatisticsRange.Set(ctx, id, types.Accumulator{}); err != nil {
		return 0, err
	}
	datanet.CheckFund, datanet.NextReviewFee, datanet.NextReviewFeePerThousand = math.ZeroInt(), math.ZeroInt(),
		math.ZeroInt()
	datanet.Credentials = types.CredentialPolicy{Kind: types.CREDENTIAL_KIND_NONE, Number: 1,
		From: sdk.UnwrapSDKContext(ctx).BlockTime().UTC()}
	if err := k.setRoyalties(ctx, datanet, datanet.CreatedHeight); err != nil {
		return 0, err
	}
	return id, k.DataNets.Set(ctx, id, datanet)
}

// reviewFee reads the review fees of a message. A fee for longer contributions that is left out is derived from the fee
// of one segment.
func reviewFee(policy types.ReviewPolicy, base, perThousand math.Int) types.ReviewFee {
	fee := types.ReviewFee{Base: types.OrZero(base), PerThousand: types.OrZero(perThousand)}
	if policy == types.REVIEW_POLICY_PANEL && fee.PerThousand.IsZero() {
		fee.PerThousand = types.PerThousandOf(fee.Base)
	}
	return fee
}

// checkTerms checks what parameters bound: royalties and the review fee.
func checkTerms(params types.Params, datanet types.DataNet) error {
	sum := uint64(datanet.OwnerPpm)
	for _, curator := range datanet.Curators {
		sum += uint64(curator.Ppm)
	}
	if sum > uint64(params.MaxOwnerPpm) {
		return errorsmod.Wrapf(types.ErrInvalidDataNet, "royalties of owner and curators sum to %d ppm, at most %d",
			sum, params.MaxOwnerPpm)
	}
	switch {
	case datanet.ReviewPolicy == types.REVIEW_POLICY_PANEL && datanet.ReviewFee.LT(params.Review.MinFee):
		return errorsmod.Wrapf(types.ErrInvalidDataNet, "a review fee of %saopen is below the least, %saopen",
			datanet.ReviewFee, params.Review.MinFee)
	case datanet.ReviewPolicy == types.REVIEW_POLICY_PANEL &&
		datanet.ReviewFeePerThousand.LT(params.Review.MinFeePerThousand):
		return errorsmod.Wrapf(types.ErrInvalidDataNet,
			"a review fee of %saopen per thousand tokens is below the least, %saopen", datanet.ReviewFeePerThousand,
			params.Review.MinFeePerThousand)
	case datanet.ReviewPolicy != types.REVIEW_POLICY_PANEL &&
		(datanet.ReviewFee.IsPositive() || datanet.ReviewFeePerThousand.IsPositive()):
		return errorsmod.Wrap(types.ErrInvalidDataNet,
			"only panels have a review fee: leave it out, or choose REVIEW_POLICY_PANEL")
	}
	return nil
}

// changeDataNet changes a DataNet in state.
func (k Keeper) changeDataNet(ctx context.Context, id uint64, change func(*types.DataNet)) error {
	datanet, err := k.GetDataNet(ctx, id)
	if err != nil {
		return err
	}
	change(&datanet)
	return k.DataNets.Set(ctx, id, datanet)
}
