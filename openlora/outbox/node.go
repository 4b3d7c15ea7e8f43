package outbox

import (
	"bytes"
	"context"
	"errors"
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
	var unknown *chain.NoResultError
	if errors.As(err, &unknown) {
		return n.recorded(ctx, msg.ProviderSeq, unknown)
	}
	if err != nil {
		return Recorded{}, err
	}
	var response attributiontypes.MsgSubmitReceiptsResponse
	if err := chain.Response(result, &response); err != nil {
		return Recorded{}, err
	}
	return Recorded{BatchID: response.BatchId, TxHash: result.TxHash, Height: result.Height}, nil
}

// recorded asks the state for a batch of which the node keeps no result.
func (n ChainNode) recorded(ctx context.Context, seq uint64, unknown *chain.NoResultError) (Recorded, error) {
	if err := n.Client.WaitHeight(ctx, unknown.Height); err != nil {
		return Recorded{}, err
	}
	found, err := n.Client.Attribution.BatchBySeq(ctx,
		&attributiontypes.QueryBatchBySeqRequest{Provider: n.Signer.String(), ProviderSeq: seq})
	if err != nil {
		return Recorded{}, fmt.Errorf("%w; batch %d: %w", unknown, seq, err)
	}
	return Recorded{BatchID: found.Batch.Id, TxHash: unknown.Hash, Height: unknown.Height}, nil
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
	if errors.As(err, new(*chain.NoResultError)) {
		return nil // its status says what became of it
	}
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
	var unknown *chain.NoResultError
	if err != nil && !errors.As(err, &unknown) {
		return err
	}
	if unknown == nil {
		return n.Client.WaitHeight(ctx, result.Height)
	}
	if err := n.Client.WaitHeight(ctx, unknown.Height); err != nil {
		return err
	}
	provider, err := n.Provider(ctx)
	if err == nil && !bytes.Equal(provider.FenceHolder, msg.Holder) {
		err = fmt.Errorf("%w: %w", modelstypes.ErrFence, unknown)
	}
	return err
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
