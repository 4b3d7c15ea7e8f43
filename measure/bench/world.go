package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"cosmossdk.io/log/v2"
	sdkmath "cosmossdk.io/math"

	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/gogoproto/proto"

	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/store/v2/cache"
	"github.com/cosmos/cosmos-sdk/store/v2/rootmulti"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	simtestutil "github.com/cosmos/cosmos-sdk/testutil/sims"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	distrtypes "github.com/cosmos/cosmos-sdk/x/distribution/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/openledger/openledger/app"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// funder is the module account that pays everything, as it pays fees.
const funder = attributiontypes.ModuleName

// world holds the application's keepers on a store on disk, without consensus and transactions.
type world struct {
	app   *app.App
	store *rootmulti.Store
	db    dbm.DB
	dir   string

	height int64
	time   time.Time

	accounts  int
	addresses []byte // of the accounts by ledger id
	nextBatch uint64
	batches   [][]rewardstypes.Payable // used again for each block
	indexes   *f1                      // nil before the first use
}

// openWorld makes a chain with so many contributors in its ledger, each with an account and a balance at the bank.
func openWorld(parent string, cacheSize, accounts int) (*world, error) {
	dir, err := os.MkdirTemp(parent, "openledger-bench-")
	if err != nil {
		return nil, err
	}
	w := &world{dir: dir, accounts: accounts, time: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), nextBatch: 1}
	if w.db, err = dbm.NewDB("application", dbm.GoLevelDBBackend, dir); err != nil {
		return nil, err
	}
	// The settings are those of a node with the default app.toml: it keeps old versions for long, and caches between
	// blocks. Pruning is synchronous because the goroutine of asynchronous pruning would outlive the store; a run is too
	// short to prune anything.
	w.app = app.New(log.NewNopLogger(), w.db, true, simtestutil.NewAppOptionsWithFlagHome(dir),
		baseapp.SetChainID("openledger-bench-1"), baseapp.SetIAVLCacheSize(cacheSize), baseapp.SetIAVLSyncPruning(true),
		baseapp.SetInterBlockCache(cache.NewCommitKVStoreCacheManager(cache.DefaultCommitKVStoreCacheSize)))
	store, ok := w.app.CommitMultiStore().(*rootmulti.Store)
	if !ok {
		return nil, fmt.Errorf("the store is a %T", w.app.CommitMultiStore())
	}
	w.store = store
	if err := w.genesis(); err != nil {
		return nil, err
	}
	if err := w.seed(); err != nil {
		return nil, err
	}
	// The first end-block starts the clock of the bonus.
	b := w.begin()
	if err := errors.Join(w.app.RewardsKeeper.EndBlock(b.ctx), b.commit()); err != nil {
		return nil, err
	}
	var keys []storetypes.StoreKey
	for _, key := range store.StoreKeysByName() {
		keys = append(keys, key)
	}
	store.AddListeners(keys)
	awaitQuiet()
	return w, nil
}

func (w *world) close() error {
	if err := w.app.Close(); err != nil {
		return err
	}
	return os.RemoveAll(w.dir)
}

// genesis initialises the modules that pay.
func (w *world) genesis() error {
	state := w.app.DefaultGenesis()
	b := w.begin()
	var auth authtypes.GenesisState
	var bank banktypes.GenesisState
	var staking stakingtypes.GenesisState
	var distribution distrtypes.GenesisState
	var rewards rewardstypes.GenesisState
	for name, into := range map[string]proto.Message{
		authtypes.ModuleName: &auth, banktypes.ModuleName: &bank, stakingtypes.ModuleName: &staking,
		distrtypes.ModuleName: &distribution, rewardstypes.ModuleName: &rewards,
	} {
		if err := w.app.AppCodec().UnmarshalJSON(json.RawMessage(state[name]), into); err != nil {
			return err
		}
	}
	bank.Balances = []banktypes.Balance{
		{Address: authtypes.NewModuleAddress(funder).String(), Coins: coins(open(100_000_000))},
		{Address: outsider("seed", 0).String(), Coins: coins(open(int64(w.accounts)))},
	}
	w.app.AccountKeeper.InitGenesis(b.ctx, auth)
	w.app.BankKeeper.InitGenesis(b.ctx, &bank)
	w.app.DistrKeeper.InitGenesis(b.ctx, distribution)
	w.app.StakingKeeper.InitGenesis(b.ctx, &staking)
	if err := w.app.RewardsKeeper.InitGenesis(b.ctx, rewards); err != nil {
		return err
	}
	return b.commit()
}

// block is a block that is being made.
type block struct {
	world  *world
	branch storetypes.CacheMultiStore
	ctx    sdk.Context
}

// begin starts a block, one second after the last one.
func (w *world) begin() *block {
	w.height++
	w.time = w.time.Add(time.Second)
	branch := w.store.CacheMultiStore()
	return &block{world: w, branch: branch, ctx: w.context(branch)}
}

func (w *world) context(store storetypes.MultiStore) sdk.Context {
	return sdk.NewContext(store, cmtproto.Header{Height: w.height, Time: w.time}, false, log.NewNopLogger())
}

// read returns a context for reading the last committed state.
func (w *world) read() sdk.Context { return w.context(w.store.CacheMultiStore()) }

// events returns the events since the last call.
func (b *block) events() sdk.Events {
	events := b.ctx.EventManager().Events()
	b.ctx = b.ctx.WithEventManager(sdk.NewEventManager())
	return events
}

// commit writes the block as FinalizeBlock and Commit do.
func (b *block) commit() error {
	b.branch.Write()
	b.world.store.WorkingHash()
	b.world.store.Commit()
	return nil
}

func open(n int64) sdkmath.Int { return sdkmath.NewIntWithDecimal(n, rewardstypes.Decimals) }

func coins(amount sdkmath.Int) sdk.Coins {
	return sdk.NewCoins(sdk.NewCoin(rewardstypes.Denom, amount))
}
