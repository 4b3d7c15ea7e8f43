package cmd

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtbytes "github.com/cometbft/cometbft/libs/bytes"
	rpcclient "github.com/cometbft/cometbft/rpc/client"
	coretypes "github.com/cometbft/cometbft/rpc/core/types"
	cmttypes "github.com/cometbft/cometbft/types"
	"github.com/cosmos/gogoproto/proto"
	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	sdk "github.com/cosmos/cosmos-sdk/types"
	txtypes "github.com/cosmos/cosmos-sdk/types/tx"

	"github.com/openledger/openledger/openlora/chain"
)

// answeringNode answers a broadcast, and questions for the transaction: not found at first, then as it is told.
type answeringNode struct {
	client.CometRPC
	check  uint32
	result *sdk.TxResponse
	asked  int
}

func (n *answeringNode) BroadcastTxSync(_ context.Context, tx cmttypes.Tx) (*coretypes.ResultBroadcastTx, error) {
	return &coretypes.ResultBroadcastTx{Code: n.check, Log: "too cheap", Codespace: "sdk",
		Hash: cmtbytes.HexBytes(tx.Hash())}, nil
}

func (n *answeringNode) ABCIQueryWithOptions(_ context.Context, path string, _ cmtbytes.HexBytes,
	_ rpcclient.ABCIQueryOptions) (*coretypes.ResultABCIQuery, error) {
	n.asked++
	if n.asked == 1 {
		return &coretypes.ResultABCIQuery{Response: abci.ResponseQuery{Code: 1, Log: "tx not found"}}, nil
	}
	answer, err := (&txtypes.GetTxResponse{Tx: &txtypes.Tx{
		Body: &txtypes.TxBody{},
		AuthInfo: &txtypes.AuthInfo{
			Fee: &txtypes.Fee{Amount: sdk.NewCoins(sdk.NewInt64Coin("aopen", 1_500_000_000_000_000))}},
	}, TxResponse: n.result}).Marshal()
	return &coretypes.ResultABCIQuery{Response: abci.ResponseQuery{Value: answer}}, err
}

// sendThrough runs a command below tx that sends through a node, as the SDK's do, and returns what it prints.
func sendThrough(t *testing.T, node *answeringNode, args ...string) (string, error) {
	t.Helper()
	cdc, err := chain.NewCodec()
	require.NoError(t, err)
	txtypes.RegisterInterfaces(cdc.InterfaceRegistry())
	var out bytes.Buffer
	leaf := &cobra.Command{Use: "send", RunE: func(cmd *cobra.Command, _ []string) error {
		clientCtx, err := client.GetClientTxContext(cmd)
		if err != nil {
			return err
		}
		cmd.Println("before")
		response, err := clientCtx.BroadcastTx([]byte{1})
		if err != nil {
			return err
		}
		return clientCtx.PrintString("the node said " + response.RawLog + "\n")
	}}
	flags.AddTxFlagsToCmd(leaf)
	root, tx, bank := &cobra.Command{Use: "openledgerd", SilenceErrors: true, SilenceUsage: true},
		&cobra.Command{Use: "tx"}, &cobra.Command{Use: "bank"}
	root.AddCommand(tx)
	tx.AddCommand(bank)
	bank.AddCommand(leaf)
	wrapCommands(root, make(replyTypes))
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		clientCtx := client.Context{}.WithCodec(cdc).WithInterfaceRegistry(cdc.InterfaceRegistry()).WithClient(node).
			WithOutputFormat("text").WithBroadcastMode(flags.BroadcastSync).WithCmdContext(cmd.Context()).WithViper("")
		cmd.SetOut(&out)
		return client.SetCmdClientContext(cmd, recordBroadcast(cmd, clientCtx))
	}
	root.SetArgs(append([]string{"tx", "bank", "send"}, args...))
	err = root.ExecuteContext(context.WithValue(context.Background(), client.ClientContextKey, &client.Context{}))
	return out.String(), err
}

// TestTransactionsEndWithTheirBlock: a command prints how its transaction went, and fails when it did, at whatever
// stage.
func TestTransactionsEndWithTheirBlock(t *testing.T) {
	out, err := sendThrough(t, &answeringNode{result: &sdk.TxResponse{TxHash: "AB", Height: 7, GasUsed: 3}})
	require.NoError(t, err)
	require.Equal(t, "before\ncode: 0\ntxhash: AB\nheight: \"7\"\ngas_used: \"3\"\ngas_wanted: \"0\"\nfee: 0.0015 OPEN\n",
		out)

	out, err = sendThrough(
		t, &answeringNode{result: &sdk.TxResponse{TxHash: "AB", Height: 7, Code: 11, Codespace: "sdk", RawLog: "out of gas"}})
	require.EqualError(t, err, "transaction AB failed in block 7, its fee is spent: out of gas (sdk, code 11)")
	require.Contains(t, out, "code: 11\n")

	out, err = sendThrough(t, &answeringNode{result: &sdk.TxResponse{TxHash: "AB", Height: 7}}, "--output", "json")
	require.NoError(t, err)
	require.Contains(t, out, `"txhash":"AB"`)

	node := &answeringNode{check: 13}
	out, err = sendThrough(t, node)
	require.EqualError(t, err, "the node refused the transaction: too cheap (sdk, code 13)")
	require.Equal(t, "before\nthe node said too cheap\n", out)
	require.Zero(t, node.asked)

	node = new(answeringNode)
	out, err = sendThrough(t, node, "--broadcast-mode", "sync")
	require.NoError(t, err)
	require.Contains(t, out, "the node said")
	require.Zero(t, node.asked, "who gives the mode does not wait")
}

// TestSendersRefuseWhatTheyCannotDo, by name and before anything is sent or looked at.
func TestSendersRefuseWhatTheyCannotDo(t *testing.T) {
	home, file := t.TempDir(), t.TempDir()
	senders := map[string][]string{
		"data contribute":  {file, "--datanet", "1"},
		"data derivations": {"1", "--propose"},
		"data challenge":   {"2", "1"},
		"receipts dispute": {"00-1", "--rank", "1", "--file", file},
		"review gold seal": {"1", "--kind", "sound"},
		"review vote":      {"1", "--accept", "--score", "1"},
		"review run":       nil,
		"testnet faucet":   {someAccount, "--from", "nobody"},
	}
	given := map[string]string{flags.FlagGenerateOnly: "", flags.FlagOffline: "", flags.FlagDryRun: "", flags.FlagAux: "",
		flags.FlagBroadcastMode: "async"}
	for name, args := range senders {
		for flag, text := range given {
			if name == "data challenge" && flag == flags.FlagDryRun {
				continue // looks and sends nothing
			}
			option := "--" + flag
			if text != "" {
				option += "=" + text
			}
			_, err := execute(
				t, append(append(strings.Fields(name), args...), option, "--home", home, "--node", "tcp://127.0.0.1:1")...)
			require.ErrorContains(t, err, option[:len("--"+flag)]+" does not go with it, nothing was sent", name)
		}
	}
}

// TestErrorsAreSaid once, by the names of arguments, and without places in code.
func TestErrorsAreSaid(t *testing.T) {
	cmd := &cobra.Command{Use: "bond DATANET-ID AMOUNT"}
	for from, want := range map[string]string{
		"rpc error: code = NotFound desc = rpc error: code = NotFound desc = no DataNet 99: key not found": "no DataNet 99: key not found",
		`invalid argument "abc" for "--0" flag: strconv.ParseUint: parsing "abc": invalid syntax`:          `DATANET-ID: "abc" is not a whole number in its range`,
		"rpc error: code = Unknown desc = failed to execute message; message index: 0: nothing to claim: codespace " +
			"rewards code 7 with gas used: '51962': unknown request": "nothing to claim: codespace rewards code 7",
		"failed to read: no file [cosmos/cosmos-sdk@v0.55.0/x/genutil/client/cli/gentx.go:178]": "failed to read: no file",
		"as it is": "as it is",
	} {
		require.EqualError(t, rephrase(cmd, []string{"abc", "1OPEN"}, errors.New(from)), want)
	}
	cause := status.Error(codes.NotFound, "gone")
	require.ErrorIs(t, rephrase(cmd, nil, cause), cause)
	require.NoError(t, rephrase(cmd, nil, nil))

	err := withoutPanic(cmd, nil, func(*cobra.Command, []string) error { panic("no validators") })
	require.ErrorContains(t, err, "no validators; --trace shows where")
	require.ErrorContains(
		t, rephrase(cmd, nil, errors.New("error during handshake: validator set is empty after InitGenesis, please ({47 12})")),
		"genesis.json has no validator")
}

// TestAmountsForPeople are in OPEN, by what the message says that a number is, and nothing else is touched.
func TestAmountsForPeople(t *testing.T) {
	text := []byte(
		"balances:\n- amount: \"1500000000000000000\"\n  denom: aopen\n- amount: \"7\"\n  denom: uatom\npagination:\n" +
			"  total: \"2\"\n")
	require.Equal(t, "balances:\n- 1.5 OPEN\n- amount: \"7\"\n  denom: uatom\npagination:\n  total: \"2\"\n",
		string(readable(descriptorOf(t, "cosmos.bank.v1beta1.QueryAllBalancesResponse"), text)))
	text = []byte("datanet:\n  id: \"2\"\n  name: \"100\"\n  royalty_floor: \"100000000000000000\"\n")
	require.Equal(t, "datanet:\n  id: \"2\"\n  name: \"100\"\n  royalty_floor: 0.1 OPEN\n",
		string(readable(descriptorOf(t, "openledger.datanet.v1.QueryDataNetResponse"), text)))
	// Hashes are in hex, and what has not happened has no time.
	text = []byte(
		"contribution:\n  content_hash: ncz0kA==\n  decided_at: \"0001-01-01T00:00:00Z\"\n" +
			"  decay_at: \"2026-12-30T03:05:54Z\"\n  title: ncz0kA==\n")
	require.Equal(t, "contribution:\n  content_hash: 9dccf490\n  decay_at: \"2026-12-30T03:05:54Z\"\n  title: ncz0kA==\n",
		string(readable(descriptorOf(t, "openledger.datanet.v1.QueryContributionResponse"), text)))
	// A transaction that waits for a y: what is packed in it has amounts, too.
	text = []byte(
		"auth_info:\n  fee:\n    amount:\n    - amount: \"87826000000000\"\n      denom: aopen\nbody:\n  messages:\n" +
			"  - '@type': /openledger.rewards.v1.MsgSetPayoutThreshold\n    account: open1x\n" +
			"    threshold: \"1000000000000000000\"\n")
	shown := string(readable(descriptorOf(t, "cosmos.tx.v1beta1.Tx"), text))
	require.Contains(t, shown, "- 0.000087826 OPEN")
	require.Contains(t, shown, "threshold: 1 OPEN")
	// A transaction that is in a block: its events, too.
	text = []byte(
		"code: 0\nevents:\n- attributes:\n  - index: true\n    key: amount\n    value: 1500000000000000000aopen\n" +
			"  - key: memo\n    value: \"7\"\n  type: transfer\n")
	require.Equal(
		t, "code: 0\nevents:\n- attributes:\n  - index: true\n    key: amount\n    value: 1.5 OPEN\n  - key: memo\n"+
			"    value: \"7\"\n  type: transfer\n",
		string(readable(descriptorOf(t, "cosmos.base.abci.v1beta1.TxResponse"), text)))
	require.Equal(t, "\n", string(readable(descriptorOf(t, "cosmos.tx.v1beta1.Tx"), []byte("\n"))))
}

func descriptorOf(t *testing.T, name protoreflect.FullName) protoreflect.MessageDescriptor {
	t.Helper()
	found, err := proto.HybridResolver.FindDescriptorByName(name)
	require.NoError(t, err)
	return found.(protoreflect.MessageDescriptor)
}
