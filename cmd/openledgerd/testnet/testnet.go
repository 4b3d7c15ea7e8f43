// Package testnet lays out the home directories of a network whose nodes run
// as processes on one machine.
package testnet

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	sdkmath "cosmossdk.io/math"

	cmtcfg "github.com/cometbft/cometbft/config"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/tx"
	"github.com/cosmos/cosmos-sdk/crypto/hd"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	serverconfig "github.com/cosmos/cosmos-sdk/server/config"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	"github.com/cosmos/cosmos-sdk/x/genutil"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/openledger/openledger/app"
	"github.com/openledger/openledger/cmd/openledgerd/nodeconfig"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// Options describe the network to lay out.
type Options struct {
	Dir        string // where the home directories go: Dir/node0, Dir/node1, …
	ChainID    string // of the network
	Validators int    // number of nodes
	// Host is the address at which nodes listen and reach each other, or one for each node, separated by commas.
	Host        string
	BasePort    int                        // first port; see Node for the layout
	Stake       sdkmath.Int                // self-delegation of each validator, in aopen
	Balance     sdkmath.Int                // balance of each validator's account, stake included, in aopen
	Accounts    []Account                  // further accounts with balances
	BlockTime   time.Duration              // timeout_commit; zero keeps the default
	AppConfig   nodeconfig.Config          // app.toml of each node before ports are set
	CometConfig func() *cmtcfg.Config      // config.toml of each node before ports and peers are set
	Settings    []nodeconfig.Setting       // last changes to app.toml and config.toml
	Genesis     map[string]json.RawMessage // application genesis without accounts
}

// host returns the address of node i.
func (o Options) host(i int) string {
	hosts := strings.Split(o.Host, ",")
	return hosts[min(i, len(hosts)-1)]
}

// Account has a balance at genesis.
type Account struct {
	Address sdk.AccAddress
	Coins   sdk.Coins
}

// PortsPerNode is the distance between the ports of two nodes.
const PortsPerNode = 10

// Node is a home directory and the addresses it is configured for.
type Node struct {
	Name     string `json:"name"`
	Home     string `json:"home"`
	NodeID   string `json:"node_id"`
	Operator string `json:"operator"`
	P2P      string `json:"p2p"`      // BasePort + 10·i
	RPC      string `json:"rpc"`      // + 1
	REST     string `json:"rest"`     // + 2
	GRPC     string `json:"grpc"`     // + 3
	Attestor string `json:"attestor"` // + 4
}

// Init writes the home directories and returns the nodes.
func Init(clientCtx client.Context, opts Options) ([]Node, error) {
	if opts.Validators < 1 || opts.Validators > 100 {
		return nil, fmt.Errorf("%d validators: give 1 to 100", opts.Validators)
	}
	if opts.Stake.GT(opts.Balance) {
		return nil, fmt.Errorf("a stake of %s aopen is more than the balance, %s aopen: give a smaller stake or a "+
			"larger balance", opts.Stake, opts.Balance)
	}
	nodes := make([]Node, opts.Validators)
	configs := make([]*cmtcfg.Config, opts.Validators)
	accounts := append([]Account(nil), opts.Accounts...)
	gentxs := make([]sdk.Tx, opts.Validators)
	for i := range nodes {
		node, config, operator, gentx, err := initNode(clientCtx, opts, i)
		if err != nil {
			return nil, fmt.Errorf("node %d: %w", i, err)
		}
		nodes[i], configs[i], gentxs[i] = node, config, gentx
		accounts = append(
			accounts, Account{Address: operator, Coins: sdk.NewCoins(sdk.NewCoin(rewardstypes.Denom, opts.Balance))})
	}
	genesis, err := buildGenesis(clientCtx, opts, accounts, gentxs)
	if err != nil {
		return nil, err
	}
	for i, config := range configs {
		if err := writeNode(opts, nodes, i, config, genesis); err != nil {
			return nil, fmt.Errorf("node %d: %w", i, err)
		}
	}
	return nodes, nil
}

// initNode makes the keys of a node, and the signed transaction that registers it as a validator.
func initNode(clientCtx client.Context, opts Options, i int) (Node, *cmtcfg.Config, sdk.AccAddress, sdk.Tx, error) {
	fail := func(err error) (Node, *cmtcfg.Config, sdk.AccAddress, sdk.Tx, error) {
		return Node{}, nil, nil, nil, err
	}
	name := "node" + strconv.Itoa(i)
	home := filepath.Join(opts.Dir, name)
	if _, err := os.Stat(filepath.Join(home, "config", "genesis.json")); err == nil {
		return fail(fmt.Errorf("%s holds a node already: remove it or choose another directory", home))
	}
	for _, dir := range []string{"config", "data"} {
		if err := os.MkdirAll(filepath.Join(home, dir), 0o755); err != nil {
			return fail(err)
		}
	}
	config := opts.CometConfig()
	config.SetRoot(home)
	config.Moniker = name
	nodeID, consensusKey, err := genutil.InitializeNodeValidatorFiles(config)
	if err != nil {
		return fail(err)
	}
	keys, err := keyring.New(sdk.KeyringServiceName(), keyring.BackendTest, home, clientCtx.Input, clientCtx.Codec)
	if err != nil {
		return fail(err)
	}
	record, _, err := keys.NewMnemonic(name, keyring.English, sdk.FullFundraiserPath, keyring.DefaultBIP39Passphrase,
		hd.Secp256k1)
	if err != nil {
		return fail(err)
	}
	operator, err := record.GetAddress()
	if err != nil {
		return fail(err)
	}
	gentx, err := signGentx(clientCtx, keys, opts, name, operator, consensusKey)
	if err != nil {
		return fail(err)
	}
	address := func(offset int) string {
		return net.JoinHostPort(opts.host(i), strconv.Itoa(opts.BasePort+PortsPerNode*i+offset))
	}
	node := Node{
		Name: name, Home: home, NodeID: nodeID, Operator: operator.String(),
		P2P: address(0), RPC: address(1), REST: address(2), GRPC: address(3), Attestor: address(4),
	}
	return node, config, operator, gentx, nil
}

func signGentx(clientCtx client.Context, keys keyring.Keyring, opts Options, name string, operator sdk.AccAddress,
	consensusKey cryptotypes.PubKey) (sdk.Tx, error) {
	msg, err := stakingtypes.NewMsgCreateValidator(
		sdk.ValAddress(operator).String(), consensusKey,
		sdk.NewCoin(rewardstypes.Denom, opts.Stake),
		stakingtypes.Description{Moniker: name},
		stakingtypes.NewCommissionRates(sdkmath.LegacyNewDecWithPrec(5, 2), sdkmath.LegacyNewDecWithPrec(20, 2),
			sdkmath.LegacyNewDecWithPrec(1, 2)),
		sdkmath.OneInt(),
	)
	if err != nil {
		return nil, err
	}
	builder := clientCtx.TxConfig.NewTxBuilder()
	if err := builder.SetMsgs(msg); err != nil {
		return nil, err
	}
	factory := tx.Factory{}.WithChainID(opts.ChainID).WithKeybase(keys).WithTxConfig(clientCtx.TxConfig)
	if err := tx.Sign(clientCtx.CmdContext, factory, name, builder, true); err != nil {
		return nil, err
	}
	return builder.GetTx(), nil
}

// buildGenesis adds accounts, balances and validators to the application genesis.
func buildGenesis(clientCtx client.Context, opts Options, accounts []Account,
	gentxs []sdk.Tx) (*genutiltypes.AppGenesis, error) {
	cdc, state := clientCtx.Codec, opts.Genesis
	auth := authtypes.GetGenesisStateFromAppState(cdc, state)
	bank := banktypes.GetGenesisStateFromAppState(cdc, state)
	genesisAccounts := make(authtypes.GenesisAccounts, len(accounts))
	for i, account := range accounts {
		genesisAccounts[i] = authtypes.NewBaseAccount(account.Address, nil, 0, 0)
		bank.Balances = append(
			bank.Balances, banktypes.Balance{Address: account.Address.String(), Coins: account.Coins.Sort()})
		bank.Supply = bank.Supply.Add(account.Coins...)
	}
	packed, err := authtypes.PackAccounts(authtypes.SanitizeGenesisAccounts(genesisAccounts))
	if err != nil {
		return nil, err
	}
	auth.Accounts = packed
	bank.Balances = banktypes.SanitizeGenesisBalances(bank.Balances)
	state[authtypes.ModuleName] = cdc.MustMarshalJSON(&auth)
	state[banktypes.ModuleName] = cdc.MustMarshalJSON(bank)
	if state, err = genutil.SetGenTxsInAppGenesisState(cdc, clientCtx.TxConfig.TxJSONEncoder(), state,
		gentxs); err != nil {
		return nil, err
	}
	encoded, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return nil, err
	}
	genesis := genutiltypes.NewAppGenesisWithVersion(opts.ChainID, encoded)
	genesis.GenesisTime = time.Now().UTC()
	genesis.InitialHeight = 1
	genesis.Consensus = &genutiltypes.ConsensusGenesis{Params: app.ConsensusParams()}
	return genesis, genesis.ValidateAndComplete()
}

// writeNode writes genesis and configuration of node i.
func writeNode(opts Options, nodes []Node, i int, config *cmtcfg.Config, genesis *genutiltypes.AppGenesis) error {
	node := nodes[i]
	peers := make([]string, 0, len(nodes)-1)
	for j, other := range nodes {
		if j != i {
			peers = append(peers, other.NodeID+"@"+other.P2P)
		}
	}
	config.P2P.ListenAddress = "tcp://" + node.P2P
	config.P2P.PersistentPeers = strings.Join(peers, ",")
	// Nodes may share an address, which CometBFT refuses by default.
	config.P2P.AddrBookStrict = false
	config.P2P.AllowDuplicateIP = true
	config.P2P.PexReactor = false
	config.RPC.ListenAddress = "tcp://" + node.RPC
	config.RPC.PprofListenAddress = ""
	if opts.BlockTime > 0 {
		config.Consensus.TimeoutCommit = opts.BlockTime
	}
	cmtcfg.WriteConfigFile(filepath.Join(node.Home, "config", "config.toml"), config)

	appConfig := opts.AppConfig
	appConfig.API.Address = "tcp://" + node.REST
	appConfig.GRPC.Address = node.GRPC
	appConfig.Attestor.Listen = node.Attestor
	appConfig.Attestor.AllowPrivate = true
	attestors := make([]string, 0, len(nodes)-1)
	for j, other := range nodes {
		if j != i {
			attestors = append(attestors, "http://"+other.Attestor)
		}
	}
	appConfig.Attestor.Peers = strings.Join(attestors, ",")
	serverconfig.SetConfigTemplate(nodeconfig.Template)
	serverconfig.WriteConfigFile(filepath.Join(node.Home, "config", "app.toml"), appConfig)

	clientConfig := nodeconfig.DefaultClient()
	clientConfig.ChainID, clientConfig.KeyringBackend, clientConfig.Node = opts.ChainID, keyring.BackendTest,
		"tcp://"+node.RPC
	if err := nodeconfig.WriteClient(node.Home, clientConfig); err != nil {
		return err
	}
	if _, err := nodeconfig.Set(node.Home, opts.Settings...); err != nil {
		return err
	}
	return genesis.SaveAs(config.GenesisFile())
}
