package app_test

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/cosmos/cosmos-sdk/client"
	sdk "github.com/cosmos/cosmos-sdk/types"
	txtypes "github.com/cosmos/cosmos-sdk/types/tx"
	"github.com/cosmos/cosmos-sdk/types/tx/signing"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// TestSimulationNamesTheRefusal: a client that simulates before it sends learns by which error it is refused, through
// gRPC as over a node's port.
func TestSimulationNamesTheRefusal(t *testing.T) {
	s := newScenario(t)
	server, listener := grpc.NewServer(), bufconn.Listen(1<<20)
	authtx.RegisterTxService(server, client.Context{}, s.App.SimulateNamed, s.App.InterfaceRegistry())
	go func() { _ = server.Serve(listener) }()
	defer server.Stop()
	connection, err := grpc.NewClient("passthrough:node", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	require.NoError(t, err)
	defer connection.Close()
	simulate := func(msgs ...sdk.Msg) error {
		_, err := txtypes.NewServiceClient(connection).Simulate(t.Context(),
			&txtypes.SimulateRequest{TxBytes: s.Sign(chain.Tx{Signer: s.Payer, Msgs: msgs}, 0)})
		return err
	}
	require.ErrorContains(
		t, simulate(
			&attributiontypes.MsgTopUpSession{Payer: s.Payer.String(), SessionId: make([]byte, 32),
				Amount: chain.Coin(chain.Open(1))}),
		"codespace attribution code 7")
	require.ErrorContains(t, simulate(&attributiontypes.MsgCloseSession{Signer: s.Payer.String(), SessionId: []byte{1}}),
		"codespace attribution code 6")
	c := s.Open(chain.Open(10))
	require.NoError(
		t, simulate(
			&attributiontypes.MsgTopUpSession{Payer: s.Payer.String(), SessionId: c.Session.Id,
				Amount: chain.Coin(chain.Open(1))}))
}

// TestSimulationRunsOnTheHeightThatIsShown: who waits for a height and then simulates does so on the state of that
// height at least, also while the block is being committed.
func TestSimulationRunsOnTheHeightThatIsShown(t *testing.T) {
	s := newScenario(t)
	expired := func(height int64) []byte { // in a state of this height or a later one
		builder := s.App.TxConfig().NewTxBuilder()
		require.NoError(t, builder.SetMsgs(banktypes.NewMsgSend(s.Payer.Address, s.Owner.Address, coins(chain.Open(1)))))
		builder.SetTimeoutHeight(uint64(height - 1))
		require.NoError(t, builder.SetSignatures(signing.SignatureV2{
			PubKey: s.Payer.Key.PubKey(), Data: &signing.SingleSignatureData{SignMode: signing.SignMode_SIGN_MODE_DIRECT},
		}))
		encoded, err := s.App.TxConfig().TxEncoder()(builder.GetTx())
		require.NoError(t, err)
		return encoded
	}
	done, simulated := make(chan struct{}), 0
	var late []int64
	var work sync.WaitGroup
	work.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			height := s.App.LastBlockHeight()
			_, _, err := s.App.SimulateNamed(expired(height))
			if simulated++; err == nil || !strings.Contains(err.Error(), "codespace sdk code 30") {
				late = append(late, height)
			}
		}
	})
	s.Blocks(150)
	close(done)
	work.Wait()
	require.Empty(t, late)
	require.NotZero(t, simulated)
}
