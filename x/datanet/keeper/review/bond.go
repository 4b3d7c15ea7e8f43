package review

import (
	"context"
	"errors"
	"time"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/keeper/internal/timer"
	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// unbondingRetry is how long a bond stays whose validator has a seat in an open cohort.
const unbondingRetry = 24 * time.Hour

// maxUnbonding bounds the parts of a bond that are on their way out.
const maxUnbonding = 7

// maxBonds bounds the DataNets that one account may ever bond on: cohorts that it has no seat in count its bonds.
const maxBonds = 64

// bonded tells about a bond.
func bonded(ctx context.Context, v types.DataValidator) error {
	return modulekit.Emit(ctx, &types.EventValidatorBonded{DatanetId: v.DatanetId, Address: v.Address, Bond: v.Bond,
		Active: v.Active})
}

// BondValidator implements types.MsgServer.
func (m Messages) BondValidator(ctx context.Context, msg *types.MsgBondValidator) (*types.MsgBondValidatorResponse,
	error) {
	params, datanet, err := m.beginOn(ctx, msg, msg.DatanetId)
	if err != nil {
		return nil, err
	}
	v, err := m.k.bond(ctx, params, datanet, sdk.MustAccAddressFromBech32(msg.Validator), msg.Amount)
	if err != nil {
		return nil, err
	}
	return &types.MsgBondValidatorResponse{}, bonded(ctx, v)
}

// UnbondValidator implements types.MsgServer.
func (m Messages) UnbondValidator(ctx context.Context,
	msg *types.MsgUnbondValidator) (*types.MsgUnbondValidatorResponse, error) {
	params, datanet, err := m.beginOn(ctx, msg, msg.DatanetId)
	if err != nil {
		return nil, err
	}
	v, err := m.k.unbond(ctx, params, datanet, sdk.MustAccAddressFromBech32(msg.Validator), msg.Amount)
	if err != nil {
		return nil, err
	}
	return &types.MsgUnbondValidatorResponse{}, bonded(ctx, v)
}

// bond adds to the bond of a validator, who is drawn from now on.
func (k Keeper) bond(ctx context.Context, params types.Params, datanet types.DataNet, address sdk.AccAddress,
	amount math.Int) (types.DataValidator, error) {
	if datanet.ReviewPolicy != types.REVIEW_POLICY_PANEL {
		return types.DataValidator{}, errorsmod.Wrapf(types.ErrReviewPolicy, "DataNet %d is decided by its owner",
			datanet.Id)
	}
	if err := k.checkCredential(ctx, datanet, address); err != nil {
		return types.DataValidator{}, err
	}
	v, err := k.GetValidator(ctx, datanet.Id, address)
	if errors.Is(err, types.ErrValidatorNotFound) {
		v, err = k.newValidator(ctx, datanet.Id, address)
	}
	if err != nil {
		return v, err
	}
	v.Bond = v.Bond.Add(amount)
	if required := requiredBond(ctx, params.Review, datanet); v.Bond.LT(required) {
		return v, errorsmod.Wrapf(types.ErrInvalidBond,
			"a bond of %saopen is below the %saopen that DataNet %d asks for", v.Bond, required, datanet.Id)
	}
	if err := k.funds.Take(ctx, address, amount); err != nil {
		return v, errorsmod.Wrap(err, "bond")
	}
	v.Active = true
	return v, k.setValidator(ctx, v)
}

// unbond begins to take a part of a bond out. It can be slashed until it
// matures, and is drawn no more.
func (k Keeper) unbond(ctx context.Context, params types.Params, datanet types.DataNet, address sdk.AccAddress,
	amount math.Int) (types.DataValidator, error) {
	v, err := k.GetValidator(ctx, datanet.Id, address)
	if err != nil {
		return v, err
	}
	if amount.GT(v.Bond) {
		return v, errorsmod.Wrapf(types.ErrInvalidBond, "the bond is %saopen", v.Bond)
	}
	if len(v.Unbonding) >= maxUnbonding {
		return v, errorsmod.Wrapf(types.ErrInvalidBond, "%d parts are unbonding, at most %d may: wait until %s",
			len(v.Unbonding), maxUnbonding, v.Unbonding[0].Matures)
	}
	v.Bond = v.Bond.Sub(amount)
	if required := requiredBond(ctx, params.Review, datanet); v.Bond.IsPositive() && v.Active && v.Bond.LT(required) {
		return v, errorsmod.Wrapf(types.ErrInvalidBond,
			"%saopen would stay, less than the required %saopen: take all of it out, or less", v.Bond, required)
	}
	v.Active = v.Active && v.Bond.IsPositive()
	v.Unbonding = append(v.Unbonding, types.Unbonding{
		Amount: amount, Matures: sdk.UnwrapSDKContext(ctx).BlockTime().UTC().Add(params.Review.Unbonding),
	})
	if err := k.timers.Set(ctx, timer.Unbonding, v.Id, v.Unbonding[0].Matures); err != nil {
		return v, err
	}
	return v, k.setValidator(ctx, v)
}

// MatureUnbonding returns what has matured of a bond.
func (k Keeper) MatureUnbonding(ctx context.Context, id uint64) error {
	v, err := k.Validators.Get(ctx, id)
	if err != nil {
		return err
	}
	now, matured := sdk.UnwrapSDKContext(ctx).BlockTime(), math.ZeroInt()
	if seated, err := k.seated(ctx, v.Address); err != nil {
		return err
	} else if seated || v.Pledged.GT(v.Bond) {
		// A pause, or deadlines swept late, may have made a cohort outlast the bond; and what is pledged does not
		// leave.
		return k.timers.Set(ctx, timer.Unbonding, v.Id, now.Add(unbondingRetry))
	}
	for len(v.Unbonding) > 0 && !now.Before(v.Unbonding[0].Matures) {
		matured = matured.Add(v.Unbonding[0].Amount)
		v.Unbonding = v.Unbonding[1:]
	}
	if err := k.funds.Pay(ctx, v.Address, matured); err != nil {
		return err
	}
	if len(v.Unbonding) > 0 {
		if err := k.timers.Set(ctx, timer.Unbonding, v.Id, v.Unbonding[0].Matures); err != nil {
			return err
		}
	}
	return k.Validators.Set(ctx, id, v)
}
