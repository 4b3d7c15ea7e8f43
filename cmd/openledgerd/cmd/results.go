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

// awaitTx returns the result of a transaction when it is in a block. A transaction that failed there is an error, too.
// The node needs no index for it.
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

// broadcast is what became of the transaction that a command has sent.
type broadcast struct {
	response *sdk.TxResponse
	held     bytes.Buffer // what the command has printed since
}

// sendingNode notes what the node says to a transaction. The SDK prints the answer, and takes a refusal for success.
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

// holdingWriter holds back what comes after the broadcast.
type holdingWriter struct {
	out  io.Writer
	sent *broadcast
	// people are asked to confirm what comes before it: amounts are in OPEN.
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

// sends reports whether a command of the SDK sends a transaction.
func sends(cmd *cobra.Command) bool {
	path := strings.Fields(cmd.CommandPath())
	return len(path) > 2 && path[1] == "tx" && cmd.Flags().Lookup(flags.FlagBroadcastMode) != nil
}

// observe prepares a command that sends, so that finish knows what became of its transaction.
func observe(cmd *cobra.Command, clientCtx client.Context) client.Context {
	if !sends(cmd) || clientCtx.Client == nil {
		return clientCtx
	}
	sent := new(broadcast)
	// The SDK would make a new client for --node in place of this one.
	if node := cmd.Flags().Lookup(flags.FlagNode); node != nil {
		node.Changed = false
	}
	generate, _ := cmd.Flags().GetBool(flags.FlagGenerateOnly)
	out := holdingWriter{out: cmd.OutOrStdout(), sent: sent,
		people: clientCtx.OutputFormat == flags.OutputFormatText && !generate}
	cmd.SetOut(out)
	return clientCtx.WithClient(sendingNode{CometRPC: clientCtx.Client, sent: sent}).WithOutput(out)
}

// finish prints the result of the transaction that a command has sent, when it is in a block. With --broadcast-mode it
// does not wait.
func finish(cmd *cobra.Command) error {
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

// printResult prints a transaction that is in a block: all of it for programs, what people want to know for people.
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

// responsesOf writes what the messages of a transaction answered, as YAML; most answer nothing.
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
