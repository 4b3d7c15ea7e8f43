package datanet_test

import (
	"testing"

	"github.com/cosmos/gogoproto/proto"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"

	autocliv1 "cosmossdk.io/api/cosmos/autocli/v1"

	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"

	"github.com/openledger/openledger/x/datanet"
	"github.com/openledger/openledger/x/datanet/types"
)

// Every rpc has a command, every positional argument is a field of its request.
func TestEveryRPCHasACommand(t *testing.T) {
	files, err := proto.MergedRegistry()
	require.NoError(t, err)
	options := datanet.AppModule{}.AutoCLIOptions()
	for _, described := range []*autocliv1.ServiceCommandDescriptor{options.Query, options.Tx} {
		found, err := files.FindDescriptorByName(protoreflect.FullName(described.Service))
		require.NoError(t, err)
		methods := found.(protoreflect.ServiceDescriptor).Methods()
		require.Len(t, described.RpcCommandOptions, methods.Len())
		for _, command := range described.RpcCommandOptions {
			method := methods.ByName(protoreflect.Name(command.RpcMethod))
			require.NotNil(t, method, command.RpcMethod)
			if command.Skip {
				require.NotNil(t, method.Input().Fields().ByName("authority"), "%s: only governance needs no command",
					command.RpcMethod)
				continue
			}
			require.NotEmpty(t, command.Use)
			require.NotEmpty(t, command.Short)
			for _, argument := range command.PositionalArgs {
				field := method.Input().Fields().ByName(protoreflect.Name(argument.ProtoField))
				require.NotNil(t, field, "%s: %s", command.RpcMethod, argument.ProtoField)
				require.Equal(t, argument.Varargs, field.IsList())
			}
		}
	}
}

func TestModuleGenesis(t *testing.T) {
	registry := codectypes.NewInterfaceRegistry()
	types.RegisterInterfaces(registry)
	cdc := codec.NewProtoCodec(registry)
	module := datanet.AppModule{}
	require.NoError(t, module.ValidateGenesis(cdc, nil, module.DefaultGenesis(cdc)))
	require.Error(t, module.ValidateGenesis(cdc, nil, []byte(`{"next_rank":"0"}`)))
	require.Error(t, module.ValidateGenesis(cdc, nil, []byte(`{`)))
	require.NotPanics(t, func() { types.RegisterLegacyAminoCodec(codec.NewLegacyAmino()) })
}
