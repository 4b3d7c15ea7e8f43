package metrics

import (
	"context"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/openledger/openledger/app"
)

// Node is an application whose ABCI calls are measured.
type Node struct {
	*app.App
	metrics *Metrics
}

// Watch measures an application, instead of the one that was watched before. Use the returned Node in place of the
// application.
func (m *Metrics) Watch(node *app.App) *Node {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.node = node
	return &Node{App: node, metrics: m}
}

// Statuses of calls.
const (
	statusOK       = "ok"
	statusError    = "error"
	statusAccepted = "accepted"
	statusRejected = "rejected"
	statusEmpty    = "empty" // a vote without verdicts
)

// record records a call with its start and its status.
func (n *Node) record(ctx context.Context, call string, began time.Time, err error, status string) {
	if err != nil {
		status = statusError
	}
	n.metrics.calls.Record(ctx, n.metrics.now().Sub(began).Seconds(),
		metric.WithAttributes(attribute.String("call", call), attribute.String("status", status)))
}

func verdict(accepted bool) string {
	if accepted {
		return statusAccepted
	}
	return statusRejected
}

// CheckTx implements abci.Application.
func (n *Node) CheckTx(req *abci.RequestCheckTx) (*abci.ResponseCheckTx, error) {
	began := n.metrics.now()
	response, err := n.App.CheckTx(req)
	n.record(context.Background(), "check_tx", began, err, verdict(err == nil && response.IsOK()))
	return response, err
}

// PrepareProposal implements abci.Application.
func (n *Node) PrepareProposal(req *abci.RequestPrepareProposal) (*abci.ResponsePrepareProposal, error) {
	began := n.metrics.now()
	response, err := n.App.PrepareProposal(req)
	n.record(context.Background(), "prepare_proposal", began, err, statusOK)
	return response, err
}

// ProcessProposal implements abci.Application.
func (n *Node) ProcessProposal(req *abci.RequestProcessProposal) (*abci.ResponseProcessProposal, error) {
	began := n.metrics.now()
	response, err := n.App.ProcessProposal(req)
	n.record(context.Background(), "process_proposal", began, err,
		verdict(err == nil && response.Status == abci.ResponseProcessProposal_ACCEPT))
	return response, err
}

// FinalizeBlock implements abci.Application.
func (n *Node) FinalizeBlock(req *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	began := n.metrics.now()
	response, err := n.App.FinalizeBlock(req)
	n.record(context.Background(), "finalize_block", began, err, statusOK)
	return response, err
}

// Commit implements abci.Application.
func (n *Node) Commit() (*abci.ResponseCommit, error) {
	began := n.metrics.now()
	response, err := n.App.Commit()
	n.record(context.Background(), "commit", began, err, statusOK)
	return response, err
}

// ExtendVote implements abci.Application. The status of a vote without verdicts is empty: there is no attestor, or the
// node does not hear it.
func (n *Node) ExtendVote(ctx context.Context, req *abci.RequestExtendVote) (*abci.ResponseExtendVote, error) {
	began := n.metrics.now()
	response, err := n.App.ExtendVote(ctx, req)
	status := statusOK
	if err == nil && len(response.VoteExtension) == 0 {
		status = statusEmpty
	}
	n.record(ctx, "extend_vote", began, err, status)
	return response, err
}

// VerifyVoteExtension implements abci.Application.
func (n *Node) VerifyVoteExtension(
	req *abci.RequestVerifyVoteExtension) (*abci.ResponseVerifyVoteExtension, error) {
	began := n.metrics.now()
	response, err := n.App.VerifyVoteExtension(req)
	n.record(context.Background(), "verify_vote_extension", began, err,
		verdict(err == nil && response.Status == abci.ResponseVerifyVoteExtension_ACCEPT))
	return response, err
}

// Close first stops measuring, so that no state is read afterwards. It may be called again.
func (n *Node) Close() error {
	n.metrics.mu.Lock()
	if n.metrics.node == n.App {
		n.metrics.node = nil
	}
	n.metrics.mu.Unlock()
	return n.App.Close()
}
