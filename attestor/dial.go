package attestor

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/cosmos/cosmos-sdk/client/grpc/cmtservice"

	"github.com/openledger/openledger/attestor/api"
)

// maxAnswer of a node; a page of receipts is far below.
const maxAnswer = 32 << 20

// Dial connects to the gRPC address of a node and returns the chain that it follows. It waits for the node until ctx
// ends.
func Dial(ctx context.Context, address string) (chainID string, connection *grpc.ClientConn, err error) {
	connection, err = grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(api.Codec()), grpc.MaxCallRecvMsgSize(maxAnswer)))
	if err != nil {
		return "", nil, err
	}
	for {
		info, err := cmtservice.NewServiceClient(connection).GetNodeInfo(ctx, &cmtservice.GetNodeInfoRequest{})
		if err == nil {
			return info.DefaultNodeInfo.Network, connection, nil
		}
		select {
		case <-ctx.Done():
			return "", nil, errors.Join(err, connection.Close())
		case <-time.After(500 * time.Millisecond):
		}
	}
}
