package review

import (
	"context"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

// checkValidators: stake trees hold the bonds of the active validators.
func (k Keeper) checkValidators(ctx context.Context) (math.Int, error) {
	owed := math.ZeroInt()
	stakes := make(map[uint64]math.Int)
	pledged, err := k.pledgedBySeats(ctx)
	if err != nil {
		return owed, err
	}
	actives := make(map[uint64]uint64)
	err = k.Validators.Walk(ctx, nil, func(_ uint64, v types.DataValidator) (bool, error) {
		owed = owed.Add(v.Bond)
		if want, some := pledged[v.Id]; v.Pledged.IsPositive() != some || some && !v.Pledged.Equal(want) {
			return true, errorsmod.Wrapf(types.ErrInvariant, "data validator %d has pledged %s, its seats count %s",
				v.Id, v.Pledged, want)
		}
		for _, unbonding := range v.Unbonding {
			owed = owed.Add(unbonding.Amount)
		}
		if !v.Active {
			return false, nil
		}
		for _, electorate := range []uint64{types.AllDataNets, v.DatanetId} {
			if _, known := stakes[electorate]; !known {
				stakes[electorate] = math.ZeroInt()
			}
			stakes[electorate] = stakes[electorate].Add(v.Bond)
			actives[electorate]++
		}
		return false, nil
	})
	if err != nil {
		return owed, err
	}
	return owed, k.ElectorateSizes.Walk(ctx, nil, func(electorate, active uint64) (bool, error) {
		stake, err := k.ElectorateStake(ctx, electorate)
		if err != nil {
			return true, err
		}
		want, known := stakes[electorate]
		if !known {
			want = math.ZeroInt()
		}
		if active != actives[electorate] || !stake.Equal(want) {
			return true, errorsmod.Wrapf(types.ErrInvariant,
				"electorate %d counts %d validators with %s, a recount gives %d with %s", electorate, active, stake,
				actives[electorate], want)
		}
		return false, nil
	})
}

// pledgedBySeats returns what the seats of each data validator have pledged.
func (k Keeper) pledgedBySeats(ctx context.Context) (map[uint64]math.Int, error) {
	pledged := make(map[uint64]math.Int)
	err := k.Cohorts.Walk(ctx, nil, func(_ uint64, cohort types.Cohort) (bool, error) {
		for _, seat := range cohort.Seats {
			if !seat.Pledged.IsPositive() {
				continue
			}
			if sum, some := pledged[seat.Validator]; some {
				pledged[seat.Validator] = sum.Add(seat.Pledged)
			} else {
				pledged[seat.Validator] = seat.Pledged
			}
		}
		return false, nil
	})
	return pledged, err
}

// checkCohorts: what is under review has its cohort, and the other way round.
func (k Keeper) checkCohorts(ctx context.Context) (math.Int, error) {
	owed, waiting := math.ZeroInt(), 0
	err := k.Cohorts.Walk(ctx, nil, func(id uint64, cohort types.Cohort) (bool, error) {
		owed = owed.Add(cohort.Fee).Add(cohort.Deposit)
		for _, gold := range cohort.Gold {
			owed = owed.Add(gold.Deposit)
		}
		drawing, err := k.Draws.Has(ctx, collections.Join(cohort.DrawHeight, id))
		if err != nil {
			return true, err
		}
		if drawing != (cohort.DrawHeight != 0) || drawing && cohort.Phase != types.COHORT_PHASE_DRAWING {
			return true, errorsmod.Wrapf(types.ErrInvariant, "cohort %d in %s: draw height %d, queued %t", id,
				cohort.Phase, cohort.DrawHeight, drawing)
		}
		if cohort.Phase == types.COHORT_PHASE_DECIDED || cohort.Kind != types.COHORT_KIND_REVIEW {
			return false, nil
		}
		for _, rank := range cohort.Items {
			waiting++
			c, err := k.registry.Contribution(ctx, rank)
			if err != nil {
				return true, err
			}
			if c.Cohort != id || c.Status != types.CONTRIBUTION_STATUS_SUBMITTED {
				return true, errorsmod.Wrapf(types.ErrInvariant, "contribution %d in cohort %d: %s, cohort %d", rank,
					id, c.Status, c.Cohort)
			}
		}
		return false, nil
	})
	if err != nil {
		return owed, err
	}
	open := 0
	err = k.OpenBy.Walk(ctx, nil, func(_ sdk.AccAddress, n uint64) (bool, error) {
		open += int(n)
		return false, nil
	})
	if err == nil && open != waiting {
		err = errorsmod.Wrapf(types.ErrInvariant, "%d contributions wait for panels, accounts count %d", waiting, open)
	}
	return owed, err
}

// CheckInvariants recounts data validators and cohorts, and returns what they hold of the module's account, in aopen.
func (k Keeper) CheckInvariants(ctx context.Context) (math.Int, error) {
	bonds, err := k.checkValidators(ctx)
	if err != nil {
		return bonds, err
	}
	cohorts, err := k.checkCohorts(ctx)
	return bonds.Add(cohorts), err
}
