// Package solo runs x/datanet alone, with a bank and a bounty pool that live in
// a store: what a message or a block changed can be undone like in the
// application, and a simulation runs as fast as the keeper does.
package solo

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authcodec "github.com/cosmos/cosmos-sdk/x/auth/codec"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"

	"github.com/openledger/openledger/x/datanet/keeper"
	"github.com/openledger/openledger/x/datanet/types"
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

// Start is the time of the first block.
var Start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// BlockHash of a height.
func BlockHash(height int64) []byte {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(height)))
	return sum[:]
}

// ModuleAddress of a module account.
func ModuleAddress(module string) sdk.AccAddress { return authtypes.NewModuleAddress(module) }

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
func (b Bank) SendCoinsFromAccountToModule(ctx context.Context, from sdk.AccAddress, module string, coins sdk.Coins) error {
	return b.move(ctx, from, ModuleAddress(module), coins)
}

// SendCoinsFromModuleToAccount implements types.BankKeeper.
func (b Bank) SendCoinsFromModuleToAccount(ctx context.Context, module string, to sdk.AccAddress, coins sdk.Coins) error {
	return b.move(ctx, ModuleAddress(module), to, coins)
}

// BurnCoins implements types.BankKeeper.
func (b Bank) BurnCoins(ctx context.Context, module string, coins sdk.Coins) error {
	return b.Add(ctx, ModuleAddress(module), coins[0].Amount.Neg())
}

// Rewards moves forfeited deposits to the pool; Fail makes it refuse.
type Rewards struct {
	bank  Bank
	Fail  func() error
	Calls int
	// Earned by contributions, by account.
	Earned map[string]math.Int
}

// FundBountyPool moves coins into the pool.
func (r *Rewards) FundBountyPool(ctx context.Context, from string, amount math.Int) error {
	r.Calls++
	if r.Fail != nil {
		if err := r.Fail(); err != nil {
			return err
		}
	}
	return r.bank.move(ctx, ModuleAddress(from), ModuleAddress(rewardstypes.BountyPoolName), sdk.NewCoins(sdk.NewCoin(rewardstypes.Denom, amount)))
}

// SpendBountyPool moves coins out of the pool.
func (r *Rewards) SpendBountyPool(ctx context.Context, to string, amount math.Int) error {
	return r.bank.move(ctx, ModuleAddress(rewardstypes.BountyPoolName), ModuleAddress(to), sdk.NewCoins(sdk.NewCoin(rewardstypes.Denom, amount)))
}

// Contributed returns what a test says that an account has earned.
func (r *Rewards) Contributed(_ context.Context, contributor sdk.AccAddress) (math.Int, error) {
	if earned, known := r.Earned[contributor.String()]; known {
		return earned, nil
	}
	return math.ZeroInt(), nil
}

// DataNetEarned implements types.RewardsKeeper.
func (r *Rewards) DataNetEarned(context.Context, uint64) (contributors, royalties math.Int, err error) {
	return math.NewInt(70), math.NewInt(30), nil
}

// Module is x/datanet alone, at height 10.
type Module struct {
	Ctx     sdk.Context
	Codec   codec.Codec
	Bank    Bank
	Rewards *Rewards
	Keeper  keeper.Keeper
}

// Authority is the governance account.
func Authority() string { return ModuleAddress(govtypes.ModuleName).String() }

// New returns a module with default parameters and no state.
func New() (*Module, error) {
	storeKey, bankKey := storetypes.NewKVStoreKey(types.StoreKey), storetypes.NewKVStoreKey("bank")
	ctx := testutil.DefaultContextWithKeys(map[string]*storetypes.KVStoreKey{types.StoreKey: storeKey, "bank": bankKey}, nil, nil)
	registry := codectypes.NewInterfaceRegistry()
	types.RegisterInterfaces(registry)
	m := &Module{Ctx: ctx.WithEventManager(sdk.NewEventManager()), Codec: codec.NewProtoCodec(registry), Bank: newBank(bankKey)}
	m.At(10, Start)
	m.Rewards = &Rewards{bank: m.Bank, Earned: make(map[string]math.Int)}
	prefix := sdk.GetConfig().GetBech32AccountAddrPrefix()
	m.Keeper = keeper.NewKeeper(m.Codec, runtime.NewKVStoreService(storeKey), authcodec.NewBech32Codec(prefix), Authority(), m.Bank, m.Rewards)
	return m, m.Keeper.InitGenesis(m.Ctx, *types.DefaultGenesis())
}

// At moves to a block.
func (m *Module) At(height int64, now time.Time) {
	m.Ctx = m.Ctx.WithBlockHeight(height).WithBlockTime(now).WithHeaderHash(BlockHash(height))
}
