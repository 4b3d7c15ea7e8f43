package keeper

import (
	"context"
	"errors"
	"time"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/keeper/internal/timer"
	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// ReleaseDeposits implements types.MsgServer.
func (s msgServer) ReleaseDeposits(ctx context.Context,
	msg *types.MsgReleaseDeposits) (*types.MsgReleaseDepositsResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	if err := params.CheckItems(len(msg.Ranks)); err != nil {
		return nil, err
	}
	released, err := s.releaseDeposits(ctx, msg.Contributor, msg.Ranks)
	return &types.MsgReleaseDepositsResponse{Released: released}, err
}

// releaseEarned returns what of a deposit is not bound, up to what its contributor has earned by
// contributions and not yet used for it. It changes c, which the caller stores.
func (k Keeper) releaseEarned(ctx context.Context, c *types.Contribution) (math.Int, error) {
	contributor := sdk.MustAccAddressFromBech32(c.Contributor)
	earned, err := k.rewards.Contributed(ctx, contributor)
	if err != nil {
		return math.Int{}, err
	}
	released, err := k.Released.Get(ctx, contributor)
	if errors.Is(err, collections.ErrNotFound) {
		released, err = math.ZeroInt(), nil
	}
	if err != nil {
		return math.Int{}, err
	}
	amount := math.MaxInt(math.ZeroInt(), math.MinInt(c.Deposit.Amount.Sub(c.BoundDeposit), earned.Sub(released)))
	if !amount.IsPositive() {
		return amount, nil
	}
	if err := k.Released.Set(ctx, contributor, released.Add(amount)); err != nil {
		return amount, err
	}
	c.Deposit.Amount = c.Deposit.Amount.Sub(amount)
	return amount, k.funds.Pay(ctx, c.Contributor, amount)
}

// releaseDeposits returns deposits of an account's contributions, in the order given.
func (k Keeper) releaseDeposits(ctx context.Context, contributor string, ranks []uint64) (math.Int, error) {
	sum := math.ZeroInt()
	for _, rank := range ranks {
		c, err := k.GetContribution(ctx, rank)
		if err != nil {
			return sum, err
		}
		if c.Contributor != contributor {
			return sum, errorsmod.Wrapf(types.ErrUnauthorized, "contribution %d belongs to %s", rank, c.Contributor)
		}
		if !c.Earning() {
			return sum, errorsmod.Wrapf(types.ErrContributionStatus,
				"contribution %d is %s: only deposits of accepted ones are released", rank, c.Status)
		}
		released, err := k.releaseEarned(ctx, &c)
		if err != nil {
			return sum, err
		}
		if !released.IsPositive() {
			continue
		}
		sum = sum.Add(released)
		if err := k.storeDeposit(ctx, c, released, math.ZeroInt()); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// decayDeposit takes a part of the deposit of an accepted contribution that has not earned it yet. So a contribution
// that nobody uses costs its contributor something.
func (k Keeper) decayDeposit(ctx context.Context, params types.Params, rank uint64) error {
	c, err := k.GetContribution(ctx, rank)
	if err != nil {
		return err
	}
	released := math.ZeroInt()
	if c.Earning() {
		if released, err = k.releaseEarned(ctx, &c); err != nil {
			return err
		}
	}
	decayed := math.MinInt(c.Deposit.Amount, math.MaxInt(math.OneInt(),
		types.Part(c.AcceptedDeposit, params.Standing.DecayPpm)))
	c.Deposit.Amount = c.Deposit.Amount.Sub(decayed)
	c.BoundDeposit = math.MinInt(c.BoundDeposit, c.Deposit.Amount)
	if err := k.funds.ToPool(ctx, decayed); err != nil {
		return err
	}
	c.DecayAt = c.DecayAt.Add(params.Standing.DecayInterval)
	return k.storeDeposit(ctx, c, released, decayed)
}

// storeDeposit stores a contribution whose deposit fell; an empty one decays no more.
func (k Keeper) storeDeposit(ctx context.Context, c types.Contribution, released, decayed math.Int) error {
	var err error
	if c.Deposit.IsPositive() {
		err = k.Timers.Set(ctx, timer.Decay, c.Rank, c.DecayAt)
	} else {
		c.DecayAt = time.Time{}
		err = k.Timers.Clear(ctx, timer.Decay, c.Rank)
	}
	if err != nil {
		return err
	}
	if err := k.Contributions.Set(ctx, c.Rank, c); err != nil {
		return err
	}
	return modulekit.Emit(ctx, &types.EventDepositMoved{Rank: c.Rank, Released: released, Decayed: decayed})
}

// endDecay ends the decay of a deposit. It changes c, which the caller stores.
func (k Keeper) endDecay(ctx context.Context, c *types.Contribution) error {
	c.DecayAt = time.Time{}
	return k.Timers.Clear(ctx, timer.Decay, c.Rank)
}

// keepDecaying ends the decay of a deposit that is gone. It changes c, which
// the caller stores.
func (k Keeper) keepDecaying(ctx context.Context, c *types.Contribution) error {
	c.BoundDeposit = math.MinInt(c.BoundDeposit, c.Deposit.Amount)
	if c.Deposit.IsPositive() {
		return nil
	}
	return k.endDecay(ctx, c)
}
