package solo

import (
	"context"
	"errors"
	"fmt"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// ErrFunds is what the bank answers when an account has too little.
var ErrFunds = errors.New("insufficient funds")

// Bank keeps balances in a store of its own, so that a message that fails
// is undone here as it is in the application.
type Bank struct {
	Balances collections.Map[string, math.Int]
}

func newBank(key *storetypes.KVStoreKey) Bank {
	sb := collections.NewSchemaBuilder(runtime.NewKVStoreService(key))
	return Bank{collections.NewMap(sb, collections.NewPrefix(0), "balances", collections.StringKey, sdk.IntValue)}
}

// Of returns the balance of an account.
func (b Bank) Of(ctx context.Context, address sdk.AccAddress) math.Int {
	balance, err := b.Balances.Get(ctx, address.String())
	if errors.Is(err, collections.ErrNotFound) {
		return math.ZeroInt()
	}
	if err != nil {
		panic(err)
	}
	return balance
}

// Add changes the balance of an account; below zero is ErrFunds.
func (b Bank) Add(ctx context.Context, address sdk.AccAddress, amount math.Int) error {
	balance := b.Of(ctx, address).Add(amount)
	if balance.IsNegative() {
		return ErrFunds
	}
	return b.Balances.Set(ctx, address.String(), balance)
}

func (b Bank) move(ctx context.Context, from, to sdk.AccAddress, coins sdk.Coins) error {
	if !coins.IsValid() || len(coins) != 1 || coins[0].Denom != rewardstypes.Denom {
		return fmt.Errorf("cannot move %s", coins)
	}
	if err := b.Add(ctx, from, coins[0].Amount.Neg()); err != nil {
		return err
	}
	return b.Add(ctx, to, coins[0].Amount)
}

// GetBalance implements types.BankKeeper.
func (b Bank) GetBalance(ctx context.Context, address sdk.AccAddress, denom string) sdk.Coin {
	return sdk.NewCoin(denom, b.Of(ctx, address))
}

// SendCoinsFromAccountToModule implements types.BankKeeper.
func (b Bank) SendCoinsFromAccountToModule(ctx context.Context, from sdk.AccAddress, module string,
	coins sdk.Coins) error {
	return b.move(ctx, from, ModuleAddress(module), coins)
}

// SendCoinsFromModuleToAccount implements types.BankKeeper.
func (b Bank) SendCoinsFromModuleToAccount(ctx context.Context, module string, to sdk.AccAddress,
	coins sdk.Coins) error {
	if b.BlockedAddr(to) {
		return fmt.Errorf("%s receives nothing", to)
	}
	return b.move(ctx, ModuleAddress(module), to, coins)
}

// BurnCoins implements types.BankKeeper.
func (b Bank) BurnCoins(ctx context.Context, module string, coins sdk.Coins) error {
	return b.Add(ctx, ModuleAddress(module), coins[0].Amount.Neg())
}

// SendCoinsFromModuleToModule implements types.BankKeeper of x/rewards.
func (b Bank) SendCoinsFromModuleToModule(ctx context.Context, from, to string, coins sdk.Coins) error {
	return b.move(ctx, ModuleAddress(from), ModuleAddress(to), coins)
}

// MintCoins implements types.BankKeeper of x/rewards.
func (b Bank) MintCoins(ctx context.Context, module string, coins sdk.Coins) error {
	return b.Add(ctx, ModuleAddress(module), coins.AmountOf(rewardstypes.Denom))
}

// GetSupply implements types.BankKeeper of x/rewards: the sum of all balances.
func (b Bank) GetSupply(ctx context.Context, denom string) sdk.Coin {
	supply := math.ZeroInt()
	if err := b.Balances.Walk(ctx, nil, func(_ string, balance math.Int) (bool, error) {
		supply = supply.Add(balance)
		return false, nil
	}); err != nil {
		panic(err)
	}
	return sdk.NewCoin(denom, supply)
}

// BlockedAddr implements types.BankKeeper of x/rewards: its module accounts receive nothing.
func (b Bank) BlockedAddr(address sdk.AccAddress) bool {
	return address.Equals(ModuleAddress(rewardstypes.ModuleName)) ||
		address.Equals(ModuleAddress(rewardstypes.BountyPoolName))
}
