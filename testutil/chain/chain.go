// Package chain runs the whole application in process for integration tests.
// After every block it checks every invariant of the chain.
package chain

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand"
	"slices"
	"sync"
	"time"

	"cosmossdk.io/log/v2"
	sdkmath "cosmossdk.io/math"

	abci "github.com/cometbft/cometbft/abci/types"
	cmted25519 "github.com/cometbft/cometbft/crypto/ed25519"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/baseapp"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	cryptocodec "github.com/cosmos/cosmos-sdk/crypto/codec"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	simtestutil "github.com/cosmos/cosmos-sdk/testutil/sims"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/openledger/openledger/app"
	"github.com/openledger/openledger/app/voteext"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

const (
	// ID of the chain in tests.
	ID = "openledger-test-1"
	// BlockTime between two blocks.
	BlockTime = time.Second

	txGas = 100_000_000
)

// GasPrice that transactions pay, in aopen: the least that blocks take by default.
var GasPrice = rewardstypes.DefaultMinGasPrice()

// Fee that a transaction pays which names no gas.
func Fee() sdkmath.Int { return GasPrice.MulRaw(txGas) }

// Open returns n OPEN in aopen.
func Open(n int64) sdkmath.Int { return sdkmath.NewIntWithDecimal(n, rewardstypes.Decimals) }

// Coin returns amount of aopen as a coin.
func Coin(amount sdkmath.Int) sdk.Coin { return sdk.NewCoin(rewardstypes.Denom, amount) }

// Account is a key with an address.
type Account struct {
	Name    string
	Key     *secp256k1.PrivKey
	Address sdk.AccAddress
}

// String returns the address.
func (a Account) String() string { return a.Address.String() }

// Chain is an application with its validators.
type Chain struct {
	T   TB
	App *app.App
	// SkipInvariants leaves out the check after each block, for benchmarks.
	SkipInvariants bool
	// Voter says what validators attest. With it each block goes through the
	// whole cycle of proposal and votes.
	Voter Voter
	// Served, if it is set, gets the ABCI calls of blocks in the place of App, which it passes them on to.
	Served servertypes.ABCI
	// Watch sees every block that was committed.
	Watch func(height int64, response *abci.ResponseFinalizeBlock)
	// Gas of each transaction; proposals hold at most 150 million. 0 is enough for anything.
	Gas uint64
	// Tamper changes the votes that a proposer has, before it proposes.
	Tamper func(*abci.ExtendedCommitInfo)
	// Clock, if it is set, measures what executing and committing blocks takes;
	// Executed adds it up.
	Clock    func() time.Duration
	Executed time.Duration

	mu         sync.Mutex // of the state, for queries of other goroutines
	db         dbm.DB
	home       string // of the application
	height     int64
	time       time.Time
	validators []validator // in the order of commits
	rotating   []validator // with keys that were announced
	rotated    map[int64][]validator
	votes      []abci.ExtendedVoteInfo
	genesis    *abci.RequestInitChain
	made       []made
	random     *rand.Rand
	reserve    sdkmath.Int // after the last block; it only falls
}

// Tx is a signed transaction to be.
type Tx struct {
	Signer Account
	Msgs   []sdk.Msg
	// Gas asked for; a large part of a block if it is zero, so that a proposal
	// takes only one such transaction.
	Gas uint64
	// Fee offered; the gas at GasPrice if it is nil.
	Fee sdk.Coins
}

// Genesis edits the default genesis before the chain starts.
type Genesis func(app *app.App, state map[string]json.RawMessage)

// NewAccount makes a deterministic account.
func NewAccount(name string) Account {
	key := secp256k1.GenPrivKeyFromSecret([]byte("openledger/test/" + name))
	return Account{Name: name, Key: key, Address: sdk.AccAddress(key.PubKey().Address())}
}

// New starts a chain with one validator on which each account has a million OPEN.
func New(t TB, accounts []Account, edits ...Genesis) *Chain {
	t.Helper()
	return NewWithValidators(t, 1, accounts, edits...)
}

// NewWithValidators is New with n validators of equal power.
func NewWithValidators(t TB, n int, accounts []Account, edits ...Genesis) *Chain {
	t.Helper()
	c := newChain(t, dbm.NewMemDB())
	c.begin(n, accounts, edits...)
	return c
}

// NewOnDisk is New on a database of the caller's, with options for the application. It cannot be started again.
func NewOnDisk(t TB, db dbm.DB, accounts []Account, options ...func(*baseapp.BaseApp)) *Chain {
	t.Helper()
	c := newChain(t, db, options...)
	c.begin(1, accounts)
	return c
}

func newChain(t TB, db dbm.DB, options ...func(*baseapp.BaseApp)) *Chain {
	home := t.TempDir()
	return &Chain{
		T: t, db: db, home: home, App: newApp(db, home, options...),
		time:   time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC),
		random: rand.New(rand.NewSource(1)), rotated: make(map[int64][]validator),
	}
}

// begin makes the genesis and the first block.
func (c *Chain) begin(n int, accounts []Account, edits ...Genesis) {
	c.T.Helper()
	state := c.App.DefaultGenesis()
	for i := range n {
		c.validators = append(c.validators, addValidator(c.T, c.App, state, i))
	}
	sortValidators(c.validators)
	addBalances(c.App, state, accounts, Open(1_000_000))
	Attest(false)(c.App, state) // until a test has somebody who does
	for _, edit := range edits {
		edit(c.App, state)
	}
	c.start(state, app.ConsensusParams().ToProto(), 1)
}

func newApp(db dbm.DB, home string, more ...func(*baseapp.BaseApp)) *app.App {
	options := simtestutil.NewAppOptionsWithFlagHome(home)
	return app.New(log.NewNopLogger(), db, true, options, append(more, baseapp.SetChainID(ID))...)
}

// start initialises the application from a genesis and makes the first block.
func (c *Chain) start(state map[string]json.RawMessage, params cmtproto.ConsensusParams, height int64) {
	encoded, err := json.Marshal(state)
	require.NoError(c.T, err)
	c.genesis = &abci.RequestInitChain{Time: c.time, ChainId: ID, ConsensusParams: &params, InitialHeight: height,
		AppStateBytes: encoded}
	_, err = c.App.InitChain(c.genesis)
	require.NoError(c.T, err)
	c.height = height - 1
	c.Block()
}

// addValidator puts a validator into the staking genesis, which bonds it.
func addValidator(t TB, a *app.App, state map[string]json.RawMessage, i int) validator {
	t.Helper()
	consensusKey := cmted25519.GenPrivKeyFromSecret(fmt.Appendf(nil, "openledger/test/validator %d", i))
	stake := Open(1_000_000)
	operator := NewAccount(fmt.Sprintf("validator %d", i))
	key, err := cryptocodec.FromCmtPubKeyInterface(consensusKey.PubKey())
	require.NoError(t, err)
	packed, err := codectypes.NewAnyWithValue(key)
	require.NoError(t, err)

	var staking stakingtypes.GenesisState
	a.AppCodec().MustUnmarshalJSON(state[stakingtypes.ModuleName], &staking)
	valoper := sdk.ValAddress(operator.Address).String()
	staking.Validators = append(staking.Validators, stakingtypes.Validator{
		OperatorAddress: valoper, ConsensusPubkey: packed, Status: stakingtypes.Unbonded,
		Tokens: stake, DelegatorShares: sdkmath.LegacyNewDecFromInt(stake),
		Description: stakingtypes.Description{Moniker: operator.Name},
		Commission: stakingtypes.NewCommission(sdkmath.LegacyNewDecWithPrec(5, 2), sdkmath.LegacyOneDec(),
			sdkmath.LegacyOneDec()),
		MinSelfDelegation: sdkmath.OneInt(),
	})
	staking.Delegations = append(staking.Delegations,
		stakingtypes.NewDelegation(operator.String(), valoper, sdkmath.LegacyNewDecFromInt(stake)))
	state[stakingtypes.ModuleName] = a.AppCodec().MustMarshalJSON(&staking)

	addBalance(a, state, authtypes.NewModuleAddress(stakingtypes.NotBondedPoolName), stake)
	addBalances(a, state, []Account{operator}, Open(1_000))
	return validator{
		operator: sdk.ValAddress(operator.Address), key: consensusKey,
		info: abci.Validator{Address: consensusKey.PubKey().Address(), Power: stake.Quo(sdk.DefaultPowerReduction).Int64()},
	}
}

func addBalances(a *app.App, state map[string]json.RawMessage, accounts []Account, amount sdkmath.Int) {
	auth := authtypes.GetGenesisStateFromAppState(a.AppCodec(), state)
	existing, err := authtypes.UnpackAccounts(auth.Accounts)
	if err != nil {
		panic(err)
	}
	for _, account := range accounts {
		existing = append(existing, authtypes.NewBaseAccount(account.Address, account.Key.PubKey(), 0, 0))
		addBalance(a, state, account.Address, amount)
	}
	auth.Accounts, err = authtypes.PackAccounts(authtypes.SanitizeGenesisAccounts(existing))
	if err != nil {
		panic(err)
	}
	state[authtypes.ModuleName] = a.AppCodec().MustMarshalJSON(&auth)
}

func addBalance(a *app.App, state map[string]json.RawMessage, address sdk.AccAddress, amount sdkmath.Int) {
	bank := banktypes.GetGenesisStateFromAppState(a.AppCodec(), state)
	coins := sdk.NewCoins(Coin(amount))
	if i := slices.IndexFunc(
		bank.Balances, func(b banktypes.Balance) bool { return b.Address == address.String() }); i >= 0 {
		bank.Balances[i].Coins = bank.Balances[i].Coins.Add(coins...)
	} else {
		bank.Balances = append(bank.Balances, banktypes.Balance{Address: address.String(), Coins: coins})
	}
	bank.Supply = bank.Supply.Add(coins...)
	state[banktypes.ModuleName] = a.AppCodec().MustMarshalJSON(bank)
}

// Ctx reads the last committed state.
func (c *Chain) Ctx() sdk.Context {
	return c.App.NewUncachedContext(false, cmtproto.Header{ChainID: ID, Height: c.height, Time: c.time})
}

// Height of the last block.
func (c *Chain) Height() int64 { return c.height }

// Time of the last block.
func (c *Chain) Time() time.Time { return c.time }

func (c *Chain) served() servertypes.ABCI {
	if c.Served != nil {
		return c.Served
	}
	return c.App
}

// Block makes a block of the given transactions and returns their results.
func (c *Chain) Block(txs ...Tx) []*abci.ExecTxResult {
	c.T.Helper()
	encoded := make([][]byte, len(txs))
	sequences := make(map[string]uint64)
	for i, tx := range txs {
		encoded[i] = c.Sign(tx, sequences[tx.Signer.String()])
		sequences[tx.Signer.String()]++
	}
	return c.RawBlock(encoded...).TxResults
}

// Sign encodes a transaction; ahead counts transactions of the same signer
// before it in the block.
func (c *Chain) Sign(tx Tx, ahead uint64) []byte {
	c.T.Helper()
	account := c.App.AccountKeeper.GetAccount(c.Ctx(), tx.Signer.Address)
	require.NotNil(c.T, account, "account %s does not exist", tx.Signer.Name)
	gas := cmp.Or(tx.Gas, c.Gas, txGas)
	fee := tx.Fee
	if fee == nil {
		fee = sdk.NewCoins(Coin(GasPrice.Mul(sdkmath.NewIntFromUint64(gas))))
	}
	signed, err := simtestutil.GenSignedMockTx(c.random, c.App.TxConfig(), tx.Msgs, fee, gas, ID,
		[]uint64{account.GetAccountNumber()}, []uint64{account.GetSequence() + ahead}, tx.Signer.Key)
	require.NoError(c.T, err)
	encoded, err := c.App.TxConfig().TxEncoder()(signed)
	require.NoError(c.T, err)
	return encoded
}

// RawBlock makes a block of encoded transactions, commits it and checks the invariants.
func (c *Chain) RawBlock(txs ...[]byte) *abci.ResponseFinalizeBlock {
	c.T.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.height++
	c.time = c.time.Add(BlockTime)
	c.useKeys()
	if c.Voter != nil {
		txs = c.propose(txs)
	}
	votes := c.vote()
	hash := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(c.height)))
	request := &abci.RequestFinalizeBlock{
		Hash:   hash[:],
		Height: c.height, Time: c.time, Txs: txs, ProposerAddress: c.validators[0].info.Address,
		DecidedLastCommit: c.lastCommit(),
	}
	stop := c.measure()
	response, err := c.served().FinalizeBlock(request)
	stop()
	c.votes = votes
	c.record(request, response)
	if err == nil && c.Voter != nil && len(txs) > 0 && voteext.IsInjection(txs[0]) {
		response.TxResults = response.TxResults[1:] // as callers count their transactions
	}
	require.NoError(c.T, err)
	c.scheduleKeys(response)
	stop = c.measure()
	_, err = c.served().Commit()
	stop()
	require.NoError(c.T, err)
	if !c.SkipInvariants {
		require.NoError(c.T, c.App.CheckInvariants(c.Ctx()), "invariants after block %d", c.height)
		reserve, err := c.App.RewardsKeeper.Reserve.Get(c.Ctx())
		require.NoError(c.T, err)
		require.False(c.T, !c.reserve.IsNil() && reserve.GT(c.reserve), "the reserve rose in block %d", c.height)
		c.reserve = reserve
		totals, err := c.App.RewardsKeeper.Totals.Get(c.Ctx())
		require.NoError(c.T, err)
		most := totals.Burned.MulRaw(int64(rewardstypes.DefaultTerms().BonusPpm)).QuoRaw(rewardstypes.PPM)
		require.True(c.T, totals.Bonus.LTE(most), "bonus %s is above its share of what was burned, %s", totals.Bonus, most)
	}
	if c.Watch != nil {
		c.Watch(c.height, response)
	}
	return response
}

// measure adds what is done until the returned function is called.
func (c *Chain) measure() func() {
	if c.Clock == nil {
		return func() {}
	}
	from := c.Clock()
	return func() { c.Executed += c.Clock() - from }
}

// Blocks makes n empty blocks.
func (c *Chain) Blocks(n int) {
	c.T.Helper()
	for range n {
		c.Block()
	}
}

// Skip lets time pass and makes a block.
func (c *Chain) Skip(d time.Duration) {
	c.T.Helper()
	c.time = c.time.Add(d - BlockTime)
	c.Block()
}

// Send delivers messages in a block of their own; the transaction must succeed.
func (c *Chain) Send(signer Account, msgs ...sdk.Msg) *abci.ExecTxResult {
	c.T.Helper()
	result := c.Block(Tx{Signer: signer, Msgs: msgs})[0]
	require.Zero(c.T, result.Code, "%s: %s", result.Codespace, result.Log)
	return result
}

// Refuse delivers messages that must fail with a registered error, and checks
// that nothing but fees and the signer's sequence changed.
func (c *Chain) Refuse(signer Account, want error, msgs ...sdk.Msg) {
	c.T.Helper()
	before := c.moduleState()
	c.Fail(signer, want, msgs...)
	require.Equal(c.T, before, c.moduleState(), "a refused message changed state")
}

// Fail is Refuse in a block in which validators change state by their votes.
func (c *Chain) Fail(signer Account, want error, msgs ...sdk.Msg) {
	c.T.Helper()
	result := c.Block(Tx{Signer: signer, Msgs: msgs})[0]
	codespace, code, _ := abciInfo(want)
	require.NotZero(c.T, result.Code, "must be refused with %v", want)
	require.Equal(c.T, fmt.Sprintf("%s/%d", codespace, code), fmt.Sprintf("%s/%d", result.Codespace, result.Code),
		result.Log)
}

// Export returns the exported genesis.
func (c *Chain) Export() servertypes.ExportedApp {
	c.T.Helper()
	exported, err := c.App.ExportAppStateAndValidators(false, nil)
	require.NoError(c.T, err)
	return exported
}

// Import starts a second chain from an exported genesis, at the same height.
func (c *Chain) Import(exported servertypes.ExportedApp) *Chain {
	c.T.Helper()
	imported := &Chain{
		T: c.T, db: dbm.NewMemDB(), home: c.T.TempDir(), time: c.time, validators: c.validators,
		random: rand.New(rand.NewSource(2)), rotated: make(map[int64][]validator),
	}
	imported.App = newApp(imported.db, imported.home)
	var state map[string]json.RawMessage
	require.NoError(c.T, json.Unmarshal(exported.AppState, &state))
	imported.start(state, exported.ConsensusParams, exported.Height)
	return imported
}

// Restart opens the application again from its database, as after a crash, with options for it.
func (c *Chain) Restart(options ...func(*baseapp.BaseApp)) {
	c.T.Helper()
	c.App = newApp(c.db, c.home, options...)
	require.Equal(c.T, c.height, c.App.LastBlockHeight())
}
