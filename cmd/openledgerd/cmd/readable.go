package cmd

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"

	cosmosproto "github.com/cosmos/cosmos-proto"
	gogoproto "github.com/cosmos/gogoproto/proto"
	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"sigs.k8s.io/yaml"

	"cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"

	"github.com/openledger/openledger/amount"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

const (
	coinName    protoreflect.FullName = "cosmos.base.v1beta1.Coin"
	decCoinName protoreflect.FullName = "cosmos.base.v1beta1.DecCoin"

	// zeroTime is how a time that is not set is printed.
	zeroTime                            = "0001-01-01T00:00:00Z"
	timestampName protoreflect.FullName = "google.protobuf.Timestamp"
	ourPackages                         = "openledger."
)

// replyTypes has the type of the reply that each query command got. It tells which numbers of the output are amounts.
type replyTypes map[*cobra.Command]protoreflect.MessageDescriptor

// connection returns the connection of a query command to its node.
func (t replyTypes) connection(cmd *cobra.Command) (grpc.ClientConnInterface, error) {
	clientCtx, err := client.GetClientQueryContext(cmd)
	if err != nil {
		return nil, err
	}
	return recordingConnection{clientCtx, func(reply protoreflect.MessageDescriptor) { t[cmd] = reply }}, nil
}

type recordingConnection struct {
	grpc.ClientConnInterface
	record func(protoreflect.MessageDescriptor)
}

// Invoke implements grpc.ClientConnInterface.
func (c recordingConnection) Invoke(ctx context.Context, method string, request, reply any,
	options ...grpc.CallOption) error {
	if message, ok := reply.(proto.Message); ok {
		c.record(message.ProtoReflect().Descriptor())
	}
	return c.ClientConnInterface.Invoke(ctx, method, request, reply, options...)
}

// print runs a query command. If the output is for people, it prints amounts in OPEN and hashes in hex, as all other
// commands do.
func (t replyTypes) print(cmd *cobra.Command, args []string, run func(*cobra.Command, []string) error) error {
	out, held := cmd.OutOrStdout(), new(bytes.Buffer)
	cmd.SetOut(held)
	defer cmd.SetOut(out)
	err := run(cmd, args)
	text := held.Bytes()
	if reply := t[cmd]; err == nil && reply != nil && forPeople(cmd) {
		text = readable(reply, text)
	}
	if _, printErr := out.Write(text); printErr != nil {
		return printErr
	}
	return err
}

// forPeople reports whether a command prints text.
func forPeople(cmd *cobra.Command) bool {
	if output := cmd.Flags().Lookup(flags.FlagOutput); output != nil && output.Changed {
		return output.Value.String() == flags.OutputFormatText
	}
	return client.GetClientContextFromCmd(cmd).OutputFormat == flags.OutputFormatText
}

// readable returns a message with its amounts in OPEN and its hashes in hex, without times that are not set. It returns
// text that it cannot read as it is.
func readable(message protoreflect.MessageDescriptor, text []byte) []byte {
	var value map[string]any
	if err := yaml.Unmarshal(text, &value); err != nil || value == nil {
		return text
	}
	converted, err := yaml.Marshal(convert(message, value))
	if err != nil {
		return text
	}
	return converted
}

// convert replaces amounts in a message that is decoded from JSON or YAML.
func convert(message protoreflect.MessageDescriptor, value any) any {
	object, ok := value.(map[string]any)
	if !ok {
		return value
	}
	if name := message.FullName(); name == coinName || name == decCoinName {
		if text, ok := object["amount"].(string); ok && object["denom"] == rewardstypes.Denom {
			return openOf(text)
		}
		return value
	}
	if url, ok := object["@type"].(string); ok {
		packed, err := gogoproto.HybridResolver.FindDescriptorByName(protoreflect.FullName(strings.TrimPrefix(url, "/")))
		if err != nil {
			return value
		}
		message = packed.(protoreflect.MessageDescriptor)
	}
	for name, inner := range object {
		field := message.Fields().ByName(protoreflect.Name(name))
		if field == nil {
			field = message.Fields().ByJSONName(name)
		}
		if field == nil {
			continue
		}
		if inner == zeroTime && field.Message() != nil && field.Message().FullName() == timestampName {
			delete(object, name) // the time is not set
			continue
		}
		one := func(value any) any { return convertField(field, value) }
		switch inner := inner.(type) {
		case []any:
			for i := range inner {
				inner[i] = one(inner[i])
			}
		case map[string]any:
			if field.IsMap() {
				for key := range inner {
					if field.MapValue().Message() != nil {
						inner[key] = convert(field.MapValue().Message(), inner[key])
					}
				}
				continue
			}
			object[name] = one(inner)
		default:
			object[name] = one(inner)
		}
	}
	return object
}

func convertField(field protoreflect.FieldDescriptor, value any) any {
	if field.Message() != nil {
		return convert(field.Message(), value)
	}
	if text, ok := value.(string); ok && field.Kind() == protoreflect.BytesKind &&
		strings.HasPrefix(string(field.FullName()), ourPackages) {
		return inHex(text)
	}
	if text, ok := value.(string); ok && field.Parent().Name() == eventAttribute && field.Name() == "value" {
		return coinsInOpen(text)
	}
	scalar, _ := proto.GetExtension(field.Options(), cosmosproto.E_Scalar).(string)
	if text, ok := value.(string); ok && scalar == intScalar {
		return openOf(text)
	}
	return value
}

// inHex converts bytes from base64, as JSON has them, to hex.
func inHex(text string) string {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return text
	}
	return hex.EncodeToString(raw)
}

// eventAttribute is the message of an attribute of an event, whose values are text.
const eventAttribute = "EventAttribute"

// eventCoin matches an amount in an event.
var eventCoin = regexp.MustCompile(`^([0-9]+)` + rewardstypes.Denom + `$`)

// coinsInOpen converts the value of an attribute to OPEN if it is an amount.
func coinsInOpen(text string) string {
	parts := eventCoin.FindStringSubmatch(text)
	if parts == nil {
		return text
	}
	return openOf(parts[1])
}

// openOf converts aopen, whole or with decimals, to OPEN.
func openOf(text string) string {
	if whole, ok := math.NewIntFromString(text); ok {
		return amount.Format(whole)
	}
	if decimal, err := math.LegacyNewDecFromStr(text); err == nil {
		return amount.Format(decimal.TruncateInt())
	}
	return text
}

// transactionQueries are the queries of the SDK that print transactions, with the type of what they print.
var transactionQueries = map[string]protoreflect.FullName{
	"query tx": "cosmos.base.abci.v1beta1.TxResponse", "query txs": "cosmos.base.abci.v1beta1.SearchTxsResult",
}

// printsTransactions returns the type that a query of transactions prints.
func printsTransactions(cmd *cobra.Command) (protoreflect.FullName, bool) {
	name, ok := transactionQueries[strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")]
	return name, ok
}

// printTransactions runs a query of transactions. If the output is for people, it prints amounts in OPEN.
func printTransactions(cmd *cobra.Command, args []string, printed protoreflect.FullName,
	run func(*cobra.Command, []string) error) error {
	held := new(bytes.Buffer)
	if err := client.SetCmdClientContext(cmd, client.GetClientContextFromCmd(cmd).WithOutput(held)); err != nil {
		return err
	}
	err := run(cmd, args)
	text := held.Bytes()
	if message, findErr := gogoproto.HybridResolver.FindDescriptorByName(printed); err == nil && findErr == nil &&
		forPeople(cmd) {
		text = readable(message.(protoreflect.MessageDescriptor), text)
	}
	if _, printErr := cmd.OutOrStdout().Write(text); printErr != nil {
		return printErr
	}
	return err
}

// isModuleQuery reports whether a command is a query of a module.
func (replyTypes) isModuleQuery(cmd *cobra.Command) bool {
	return cmd.HasParent() && cmd.Parent().HasParent() && cmd.Parent().Parent().Name() == "query"
}
