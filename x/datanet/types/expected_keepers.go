package types

import (
	"context"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// BankKeeper holds deposits and burns creation fees.
type BankKeeper interface {
	GetBalance(ctx context.Context, addr sdk.AccAddress, denom string) sdk.Coin
	SendCoinsFromAccountToModule(ctx context.Context, sender sdk.AccAddress, recipient string, amt sdk.Coins) error
	SendCoinsFromModuleToAccount(ctx context.Context, sender string, recipient sdk.AccAddress, amt sdk.Coins) error
	BurnCoins(ctx context.Context, module string, amt sdk.Coins) error
}

// RewardsKeeper holds the bounty pool and knows what data has earned.
type RewardsKeeper interface {
	FundBountyPool(ctx context.Context, fromModule string, amount math.Int) error
	SpendBountyPool(ctx context.Context, toModule string, amount math.Int) error
	Contributed(ctx context.Context, contributor sdk.AccAddress) (math.Int, error)
	LedgerID(ctx context.Context, account sdk.AccAddress) (uint64, error)
	DataNetEarned(ctx context.Context, datanetID uint64) (contributors, royalties math.Int, err error)
}
