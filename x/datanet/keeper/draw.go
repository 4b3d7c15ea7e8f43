package keeper

import (
	"context"
	"errors"
	"slices"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// drawTries bounds how often a seat is drawn in one block until somebody may take it.
const drawTries = 8

// drawSeats draws one seat of each review whose turn it is, with the hash of
// this block: who grinds one block moves one seat. At most StepsPerBlock
// reviews; the others are drawn with the hash of a later block.
func (k Keeper) drawSeats(ctx sdk.Context, params types.Params) error {
	until := new(collections.Range[collections.Pair[int64, uint64]]).EndInclusive(collections.Join(ctx.BlockHeight(), ^uint64(0)))
	var due []uint64
	err := k.Draws.Walk(ctx, until, func(key collections.Pair[int64, uint64]) (bool, error) {
		due = append(due, key.K2())
		return len(due) == int(params.StepsPerBlock), nil
	})
	if err != nil {
		return err
	}
	for _, id := range due {
		if err := modulekit.Attempt(ctx, func(ctx sdk.Context) error { return k.drawSeat(ctx, params, id) }); err != nil {
			ctx.Logger().Error("a seat could not be drawn and will be in the next block", "module", types.ModuleName, "cohort", id, "err", err)
			if err := k.redraw(ctx, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// redraw has a review try again in the next block.
func (k Keeper) redraw(ctx sdk.Context, id uint64) error {
	cohort, err := k.Cohorts.Get(ctx, id)
	if err != nil {
		return err
	}
	return k.nextDraw(ctx, &cohort)
}

func (k Keeper) nextDraw(ctx sdk.Context, cohort *types.Cohort) error {
	if err := k.stopDrawing(ctx, cohort); err != nil {
		return err
	}
	cohort.DrawHeight = ctx.BlockHeight() + 1
	if err := k.Draws.Set(ctx, collections.Join(cohort.DrawHeight, cohort.Id)); err != nil {
		return err
	}
	return k.Cohorts.Set(ctx, cohort.Id, *cohort)
}

// stopDrawing takes a review out of the queue of draws. The caller stores it.
func (k Keeper) stopDrawing(ctx context.Context, cohort *types.Cohort) error {
	if cohort.DrawHeight == 0 {
		return nil
	}
	height := cohort.DrawHeight
	cohort.DrawHeight = 0
	return k.Draws.Remove(ctx, collections.Join(height, cohort.Id))
}

// drawSeat draws the next seat of a review.
func (k Keeper) drawSeat(ctx sdk.Context, params types.Params, id uint64) error {
	cohort, err := k.Cohorts.Get(ctx, id)
	if err != nil {
		return err
	}
	excluded, err := k.excluded(ctx, cohort)
	if err != nil {
		return err
	}
	for try := range uint32(drawTries) {
		random := types.SeatHash(ctx.HeaderHash(), cohort.Id, cohort.Round, uint32(len(cohort.Seats)), try)
		v, ok, err := k.drawValidator(ctx, cohort.Panel, random)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if slices.Contains(excluded, v.Address) || cohort.Seated(v.Address) >= params.Review.MaxSeatsOf() {
			continue
		}
		datanet, err := k.GetDataNet(ctx, v.DatanetId)
		if err != nil {
			return err
		}
		if err := k.checkCredential(ctx, datanet, sdk.MustAccAddressFromBech32(v.Address)); errors.Is(err, types.ErrCredential) {
			if err := k.deactivate(ctx, v.Id); err != nil {
				return err
			}
			continue
		} else if err != nil {
			return err
		}
		return k.seat(ctx, params, &cohort, v, datanet)
	}
	return k.nextDraw(ctx, &cohort)
}

// drawValidator draws a data validator of a panel by stake.
func (k Keeper) drawValidator(ctx context.Context, panel uint64, random []byte) (v types.DataValidator, ok bool, err error) {
	place, ok, err := k.drawPlace(ctx, panel, random)
	if err != nil || !ok {
		return v, false, err
	}
	id := place
	if panel != everyPanel {
		if id, err = k.Places.Get(ctx, collections.Join(panel, place)); err != nil {
			return v, false, err
		}
	}
	v, err = k.Validators.Get(ctx, id)
	return v, err == nil, err
}

// seat gives a validator a seat. What a seat risks does not depend on how much
// its validator has bonded, so that splitting a bond changes nothing.
func (k Keeper) seat(ctx sdk.Context, params types.Params, cohort *types.Cohort, v types.DataValidator, datanet types.DataNet) error {
	paid, err := k.highestFee(ctx, *cohort)
	if err != nil {
		return err
	}
	risk := math.MaxInt(requiredBond(ctx, params.Review, datanet), paid.MulRaw(int64(params.Review.BondPerFee)))
	cohort.Seats = append(cohort.Seats, types.Seat{
		Validator: v.Id, Address: v.Address, Height: ctx.BlockHeight(), Stake: math.MinInt(v.Bond, risk),
	})
	v.Record.Seats++
	if err := k.Validators.Set(ctx, v.Id, v); err != nil {
		return err
	}
	if err := k.Assigned.Set(ctx, collections.Join(sdk.MustAccAddressFromBech32(v.Address), cohort.Id)); err != nil {
		return err
	}
	if len(cohort.Seats) < int(cohort.Wanted) {
		return k.nextDraw(ctx, cohort)
	}
	if err := k.stopDrawing(ctx, cohort); err != nil {
		return err
	}
	return k.startVoting(ctx, params, cohort)
}

// highestFee returns the highest fee that was paid for an item of a review.
func (k Keeper) highestFee(ctx context.Context, cohort types.Cohort) (math.Int, error) {
	highest := math.ZeroInt()
	for _, rank := range cohort.Items {
		c, err := k.GetContribution(ctx, rank)
		if err != nil {
			return highest, err
		}
		highest = math.MaxInt(highest, c.FeePaid)
	}
	return highest, nil
}

// excluded returns who has no seat in a review: contributors of its items, and
// in an appeal the appellant and those who decided before.
func (k Keeper) excluded(ctx context.Context, cohort types.Cohort) ([]string, error) {
	var out []string
	for _, rank := range cohort.Items {
		contribution, err := k.GetContribution(ctx, rank)
		if err != nil {
			return nil, err
		}
		out = append(out, contribution.Contributor)
		if cohort.Kind == types.COHORT_KIND_REVIEW {
			continue
		}
		out = append(out, cohort.Appellant)
		if contribution.Recall != nil {
			out = append(out, contribution.Recall.By)
		}
		first, err := k.Cohorts.Get(ctx, contribution.Cohort)
		if errors.Is(err, collections.ErrNotFound) {
			continue // decided long ago
		}
		if err != nil {
			return nil, err
		}
		for _, seat := range first.Seats {
			out = append(out, seat.Address)
		}
	}
	return out, nil
}

// available returns how many active validators may have a seat in a review.
func (k Keeper) available(ctx context.Context, cohort types.Cohort) (uint64, error) {
	active, err := k.activeValidators(ctx, cohort.Panel)
	if err != nil {
		return 0, err
	}
	excluded, err := k.excluded(ctx, cohort)
	if err != nil {
		return 0, err
	}
	slices.Sort(excluded)
	for _, text := range slices.Compact(excluded) {
		if text == "" {
			continue
		}
		bonds := collections.NewPrefixedPairRange[sdk.AccAddress, uint64](sdk.MustAccAddressFromBech32(text))
		err := k.ValidatorIDs.Walk(ctx, bonds, func(key collections.Pair[sdk.AccAddress, uint64], id uint64) (bool, error) {
			if cohort.Panel != everyPanel && key.K2() != cohort.Panel {
				return false, nil
			}
			v, err := k.Validators.Get(ctx, id)
			if err == nil && v.Active {
				active--
			}
			return err != nil, err
		})
		if err != nil {
			return 0, err
		}
	}
	return active, nil
}
