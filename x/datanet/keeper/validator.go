package keeper

import (
	"context"
	"errors"
	"time"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

// unbondingRetry is how long a bond stays whose validator has a seat in an open review.
const unbondingRetry = 24 * time.Hour

// maxUnbonding bounds the parts of a bond that are on their way out.
const maxUnbonding = 7

// maxBonds bounds the DataNets that one account may ever bond on: reviews that it has no seat in count its bonds.
const maxBonds = 64

// GetValidator returns the data validator of a DataNet with an address, or ErrValidatorNotFound.
func (k Keeper) GetValidator(ctx context.Context, datanetID uint64, address sdk.AccAddress) (types.DataValidator, error) {
	id, err := k.ValidatorIDs.Get(ctx, collections.Join(address, datanetID))
	if errors.Is(err, collections.ErrNotFound) {
		return types.DataValidator{}, errorsmod.Wrapf(types.ErrValidatorNotFound, "%s is not bonded on DataNet %d", address, datanetID)
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
	if err := k.setStake(ctx, everyPanel, v.Id, weight); err != nil {
		return err
	}
	if err := k.setStake(ctx, v.DatanetId, v.Place, weight); err != nil {
		return err
	}
	return k.Validators.Set(ctx, v.Id, v)
}

// bond adds to the bond of a validator, who is drawn from now on.
func (k Keeper) bond(ctx context.Context, params types.Params, datanet types.DataNet, address sdk.AccAddress, amount math.Int) (types.DataValidator, error) {
	if datanet.ReviewPolicy != types.REVIEW_POLICY_PANEL {
		return types.DataValidator{}, errorsmod.Wrapf(types.ErrReviewPolicy, "DataNet %d is decided by its owner", datanet.Id)
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
		return v, errorsmod.Wrapf(types.ErrInvalidBond, "a bond of %saopen is below the %saopen that DataNet %d asks for", v.Bond, required, datanet.Id)
	}
	if err := k.take(ctx, address, amount); err != nil {
		return v, errorsmod.Wrap(err, "bond")
	}
	v.Active = true
	return v, k.setValidator(ctx, v)
}

// newValidator gives a validator an id and a place in its DataNet.
func (k Keeper) newValidator(ctx context.Context, datanetID uint64, address sdk.AccAddress) (types.DataValidator, error) {
	bonds := 0
	of := collections.NewPrefixedPairRange[sdk.AccAddress, uint64](address)
	if err := k.ValidatorIDs.Walk(ctx, of, func(collections.Pair[sdk.AccAddress, uint64], uint64) (bool, error) {
		bonds++
		return bonds == maxBonds, nil
	}); err != nil {
		return types.DataValidator{}, err
	}
	if bonds == maxBonds {
		return types.DataValidator{}, errorsmod.Wrapf(types.ErrInvalidBond, "%s has bonded on %d DataNets, as many as one account may: use another", address, maxBonds)
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

// unbond begins to take a part of a bond out. It can be slashed until it
// matures, and is drawn no more.
func (k Keeper) unbond(ctx context.Context, params types.Params, datanet types.DataNet, address sdk.AccAddress, amount math.Int) (types.DataValidator, error) {
	v, err := k.GetValidator(ctx, datanet.Id, address)
	if err != nil {
		return v, err
	}
	if amount.GT(v.Bond) {
		return v, errorsmod.Wrapf(types.ErrInvalidBond, "the bond is %saopen", v.Bond)
	}
	if len(v.Unbonding) >= maxUnbonding {
		return v, errorsmod.Wrapf(types.ErrInvalidBond, "%d parts are unbonding, at most %d may: wait until %s", len(v.Unbonding), maxUnbonding, v.Unbonding[0].Matures)
	}
	v.Bond = v.Bond.Sub(amount)
	if required := requiredBond(ctx, params.Review, datanet); v.Bond.IsPositive() && v.Active && v.Bond.LT(required) {
		return v, errorsmod.Wrapf(types.ErrInvalidBond, "%saopen would stay, less than the required %saopen: take all of it out, or less", v.Bond, required)
	}
	v.Active = v.Active && v.Bond.IsPositive()
	v.Unbonding = append(v.Unbonding, types.Unbonding{
		Amount: amount, Matures: sdk.UnwrapSDKContext(ctx).BlockTime().UTC().Add(params.Review.Unbonding),
	})
	if err := k.setTimer(ctx, timerUnbonding, v.Id, v.Unbonding[0].Matures); err != nil {
		return v, err
	}
	return v, k.setValidator(ctx, v)
}

// matureUnbonding returns what has matured of a bond.
func (k Keeper) matureUnbonding(ctx context.Context, id uint64) error {
	v, err := k.Validators.Get(ctx, id)
	if err != nil {
		return err
	}
	now, matured := sdk.UnwrapSDKContext(ctx).BlockTime(), math.ZeroInt()
	if seated, err := k.seated(ctx, v.Address); err != nil {
		return err
	} else if seated || v.Pledged.GT(v.Bond) {
		// A pause, or deadlines swept late, may have made a review outlast the bond; and what is pledged does not leave.
		return k.setTimer(ctx, timerUnbonding, v.Id, now.Add(unbondingRetry))
	}
	for len(v.Unbonding) > 0 && !now.Before(v.Unbonding[0].Matures) {
		matured = matured.Add(v.Unbonding[0].Amount)
		v.Unbonding = v.Unbonding[1:]
	}
	if err := k.pay(ctx, v.Address, matured); err != nil {
		return err
	}
	if len(v.Unbonding) > 0 {
		if err := k.setTimer(ctx, timerUnbonding, v.Id, v.Unbonding[0].Matures); err != nil {
			return err
		}
	}
	return k.Validators.Set(ctx, id, v)
}

// activate has a validator drawn again.
func (k Keeper) activate(ctx context.Context, params types.Params, datanet types.DataNet, address sdk.AccAddress) (types.DataValidator, error) {
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
		return v, errorsmod.Wrapf(types.ErrInvalidBond, "the bond of %saopen is below the required %saopen: add to it", v.Bond, required)
	}
	v.Active = true
	return v, k.setValidator(ctx, v)
}

// Reasons of slashes.
const (
	slashMissed     = "missed"
	slashGold       = "gold"
	slashDuplicate  = "duplicate"
	slashOverturned = "overturned"
	slashBounty     = "bounty"
)

// slash takes a part of the stake of a seat: from the bond, then from what
// unbonds, oldest first. A validator left with less than half of the required
// bond is drawn no more. It returns what it took, for the caller to burn.
func (k Keeper) slash(ctx context.Context, params types.ReviewParams, cohort uint64, seat types.Seat, amount math.Int, reason string) (math.Int, error) {
	if !amount.IsPositive() {
		return math.ZeroInt(), nil
	}
	v, err := k.Validators.Get(ctx, seat.Validator)
	if err != nil {
		return math.Int{}, err
	}
	left := amount
	taken := math.MinInt(left, v.Bond)
	v.Bond, left = v.Bond.Sub(taken), left.Sub(taken)
	for i := range v.Unbonding {
		taken := math.MinInt(left, v.Unbonding[i].Amount)
		v.Unbonding[i].Amount, left = v.Unbonding[i].Amount.Sub(taken), left.Sub(taken)
	}
	slashed := amount.Sub(left)
	v.Record.Slashed = v.Record.Slashed.Add(slashed)
	datanet, err := k.GetDataNet(ctx, v.DatanetId)
	if err != nil {
		return math.Int{}, err
	}
	if v.Bond.MulRaw(2).LT(requiredBond(ctx, params, datanet)) {
		v.Active = false
	}
	if err := k.setValidator(ctx, v); err != nil {
		return math.Int{}, err
	}
	return slashed, emit(ctx, &types.EventValidatorSlashed{DatanetId: v.DatanetId, Address: v.Address, Cohort: cohort, Amount: slashed, Reason: reason})
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

// seated says whether an account has a seat in a review that is not decided.
func (k Keeper) seated(ctx context.Context, address string) (bool, error) {
	found := false
	of := collections.NewPrefixedPairRange[sdk.AccAddress, uint64](sdk.MustAccAddressFromBech32(address))
	err := k.Assigned.Walk(ctx, of, func(collections.Pair[sdk.AccAddress, uint64]) (bool, error) {
		found = true
		return true, nil
	})
	return found, err
}
