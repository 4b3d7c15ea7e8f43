package keeper

import (
	"context"

	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// createDataNet burns the creation fee and stores a new DataNet.
func (k Keeper) createDataNet(ctx context.Context, params types.Params, datanet types.DataNet) (uint64, error) {
	if err := checkOwnerPPM(datanet.OwnerPpm, params); err != nil {
		return 0, err
	}
	if params.CreationFee.IsPositive() {
		fee := sdk.NewCoins(sdk.NewCoin(rewardstypes.Denom, params.CreationFee))
		if err := k.bank.SendCoinsFromAccountToModule(ctx, sdk.MustAccAddressFromBech32(datanet.Owner), types.ModuleName, fee); err != nil {
			return 0, errorsmod.Wrapf(err, "creating a DataNet costs %s", fee)
		}
		if err := k.bank.BurnCoins(ctx, types.ModuleName, fee); err != nil {
			return 0, err
		}
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
	return id, k.DataNets.Set(ctx, id, datanet)
}

func checkOwnerPPM(ownerPPM uint32, params types.Params) error {
	if ownerPPM > params.MaxOwnerPpm {
		return errorsmod.Wrapf(types.ErrInvalidDataNet, "owner_ppm is %d, at most %d", ownerPPM, params.MaxOwnerPpm)
	}
	return nil
}
