// Package solo runs x/datanet or x/rewards alone, with a bank that lives in a
// store: what a message or a block changed can be undone like in the
// application, and a simulation runs as fast as the keeper does.
package solo

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"time"

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

// Start is the time of the first block.
var Start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// BlockHash of a height.
func BlockHash(height int64) []byte {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(height)))
	return sum[:]
}

// ModuleAddress of a module account.
func ModuleAddress(module string) sdk.AccAddress { return authtypes.NewModuleAddress(module) }

// Rewards moves forfeited deposits to the pool; Fail makes it refuse.
type Rewards struct {
	bank  Bank
	Fail  func() error
	Calls int
	// Earned by contributions, by account.
	Earned map[string]math.Int
	// DataNets have earned for their contributors; those that are not named 70 aopen.
	DataNets map[uint64]math.Int
}

// FundBountyPool moves coins into the pool.
func (r *Rewards) FundBountyPool(ctx context.Context, from string, amount math.Int) error {
	r.Calls++
	if r.Fail != nil {
		if err := r.Fail(); err != nil {
			return err
		}
	}
	return r.bank.move(ctx, ModuleAddress(from), ModuleAddress(rewardstypes.BountyPoolName),
		sdk.NewCoins(sdk.NewCoin(rewardstypes.Denom, amount)))
}

// SpendBountyPool moves coins out of the pool.
func (r *Rewards) SpendBountyPool(ctx context.Context, to string, amount math.Int) error {
	return r.bank.move(ctx, ModuleAddress(rewardstypes.BountyPoolName), ModuleAddress(to),
		sdk.NewCoins(sdk.NewCoin(rewardstypes.Denom, amount)))
}

// Contributed returns what a test says that an account has earned.
func (r *Rewards) Contributed(_ context.Context, contributor sdk.AccAddress) (math.Int, error) {
	if earned, known := r.Earned[contributor.String()]; known {
		return earned, nil
	}
	return math.ZeroInt(), nil
}

// LedgerID implements types.RewardsKeeper: the ledger is not part of the module.
func (r *Rewards) LedgerID(context.Context, sdk.AccAddress) (uint64, error) { return 0, nil }

// DataNetEarned implements types.RewardsKeeper.
func (r *Rewards) DataNetEarned(_ context.Context, id uint64) (contributors, royalties math.Int, err error) {
	if earned, known := r.DataNets[id]; known {
		return earned, math.ZeroInt(), nil
	}
	return math.NewInt(70), math.NewInt(30), nil
}

// Module is x/datanet alone, at height 10.
type Module struct {
	Ctx      sdk.Context
	StoreKey *storetypes.KVStoreKey
	Codec    codec.Codec
	Bank     Bank
	Rewards  *Rewards
	Keeper   keeper.Keeper
}

// Authority is the governance account.
func Authority() string { return ModuleAddress(govtypes.ModuleName).String() }

// New returns a module with default parameters and no state.
func New() (*Module, error) {
	storeKey, bankKey := storetypes.NewKVStoreKey(types.StoreKey), storetypes.NewKVStoreKey("bank")
	ctx := testutil.DefaultContextWithKeys(map[string]*storetypes.KVStoreKey{types.StoreKey: storeKey, "bank": bankKey},
		nil, nil)
	registry := codectypes.NewInterfaceRegistry()
	types.RegisterInterfaces(registry)
	m := &Module{
		Ctx: ctx.WithEventManager(sdk.NewEventManager()), StoreKey: storeKey, Codec: codec.NewProtoCodec(registry),
		Bank: newBank(bankKey),
	}
	m.At(10, Start)
	m.Rewards = &Rewards{bank: m.Bank, Earned: make(map[string]math.Int)}
	prefix := sdk.GetConfig().GetBech32AccountAddrPrefix()
	m.Keeper = keeper.NewKeeper(m.Codec, runtime.NewKVStoreService(storeKey), authcodec.NewBech32Codec(prefix),
		Authority(), m.Bank, m.Rewards)
	return m, m.Keeper.InitGenesis(m.Ctx, *types.DefaultGenesis())
}

// At moves to a block.
func (m *Module) At(height int64, now time.Time) {
	m.Ctx = m.Ctx.WithBlockHeight(height).WithBlockTime(now).WithHeaderHash(BlockHash(height))
}
