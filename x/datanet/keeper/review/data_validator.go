package review

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

// ActivateValidator implements types.MsgServer.
func (m Messages) ActivateValidator(ctx context.Context,
	msg *types.MsgActivateValidator) (*types.MsgActivateValidatorResponse, error) {
	params, datanet, err := m.beginOn(ctx, msg, msg.DatanetId)
	if err != nil {
		return nil, err
	}
	v, err := m.k.activate(ctx, params, datanet, sdk.MustAccAddressFromBech32(msg.Validator))
	if err != nil {
		return nil, err
	}
	return &types.MsgActivateValidatorResponse{}, bonded(ctx, v)
}

// GetValidator returns the data validator of a DataNet with an address, or ErrValidatorNotFound.
func (k Keeper) GetValidator(ctx context.Context, datanetID uint64, address sdk.AccAddress) (types.DataValidator,
	error) {
	id, err := k.ValidatorIDs.Get(ctx, collections.Join(address, datanetID))
	if errors.Is(err, collections.ErrNotFound) {
		return types.DataValidator{}, errorsmod.Wrapf(types.ErrValidatorNotFound, "%s is not bonded on DataNet %d",
			address, datanetID)
	}
	if err != nil {
		return types.DataValidator{}, err
	}
	return k.Validators.Get(ctx, id)
}

// requiredBond of a data validator, in aopen.
func requiredBond(ctx context.Context, params types.ReviewParams, datanet types.DataNet) math.Int {
	fee := datanet.FeeAt(sdk.UnwrapSDKContext(ctx).BlockTime())
	return math.MaxInt(params.MinBond, fee.MulRaw(int64(params.BondPerFee)))
}

// setValidator stores a validator and its weight in the draws.
func (k Keeper) setValidator(ctx context.Context, v types.DataValidator) error {
	weight := math.ZeroInt()
	if v.Active {
		weight = v.Bond
	}
	if err := k.setStake(ctx, types.AllDataNets, v.Id, weight); err != nil {
		return err
	}
	if err := k.setStake(ctx, v.DatanetId, v.Place, weight); err != nil {
		return err
	}
	return k.Validators.Set(ctx, v.Id, v)
}

// newValidator gives a validator an id and a place in its DataNet.
func (k Keeper) newValidator(ctx context.Context, datanetID uint64, address sdk.AccAddress) (types.DataValidator,
	error) {
	bonds := 0
	of := collections.NewPrefixedPairRange[sdk.AccAddress, uint64](address)
	if err := k.ValidatorIDs.Walk(ctx, of, func(collections.Pair[sdk.AccAddress, uint64], uint64) (bool, error) {
		bonds++
		return bonds == maxBonds, nil
	}); err != nil {
		return types.DataValidator{}, err
	}
	if bonds == maxBonds {
		return types.DataValidator{}, errorsmod.Wrapf(types.ErrInvalidBond,
			"%s has bonded on %d DataNets, as many as one account may: use another", address, maxBonds)
	}
	id, err := k.NextValidator.Next(ctx)
	if err != nil {
		return types.DataValidator{}, err
	}
	place, err := k.nextPlace(ctx, datanetID)
	if err != nil {
		return types.DataValidator{}, err
	}
	v := types.DataValidator{
		Id: id, DatanetId: datanetID, Address: address.String(), Place: place, Bond: math.ZeroInt(), Pledged: math.ZeroInt(),
		Height: sdk.UnwrapSDKContext(ctx).BlockHeight(),
		Record: types.ReviewRecord{Earned: math.ZeroInt(), Slashed: math.ZeroInt()},
	}
	return v, k.indexValidator(ctx, v)
}

func (k Keeper) nextPlace(ctx context.Context, datanetID uint64) (uint64, error) {
	last := collections.NewPrefixedPairRange[uint64, uint64](datanetID).Descending()
	next := uint64(0)
	err := k.Places.Walk(ctx, last, func(key collections.Pair[uint64, uint64], _ uint64) (bool, error) {
		next = key.K2() + 1
		return true, nil
	})
	return next, err
}

func (k Keeper) indexValidator(ctx context.Context, v types.DataValidator) error {
	if err := k.Places.Set(ctx, collections.Join(v.DatanetId, v.Place), v.Id); err != nil {
		return err
	}
	return k.ValidatorIDs.Set(ctx, collections.Join(sdk.MustAccAddressFromBech32(v.Address), v.DatanetId), v.Id)
}

// activate has a validator drawn again.
func (k Keeper) activate(ctx context.Context, params types.Params, datanet types.DataNet,
	address sdk.AccAddress) (types.DataValidator, error) {
	v, err := k.GetValidator(ctx, datanet.Id, address)
	if err != nil {
		return v, err
	}
	if v.Active {
		return v, errorsmod.Wrapf(types.ErrInvalidBond, "%s is active on DataNet %d", address, datanet.Id)
	}
	if err := k.checkCredential(ctx, datanet, address); err != nil {
		return v, err
	}
	if required := requiredBond(ctx, params.Review, datanet); v.Bond.LT(required) {
		return v, errorsmod.Wrapf(types.ErrInvalidBond, "the bond of %saopen is below the required %saopen: add to it",
			v.Bond, required)
	}
	v.Active = true
	return v, k.setValidator(ctx, v)
}

// deactivate has a validator drawn no more until it asks for it.
func (k Keeper) deactivate(ctx context.Context, id uint64) error {
	v, err := k.Validators.Get(ctx, id)
	if err != nil || !v.Active {
		return err
	}
	v.Active = false
	return k.setValidator(ctx, v)
}

// record changes the reputation of a validator.
func (k Keeper) record(ctx context.Context, id uint64, change func(*types.ReviewRecord)) error {
	v, err := k.Validators.Get(ctx, id)
	if err != nil {
		return err
	}
	change(&v.Record)
	return k.Validators.Set(ctx, id, v)
}
