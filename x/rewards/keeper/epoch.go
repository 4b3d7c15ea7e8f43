package keeper

import (
	"context"
	"errors"

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
		if err := k.distribution.AllocateTokensToValidator(ctx, validator,
			sdk.NewDecCoinsFromCoins(coins(amount)...)); err != nil {
			return err
		}
	}
	if err := k.ValidatorsPot.Set(ctx, math.ZeroInt()); err != nil {
		return err
	}
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(
		&types.EventValidatorsPaid{Validators: uint32(len(validators)), Amount: pot})
}

// PayOperators pays what validators have earned with verdicts out of the escrow, through x/distribution. The pay of a
// validator that no longer exists goes to the bounty pool. It returns the amount that was paid to validators.
func (k Keeper) PayOperators(ctx context.Context, pays []types.OperatorPay) (math.Int, error) {
	paid, rest := math.ZeroInt(), math.ZeroInt()
	for _, pay := range pays {
		if !pay.Amount.IsPositive() {
			continue
		}
		validator, err := k.staking.GetValidator(ctx, pay.Operator)
		if errors.Is(err, stakingtypes.ErrNoValidatorFound) {
			rest = rest.Add(pay.Amount)
			continue
		}
		if err != nil {
			return math.Int{}, err
		}
		if err := k.distribution.AllocateTokensToValidator(ctx, validator,
			sdk.NewDecCoinsFromCoins(coins(pay.Amount)...)); err != nil {
			return math.Int{}, err
		}
		paid = paid.Add(pay.Amount)
	}
	if paid.IsPositive() {
		if err := k.bank.SendCoinsFromModuleToModule(ctx, types.ModuleName, distrtypes.ModuleName, coins(paid)); err != nil {
			return math.Int{}, err
		}
	}
	return paid, errors.Join(add(ctx, k.AttestEscrow, paid.Add(rest).Neg()), add(ctx, k.PendingBounty, rest))
}
