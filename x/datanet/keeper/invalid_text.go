package keeper

import (
	"context"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	"github.com/openledger/openledger/x/datanet/keeper/review"
	"github.com/openledger/openledger/x/datanet/types"
)

// condemn ends a contribution if more than two thirds of the power say that its text is not what was registered. Its
// deposit is burned. Seats that accepted it are liable as for a duplicate, because they could see it by reading the
// text.
func (k Keeper) condemn(ctx context.Context, datanet *types.DataNet, c types.Contribution) error {
	if err := k.emitSetAside(ctx, c); err != nil {
		return err
	}
	if err := k.dropProposal(ctx, &c); err != nil {
		return err
	}
	params, err := k.Params.Get(ctx)
	if err != nil {
		return err
	}
	if err := k.answerForUnfit(ctx, params, c); err != nil {
		return err
	}
	if err := k.funds.Burn(ctx, c.Deposit.Amount); err != nil {
		return err
	}
	c.Deposit.Amount = math.ZeroInt()
	return k.stopIn(ctx, datanet, c, types.CONTRIBUTION_STATUS_INVALID, "its text is not what was registered")
}

// answerForUnfit slashes the seats that accepted a contribution whose text is not what was registered, while they are
// liable.
func (k Keeper) answerForUnfit(ctx context.Context, params types.Params, c types.Contribution) error {
	if liable, err := k.windows.Open(ctx, c.DecidedAt.Add(params.Review.LiabilityWindow)); err != nil || !liable ||
		c.Cohort == 0 {
		return err
	}
	if _, err := k.Review.GetCohort(ctx, c.Cohort); errorsmod.IsOf(err, types.ErrCohortNotFound) {
		return nil
	}
	slashed, err := k.Review.SlashAccepting(ctx, params, c.Cohort, c.Rank, review.SlashUnfit)
	if err != nil {
		return err
	}
	return k.funds.Burn(ctx, slashed)
}
