// Package app wires the OpenLedger chain: keepers by hand, one file a concern.
package app

import (
	"encoding/json"
	"maps"
	"slices"
	"sync"

	autocliv1 "cosmossdk.io/api/cosmos/autocli/v1"
	reflectionv1 "cosmossdk.io/api/cosmos/reflection/v1"
	corestore "cosmossdk.io/core/store"
	"cosmossdk.io/log/v2"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/gogoproto/proto"
	"github.com/spf13/cast"

	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/baseapp/blockexec"
	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/runtime"
	runtimeservices "github.com/cosmos/cosmos-sdk/runtime/services"
	"github.com/cosmos/cosmos-sdk/server"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	"github.com/cosmos/cosmos-sdk/std"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	"github.com/cosmos/cosmos-sdk/types/msgservice"
	"github.com/cosmos/cosmos-sdk/version"
	authcodec "github.com/cosmos/cosmos-sdk/x/auth/codec"
	authkeeper "github.com/cosmos/cosmos-sdk/x/auth/keeper"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	authzkeeper "github.com/cosmos/cosmos-sdk/x/authz/keeper"
	bankkeeper "github.com/cosmos/cosmos-sdk/x/bank/keeper"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	consensuskeeper "github.com/cosmos/cosmos-sdk/x/consensus/keeper"
	consensustypes "github.com/cosmos/cosmos-sdk/x/consensus/types"
	distrkeeper "github.com/cosmos/cosmos-sdk/x/distribution/keeper"
	distrtypes "github.com/cosmos/cosmos-sdk/x/distribution/types"
	evidencekeeper "github.com/cosmos/cosmos-sdk/x/evidence/keeper"
	evidencetypes "github.com/cosmos/cosmos-sdk/x/evidence/types"
	"github.com/cosmos/cosmos-sdk/x/feegrant"
	feegrantkeeper "github.com/cosmos/cosmos-sdk/x/feegrant/keeper"
	govkeeper "github.com/cosmos/cosmos-sdk/x/gov/keeper"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1beta1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1beta1"
	slashingkeeper "github.com/cosmos/cosmos-sdk/x/slashing/keeper"
	slashingtypes "github.com/cosmos/cosmos-sdk/x/slashing/types"
	stakingkeeper "github.com/cosmos/cosmos-sdk/x/staking/keeper"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"
	txsigning "github.com/cosmos/cosmos-sdk/x/tx/signing"
	upgradekeeper "github.com/cosmos/cosmos-sdk/x/upgrade/keeper"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"

	"github.com/openledger/openledger/app/config"
	"github.com/openledger/openledger/app/signing"
	"github.com/openledger/openledger/app/voteext"
	attributionkeeper "github.com/openledger/openledger/x/attribution/keeper"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanetkeeper "github.com/openledger/openledger/x/datanet/keeper"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelskeeper "github.com/openledger/openledger/x/models/keeper"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardskeeper "github.com/openledger/openledger/x/rewards/keeper"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

var (
	_ servertypes.Application = (*App)(nil)
)

// App is the OpenLedger application.
type App struct {
	*baseapp.BaseApp

	legacyAmino       *codec.LegacyAmino
	appCodec          codec.Codec
	txConfig          client.TxConfig
	interfaceRegistry codectypes.InterfaceRegistry
	keys              map[string]*storetypes.KVStoreKey

	AccountKeeper   authkeeper.AccountKeeper
	BankKeeper      bankkeeper.BaseKeeper
	StakingKeeper   *stakingkeeper.Keeper
	SlashingKeeper  slashingkeeper.Keeper
	DistrKeeper     distrkeeper.Keeper
	GovKeeper       *govkeeper.Keeper
	UpgradeKeeper   *upgradekeeper.Keeper
	EvidenceKeeper  *evidencekeeper.Keeper
	FeeGrantKeeper  feegrantkeeper.Keeper
	AuthzKeeper     authzkeeper.Keeper
	ConsensusKeeper consensuskeeper.Keeper

	RewardsKeeper     rewardskeeper.Keeper
	DatanetKeeper     datanetkeeper.Keeper
	ModelsKeeper      modelskeeper.Keeper
	AttributionKeeper attributionkeeper.Keeper

	votes        *voteext.Handlers
	ahead        optimistic
	recent       recentTxs
	simulated    sync.RWMutex // the state that simulations run on
	closing      sync.Once
	modules      *module.Manager
	basic        module.BasicManager
	configurator module.Configurator
}

// New builds the application and, when loadLatest is set, loads its latest
// state. It panics on wiring mistakes and on a store that cannot be opened.
func New(logger log.Logger, db dbm.DB, loadLatest bool, appOpts servertypes.AppOptions,
	opts ...func(*baseapp.BaseApp)) *App {
	registry, err := codectypes.NewInterfaceRegistryWithOptions(codectypes.InterfaceRegistryOptions{
		ProtoFiles: proto.HybridResolver,
		SigningOptions: txsigning.Options{
			AddressCodec:          authcodec.NewBech32Codec(config.Bech32Prefix),
			ValidatorAddressCodec: authcodec.NewBech32Codec(config.Bech32PrefixValidator),
		},
	})
	if err != nil {
		panic(err)
	}
	appCodec := codec.NewProtoCodec(registry)
	legacyAmino := codec.NewLegacyAmino()
	txConfig := signing.NewTxConfig(appCodec)
	if err := registry.SigningContext().Validate(); err != nil {
		panic(err)
	}
	std.RegisterLegacyAminoCodec(legacyAmino)
	std.RegisterInterfaces(registry)

	base := baseapp.NewBaseApp(Name, logger, db, txConfig.TxDecoder(), opts...)
	base.SetVersion(version.Version)
	base.SetInterfaceRegistry(registry)
	base.SetTxEncoder(txConfig.TxEncoder())

	keys := storetypes.NewKVStoreKeys(
		authtypes.StoreKey, banktypes.StoreKey, stakingtypes.StoreKey, distrtypes.StoreKey,
		slashingtypes.StoreKey, govtypes.StoreKey, consensustypes.StoreKey, upgradetypes.StoreKey,
		feegrant.StoreKey, evidencetypes.StoreKey, authzkeeper.StoreKey,
		rewardstypes.StoreKey, datanettypes.StoreKey, modelstypes.StoreKey, attributiontypes.StoreKey,
	)
	if err := base.RegisterStreamingServices(appOpts, keys); err != nil {
		panic(err)
	}

	app := &App{
		BaseApp: base, legacyAmino: legacyAmino, appCodec: appCodec, txConfig: txConfig,
		interfaceRegistry: registry, keys: keys,
	}
	app.buildKeepers(logger, appOpts)
	app.buildModules()
	app.mount(appOpts)
	if err := app.prepareUpgrades(cast.ToString(appOpts.Get(flags.FlagHome))); err != nil {
		panic(err)
	}
	app.executeAhead(appOpts)
	app.recent.configure(appOpts)

	if loadLatest {
		if err := app.LoadLatestVersion(); err != nil {
			panic(err)
		}
	}
	return app
}

// buildKeepers constructs every keeper. Each module gets the narrowest view it
// needs; only x/rewards gets a bank that can mint aopen.
func (app *App) buildKeepers(logger log.Logger, appOpts servertypes.AppOptions) {
	cdc, amino := app.appCodec, app.legacyAmino
	store := func(key string) corestore.KVStoreService { return runtime.NewKVStoreService(app.keys[key]) }
	authority := authtypes.NewModuleAddress(govtypes.ModuleName).String()
	accounts := authcodec.NewBech32Codec(config.Bech32Prefix)
	validators := authcodec.NewBech32Codec(config.Bech32PrefixValidator)
	consensus := authcodec.NewBech32Codec(config.Bech32PrefixConsensus)

	app.ConsensusKeeper = consensuskeeper.NewKeeper(cdc, store(consensustypes.StoreKey), authority, runtime.EventService{})
	app.SetParamStore(app.ConsensusKeeper.ParamsStore)

	app.AccountKeeper = authkeeper.NewAccountKeeper(cdc, store(authtypes.StoreKey), authtypes.ProtoBaseAccount,
		moduleAccounts, accounts, config.Bech32Prefix, authority, authkeeper.WithUnorderedTransactions(true))
	bank := bankkeeper.NewBaseKeeper(cdc, store(banktypes.StoreKey), app.AccountKeeper, BlockedAddresses(), authority,
		logger)
	app.BankKeeper = bank.WithMintCoinsRestriction(rewardstypes.RefuseNativeMint)
	minter := bank.WithMintCoinsRestriction(rewardstypes.CapNativeMint(bank))
	parties := partyBank{app.BankKeeper}

	app.StakingKeeper = stakingkeeper.NewKeeper(cdc, store(stakingtypes.StoreKey), app.AccountKeeper, app.BankKeeper,
		authority, validators, consensus)
	app.DistrKeeper = distrkeeper.NewKeeper(cdc, store(distrtypes.StoreKey), app.AccountKeeper, app.BankKeeper,
		app.StakingKeeper, authtypes.FeeCollectorName, authority)
	app.SlashingKeeper = slashingkeeper.NewKeeper(cdc, amino, store(slashingtypes.StoreKey), app.StakingKeeper, authority)
	app.FeeGrantKeeper = feegrantkeeper.NewKeeper(cdc, store(feegrant.StoreKey), app.AccountKeeper)
	app.StakingKeeper.SetHooks(stakingtypes.NewMultiStakingHooks(app.DistrKeeper.Hooks(), app.SlashingKeeper.Hooks()))
	app.AuthzKeeper = authzkeeper.NewKeeper(store(authzkeeper.StoreKey), cdc, app.MsgServiceRouter(), app.AccountKeeper)

	skipUpgrades := map[int64]bool{}
	for _, height := range cast.ToIntSlice(appOpts.Get(server.FlagUnsafeSkipUpgrades)) {
		skipUpgrades[int64(height)] = true
	}
	app.UpgradeKeeper = upgradekeeper.NewKeeper(skipUpgrades, store(upgradetypes.StoreKey), cdc,
		cast.ToString(appOpts.Get(flags.FlagHome)), app.BaseApp, authority)
	app.GovKeeper = govkeeper.NewKeeper(cdc, store(govtypes.StoreKey), app.AccountKeeper, app.BankKeeper, app.DistrKeeper,
		proposalRouter{app.MsgServiceRouter()}, govtypes.DefaultConfig(), authority,
		govkeeper.NewDefaultCalculateVoteResultsAndVotingPower(app.StakingKeeper))
	// Proposals of the old form can say something, and do nothing. Without a router they panic.
	app.GovKeeper.SetLegacyRouter(govv1beta1.NewRouter().AddRoute(govtypes.RouterKey, govv1beta1.ProposalHandler))
	app.EvidenceKeeper = evidencekeeper.NewKeeper(cdc, store(evidencetypes.StoreKey), app.StakingKeeper,
		app.SlashingKeeper,
		accounts, runtime.ProvideCometInfoService())
	// Evidence comes from CometBFT alone: a message with any is refused. Without a router it panics.
	app.EvidenceKeeper.SetRouter(evidencetypes.NewRouter())

	app.RewardsKeeper = rewardskeeper.NewKeeper(cdc, store(rewardstypes.StoreKey), accounts, authority,
		app.AccountKeeper, partyBank{minter}, app.StakingKeeper, app.DistrKeeper)
	app.DatanetKeeper = datanetkeeper.NewKeeper(cdc, store(datanettypes.StoreKey), accounts, authority,
		parties, app.RewardsKeeper)
	app.ModelsKeeper = modelskeeper.NewKeeper(cdc, store(modelstypes.StoreKey), accounts, authority,
		parties, app.DatanetKeeper)
	app.AttributionKeeper = attributionkeeper.NewKeeper(cdc, store(attributiontypes.StoreKey), accounts, authority,
		parties, app.DatanetKeeper, app.ModelsKeeper, app.RewardsKeeper, app.StakingKeeper)
}

// mount registers services and handlers and mounts the stores.
func (app *App) mount(appOpts servertypes.AppOptions) {
	app.configurator = module.NewConfigurator(app.appCodec, app.MsgServiceRouter(), app.GRPCQueryRouter())
	if err := app.modules.RegisterServices(app.configurator); err != nil {
		panic(err)
	}
	autocliv1.RegisterQueryServer(app.GRPCQueryRouter(), runtimeservices.NewAutoCLIQueryService(app.modules.Modules))
	reflection, err := runtimeservices.NewReflectionService()
	if err != nil {
		panic(err)
	}
	reflectionv1.RegisterReflectionServiceServer(app.GRPCQueryRouter(), reflection)

	app.MountKVStores(app.keys)
	app.SetInitChainer(app.InitChainer)
	app.handleVotes(appOpts)
	app.SetBeginBlocker(app.modules.BeginBlock)
	app.SetEndBlocker(app.modules.EndBlock)
	app.SetAnteHandler(newAnteHandler(app))

	files, err := proto.MergedRegistry()
	if err != nil {
		panic(err)
	}
	if err := msgservice.ValidateProtoAnnotations(files); err != nil {
		panic(err)
	}
}

// handleVotes sets what the application does with votes and proposals, and the executor that leaves injected votes
// alone.
func (app *App) handleVotes(appOpts servertypes.AppOptions) {
	proposals := baseapp.NewDefaultProposalHandler(app.Mempool(), app)
	app.votes = &voteext.Handlers{
		Chain: app.AttributionKeeper, Verdicts: voteext.NoVerdicts{}, Validators: app.StakingKeeper, Decode: app.TxDecode,
		Prepare: proposals.PrepareProposalHandler(), Process: proposals.ProcessProposalHandler(), Logger: app.Logger(),
	}
	app.SetExtendVoteHandler(app.votes.ExtendVote)
	app.SetVerifyVoteExtensionHandler(app.votes.VerifyVoteExtension)
	app.SetPrepareProposal(app.votes.PrepareProposal)
	app.SetProcessProposal(app.votes.ProcessProposal)
	app.SetPreBlocker(app.votes.PreBlocker(app.modules.PreBlock))

	stores := make([]storetypes.StoreKey, 0, len(app.keys))
	for _, name := range slices.Sorted(maps.Keys(app.keys)) {
		stores = append(stores, app.keys[name])
	}
	blockexec.Apply(app.BaseApp, appOpts, stores, app.txConfig.TxDecoder(),
		func(storetypes.MultiStore) string { return rewardstypes.Denom }, blockexec.WithRunnerWrap(voteext.WrapRunner))
}

// SetVerdicts connects the attestor whose verdicts this node's votes carry. Call it before the node starts.
func (app *App) SetVerdicts(verdicts voteext.Verdicts) { app.votes.Verdicts = verdicts }

// SetVoteTamper has this node propose with other votes than it has received, to test the others.
func (app *App) SetVoteTamper(tamper func(*abci.ExtendedCommitInfo)) { app.votes.Tamper = tamper }

// InitChainer initialises every module from the genesis document.
//
// Votes carry extensions from the first block on, whatever the document says: exported ones lose the parameter, and a
// chain on which they are off from a height in the past cannot start. x/attribution has the switch that governance
// uses.
func (app *App) InitChainer(ctx sdk.Context, req *abci.RequestInitChain) (*abci.ResponseInitChain, error) {
	var genesis map[string]json.RawMessage
	if err := json.Unmarshal(req.AppStateBytes, &genesis); err != nil {
		return nil, err
	}
	if err := app.UpgradeKeeper.SetModuleVersionMap(ctx, app.modules.GetVersionMap()); err != nil {
		return nil, err
	}
	response, err := app.modules.InitGenesis(ctx, app.appCodec, genesis)
	if err != nil {
		return nil, err
	}
	params := app.GetConsensusParams(ctx)
	params.Abci = &cmtproto.ABCIParams{VoteExtensionsEnableHeight: max(1, req.InitialHeight)}
	response.ConsensusParams = &params
	return response, app.StoreConsensusParams(ctx, params)
}

// Close closes the stores. The server does so twice, and takes the second time for an error.
func (app *App) Close() (err error) {
	app.closing.Do(func() { err = app.BaseApp.Close() })
	return err
}

// AppCodec encodes state and messages.
func (app *App) AppCodec() codec.Codec { return app.appCodec }

// LegacyAmino encodes sign documents of hardware wallets.
func (app *App) LegacyAmino() *codec.LegacyAmino { return app.legacyAmino }

// InterfaceRegistry knows every message and account type.
func (app *App) InterfaceRegistry() codectypes.InterfaceRegistry { return app.interfaceRegistry }

// TxConfig encodes, decodes and signs transactions.
func (app *App) TxConfig() client.TxConfig { return app.txConfig }

// BasicManager serves commands that need no state.
func (app *App) BasicManager() module.BasicManager { return app.basic }
