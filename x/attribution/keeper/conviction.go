package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/attribution/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// The first commit gets the reward, not the first reveal. Otherwise, a provider who sees that a lie is about to be
// proven could prove it first and take the challenger's reward. So a slash is divided when every dispute that was
// committed before the upheld one has been revealed or has lost its bond. Mostly there is none, and the slash is
// divided at once.

// convict slashes and freezes the provider of a batch, and divides the slash if no earlier commit is open.
func (k Keeper) convict(ctx sdk.Context, params types.Params, dispute types.Dispute, batch *types.Batch,
	losses []types.ProvenLoss) (reward math.Int, pending bool, err error) {
	conviction := types.Conviction{
		BatchId: batch.Id, Provider: batch.Provider, Number: dispute.Number, Challenger: dispute.Challenger,
		Slashed: batch.Liability, Losses: types.WithLosses(nil, losses),
	}
	if err := k.models.Slash(ctx, sdk.MustAccAddressFromBech32(batch.Provider), conviction.Slashed,
		types.ModuleName); err != nil {
		return math.Int{}, false, err
	}
	batch.Liability = math.ZeroInt()
	batch.DisprovenHeight = ctx.BlockHeight()
	if err := k.disprove(ctx, params, batch); err != nil {
		return math.Int{}, false, err
	}
	oldest, any, err := k.oldestDispute(ctx)
	if err != nil {
		return math.Int{}, false, err
	}
	if any && oldest < conviction.Number {
		return math.ZeroInt(), true, k.setConviction(ctx, conviction)
	}
	slash, err := k.divide(ctx, conviction)
	return slash.Reward, false, err
}

// amend adds what another dispute has proven in a batch whose slash may still be undivided: its losses, and its
// challenger if it was committed earlier than those before it.
func (k Keeper) amend(ctx context.Context, dispute types.Dispute, batch uint64,
	losses []types.ProvenLoss) (verdict types.DisputeVerdict, pending bool, err error) {
	conviction, err := k.Convictions.Get(ctx, batch)
	if errors.Is(err, collections.ErrNotFound) {
		return types.DISPUTE_VERDICT_UPHELD_AGAIN, false, nil
	}
	if err != nil {
		return types.DISPUTE_VERDICT_UNSPECIFIED, false, err
	}
	if err := k.removeConviction(ctx, conviction); err != nil {
		return types.DISPUTE_VERDICT_UNSPECIFIED, false, err
	}
	verdict, conviction.Losses = types.DISPUTE_VERDICT_UPHELD_AGAIN, types.WithLosses(conviction.Losses, losses)
	if dispute.Number < conviction.Number {
		verdict, conviction.Number, conviction.Challenger = types.DISPUTE_VERDICT_UPHELD, dispute.Number, dispute.Challenger
	}
	return verdict, true, k.setConviction(ctx, conviction)
}

// divideSlashes divides slashes for which no earlier commit is open any more. In a block it divides slashes until they
// make at least DisputesPerBlock payments.
func (k Keeper) divideSlashes(ctx sdk.Context, params types.Params) error {
	oldest, any, err := k.oldestDispute(ctx)
	if err != nil {
		return err
	}
	until := new(collections.Range[collections.Pair[uint64, uint64]])
	if any {
		until = until.EndExclusive(collections.Join(oldest, uint64(0)))
	}
	var due []types.Conviction
	paid := 0
	if err := k.ConvictionOrder.Walk(ctx, until, func(key collections.Pair[uint64, uint64]) (bool, error) {
		conviction, err := k.Convictions.Get(ctx, key.K2())
		if err != nil {
			return true, err
		}
		due, paid = append(due, conviction), paid+1+len(conviction.Losses)
		return paid >= int(params.DisputesPerBlock), nil
	}); err != nil {
		return err
	}
	for _, conviction := range due {
		if err := modulekit.Step(ctx, types.ModuleName, "slash", func(ctx sdk.Context) error {
			if err := k.removeConviction(ctx, conviction); err != nil {
				return err
			}
			_, err := k.divide(ctx, conviction)
			return err
		}); err != nil {
			ctx.Logger().Error("slash could not be divided; trying again in the next block", "module", types.ModuleName, "batch",
				conviction.BatchId, "err", err)
		}
	}
	return nil
}

// divide pays the harmed contributors, then the challenger who committed first, and burns the rest.
func (k Keeper) divide(ctx sdk.Context, conviction types.Conviction) (types.Slash, error) {
	slash := types.DivideSlash(conviction.Slashed, conviction.Losses)
	for _, loss := range slash.Losses {
		if !loss.Amount.IsPositive() {
			continue
		}
		if err := k.credit(ctx, loss.Contributor, loss.Amount); err != nil {
			return slash, err
		}
		if err := ctx.EventManager().EmitTypedEvent(&types.EventContributorCompensated{
			BatchId: conviction.BatchId, Rank: loss.Rank, Contributor: loss.Contributor, Amount: loss.Amount,
		}); err != nil {
			return slash, err
		}
	}
	if err := k.credit(ctx, conviction.Challenger, slash.Reward); err != nil {
		return slash, err
	}
	if err := k.burn(ctx, slash.Burned); err != nil {
		return slash, err
	}
	return slash, ctx.EventManager().EmitTypedEvent(&types.EventSlashDivided{
		BatchId: conviction.BatchId, Challenger: conviction.Challenger, Slashed: slash.Total,
		Compensated: slash.Compensated, Reward: slash.Reward, Burned: slash.Burned,
	})
}

// oldestDispute returns the number of the earliest open commit, if there is one.
func (k Keeper) oldestDispute(ctx context.Context) (uint64, bool, error) {
	return modulekit.FirstKey(k.DisputeOrder.Iterate(ctx, nil))
}

func (k Keeper) setConviction(ctx context.Context, conviction types.Conviction) error {
	if err := k.Convictions.Set(ctx, conviction.BatchId, conviction); err != nil {
		return err
	}
	return k.ConvictionOrder.Set(ctx, collections.Join(conviction.Number, conviction.BatchId))
}

func (k Keeper) removeConviction(ctx context.Context, conviction types.Conviction) error {
	if err := k.ConvictionOrder.Remove(ctx, collections.Join(conviction.Number, conviction.BatchId)); err != nil {
		return err
	}
	return k.Convictions.Remove(ctx, conviction.BatchId)
}
