package keeper

import (
	"context"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// CheckInvariants recounts bonds, unbonding entries and royalty tables.
func (k Keeper) CheckInvariants(ctx context.Context) error {
	owed := math.ZeroInt()
	err := k.Providers.Walk(ctx, nil, func(address sdk.AccAddress, provider types.Provider) (bool, error) {
		if provider.Liability.GT(provider.Bond) {
			return true, errorsmod.Wrapf(types.ErrInvariant, "%s: liability %s is above the bond %s", address, provider.Liability, provider.Bond)
		}
		entries, err := k.unbondingsOf(ctx, address)
		if err != nil {
			return true, err
		}
		unbonding := math.ZeroInt()
		for _, entry := range entries {
			unbonding = unbonding.Add(entry.Amount.Amount)
		}
		if !unbonding.Equal(provider.Unbonding) {
			return true, errorsmod.Wrapf(types.ErrInvariant, "%s: unbonding is %s, its entries sum to %s", address, provider.Unbonding, unbonding)
		}
		owed = owed.Add(provider.Bond).Add(unbonding)
		return false, nil
	})
	if err != nil {
		return err
	}
	if held := k.moduleBalance(ctx); held.LT(owed) {
		return errorsmod.Wrapf(types.ErrInvariant, "bonds of %s are owed, %s is held", owed, held)
	}
	return k.Models.Walk(ctx, nil, func(id uint64, model types.Model) (bool, error) {
		sum := uint64(0)
		for _, row := range model.Royalties {
			sum += uint64(row.Ppm)
		}
		if sum != rewardstypes.PPM || len(model.Royalties) > types.MaxDepth {
			return true, errorsmod.Wrapf(types.ErrInvariant, "model %d: %d royalty rows sum to %d ppm", id, len(model.Royalties), sum)
		}
		return false, nil
	})
}
