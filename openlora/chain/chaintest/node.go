// Package chaintest is a node for tests of clients. It opens sessions, tops them up and closes them, makes a block of
// each transaction, and keeps an index and results, or not, as a test wants.
package chaintest

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"net"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"cosmossdk.io/math"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtp2p "github.com/cometbft/cometbft/proto/tendermint/p2p"
	"github.com/cosmos/gogoproto/proto"

	"github.com/cosmos/cosmos-sdk/client/grpc/cmtservice"
	nodeservice "github.com/cosmos/cosmos-sdk/client/grpc/node"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	txtypes "github.com/cosmos/cosmos-sdk/types/tx"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/openledger/openledger/openlora/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// ChainID of the node.
const ChainID = "test-1"

// Node is a node: the state that its services share.
type Node struct {
	// NoIndex and NoResults say that it keeps no index of transactions, and no results of blocks.
	NoIndex, NoResults bool
	// Lose makes transactions get lost before they reach the node. Hang makes the node take them and never answer.
	Lose, Hang bool
	// Fail makes transactions fail in their blocks.
	Fail bool
	// Offers are what providers serve. A session with an offer has its price and answer key; the price of any other
	// session is its deposit.
	Offers []Offer

	mu       sync.Mutex
	blocks   [][]byte // one transaction each
	results  []*abci.ExecTxResult
	sessions []attributiontypes.Session
	sequence uint64
	address  string
}

// Offer is a model that a provider serves.
type Offer struct {
	Model     modelstypes.Model
	Royalty   math.Int
	Provider  modelstypes.Provider
	InputPer  math.Int
	OutputPer math.Int
}

// Start serves a node until the test ends.
func Start(t *testing.T) *Node {
	t.Helper()
	n := &Node{}
	cdc, err := chain.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.ForceServerCodec(cdc.GRPCCodec()))
	cmtservice.RegisterServiceServer(server, &blocks{Node: n})
	nodeservice.RegisterServiceServer(server, &state{Node: n})
	txtypes.RegisterServiceServer(server, &txs{Node: n, codec: cdc})
	authtypes.RegisterQueryServer(server, &accounts{Node: n})
	rewardstypes.RegisterQueryServer(server, &prices{})
	attributiontypes.RegisterQueryServer(server, &sessions{Node: n})
	modelstypes.RegisterQueryServer(server, &offers{Node: n})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n.address = listener.Addr().String()
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return n
}

// Dial returns a client of the node.
func (n *Node) Dial(t *testing.T) *chain.Client {
	t.Helper()
	client, err := chain.Dial(t.Context(), n.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// Sessions returns the number of sessions.
func (n *Node) Sessions() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.sessions)
}

// Session returns the session of an id, and whether there is one.
func (n *Node) Session(id []byte) (attributiontypes.Session, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if one := n.find(id); one != nil {
		return *one, true
	}
	return attributiontypes.Session{}, false
}

func (n *Node) find(id []byte) *attributiontypes.Session {
	for i := range n.sessions {
		if bytes.Equal(n.sessions[i].Id, id) {
			return &n.sessions[i]
		}
	}
	return nil
}

// Skip raises the account's sequence, as a transaction from elsewhere does.
func (n *Node) Skip() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.sequence++
}

// execute makes a block of a transaction.
func (n *Node) execute(encoded []byte, tx *txtypes.Tx) {
	result := &abci.ExecTxResult{GasUsed: 1}
	n.sequence++
	if n.Fail {
		result.Code, result.Codespace, result.Log = attributiontypes.ErrPaused.ABCICode(), attributiontypes.ModuleName,
			"failed"
	} else {
		switch msg := tx.Body.Messages[0].GetCachedValue().(type) {
		case *attributiontypes.MsgOpenSession:
			n.open(msg)
		case *attributiontypes.MsgTopUpSession:
			one := n.find(msg.SessionId)
			one.Deposit = one.Deposit.Add(msg.Amount.Amount)
		case *attributiontypes.MsgCloseSession:
			n.find(msg.SessionId).Status = attributiontypes.SESSION_STATUS_CLOSING
		}
	}
	n.blocks, n.results = append(n.blocks, encoded), append(n.results, result)
}

func (n *Node) open(msg *attributiontypes.MsgOpenSession) {
	id := make([]byte, 32)
	id[0] = byte(len(n.sessions) + 1)
	opened := attributiontypes.Session{
		Id: id, Payer: msg.Payer, Provider: msg.Provider, ModelId: msg.ModelId, SessionKey: msg.SessionKey,
		Deposit: msg.Deposit.Amount,
		Status:  attributiontypes.SESSION_STATUS_OPEN,
	}
	opened.Price = attributiontypes.Price{Input: opened.Deposit, Output: opened.Deposit, Royalty: opened.Deposit}
	for _, offer := range n.Offers {
		if offer.Model.Id == msg.ModelId && offer.Provider.Address == msg.Provider {
			opened.AnswerKey = offer.Provider.AnswerKey
			opened.Price = attributiontypes.Price{
				Input:   offer.InputPer,
				Output:  offer.OutputPer,
				Royalty: offer.Royalty,
			}
		}
	}
	opened.Spent, opened.Last.Fee = math.ZeroInt(), math.ZeroInt()
	n.sessions = append(n.sessions, opened)
}

type state struct {
	nodeservice.UnimplementedServiceServer
	*Node
}

func (s state) Status(context.Context, *nodeservice.StatusRequest) (*nodeservice.StatusResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &nodeservice.StatusResponse{EarliestStoreHeight: 1, Height: uint64(len(s.blocks))}, nil
}

type blocks struct {
	cmtservice.UnimplementedServiceServer
	*Node
}

func (b blocks) GetNodeInfo(context.Context, *cmtservice.GetNodeInfoRequest) (*cmtservice.GetNodeInfoResponse, error) {
	return &cmtservice.GetNodeInfoResponse{DefaultNodeInfo: &cmtp2p.DefaultNodeInfo{Network: ChainID}}, nil
}

func (b blocks) GetBlockByHeight(
	_ context.Context,
	r *cmtservice.GetBlockByHeightRequest,
) (*cmtservice.GetBlockByHeightResponse, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	block := &cmtservice.Block{}
	block.Data.Txs = [][]byte{[]byte("injected"), b.blocks[r.Height-1]}
	return &cmtservice.GetBlockByHeightResponse{SdkBlock: block}, nil
}

func (b blocks) GetBlockResults(
	_ context.Context,
	r *cmtservice.GetBlockResultsRequest,
) (*cmtservice.GetBlockResultsResponse, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.NoResults {
		return nil, errors.New("node is not persisting finalize block responses")
	}
	return &cmtservice.GetBlockResultsResponse{
		Height:     r.Height,
		TxsResults: []*abci.ExecTxResult{{}, b.results[r.Height-1]},
	}, nil
}

type txs struct {
	txtypes.UnimplementedServiceServer
	*Node
	codec interface {
		Unmarshal([]byte, proto.Message) error
	}
}

func (s txs) Simulate(context.Context, *txtypes.SimulateRequest) (*txtypes.SimulateResponse, error) {
	return &txtypes.SimulateResponse{GasInfo: &sdk.GasInfo{GasUsed: 100}}, nil
}

func (s txs) BroadcastTx(ctx context.Context, r *txtypes.BroadcastTxRequest) (*txtypes.BroadcastTxResponse, error) {
	var tx txtypes.Tx
	if err := s.codec.Unmarshal(r.TxBytes, &tx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	response := &sdk.TxResponse{TxHash: chain.Signed{Bytes: r.TxBytes}.Hash()}
	switch {
	case s.Lose:
		s.mu.Unlock()
		return nil, status.Error(codes.Unavailable, "the node is gone")
	case tx.AuthInfo.SignerInfos[0].Sequence != s.sequence:
		response.Codespace, response.Code, response.RawLog = sdkerrors.RootCodespace, sdkerrors.ErrWrongSequence.ABCICode(),
			"account sequence mismatch"
	default:
		s.execute(r.TxBytes, &tx)
	}
	hang := s.Hang
	s.mu.Unlock()
	if hang {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return &txtypes.BroadcastTxResponse{TxResponse: response}, nil
}

func (s txs) GetTx(_ context.Context, r *txtypes.GetTxRequest) (*txtypes.GetTxResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.NoIndex {
		return nil, errors.New("transaction indexing is disabled")
	}
	for i, encoded := range s.blocks {
		if (chain.Signed{Bytes: encoded}).Hash() == r.Hash {
			result := s.results[i]
			return &txtypes.GetTxResponse{
				TxResponse: &sdk.TxResponse{
					TxHash:    r.Hash,
					Height:    int64(i + 1),
					Code:      result.Code,
					Codespace: result.Codespace,
					RawLog:    result.Log,
				},
			}, nil
		}
	}
	return nil, status.Error(codes.NotFound, "tx not found")
}

type accounts struct {
	authtypes.UnimplementedQueryServer
	*Node
}

func (a accounts) AccountInfo(
	_ context.Context,
	r *authtypes.QueryAccountInfoRequest,
) (*authtypes.QueryAccountInfoResponse, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return &authtypes.QueryAccountInfoResponse{
		Info: &authtypes.BaseAccount{Address: r.Address, AccountNumber: 1, Sequence: a.sequence},
	}, nil
}

type prices struct {
	rewardstypes.UnimplementedQueryServer
}

func (prices) Params(context.Context, *rewardstypes.QueryParamsRequest) (*rewardstypes.QueryParamsResponse, error) {
	return &rewardstypes.QueryParamsResponse{Params: rewardstypes.DefaultParams()}, nil
}

type sessions struct {
	attributiontypes.UnimplementedQueryServer
	*Node
}

func (s sessions) SessionsByPayer(
	context.Context,
	*attributiontypes.QuerySessionsByPayerRequest,
) (*attributiontypes.QuerySessionsByPayerResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &attributiontypes.QuerySessionsByPayerResponse{
		Sessions: append([]attributiontypes.Session(nil), s.sessions...),
	}, nil
}

func (s sessions) Session(
	_ context.Context,
	r *attributiontypes.QuerySessionRequest,
) (*attributiontypes.QuerySessionResponse, error) {
	id, err := hex.DecodeString(r.SessionId)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	found, ok := s.Node.Session(id)
	if !ok {
		return nil, status.Error(codes.NotFound, "no such session")
	}
	return &attributiontypes.QuerySessionResponse{Session: found}, nil
}

func (s sessions) Receipt(
	context.Context,
	*attributiontypes.QueryReceiptRequest,
) (*attributiontypes.QueryReceiptResponse, error) {
	return nil, status.Error(codes.NotFound, "no such receipt")
}

type offers struct {
	modelstypes.UnimplementedQueryServer
	*Node
}

func (o offers) Models(context.Context, *modelstypes.QueryModelsRequest) (*modelstypes.QueryModelsResponse, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	response := &modelstypes.QueryModelsResponse{}
	known := make(map[uint64]bool)
	for _, offer := range o.Node.Offers {
		if !known[offer.Model.Id] {
			response.Models = append(response.Models, offer.Model)
		}
		known[offer.Model.Id] = true
	}
	return response, nil
}

func (o offers) Model(_ context.Context, r *modelstypes.QueryModelRequest) (*modelstypes.QueryModelResponse, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, offer := range o.Node.Offers {
		if offer.Model.Id == r.ModelId {
			return &modelstypes.QueryModelResponse{
				Model:   offer.Model,
				Version: modelstypes.ModelVersion{ModelId: r.ModelId, Version: 1, Royalty: offer.Royalty},
			}, nil
		}
	}
	return nil, status.Error(codes.NotFound, "no such model")
}

func (o offers) Offers(_ context.Context, r *modelstypes.QueryOffersRequest) (*modelstypes.QueryOffersResponse, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	response := &modelstypes.QueryOffersResponse{}
	for _, offer := range o.Node.Offers {
		if offer.Model.Id == r.ModelId {
			response.Offers = append(response.Offers, modelstypes.Offer{
				ModelId: r.ModelId, Provider: offer.Provider.Address, InputPrice: offer.InputPer,
				OutputPrice: offer.OutputPer,
			})
		}
	}
	return response, nil
}

func (o offers) Provider(
	_ context.Context,
	r *modelstypes.QueryProviderRequest,
) (*modelstypes.QueryProviderResponse, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, offer := range o.Node.Offers {
		if offer.Provider.Address == r.Provider {
			return &modelstypes.QueryProviderResponse{Provider: offer.Provider}, nil
		}
	}
	return nil, status.Error(codes.NotFound, "no such provider")
}
