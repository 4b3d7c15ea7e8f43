package app

import (
	"maps"
	"slices"

	"cosmossdk.io/client/v2/autocli"
	"cosmossdk.io/core/appmodule"

	"github.com/cosmos/cosmos-sdk/client"
	runtimeservices "github.com/cosmos/cosmos-sdk/runtime/services"
	"github.com/cosmos/cosmos-sdk/types/module"
	"github.com/cosmos/cosmos-sdk/x/auth"
	authcodec "github.com/cosmos/cosmos-sdk/x/auth/codec"
	authsims "github.com/cosmos/cosmos-sdk/x/auth/simulation"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	"github.com/cosmos/cosmos-sdk/x/auth/vesting"
	vestingtypes "github.com/cosmos/cosmos-sdk/x/auth/vesting/types"
	"github.com/cosmos/cosmos-sdk/x/authz"
	authzmodule "github.com/cosmos/cosmos-sdk/x/authz/module"
	"github.com/cosmos/cosmos-sdk/x/bank"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	"github.com/cosmos/cosmos-sdk/x/consensus"
	consensustypes "github.com/cosmos/cosmos-sdk/x/consensus/types"
	distr "github.com/cosmos/cosmos-sdk/x/distribution"
	distrtypes "github.com/cosmos/cosmos-sdk/x/distribution/types"
	"github.com/cosmos/cosmos-sdk/x/evidence"
	evidencetypes "github.com/cosmos/cosmos-sdk/x/evidence/types"
	"github.com/cosmos/cosmos-sdk/x/feegrant"
	feegrantmodule "github.com/cosmos/cosmos-sdk/x/feegrant/module"
	"github.com/cosmos/cosmos-sdk/x/genutil"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"
	"github.com/cosmos/cosmos-sdk/x/gov"
	govclient "github.com/cosmos/cosmos-sdk/x/gov/client"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	"github.com/cosmos/cosmos-sdk/x/slashing"
	slashingtypes "github.com/cosmos/cosmos-sdk/x/slashing/types"
	"github.com/cosmos/cosmos-sdk/x/staking"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"
	"github.com/cosmos/cosmos-sdk/x/upgrade"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"

	"github.com/openledger/openledger/app/config"
	"github.com/openledger/openledger/x/attribution"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	"github.com/openledger/openledger/x/datanet"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/models"
	modelstypes "github.com/openledger/openledger/x/models/types"
	"github.com/openledger/openledger/x/rewards"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// moduleAccounts lists every module account and what it may do with coins.
// Only x/rewards may mint.
var moduleAccounts = map[string][]string{
	authtypes.FeeCollectorName:          nil,
	distrtypes.ModuleName:               nil,
	stakingtypes.BondedPoolName:         {authtypes.Burner, authtypes.Staking},
	stakingtypes.NotBondedPoolName:      {authtypes.Burner, authtypes.Staking},
	stakingtypes.KeyRotationFeePoolName: {authtypes.Burner},
	govtypes.ModuleName:                 {authtypes.Burner},
	rewardstypes.ModuleName:             {authtypes.Minter, authtypes.Burner},
	rewardstypes.BountyPoolName:         nil,
	datanettypes.ModuleName:             {authtypes.Burner},
	modelstypes.ModuleName:              {authtypes.Burner},
	attributiontypes.ModuleName:         {authtypes.Burner},
}

// BlockedAddresses are all module accounts. They receive coins from nobody but their modules: their balances are owed
// to somebody, and the genesis of x/gov, x/staking and x/distribution is refused if there is an aopen more. Proposals
// spend the community pool.
func BlockedAddresses() map[string]bool {
	blocked := make(map[string]bool, len(moduleAccounts))
	for _, name := range slices.Sorted(maps.Keys(moduleAccounts)) {
		blocked[authtypes.NewModuleAddress(name).String()] = true
	}
	return blocked
}

// buildModules registers the modules and the order in which their hooks run.
func (app *App) buildModules() {
	cdc := app.appCodec
	app.modules = module.NewManager(
		genutil.NewAppModule(app.AccountKeeper, app.StakingKeeper, app, app.txConfig),
		auth.NewAppModule(cdc, app.AccountKeeper, authsims.RandomGenesisAccounts),
		vesting.NewAppModule(app.AccountKeeper, app.BankKeeper),
		bank.NewAppModule(cdc, app.BankKeeper, app.AccountKeeper),
		feegrantmodule.NewAppModule(cdc, app.AccountKeeper, app.BankKeeper, app.FeeGrantKeeper, app.interfaceRegistry),
		gov.NewAppModule(cdc, app.GovKeeper, app.AccountKeeper, app.BankKeeper),
		slashing.NewAppModule(cdc, app.SlashingKeeper, app.AccountKeeper, app.BankKeeper, app.StakingKeeper,
			app.interfaceRegistry),
		distr.NewAppModule(cdc, app.DistrKeeper, app.AccountKeeper, app.BankKeeper, app.StakingKeeper),
		staking.NewAppModule(cdc, app.StakingKeeper, app.AccountKeeper, app.BankKeeper),
		upgrade.NewAppModule(app.UpgradeKeeper, authcodec.NewBech32Codec(config.Bech32Prefix)),
		evidence.NewAppModule(*app.EvidenceKeeper),
		authzmodule.NewAppModule(cdc, app.AuthzKeeper, app.AccountKeeper, app.BankKeeper, app.interfaceRegistry),
		consensus.NewAppModule(cdc, app.ConsensusKeeper),
		rewards.NewAppModule(cdc, app.RewardsKeeper),
		datanet.NewAppModule(cdc, app.DatanetKeeper),
		models.NewAppModule(cdc, app.ModelsKeeper),
		attribution.NewAppModule(cdc, app.AttributionKeeper),
	)
	app.basic = newBasicManager(app.modules)
	app.basic.RegisterLegacyAminoCodec(app.legacyAmino)
	app.basic.RegisterInterfaces(app.interfaceRegistry)

	// Upgrades first, so that a migration sees the block before anything else does.
	app.modules.SetOrderPreBlockers(upgradetypes.ModuleName, authtypes.ModuleName)
	app.modules.SetOrderBeginBlockers(distrtypes.ModuleName, slashingtypes.ModuleName, evidencetypes.ModuleName,
		stakingtypes.ModuleName, authz.ModuleName)
	// x/rewards settles what the modules before it credit in the same block.
	app.modules.SetOrderEndBlockers(banktypes.ModuleName, govtypes.ModuleName, datanettypes.ModuleName,
		modelstypes.ModuleName, attributiontypes.ModuleName, rewardstypes.ModuleName,
		stakingtypes.ModuleName, feegrant.ModuleName)
	genesis := []string{
		authtypes.ModuleName, banktypes.ModuleName, distrtypes.ModuleName, stakingtypes.ModuleName,
		slashingtypes.ModuleName, govtypes.ModuleName, rewardstypes.ModuleName, datanettypes.ModuleName,
		modelstypes.ModuleName, attributiontypes.ModuleName, genutiltypes.ModuleName, evidencetypes.ModuleName,
		authz.ModuleName, feegrant.ModuleName, upgradetypes.ModuleName, vestingtypes.ModuleName, consensustypes.ModuleName,
	}
	app.modules.SetOrderInitGenesis(genesis...)
	app.modules.SetOrderExportGenesis(genesis...)
}

// newBasicManager returns the stateless side of the modules, with the genesis
// of genesis.go in place of the SDK's defaults.
func newBasicManager(modules *module.Manager) module.BasicManager {
	basic := module.NewBasicManagerFromManager(modules, map[string]module.AppModuleBasic{
		genutiltypes.ModuleName: genutil.NewAppModuleBasic(genutiltypes.DefaultMessageValidator),
		govtypes.ModuleName:     gov.NewAppModuleBasic([]govclient.ProposalHandler{}),
	})
	for _, name := range slices.Sorted(maps.Keys(genesisBuilders)) {
		basic[name] = basicWithGenesis{AppModuleBasic: basic[name], build: genesisBuilders[name]}
	}
	return basic
}

// AutoCLI describes every module's commands to autocli.
func (app *App) AutoCLI(clientCtx client.Context) autocli.AppOptions {
	modules := make(map[string]appmodule.AppModule)
	for _, name := range slices.Sorted(maps.Keys(app.modules.Modules)) {
		if m, ok := app.modules.Modules[name].(appmodule.AppModule); ok {
			modules[name] = m
		}
	}
	return autocli.AppOptions{
		Modules:               modules,
		ModuleOptions:         runtimeservices.ExtractAutoCLIOptions(app.modules.Modules),
		AddressCodec:          authcodec.NewBech32Codec(config.Bech32Prefix),
		ValidatorAddressCodec: authcodec.NewBech32Codec(config.Bech32PrefixValidator),
		ConsensusAddressCodec: authcodec.NewBech32Codec(config.Bech32PrefixConsensus),
		ClientCtx:             clientCtx,
	}
}
