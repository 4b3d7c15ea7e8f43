package types

import (
	"context"

	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// RefuseNativeMint is the bank's mint restriction for every module but
// x/rewards: nobody else makes OPEN.
func RefuseNativeMint(_ context.Context, coins sdk.Coins) error {
	if coins.AmountOf(Denom).IsPositive() {
		return errorsmod.Wrapf(ErrMint, "only %s mints %s", ModuleName, Denom)
	}
	return nil
}

// SupplyKeeper knows how many coins exist.
type SupplyKeeper interface {
	GetSupply(ctx context.Context, denom string) sdk.Coin
}

// CapNativeMint is the bank's mint restriction for x/rewards: nothing but
// aopen, and never beyond MaxSupply.
func CapNativeMint(bank SupplyKeeper) func(context.Context, sdk.Coins) error {
	return func(ctx context.Context, coins sdk.Coins) error {
		amount := coins.AmountOf(Denom)
		if len(coins) != 1 || !amount.IsPositive() {
			return errorsmod.Wrapf(ErrMint, "%s mints nothing but %s", ModuleName, Denom)
		}
		if supply := bank.GetSupply(ctx, Denom).Amount; supply.Add(amount).GT(MaxSupply) {
			return errorsmod.Wrapf(ErrMint, "supply %s plus %s is above the maximum %s", supply, amount, MaxSupply)
		}
		return nil
	}
}
