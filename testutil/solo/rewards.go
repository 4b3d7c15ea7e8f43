package solo

import (
	"context"

	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authcodec "github.com/cosmos/cosmos-sdk/x/auth/codec"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	rewardskeeper "github.com/openledger/openledger/x/rewards/keeper"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// RewardsModule is x/rewards alone, at height 10. Nobody validates, so that the
// validators' pot waits.
type RewardsModule struct {
	Ctx      sdk.Context
	StoreKey *storetypes.KVStoreKey
	Codec    codec.Codec
	Bank     Bank
	Keeper   rewardskeeper.Keeper
}

// NewRewards returns a module with a genesis state, whose bank holds what is
// given to module accounts first.
func NewRewards(genesis rewardstypes.GenesisState, balances map[string]sdk.Coins) (*RewardsModule, error) {
	storeKey, bankKey := storetypes.NewKVStoreKey(rewardstypes.StoreKey), storetypes.NewKVStoreKey("bank")
	ctx := testutil.DefaultContextWithKeys(
		map[string]*storetypes.KVStoreKey{rewardstypes.StoreKey: storeKey, "bank": bankKey}, nil, nil)
	registry := codectypes.NewInterfaceRegistry()
	rewardstypes.RegisterInterfaces(registry)
	m := &RewardsModule{StoreKey: storeKey, Ctx: ctx.WithEventManager(sdk.NewEventManager()),
		Codec: codec.NewProtoCodec(registry), Bank: newBank(bankKey)}
	m.Ctx = m.Ctx.WithBlockHeight(10).WithBlockTime(Start)
	for module, coins := range balances {
		if err := m.Bank.MintCoins(m.Ctx, module, coins); err != nil {
			return nil, err
		}
	}
	prefix := sdk.GetConfig().GetBech32AccountAddrPrefix()
	m.Keeper = rewardskeeper.NewKeeper(m.Codec, runtime.NewKVStoreService(storeKey), authcodec.NewBech32Codec(prefix),
		Authority(),
		accounts{}, m.Bank, nobodyStakes{}, nobodyStakes{})
	return m, m.Keeper.InitGenesis(m.Ctx, genesis)
}

// accounts knows every module account.
type accounts struct{}

// GetModuleAddress implements types.AccountKeeper.
func (accounts) GetModuleAddress(name string) sdk.AccAddress { return ModuleAddress(name) }

// nobodyStakes is a chain without validators.
type nobodyStakes struct{}

// GetValidator implements types.StakingKeeper.
func (nobodyStakes) GetValidator(context.Context, sdk.ValAddress) (stakingtypes.Validator, error) {
	return stakingtypes.Validator{}, stakingtypes.ErrNoValidatorFound
}

// IterateBondedValidatorsByPower implements types.StakingKeeper.
func (nobodyStakes) IterateBondedValidatorsByPower(context.Context, func(int64, stakingtypes.ValidatorI) bool) error {
	return nil
}

// AllocateTokensToValidator implements types.DistributionKeeper.
func (nobodyStakes) AllocateTokensToValidator(context.Context, stakingtypes.ValidatorI, sdk.DecCoins) error {
	return nil
}
