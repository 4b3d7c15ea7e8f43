package keeper

import (
	"context"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/openledger/openledger/x/rewards/types"
)

// millisecondsPerYear is 365.25 days.
const millisecondsPerYear = 31_557_600_000

// emit mints from the reserve for the milliseconds since the last block: to stakers
// through the fee collector, and a part to the bounty pool. The reserve is a
// counter of its own that only falls, so burned coins are never minted again.
func (k Keeper) emit(ctx context.Context, params types.Params, elapsed int64) error {
	reserve, err := k.Reserve.Get(ctx)
	if err != nil {
		return err
	}
	amount := emissionRoundedDown(reserve, params.EmissionPpmPerYear, elapsed)
	if !amount.IsPositive() {
		return nil
	}
	if err := k.bank.MintCoins(ctx, types.ModuleName, coins(amount)); err != nil {
		return err
	}
	bounty := amount.MulRaw(int64(params.EmissionBountyPpm)).QuoRaw(types.PPM)
	stakers := amount.Sub(bounty)
	if stakers.IsPositive() {
		if err := k.bank.SendCoinsFromModuleToModule(ctx, types.ModuleName, authtypes.FeeCollectorName,
			coins(stakers)); err != nil {
			return err
		}
	}
	if err := k.FundBountyPool(ctx, types.ModuleName, bounty); err != nil {
		return err
	}
	if err := k.Reserve.Set(ctx, reserve.Sub(amount)); err != nil {
		return err
	}
	totals, err := k.Totals.Get(ctx)
	if err != nil {
		return err
	}
	totals.Emitted = totals.Emitted.Add(amount)
	if err := k.Totals.Set(ctx, totals); err != nil {
		return err
	}
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(
		&types.EventEmission{Stakers: stakers, BountyPool: bounty})
}

// emissionRoundedDown is reserve · rate · elapsed / year.
func emissionRoundedDown(reserve math.Int, ppmPerYear uint32, elapsed int64) math.Int {
	return reserve.MulRaw(int64(ppmPerYear)).MulRaw(elapsed).QuoRaw(types.PPM).QuoRaw(millisecondsPerYear)
}
