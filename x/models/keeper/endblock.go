package keeper

import (
	"context"
	"strconv"
	"time"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/internal/modulekit"
	"github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// retryAfter is the time after which a payment that the bank refused is tried again.
const retryAfter = time.Hour

// EndBlock pays matured unbonding entries, at most UnbondingsPerBlock. An entry that cannot be paid moves to a later
// time, so that it does not delay others.
func (k Keeper) EndBlock(ctx context.Context) error {
	params, err := k.Params.Get(ctx)
	if err != nil {
		return err
	}
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	matured, err := k.matured(sdkCtx, int(params.UnbondingsPerBlock))
	if err != nil {
		return err
	}
	done := types.EventUnbondingsCompleted{Amount: sdk.NewCoin(rewardstypes.Denom, math.ZeroInt())}
	for _, entry := range matured {
		if err := modulekit.Step(sdkCtx, types.ModuleName, "unbonding", func(ctx sdk.Context) error {
			return k.complete(ctx, entry)
		}); err != nil {
			sdkCtx.Logger().Error("unbonding entry could not be paid; trying again later", "module", types.ModuleName, "id",
				entry.Id, "err", err)
			if err := modulekit.Step(sdkCtx, types.ModuleName, "unbonding postponement", func(ctx sdk.Context) error {
				return k.postpone(ctx, entry)
			}); err != nil {
				sdkCtx.Logger().Error("unbonding entry could not be postponed", "module", types.ModuleName, "id", entry.Id, "err",
					err)
			}
			continue
		}
		done.Count++
		done.Amount = done.Amount.Add(entry.Amount)
	}
	if done.Count == 0 {
		return nil
	}
	return modulekit.Emit(ctx, &done)
}

// matured returns the first entries whose time has come.
func (k Keeper) matured(ctx sdk.Context, limit int) ([]types.UnbondingEntry, error) {
	until := new(collections.Range[collections.Pair[time.Time, uint64]]).
		EndInclusive(collections.Join(ctx.BlockTime(), ^uint64(0)))
	var entries []types.UnbondingEntry
	err := k.Unbondings.Walk(
		ctx, until, func(_ collections.Pair[time.Time, uint64], entry types.UnbondingEntry) (bool, error) {
			entries = append(entries, entry)
			return len(entries) == limit, nil
		})
	return entries, err
}

// complete pays an entry to its provider and removes it.
func (k Keeper) complete(ctx context.Context, entry types.UnbondingEntry) error {
	address := sdk.MustAccAddressFromBech32(entry.Provider)
	provider, err := k.GetProvider(ctx, address)
	if err != nil {
		return err
	}
	if entry.Amount.Amount.GT(provider.Unbonding) {
		return errorsmod.Wrapf(types.ErrInvariant, "entry of %s, unbonding %s", entry.Amount, provider.Unbonding)
	}
	provider.Unbonding = provider.Unbonding.Sub(entry.Amount.Amount)
	if err := k.Providers.Set(ctx, address, provider); err != nil {
		return err
	}
	if err := k.removeUnbonding(ctx, entry); err != nil {
		return err
	}
	return k.bank.SendCoinsFromModuleToAccount(ctx, types.ModuleName, address, sdk.NewCoins(entry.Amount))
}

// postpone moves an entry to one hour from now.
func (k Keeper) postpone(ctx sdk.Context, entry types.UnbondingEntry) error {
	if err := k.removeUnbonding(ctx, entry); err != nil {
		return err
	}
	// From the block time, not from the entry's own time, which may be long past because of the cap or a halt.
	entry.CompletionTime = ctx.BlockTime().Add(retryAfter).UTC()
	if err := k.setUnbonding(ctx, entry); err != nil {
		return err
	}
	ctx.EventManager().EmitEvent(sdk.NewEvent(types.EventUnbondingPostponed,
		sdk.NewAttribute(types.AttributeProvider, entry.Provider),
		sdk.NewAttribute(types.AttributeUnbondingID, strconv.FormatUint(entry.Id, 10)),
		sdk.NewAttribute(types.AttributeAmount, entry.Amount.String()),
		sdk.NewAttribute(types.AttributeCompletionTime, entry.CompletionTime.Format(time.RFC3339Nano)),
	))
	return nil
}
