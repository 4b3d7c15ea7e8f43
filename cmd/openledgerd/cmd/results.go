package cmd

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/reflect/protoreflect"

	txv1beta1 "cosmossdk.io/api/cosmos/tx/v1beta1"

	coretypes "github.com/cometbft/cometbft/rpc/core/types"
	cmttypes "github.com/cometbft/cometbft/types"
	gogogrpc "github.com/cosmos/gogoproto/grpc"
	"github.com/cosmos/gogoproto/proto"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	txtypes "github.com/cosmos/cosmos-sdk/types/tx"

	"github.com/openledger/openledger/amount"
)

const (
	inclusionTimeout = time.Minute
	inclusionPoll    = 200 * time.Millisecond
)

// refusedError is a transaction that the node or the block refused.
type refusedError struct{ response *sdk.TxResponse }

// Error implements error.
func (e *refusedError) Error() string {
	r := e.response
	if r.Height == 0 {
		return fmt.Sprintf("the node refused the transaction: %s (%s, code %d)", r.RawLog, r.Codespace, r.Code)
	}
	return fmt.Sprintf("transaction %s failed in block %d, its fee is spent: %s (%s, code %d)", r.TxHash, r.Height,
		r.RawLog, r.Codespace, r.Code)
}

// awaitTx waits until a transaction is in a block, and returns its result. If the transaction failed in the block, it
// returns an error, too. The node needs no index of transactions for this.
func awaitTx(ctx context.Context, node gogogrpc.ClientConn, hash string) (*sdk.TxResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, inclusionTimeout)
	defer cancel()
	service := txtypes.NewServiceClient(node)
	var last error
	for {
		found, err := service.GetTx(ctx, &txtypes.GetTxRequest{Hash: hash})
		if err == nil {
			response := found.TxResponse
			if response.Tx, err = codectypes.NewAnyWithValue(found.Tx); err != nil {
				return nil, err
			}
			if response.Code != 0 {
				return response, &refusedError{response}
			}
			return response, nil
		}
		last = err
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("transaction %s is not in a block yet: look again with `openledgerd query tx %s`: %w", hash,
				hash, last)
		case <-time.After(inclusionPoll):
		}
	}
}

// broadcast records the response to the transaction that a command sent.
type broadcast struct {
	response *sdk.TxResponse
	held     bytes.Buffer // output of the command since then
}

// sendingNode records the response of the node to a transaction. The SDK prints this response, and treats a refusal as
// success.
type sendingNode struct {
	client.CometRPC
	sent *broadcast
}

// BroadcastTxSync implements client.CometRPC.
func (n sendingNode) BroadcastTxSync(ctx context.Context, tx cmttypes.Tx) (*coretypes.ResultBroadcastTx, error) {
	result, err := n.CometRPC.BroadcastTxSync(ctx, tx)
	return n.note(tx, result, err)
}

// BroadcastTxAsync implements client.CometRPC.
func (n sendingNode) BroadcastTxAsync(ctx context.Context, tx cmttypes.Tx) (*coretypes.ResultBroadcastTx, error) {
	result, err := n.CometRPC.BroadcastTxAsync(ctx, tx)
	return n.note(tx, result, err)
}

func (n sendingNode) note(tx cmttypes.Tx, result *coretypes.ResultBroadcastTx,
	err error) (*coretypes.ResultBroadcastTx, error) {
	if n.sent.response = client.CheckCometError(err, tx); n.sent.response == nil {
		n.sent.response = sdk.NewResponseFormatBroadcastTx(result)
	}
	return result, err
}

// holdingWriter holds back output that comes after the broadcast.
type holdingWriter struct {
	out  io.Writer
	sent *broadcast
	// people says that people read what comes before it and confirm it: amounts are printed in OPEN.
	people bool
}

// Write implements io.Writer.
func (w holdingWriter) Write(p []byte) (int, error) {
	if w.sent.response != nil {
		return w.sent.held.Write(p)
	}
	if !w.people {
		return w.out.Write(p)
	}
	if _, err := w.out.Write(readable((&txv1beta1.Tx{}).ProtoReflect().Descriptor(), p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// sendsTransaction reports whether a command of the SDK sends a transaction.
func sendsTransaction(cmd *cobra.Command) bool {
	path := strings.Fields(cmd.CommandPath())
	return len(path) > 2 && path[1] == "tx" && cmd.Flags().Lookup(flags.FlagBroadcastMode) != nil
}

// recordBroadcast returns the context of a command with a node that records the broadcast, for awaitBroadcast.
func recordBroadcast(cmd *cobra.Command, clientCtx client.Context) client.Context {
	if !sendsTransaction(cmd) || clientCtx.Client == nil {
		return clientCtx
	}
	sent := new(broadcast)
	// Otherwise the SDK would replace this client by a new one for --node.
	if node := cmd.Flags().Lookup(flags.FlagNode); node != nil {
		node.Changed = false
	}
	generate, _ := cmd.Flags().GetBool(flags.FlagGenerateOnly)
	out := holdingWriter{out: cmd.OutOrStdout(), sent: sent,
		people: clientCtx.OutputFormat == flags.OutputFormatText && !generate}
	cmd.SetOut(out)
	return clientCtx.WithClient(sendingNode{CometRPC: clientCtx.Client, sent: sent}).WithOutput(out)
}

// awaitBroadcast waits until the transaction that a command sent is in a block, and prints its result. With
// --broadcast-mode it does not wait.
func awaitBroadcast(cmd *cobra.Command) error {
	clientCtx := client.GetClientContextFromCmd(cmd)
	node, ok := clientCtx.Client.(sendingNode)
	if !ok || node.sent.response == nil {
		return nil
	}
	out := cmd.OutOrStdout().(holdingWriter).out
	if output := cmd.Flags().Lookup(flags.FlagOutput); output != nil && output.Changed {
		clientCtx = clientCtx.WithOutputFormat(output.Value.String())
	}
	response := node.sent.response
	async := clientCtx.BroadcastMode == flags.BroadcastAsync
	if mode := cmd.Flags().Lookup(flags.FlagBroadcastMode); response.Code != 0 || mode.Changed || async {
		if _, err := out.Write(node.sent.held.Bytes()); err != nil {
			return err
		}
		if response.Code != 0 {
			return &refusedError{response}
		}
		return nil
	}
	included, err := awaitTx(cmd.Context(), clientCtx, response.TxHash)
	if included == nil {
		if _, printErr := out.Write(node.sent.held.Bytes()); printErr != nil {
			return printErr
		}
		return err
	}
	if printErr := printResult(clientCtx.WithOutput(out), included); printErr != nil {
		return printErr
	}
	return err
}

// printResult prints a transaction that is in a block: the whole of it for programs, a summary for people.
func printResult(clientCtx client.Context, response *sdk.TxResponse) error {
	if clientCtx.OutputFormat != flags.OutputFormatText {
		return clientCtx.PrintProto(response)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "code: %d\ntxhash: %s\nheight: \"%d\"\ngas_used: \"%d\"\ngas_wanted: \"%d\"\n", response.Code,
		response.TxHash, response.Height, response.GasUsed, response.GasWanted)
	if tx, ok := response.Tx.GetCachedValue().(*txtypes.Tx); ok {
		for _, fee := range tx.AuthInfo.Fee.Amount {
			fmt.Fprintf(&b, "fee: %s\n", amount.Format(fee.Amount))
		}
	}
	for _, answer := range responsesOf(clientCtx.Codec, response) {
		b.WriteString(answer)
	}
	if response.Code != 0 {
		fmt.Fprintf(&b, "codespace: %s\n", response.Codespace)
	}
	return clientCtx.PrintString(b.String())
}

// responsesOf returns the responses of a transaction's messages as YAML, without empty ones.
func responsesOf(cdc codec.Codec, response *sdk.TxResponse) []string {
	data, err := hex.DecodeString(response.Data)
	if err != nil {
		return nil
	}
	var all sdk.TxMsgData
	if all.Unmarshal(data) != nil {
		return nil
	}
	var answers []string
	for _, packed := range all.MsgResponses {
		var message txtypes.MsgResponse
		if cdc.InterfaceRegistry().UnpackAny(packed, &message) != nil {
			continue
		}
		encoded, err := cdc.MarshalJSON(packed.GetCachedValue().(proto.Message))
		descriptor, findErr := proto.HybridResolver.FindDescriptorByName(
			protoreflect.FullName(strings.TrimPrefix(packed.TypeUrl, "/")))
		if err != nil || findErr != nil || string(encoded) == "{}" {
			continue
		}
		answers = append(answers, string(readable(descriptor.(protoreflect.MessageDescriptor), encoded)))
	}
	return answers
}
