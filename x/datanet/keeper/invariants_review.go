package keeper

import (
	"context"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

// checkReview recounts what reviews, bonds and bounties hold, and returns it.
func (k Keeper) checkReview(ctx context.Context) (math.Int, error) {
	owed := math.ZeroInt()
	for _, check := range []func(context.Context) (math.Int, error){k.checkValidators, k.checkCohorts, k.checkBounties, k.checkFunds} {
		part, err := check(ctx)
		if err != nil {
			return owed, err
		}
		owed = owed.Add(part)
	}
	return owed, k.checkTimers(ctx)
}

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
			return true, errorsmod.Wrapf(types.ErrInvariant, "data validator %d has pledged %s, its seats count %s", v.Id, v.Pledged, want)
		}
		for _, unbonding := range v.Unbonding {
			owed = owed.Add(unbonding.Amount)
		}
		if !v.Active {
			return false, nil
		}
		for _, panel := range []uint64{everyPanel, v.DatanetId} {
			if _, known := stakes[panel]; !known {
				stakes[panel] = math.ZeroInt()
			}
			stakes[panel] = stakes[panel].Add(v.Bond)
			actives[panel]++
		}
		return false, nil
	})
	if err != nil {
		return owed, err
	}
	return owed, k.Panels.Walk(ctx, nil, func(panel, active uint64) (bool, error) {
		stake, err := k.panelStake(ctx, panel)
		if err != nil {
			return true, err
		}
		want, known := stakes[panel]
		if !known {
			want = math.ZeroInt()
		}
		if active != actives[panel] || !stake.Equal(want) {
			return true, errorsmod.Wrapf(types.ErrInvariant, "panel %d counts %d validators with %s, a recount gives %d with %s", panel, active, stake, actives[panel], want)
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
			return true, errorsmod.Wrapf(types.ErrInvariant, "cohort %d in %s: draw height %d, queued %t", id, cohort.Phase, cohort.DrawHeight, drawing)
		}
		if cohort.Phase == types.COHORT_PHASE_DECIDED || cohort.Kind != types.COHORT_KIND_REVIEW {
			return false, nil
		}
		for _, rank := range cohort.Items {
			waiting++
			c, err := k.GetContribution(ctx, rank)
			if err != nil {
				return true, err
			}
			if c.Cohort != id || c.Status != types.CONTRIBUTION_STATUS_SUBMITTED {
				return true, errorsmod.Wrapf(types.ErrInvariant, "contribution %d in cohort %d: %s, cohort %d", rank, id, c.Status, c.Cohort)
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

// checkBounties: a bounty is what is left, reserved, vesting and paid, and at
// most the amount; contributions vest and reserve what their bounty says.
func (k Keeper) checkBounties(ctx context.Context) (math.Int, error) {
	vesting, reserved := make(map[uint64]math.Int), make(map[uint64]math.Int)
	err := k.Contributions.Walk(ctx, nil, func(_ uint64, c types.Contribution) (bool, error) {
		if c.Bounty == 0 {
			return false, nil
		}
		if _, known := vesting[c.Bounty]; !known {
			vesting[c.Bounty], reserved[c.Bounty] = math.ZeroInt(), math.ZeroInt()
		}
		vesting[c.Bounty], reserved[c.Bounty] = vesting[c.Bounty].Add(c.Vesting), reserved[c.Bounty].Add(c.Reserved)
		return false, nil
	})
	if err != nil {
		return math.Int{}, err
	}
	owed, pool := math.ZeroInt(), math.ZeroInt()
	err = k.Bounties.Walk(ctx, nil, func(id uint64, b types.Bounty) (bool, error) {
		held := b.Held()
		owed = owed.Add(held)
		if b.FromPool() {
			pool = pool.Add(held)
		}
		vests, known := vesting[id]
		reserves := reserved[id]
		if !known {
			vests, reserves = math.ZeroInt(), math.ZeroInt()
		}
		all := held.Add(b.Paid)
		if all.GT(b.Amount) || !b.Closed && !all.Equal(b.Amount) || !vests.Equal(b.Vesting) || !b.Reserved.Equal(reserves) {
			return true, errorsmod.Wrapf(types.ErrInvariant, "bounty %d: %+v; contributions vest %s and reserve %s", id, b, vests, reserves)
		}
		return false, nil
	})
	if err != nil {
		return owed, err
	}
	counted, err := k.poolHeld(ctx)
	if err == nil && !counted.Equal(pool) {
		err = errorsmod.Wrapf(types.ErrInvariant, "bounties of the pool hold %s, %s are counted", pool, counted)
	}
	return owed, err
}

// checkFunds returns what DataNets have set aside for checks.
func (k Keeper) checkFunds(ctx context.Context) (math.Int, error) {
	owed := math.ZeroInt()
	err := k.DataNets.Walk(ctx, nil, func(_ uint64, datanet types.DataNet) (bool, error) {
		owed = owed.Add(datanet.CheckFund)
		return false, nil
	})
	return owed, err
}

// checkTimers: both sides of the queue agree.
func (k Keeper) checkTimers(ctx context.Context) error {
	timers := 0
	err := k.Timers.Walk(ctx, nil, func(key timerKey) (bool, error) {
		timers++
		at, err := k.TimerAt.Get(ctx, collections.Join(key.K2(), key.K3()))
		if err == nil && at != key.K1() {
			err = errorsmod.Wrapf(types.ErrInvariant, "timer %d of %d is at %d and at %d", key.K2(), key.K3(), key.K1(), at)
		}
		return err != nil, err
	})
	if err != nil {
		return err
	}
	known := 0
	err = k.TimerAt.Walk(ctx, nil, func(collections.Pair[uint64, uint64], int64) (bool, error) {
		known++
		return false, nil
	})
	if err == nil && known != timers {
		err = errorsmod.Wrapf(types.ErrInvariant, "%d timers in the queue, %d known", timers, known)
	}
	return err
}
