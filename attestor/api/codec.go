// Package api is the protocol between an attestor and its node.
package api

import (
	"google.golang.org/grpc/encoding"

	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
)

// Codec encodes the messages on both sides: they hold types that only the SDK's codec knows.
func Codec() encoding.Codec {
	return codec.NewProtoCodec(codectypes.NewInterfaceRegistry()).GRPCCodec()
}
