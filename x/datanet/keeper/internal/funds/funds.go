// Package funds moves aopen in and out of the account of x/datanet.
package funds

import (
	"context"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/openledger/openledger/x/datanet/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// Funds is the account of the module. Amounts are in aopen; one that is not positive moves nothing.
type Funds struct {
	bank    types.BankKeeper
	rewards types.RewardsKeeper
}

// New returns the account of the module.
func New(bank types.BankKeeper, rewards types.RewardsKeeper) Funds { return Funds{bank, rewards} }

// Pay sends aopen that the module holds to an account.
func (f Funds) Pay(ctx context.Context, to string, amount math.Int) error {
	if !amount.IsPositive() {
		return nil
	}
	return f.bank.SendCoinsFromModuleToAccount(ctx, types.ModuleName, sdk.MustAccAddressFromBech32(to), coins(amount))
}

// Take moves aopen from an account to the module.
func (f Funds) Take(ctx context.Context, from sdk.AccAddress, amount math.Int) error {
	if !amount.IsPositive() {
		return nil
	}
	return f.bank.SendCoinsFromAccountToModule(ctx, from, types.ModuleName, coins(amount))
}

// Burn destroys aopen that the module holds.
func (f Funds) Burn(ctx context.Context, amount math.Int) error {
	if !amount.IsPositive() {
		return nil
	}
	return f.bank.BurnCoins(ctx, types.ModuleName, coins(amount))
}

// ToPool gives aopen that the module holds to the bounty pool.
func (f Funds) ToPool(ctx context.Context, amount math.Int) error {
	if !amount.IsPositive() {
		return nil
	}
	return f.rewards.FundBountyPool(ctx, types.ModuleName, amount)
}

// Balance returns what the module holds.
func (f Funds) Balance(ctx context.Context) math.Int {
	return f.bank.GetBalance(ctx, authtypes.NewModuleAddress(types.ModuleName), rewardstypes.Denom).Amount
}

func coins(amount math.Int) sdk.Coins { return sdk.NewCoins(sdk.NewCoin(rewardstypes.Denom, amount)) }
