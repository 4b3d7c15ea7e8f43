package app_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	errorsmod "cosmossdk.io/errors"
	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	vestingtypes "github.com/cosmos/cosmos-sdk/x/auth/vesting/types"
	"github.com/cosmos/cosmos-sdk/x/authz"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	distrtypes "github.com/cosmos/cosmos-sdk/x/distribution/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/openledger/openledger/app"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// moduleAccounts of the chain, sorted.
func moduleAccounts(s *chain.Scenario) []string {
	return slices.Sorted(maps.Keys(s.App.AccountKeeper.GetModulePermissions()))
}

// TestModuleAccountsTakeNothing: no way of paying reaches a module account, so that the state can be exported and
// imported while x/gov and x/distribution, whose genesis is refused over a single aopen, hold what they owe.
func TestModuleAccountsTakeNothing(t *testing.T) {
	s := newScenario(t)
	proposal, err := govv1.NewMsgSubmitProposal(nil, sdk.NewCoins(chain.Coin(chain.Open(500))), s.Payer.String(), "",
		"dust", "a deposit", false)
	require.NoError(t, err)
	proposal.Metadata = "a proposal without messages"
	s.Send(s.Payer, proposal)
	s.Send(s.Payer, stakingtypes.NewMsgDelegate(s.Payer.String(), s.Operator(0).String(), chain.Coin(chain.Open(100))))
	end := s.Time().Add(time.Hour)
	grant, err := authz.NewMsgGrant(s.Payer.Address, s.Stranger.Address,
		authz.NewGenericAuthorization(sdk.MsgTypeURL(&banktypes.MsgSend{})), &end)
	require.NoError(t, err)
	s.Send(s.Payer, grant)
	credit(t, s, s.Payer, chain.Open(1)) // is paid out
	s.Send(s.Payer, &rewardstypes.MsgSetPayoutThreshold{Account: s.Payer.String(), Threshold: chain.Open(100).String()})
	credit(t, s, s.Payer, chain.Open(1)) // is there to be claimed

	dust := coins(sdkmath.OneInt())
	names := moduleAccounts(s)
	require.Len(t, names, len(app.BlockedAddresses()))
	for _, name := range names {
		to := s.App.AccountKeeper.GetModuleAddress(name)
		exec := authz.NewMsgExec(s.Stranger.Address, []sdk.Msg{banktypes.NewMsgSend(s.Payer.Address, to, dust)})
		schedule := []vestingtypes.Period{{Length: 1, Amount: dust}}
		ways := []struct {
			want error
			by   chain.Account
			msg  sdk.Msg
		}{
			{sdkerrors.ErrUnauthorized, s.Payer, banktypes.NewMsgSend(s.Payer.Address, to, dust)},
			{sdkerrors.ErrUnauthorized, s.Payer, banktypes.NewMsgMultiSend(banktypes.NewInput(s.Payer.Address, dust),
				[]banktypes.Output{banktypes.NewOutput(to, dust)})},
			{sdkerrors.ErrUnauthorized, s.Stranger, &exec},
			{sdkerrors.ErrUnauthorized, s.Payer, distrtypes.NewMsgSetWithdrawAddress(s.Payer.Address, to)},
			{sdkerrors.ErrUnauthorized, s.Payer, vestingtypes.NewMsgCreateVestingAccount(s.Payer.Address, to, dust, end.Unix(),
				false)},
			{sdkerrors.ErrUnauthorized, s.Payer, vestingtypes.NewMsgCreatePermanentLockedAccount(s.Payer.Address, to, dust)},
			{sdkerrors.ErrUnauthorized, s.Payer, vestingtypes.NewMsgCreatePeriodicVestingAccount(s.Payer.Address, to, end.Unix(),
				schedule)},
			{rewardstypes.ErrRecipient, s.Payer, &rewardstypes.MsgClaim{Account: s.Payer.String(), Recipient: to.String()}},
		}
		before := s.Balance(to)
		txs := make([]chain.Tx, len(ways))
		for i, way := range ways {
			txs[i] = chain.Tx{Signer: way.by, Msgs: []sdk.Msg{way.msg}, Gas: 1_000_000}
		}
		for i, result := range s.Block(txs...) {
			require.ErrorIs(t, errorsmod.ABCIError(result.Codespace, result.Code, result.Log), ways[i].want, "%T to %s: %s",
				ways[i].msg, name, result.Log)
		}
		// Fees and emission go to the collector, and from there to x/distribution; every other balance stands still.
		if name != authtypes.FeeCollectorName && name != distrtypes.ModuleName {
			require.Equal(t, before.String(), s.Balance(to).String(), name)
		}
		// What the ledger owes it stays in the ledger, beyond each threshold.
		credit(t, s, chain.Account{Name: name, Address: to}, chain.Open(1))
	}
	s.Blocks(3)
	for _, name := range names {
		response, err := s.Earnings(s.App.AccountKeeper.GetModuleAddress(name))
		require.NoError(t, err)
		require.Equal(t, chain.Open(1).String(), response.Claimable.Amount.String(), name)
	}
	imported := s.Import(s.Export())
	imported.Blocks(3)
	require.Equal(t, chain.Open(500).String(),
		imported.Balance(imported.App.AccountKeeper.GetModuleAddress(govtypes.ModuleName)).String())
}

// TestDustIsNoBarToImport: the accounts whose genesis asks for what they owe, and not for more, are imported with an
// aopen too much.
func TestDustIsNoBarToImport(t *testing.T) {
	s := newScenario(t)
	exact := []string{govtypes.ModuleName, distrtypes.ModuleName, stakingtypes.BondedPoolName,
		stakingtypes.NotBondedPoolName}
	for _, name := range moduleAccounts(s) {
		if slices.Contains(exact, name) {
			continue
		}
		require.NoError(
			t, s.App.BankKeeper.SendCoins(s.Ctx(), s.Payer.Address, s.App.AccountKeeper.GetModuleAddress(name),
				coins(sdkmath.OneInt())))
	}
	s.Blocks(2)
	s.Import(s.Export()).Blocks(2)
}

// TestModuleAccountsAreNoParty: no proposal spends the deposits of others by what x/gov's account signs.
func TestModuleAccountsAreNoParty(t *testing.T) {
	s := newScenario(t)
	proposal, err := govv1.NewMsgSubmitProposal(nil, sdk.NewCoins(chain.Coin(chain.Open(1_900))), s.Payer.String(), "",
		"spend", "a deposit", false)
	require.NoError(t, err)
	proposal.Metadata = "a proposal without messages"
	s.Send(s.Payer, proposal)
	gov := s.App.AccountKeeper.GetModuleAddress(govtypes.ModuleName)
	held := s.Balance(gov)
	require.Equal(t, chain.Open(1_900).String(), held.String())
	key := chain.NewAccount("a key").Key.PubKey().Bytes()[1:]
	for _, msg := range []sdk.Msg{
		&rewardstypes.MsgFundBountyPool{Funder: gov.String(), Amount: chain.Coin(chain.Open(1))},
		&modelstypes.MsgRegisterProvider{Provider: gov.String(), Name: "governance", Endpoint: "http://127.0.0.1:8080",
			AnswerKey: key, Bond: chain.Coin(chain.Open(1_000))},
		&attributiontypes.MsgOpenSession{Payer: gov.String(), Provider: s.Provider.String(), ModelId: s.ModelID,
			SessionKey: key, Deposit: chain.Coin(chain.Open(10))},
		&attributiontypes.MsgCommitDispute{Challenger: gov.String(), Commitment: make([]byte, 32)},
	} {
		ctx, _ := s.Ctx().CacheContext()
		_, err := s.App.MsgServiceRouter().Handler(msg)(ctx, msg)
		require.ErrorContains(t, err, "is a module account", "%T", msg)
		require.Equal(t, held.String(), s.App.BankKeeper.GetBalance(ctx, gov, rewardstypes.Denom).Amount.String(), "%T", msg)
	}
}

// credit has x/attribution owe an account what the payer gives it.
func credit(t *testing.T, s *chain.Scenario, to chain.Account, amount sdkmath.Int) {
	t.Helper()
	require.NoError(
		t, s.App.BankKeeper.SendCoinsFromAccountToModule(s.Ctx(), s.Payer.Address, attributiontypes.ModuleName,
			coins(amount)))
	require.NoError(t, s.App.RewardsKeeper.Credit(s.Ctx(), attributiontypes.ModuleName, to.Address, amount))
	s.Blocks(1)
}
