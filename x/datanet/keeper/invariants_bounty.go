package keeper

import (
	"context"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	"github.com/openledger/openledger/x/datanet/types"
)

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
		held := b.Balance()
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
		if all.GT(b.Amount) || !b.Closed && !all.Equal(b.Amount) || !vests.Equal(b.Vesting) ||
			!b.Reserved.Equal(reserves) {
			return true, errorsmod.Wrapf(types.ErrInvariant, "bounty %d: %+v; contributions vest %s and reserve %s", id,
				b, vests, reserves)
		}
		return false, nil
	})
	if err != nil {
		return owed, err
	}
	counted, err := k.poolBalance(ctx)
	if err == nil && !counted.Equal(pool) {
		err = errorsmod.Wrapf(types.ErrInvariant, "bounties of the pool hold %s, %s are counted", pool, counted)
	}
	return owed, err
}
