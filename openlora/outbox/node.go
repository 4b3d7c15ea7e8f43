package outbox

import (
	"context"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// ChainNode is a Node that signs with the provider's key.
type ChainNode struct {
	Client *chain.Client
	Signer chain.Signer
}

var (
	_ Node      = ChainNode{}
	_ FenceNode = ChainNode{}
)

// Submit implements Node.
func (n ChainNode) Submit(ctx context.Context, msg *attributiontypes.MsgSubmitReceipts) (Recorded, error) {
	result, err := n.Client.Send(ctx, n.Signer, msg)
	if err != nil {
		return Recorded{}, err
	}
	var response attributiontypes.MsgSubmitReceiptsResponse
	if err := chain.Response(result, &response); err != nil {
		return Recorded{}, err
	}
	return Recorded{BatchID: response.BatchId, TxHash: result.TxHash, Height: result.Height}, nil
}

// BatchStatus implements Node.
func (n ChainNode) BatchStatus(ctx context.Context, id uint64) (attributiontypes.BatchStatus, error) {
	response, err := n.Client.Attribution.Batch(ctx, &attributiontypes.QueryBatchRequest{BatchId: id})
	if status.Code(err) == codes.NotFound {
		return attributiontypes.BATCH_STATUS_UNSPECIFIED, ErrNotFound
	}
	if err != nil {
		return attributiontypes.BATCH_STATUS_UNSPECIFIED, err
	}
	return response.Batch.Status, nil
}

// Resubmit implements Node.
func (n ChainNode) Resubmit(ctx context.Context, msg *attributiontypes.MsgResubmitBatch) error {
	_, err := n.Client.Send(ctx, n.Signer, msg)
	return err
}

// LastSeq implements Node.
func (n ChainNode) LastSeq(ctx context.Context) (uint64, error) {
	provider, err := n.Provider(ctx)
	return provider.LastSeq, err
}

// Provider implements FenceNode.
func (n ChainNode) Provider(ctx context.Context) (modelstypes.Provider, error) {
	response, err := n.Client.Models.Provider(ctx, &modelstypes.QueryProviderRequest{Provider: n.Signer.String()})
	if err != nil {
		return modelstypes.Provider{}, fmt.Errorf("provider %s: %w", n.Signer, err)
	}
	return response.Provider, nil
}

// ClaimFence implements FenceNode. It returns when the node answers queries from the state behind the claim.
func (n ChainNode) ClaimFence(ctx context.Context, msg *modelstypes.MsgClaimFence) error {
	result, err := n.Client.Send(ctx, n.Signer, msg)
	if err != nil {
		return err
	}
	return n.Client.WaitHeight(ctx, result.Height)
}

// Session implements Node.
func (n ChainNode) Session(ctx context.Context, id poa.Hash) (attributiontypes.Session, error) {
	response, err := n.Client.Attribution.Session(ctx, &attributiontypes.QuerySessionRequest{SessionId: id.String()})
	if status.Code(err) == codes.NotFound {
		return attributiontypes.Session{}, ErrNotFound
	}
	if err != nil {
		return attributiontypes.Session{}, err
	}
	return response.Session, nil
}
