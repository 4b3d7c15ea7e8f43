package keeper

import (
	"context"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	distrtypes "github.com/cosmos/cosmos-sdk/x/distribution/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/openledger/openledger/x/rewards/types"
)

// payValidators pays the validators' pot by power, through x/distribution, so
// that delegators get their part. Without validators the pot waits.
func (k Keeper) payValidators(ctx context.Context, params types.Params) error {
	pot, err := get(ctx, k.ValidatorsPot)
	if err != nil || !pot.IsPositive() {
		return err
	}
	var validators []stakingtypes.ValidatorI
	power := math.ZeroInt()
	if err := k.staking.IterateBondedValidatorsByPower(ctx, func(_ int64, validator stakingtypes.ValidatorI) bool {
		validators = append(validators, validator)
		power = power.Add(validator.GetTokens())
		return len(validators) == int(params.MaxValidatorsPerEpoch)
	}); err != nil || !power.IsPositive() {
		return err
	}
	if err := k.bank.SendCoinsFromModuleToModule(ctx, types.ModuleName, distrtypes.ModuleName, coins(pot)); err != nil {
		return err
	}
	left := pot
	for i, validator := range validators {
		// The shares are rounded down; the last, with the least power, takes the rest.
		amount := pot.Mul(validator.GetTokens()).Quo(power)
		if i == len(validators)-1 {
			amount = left
		}
		left = left.Sub(amount)
		if err := k.distribution.AllocateTokensToValidator(ctx, validator, sdk.NewDecCoinsFromCoins(coins(amount)...)); err != nil {
			return err
		}
	}
	if err := k.ValidatorsPot.Set(ctx, math.ZeroInt()); err != nil {
		return err
	}
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(&types.EventValidatorsPaid{Validators: uint32(len(validators)), Amount: pot})
}
