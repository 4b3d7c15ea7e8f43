package review

import (
	"bytes"
	"context"
	"slices"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

const (
	// drawTries bounds how often a seat is drawn in one block until somebody may take it.
	drawTries = 8
	// maxDrawWait bounds, as a power of two, the blocks between two draws of a cohort whose draws fall on nobody.
	maxDrawWait = 6
)

// Draw draws one seat of each cohort whose turn it is, with the hash of this block. A proposer who manipulates the hash
// of one block influences only one seat of a cohort. A draw is one step and one more for each place tried; at most
// StepsPerBlock. The other cohorts are drawn with the hash of a later block.
func (k Keeper) Draw(ctx sdk.Context, params types.Params) error {
	until := new(collections.Range[collections.Pair[int64, uint64]]).EndInclusive(collections.Join(ctx.BlockHeight(),
		^uint64(0)))
	var due []uint64
	err := k.Draws.Walk(ctx, until, func(key collections.Pair[int64, uint64]) (bool, error) {
		due = append(due, key.K2())
		return 2*len(due) >= int(params.StepsPerBlock), nil
	})
	if err != nil {
		return err
	}
	steps := 0
	for _, id := range due {
		if steps >= int(params.StepsPerBlock) {
			return nil
		}
		work := 1 + drawTries
		err := modulekit.Step(ctx, types.ModuleName, "seat draw", func(ctx sdk.Context) (err error) {
			work, err = k.drawSeat(ctx, params, id)
			return err
		})
		steps += max(2, work)
		if err != nil {
			ctx.Logger().Error("a seat could not be drawn and will be in the next block", "module", types.ModuleName,
				"cohort", id, "err", err)
			if err := k.redraw(ctx, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// redraw has a cohort try again in the next block.
func (k Keeper) redraw(ctx sdk.Context, id uint64) error {
	cohort, err := k.Cohorts.Get(ctx, id)
	if err != nil {
		return err
	}
	return k.nextDraw(ctx, &cohort, 1)
}

// nextDraw has a seat of a cohort drawn some blocks later, and stores the cohort.
func (k Keeper) nextDraw(ctx sdk.Context, cohort *types.Cohort, blocks int64) error {
	if err := k.stopDrawing(ctx, cohort); err != nil {
		return err
	}
	cohort.DrawHeight = ctx.BlockHeight() + blocks
	if err := k.Draws.Set(ctx, collections.Join(cohort.DrawHeight, cohort.Id)); err != nil {
		return err
	}
	return k.Cohorts.Set(ctx, cohort.Id, *cohort)
}

// stopDrawing takes a cohort out of the queue of draws. The caller stores it.
func (k Keeper) stopDrawing(ctx context.Context, cohort *types.Cohort) error {
	if cohort.DrawHeight == 0 {
		return nil
	}
	height := cohort.DrawHeight
	cohort.DrawHeight = 0
	return k.Draws.Remove(ctx, collections.Join(height, cohort.Id))
}

// drawSeat draws the next seat of a cohort, and returns how much work it was.
func (k Keeper) drawSeat(ctx sdk.Context, params types.Params, id uint64) (int, error) {
	cohort, err := k.Cohorts.Get(ctx, id)
	if err != nil {
		return 1, err
	}
	for try := range uint32(drawTries) {
		work := 2 + int(try)
		random := types.SeatHash(ctx.HeaderHash(), cohort.Id, cohort.Round, uint32(len(cohort.Seats)), try)
		v, ok, err := k.drawValidator(ctx, cohort.Panel, random)
		if err != nil {
			return work, err
		}
		if !ok {
			break
		}
		datanet, err := k.registry.DataNet(ctx, v.DatanetId)
		if err != nil {
			return work, err
		}
		if may, err := k.mayBeSeated(ctx, params, cohort, v, datanet); err != nil {
			return work, err
		} else if may {
			return work, k.seat(ctx, params, &cohort, v, datanet)
		}
	}
	work, err := k.drawLater(ctx, params, &cohort)
	return 1 + drawTries + work, err
}

// drawLater has a cohort wait whose draws of this block fell on nobody who may have a seat: twice as long each
// time, and for its deadline, without drawing, if nobody is left. It returns how much work that was.
func (k Keeper) drawLater(ctx sdk.Context, params types.Params, cohort *types.Cohort) (int, error) {
	without := slices.Clone(cohort.Excluded)
	for _, seat := range cohort.Seats {
		if cohort.Seated(seat.Address) >= params.Review.MaxSeatsOf() {
			without = append(without, sdk.MustAccAddressFromBech32(seat.Address))
		}
	}
	slices.SortFunc(without, bytes.Compare)
	left, work, err := k.available(ctx, cohort.Panel, slices.CompactFunc(without, bytes.Equal))
	if err != nil {
		return work, err
	}
	if left == 0 {
		if err := k.stopDrawing(ctx, cohort); err != nil {
			return work, err
		}
		return work, k.Cohorts.Set(ctx, cohort.Id, *cohort)
	}
	wait := int64(1) << min(cohort.DrawMisses, maxDrawWait)
	cohort.DrawMisses++
	return work, k.nextDraw(ctx, cohort, wait)
}

// drawValidator draws a data validator of an electorate by stake.
func (k Keeper) drawValidator(ctx context.Context, electorate uint64, random []byte) (v types.DataValidator, ok bool,
	err error) {
	place, ok, err := k.drawPlace(ctx, electorate, random)
	if err != nil || !ok {
		return v, false, err
	}
	id := place
	if electorate != types.AllDataNets {
		if id, err = k.Places.Get(ctx, collections.Join(electorate, place)); err != nil {
			return v, false, err
		}
	}
	v, err = k.Validators.Get(ctx, id)
	return v, err == nil, err
}
