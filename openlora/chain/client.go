// Package chain is a client of an OpenLedger node over gRPC: it makes typed queries, and signs, sends and waits for
// transactions.
package chain

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	gogogrpc "github.com/cosmos/gogoproto/grpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cosmos/gogoproto/proto"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/grpc/cmtservice"
	nodeservice "github.com/cosmos/cosmos-sdk/client/grpc/node"
	clienttx "github.com/cosmos/cosmos-sdk/client/tx"
	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	cryptocodec "github.com/cosmos/cosmos-sdk/crypto/codec"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	txtypes "github.com/cosmos/cosmos-sdk/types/tx"
	"github.com/cosmos/cosmos-sdk/types/tx/signing"
	authcodec "github.com/cosmos/cosmos-sdk/x/auth/codec"
	authsigning "github.com/cosmos/cosmos-sdk/x/auth/signing"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	txsigning "github.com/cosmos/cosmos-sdk/x/tx/signing"

	"github.com/openledger/openledger/app/config"
	"github.com/openledger/openledger/internal/follow"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

const (
	// gasPercent of the gas that a simulation used is given to a transaction.
	gasPercent       = 140
	maxMessageBytes  = 32 << 20
	inclusionTimeout = 45 * time.Second // for a transaction
	inclusionPoll    = 150 * time.Millisecond
)

// Signer is an account whose key is in this process.
type Signer struct {
	Key     cryptotypes.PrivKey
	Address sdk.AccAddress
	// FeeGranter pays the fees of its transactions, by a grant of x/feegrant; with nil the account pays them itself.
	FeeGranter sdk.AccAddress
}

// NewSigner returns the account of a key.
func NewSigner(key cryptotypes.PrivKey) Signer {
	return Signer{Key: key, Address: sdk.AccAddress(key.PubKey().Address())}
}

// String returns the address.
func (s Signer) String() string { return s.Address.String() }

// Client is a client of one node.
type Client struct {
	Attribution attributiontypes.QueryClient
	Bank        banktypes.QueryClient
	Datanet     datanettypes.QueryClient
	Models      modelstypes.QueryClient
	Rewards     rewardstypes.QueryClient
	// ChainID of the node.
	ChainID string

	connection *grpc.ClientConn
	codec      *codec.ProtoCodec
	txConfig   client.TxConfig
	auth       authtypes.QueryClient
	txs        txtypes.ServiceClient
	blocks     cmtservice.ServiceClient
	node       nodeservice.ServiceClient

	mu    sync.Mutex
	locks map[string]*sync.Mutex // one transaction at a time for each account
}

// NewCodec returns a codec that knows the messages and accounts of the chain.
func NewCodec() (*codec.ProtoCodec, error) {
	registry, err := codectypes.NewInterfaceRegistryWithOptions(codectypes.InterfaceRegistryOptions{
		ProtoFiles: proto.HybridResolver,
		SigningOptions: txsigning.Options{
			AddressCodec:          authcodec.NewBech32Codec(config.Bech32Prefix),
			ValidatorAddressCodec: authcodec.NewBech32Codec(config.Bech32PrefixValidator),
		},
	})
	if err != nil {
		return nil, err
	}
	for _, register := range []func(codectypes.InterfaceRegistry){
		cryptocodec.RegisterInterfaces, authtypes.RegisterInterfaces, banktypes.RegisterInterfaces,
		attributiontypes.RegisterInterfaces, datanettypes.RegisterInterfaces, modelstypes.RegisterInterfaces,
		rewardstypes.RegisterInterfaces,
	} {
		register(registry)
	}
	return codec.NewProtoCodec(registry), nil
}

// callTimeout bounds a single call: a node that hangs must not make its clients hang.
const callTimeout = 30 * time.Second

func bounded(ctx context.Context, method string, request, reply any, connection *grpc.ClientConn,
	invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return invoke(ctx, method, request, reply, connection, options...)
}

// Dial connects to the gRPC address of a node, such as 127.0.0.1:9090.
func Dial(ctx context.Context, address string) (*Client, error) {
	cdc, err := NewCodec()
	if err != nil {
		return nil, err
	}
	connection, err := grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithChainUnaryInterceptor(bounded),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(cdc.GRPCCodec()), grpc.MaxCallRecvMsgSize(maxMessageBytes)))
	if err != nil {
		return nil, fmt.Errorf("node %s: %w", address, err)
	}
	c := &Client{
		Attribution: attributiontypes.NewQueryClient(connection),
		Bank:        banktypes.NewQueryClient(connection),
		Datanet:     datanettypes.NewQueryClient(connection),
		Models:      modelstypes.NewQueryClient(connection),
		Rewards:     rewardstypes.NewQueryClient(connection),
		connection:  connection, codec: cdc, txConfig: authtx.NewTxConfig(cdc, authtx.DefaultSignModes),
		auth: authtypes.NewQueryClient(connection), txs: txtypes.NewServiceClient(connection),
		blocks: cmtservice.NewServiceClient(connection), node: nodeservice.NewServiceClient(connection),
		locks: make(map[string]*sync.Mutex),
	}
	info, err := c.blocks.GetNodeInfo(ctx, &cmtservice.GetNodeInfoRequest{})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("node %s: %w", address, err), connection.Close())
	}
	c.ChainID = info.DefaultNodeInfo.Network
	return c, nil
}

// Close ends the connection.
func (c *Client) Close() error { return c.connection.Close() }

// Connection returns the connection, for queries that the client has no method for.
func (c *Client) Connection() gogogrpc.ClientConn { return c.connection }

// RawTxs returns the encoded transactions of a block.
func (c *Client) RawTxs(ctx context.Context, height int64) ([][]byte, error) {
	txs, err := c.blockTxs(ctx, height)
	if err != nil {
		return nil, err
	}
	raw := make([][]byte, len(txs))
	for i, tx := range txs {
		if raw[i], err = tx.Marshal(); err != nil {
			return nil, err
		}
	}
	return raw, nil
}

// Codec encodes messages and keys.
func (c *Client) Codec() codec.Codec { return c.codec }

// Height returns the height of the latest state. It can be below that of the latest block, which a node stores before
// it executes it.
func (c *Client) Height(ctx context.Context) (int64, error) {
	status, err := c.node.Status(ctx, &nodeservice.StatusRequest{})
	if err != nil {
		return 0, err
	}
	return int64(status.Height), nil
}

// blockTxs returns the transactions of a block.
func (c *Client) blockTxs(ctx context.Context, height int64) ([]*txtypes.Tx, error) {
	response, err := c.txs.GetBlockWithTxs(ctx, &txtypes.GetBlockWithTxsRequest{Height: height})
	if err != nil {
		return nil, err
	}
	return response.Txs, nil
}

// BlockEvents returns the events of a block that do not belong to a transaction, such as those of its end.
func (c *Client) BlockEvents(ctx context.Context, height int64) ([]abci.Event, error) {
	response, err := c.blocks.GetBlockResults(ctx, &cmtservice.GetBlockResultsRequest{Height: height})
	if err != nil {
		return nil, err
	}
	events := make([]abci.Event, len(response.FinalizeBlockEvents))
	for i, event := range response.FinalizeBlockEvents {
		// The SDK adds the part of the block as an attribute, with which a typed event cannot be parsed.
		events[i] = abci.Event{Type: event.Type,
			Attributes: slices.DeleteFunc(event.Attributes, func(a abci.EventAttribute) bool { return a.Key == "mode" })}
	}
	return events, nil
}

// WaitHeight returns once the state of a height is committed.
func (c *Client) WaitHeight(ctx context.Context, height int64) error {
	for {
		latest, err := c.Height(ctx)
		if err != nil {
			return err
		}
		if latest >= height {
			return nil
		}
		if err := follow.Sleep(ctx, inclusionPoll); err != nil {
			return err
		}
	}
}

// RefusedError says that the chain refused a transaction.
type RefusedError struct {
	Codespace string
	Code      uint32
	Log       string
}

// Error implements error.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("refused by the chain: %s (%s, code %d)", e.Log, e.Codespace, e.Code)
}

// Is reports whether target is the registered error with which the chain refused.
func (e *RefusedError) Is(target error) bool {
	var registered *errorsmod.Error
	return errors.As(target, &registered) && registered.Codespace() == e.Codespace && registered.ABCICode() == e.Code
}

// Send signs messages, sends them, and waits until a block holds them.
func (c *Client) Send(ctx context.Context, signer Signer, msgs ...sdk.Msg) (*sdk.TxResponse, error) {
	lock := c.lock(signer)
	lock.Lock()
	defer lock.Unlock()
	signed, err := c.Sign(ctx, signer, msgs...)
	if err != nil {
		return nil, err
	}
	return c.Deliver(ctx, signed)
}

// Sequence returns the sequence of an account, which its next transaction must have.
func (c *Client) Sequence(ctx context.Context, address string) (uint64, error) {
	info, err := c.auth.AccountInfo(ctx, &authtypes.QueryAccountInfoRequest{Address: address})
	if err != nil {
		return 0, fmt.Errorf("account %s: %w", address, err)
	}
	return info.Info.Sequence, nil
}

func (c *Client) lock(signer Signer) *sync.Mutex {
	c.mu.Lock()
	defer c.mu.Unlock()
	lock := c.locks[string(signer.Address)]
	if lock == nil {
		lock = new(sync.Mutex)
		c.locks[string(signer.Address)] = lock
	}
	return lock
}

// Sign builds and signs a transaction, with gas from a simulation. It does not send it.
func (c *Client) Sign(ctx context.Context, signer Signer, msgs ...sdk.Msg) (Signed, error) {
	info, err := c.auth.AccountInfo(ctx, &authtypes.QueryAccountInfoRequest{Address: signer.String()})
	if err != nil {
		return Signed{}, fmt.Errorf("account %s: %w", signer, err)
	}
	builder := c.txConfig.NewTxBuilder()
	if err := builder.SetMsgs(msgs...); err != nil {
		return Signed{}, err
	}
	data := authsigning.SignerData{
		Address: signer.String(), ChainID: c.ChainID, PubKey: signer.Key.PubKey(),
		AccountNumber: info.Info.AccountNumber, Sequence: info.Info.Sequence,
	}
	unsigned := signing.SignatureV2{
		PubKey: signer.Key.PubKey(), Sequence: info.Info.Sequence,
		Data: &signing.SingleSignatureData{SignMode: signing.SignMode_SIGN_MODE_DIRECT},
	}
	if err := builder.SetSignatures(unsigned); err != nil {
		return Signed{}, err
	}
	builder.SetFeeGranter(signer.FeeGranter)
	// A simulation without a fee leaves out the gas for deducting it, a third of that of a light message.
	builder.SetFeeAmount(sdk.NewCoins(sdk.NewInt64Coin(rewardstypes.Denom, 1)))
	encoded, err := c.txConfig.TxEncoder()(builder.GetTx())
	if err != nil {
		return Signed{}, err
	}
	simulated, err := c.txs.Simulate(ctx, &txtypes.SimulateRequest{TxBytes: encoded})
	if err != nil {
		return Signed{}, refusedBySimulation(err)
	}
	gas := simulated.GasInfo.GasUsed * gasPercent / 100
	price, err := rewardstypes.GasPrice(ctx, c.Rewards)
	if err != nil {
		return Signed{}, err
	}
	builder.SetGasLimit(gas)
	builder.SetFeeAmount(sdk.NewCoins(sdk.NewCoin(rewardstypes.Denom, price.Mul(math.NewIntFromUint64(gas)))))
	signature, err := clienttx.SignWithPrivKey(ctx, signing.SignMode_SIGN_MODE_DIRECT, data, builder, signer.Key,
		c.txConfig, info.Info.Sequence)
	if err != nil {
		return Signed{}, err
	}
	if err := builder.SetSignatures(signature); err != nil {
		return Signed{}, err
	}
	encoded, err = c.txConfig.TxEncoder()(builder.GetTx())
	return Signed{Bytes: encoded, Sequence: info.Info.Sequence}, err
}

// Response unmarshals the response of the first message of a transaction.
func Response(result *sdk.TxResponse, into proto.Message) error {
	data, err := hex.DecodeString(result.Data)
	if err != nil {
		return err
	}
	var all sdk.TxMsgData
	if err := proto.Unmarshal(data, &all); err != nil {
		return err
	}
	if len(all.MsgResponses) == 0 {
		return fmt.Errorf("transaction %s has no responses", result.TxHash)
	}
	return proto.Unmarshal(all.MsgResponses[0].Value, into)
}
