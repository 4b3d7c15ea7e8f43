package review

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

// mayBeSeated reports whether a drawn validator takes the seat. A validator that lost the credential is not drawn
// again.
func (k Keeper) mayBeSeated(ctx context.Context, params types.Params, cohort types.Cohort, v types.DataValidator,
	datanet types.DataNet) (bool, error) {
	address := sdk.MustAccAddressFromBech32(v.Address)
	if _, excluded := slices.BinarySearchFunc(cohort.Excluded, []byte(address), bytes.Compare); excluded {
		return false, nil
	}
	if cohort.Seated(v.Address) >= params.Review.MaxSeatsOf() {
		return false, nil
	}
	if cohort.Pledge.IsPositive() && v.Bond.Sub(v.Pledged).LT(cohort.Pledge) {
		return false, nil // what is pledged to another seat answers for that one
	}
	err := k.checkCredential(ctx, datanet, address)
	if errors.Is(err, types.ErrCredential) {
		return false, k.deactivate(ctx, v.Id)
	}
	return err == nil, err
}

// seat gives a validator a seat. What a seat risks does not depend on how much
// its validator has bonded, so that splitting a bond changes nothing.
func (k Keeper) seat(ctx sdk.Context, params types.Params, cohort *types.Cohort, v types.DataValidator,
	datanet types.DataNet) error {
	risk := math.MaxInt(requiredBond(ctx, params.Review, datanet),
		cohort.MeanFee().MulRaw(int64(params.Review.BondPerFee)))
	cohort.Seats = append(cohort.Seats, types.Seat{
		Validator: v.Id, Address: v.Address, Height: ctx.BlockHeight(), Stake: math.MinInt(v.Bond,
			risk), Pledged: cohort.Pledge,
	})
	v.Record.Seats++
	v.Pledged = v.Pledged.Add(cohort.Pledge)
	if err := k.Validators.Set(ctx, v.Id, v); err != nil {
		return err
	}
	if err := k.Assigned.Set(ctx, collections.Join(sdk.MustAccAddressFromBech32(v.Address), cohort.Id)); err != nil {
		return err
	}
	cohort.DrawMisses = 0
	if len(cohort.Seats) < int(cohort.Wanted) {
		return k.nextDraw(ctx, cohort, 1)
	}
	if err := k.stopDrawing(ctx, cohort); err != nil {
		return err
	}
	return k.startVoting(ctx, params, cohort)
}

// seated reports whether an account has a seat in a cohort that is not decided.
func (k Keeper) seated(ctx context.Context, address string) (bool, error) {
	found := false
	of := collections.NewPrefixedPairRange[sdk.AccAddress, uint64](sdk.MustAccAddressFromBech32(address))
	err := k.Assigned.Walk(ctx, of, func(collections.Pair[sdk.AccAddress, uint64]) (bool, error) {
		found = true
		return true, nil
	})
	return found, err
}

// seatedIn returns a cohort in a phase in which an account has a seat.
func (k Keeper) seatedIn(ctx context.Context, id uint64, phase types.CohortPhase, address string) (types.Cohort,
	error) {
	cohort, err := k.cohortIn(ctx, id, phase)
	if err == nil && cohort.Seated(address) == 0 {
		err = errorsmod.Wrapf(types.ErrNotSeated, "%s has no seat in cohort %d: see `openledgerd review queue`",
			address, id)
	}
	return cohort, err
}
