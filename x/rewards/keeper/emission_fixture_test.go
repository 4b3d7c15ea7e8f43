package keeper

import (
	"context"
	"fmt"
	"time"

	"cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authcodec "github.com/cosmos/cosmos-sdk/x/auth/codec"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/openledger/openledger/x/rewards/types"
)

// emissionStart is the time of the first block of a fixture.
var emissionStart = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// emissionFixture is the module with a bank in memory and nothing else of the application.
type emissionFixture struct {
	Keeper
	ctx  sdk.Context
	bank *emissionBank
}

// emissionBank keeps balances by module and mints like the bank of the application.
type emissionBank struct {
	types.BankKeeper
	supply   math.Int
	balances map[string]math.Int
}

func (b *emissionBank) GetSupply(context.Context, string) sdk.Coin {
	return sdk.NewCoin(types.Denom, b.supply)
}

// GetBalance of a module account; nobody else has one here.
func (b *emissionBank) GetBalance(_ context.Context, address sdk.AccAddress, denom string) sdk.Coin {
	for _, module := range []string{types.ModuleName, types.BountyPoolName} {
		if address.Equals(authtypes.NewModuleAddress(module)) {
			return sdk.NewCoin(denom, b.of(module))
		}
	}
	return sdk.NewCoin(denom, math.ZeroInt())
}

func (b *emissionBank) of(module string) math.Int {
	if balance, ok := b.balances[module]; ok {
		return balance
	}
	return math.ZeroInt()
}

func (b *emissionBank) MintCoins(ctx context.Context, module string, minted sdk.Coins) error {
	if err := types.CapNativeMint(b)(ctx, minted); err != nil {
		return err
	}
	amount := minted.AmountOf(types.Denom)
	b.supply, b.balances[module] = b.supply.Add(amount), b.of(module).Add(amount)
	return nil
}

func (b *emissionBank) SendCoinsFromModuleToModule(_ context.Context, from, to string, sent sdk.Coins) error {
	amount := sent.AmountOf(types.Denom)
	if b.of(from).LT(amount) {
		return fmt.Errorf("%s has %s, not %s", from, b.of(from), amount)
	}
	b.balances[from] = b.of(from).Sub(amount)
	b.balances[to] = b.of(to).Add(amount)
	return nil
}

type emissionAccounts struct{}

func (emissionAccounts) GetModuleAddress(name string) sdk.AccAddress {
	return authtypes.NewModuleAddress(name)
}

// newEmission starts the module with what is minted already and a reserve, after its first block.
func newEmission(t require.TestingT, supply, reserve math.Int, edit func(*types.Params)) *emissionFixture {
	key := storetypes.NewKVStoreKey(types.StoreKey)
	ctx := testutil.DefaultContext(key, storetypes.NewTransientStoreKey("transient"))
	f := &emissionFixture{ctx: ctx.WithBlockTime(emissionStart),
		bank: &emissionBank{supply: supply, balances: make(map[string]math.Int)}}
	f.Keeper = NewKeeper(codec.NewProtoCodec(codectypes.NewInterfaceRegistry()), runtime.NewKVStoreService(key),
		authcodec.NewBech32Codec("open"), "authority", emissionAccounts{}, f.bank, nil, nil)
	genesis := types.DefaultGenesis()
	genesis.Reserve = reserve
	if edit != nil {
		edit(&genesis.Params)
	}
	require.NoError(t, f.InitGenesis(f.ctx, *genesis))
	require.NoError(t, f.EndBlock(f.ctx))
	return f
}

// block lets time pass and ends a block.
func (f *emissionFixture) block(t require.TestingT, d time.Duration) {
	f.ctx = f.ctx.WithBlockTime(f.ctx.BlockTime().Add(d)).WithEventManager(sdk.NewEventManager())
	require.NoError(t, f.EndBlock(f.ctx))
}

func (f *emissionFixture) edit(t require.TestingT, edit func(*types.Params)) {
	params, err := f.Params.Get(f.ctx)
	require.NoError(t, err)
	edit(&params)
	require.NoError(t, params.Validate())
	require.NoError(t, f.Params.Set(f.ctx, params))
}

func (f *emissionFixture) reserve(t require.TestingT) math.Int {
	reserve, err := f.Reserve.Get(f.ctx)
	require.NoError(t, err)
	return reserve
}

func (f *emissionFixture) emitted(t require.TestingT) math.Int {
	totals, err := f.Totals.Get(f.ctx)
	require.NoError(t, err)
	return totals.Emitted
}
