package voteext

import (
	"errors"
	"fmt"

	abci "github.com/cometbft/cometbft/abci/types"
	cmttypes "github.com/cometbft/cometbft/types"

	"github.com/cosmos/cosmos-sdk/baseapp"
	sdk "github.com/cosmos/cosmos-sdk/types"
)

// PrepareProposal puts the votes on the block before in front of the transactions. It never fails: without them the
// block is as good.
func (h *Handlers) PrepareProposal(ctx sdk.Context,
	req *abci.RequestPrepareProposal) (response *abci.ResponsePrepareProposal, err error) {
	defer h.recovered("PrepareProposal", func() { response, err = &abci.ResponsePrepareProposal{}, nil })
	req.Txs = withoutInjections(req.Txs)
	injection := h.injection(ctx, req)
	if injection != nil {
		req.MaxTxBytes -= cmttypes.ComputeProtoSizeForTxs([]cmttypes.Tx{injection})
	}
	response, err = h.Prepare(ctx, req)
	if err != nil {
		h.Logger.Error("proposal goes out without transactions", "err", err)
		response = &abci.ResponsePrepareProposal{}
	}
	response.Txs = withoutInjections(response.Txs)
	if injection != nil {
		response.Txs = append([][]byte{injection}, response.Txs...)
	}
	return response, nil
}

// withoutInjections drops what only a proposer may add. Nothing in a mempool decodes from such bytes; this costs a
// comparison.
func withoutInjections(txs [][]byte) [][]byte {
	kept := make([][]byte, 0, len(txs))
	for _, tx := range txs {
		if !IsInjection(tx) {
			kept = append(kept, tx)
		}
	}
	return kept
}

// injection returns what the proposal carries of the last commit, or nil when there is nothing to carry.
func (h *Handlers) injection(ctx sdk.Context, req *abci.RequestPrepareProposal) (injection []byte) {
	defer h.recovered("PrepareProposal", func() { injection = nil })
	if !enabledAt(ctx, req.Height) || len(req.LocalLastCommit.Votes) == 0 {
		return nil
	}
	window, err := h.Chain.Window(ctx)
	if err != nil || !window.Enabled || window.Empty() {
		return nil
	}
	if h.Tamper != nil {
		h.Tamper(&req.LocalLastCommit)
	}
	votes := fromCommit(req.LocalLastCommit)
	last := abci.CommitInfo{Round: req.LocalLastCommit.Round, Votes: make([]abci.VoteInfo, len(votes))}
	for i, v := range req.LocalLastCommit.Votes {
		last.Votes[i].Validator = v.Validator
	}
	if err := baseapp.ValidateVoteExtensions(ctx, h.Validators, req.Height, ctx.ChainID(),
		commitOf(votes, last)); err != nil {
		h.Logger.Error("proposal goes out without verdicts", "err", err)
		return nil
	}
	injection = encode(votes)
	// At most a quarter of the block.
	if int64(len(injection)) > req.MaxTxBytes/4 {
		h.Logger.Error("proposal goes out without verdicts", "bytes", len(injection), "max_tx_bytes", req.MaxTxBytes)
		return nil
	}
	return injection
}

// ProcessProposal checks an injection, if there is one, and hands the transactions on.
func (h *Handlers) ProcessProposal(ctx sdk.Context,
	req *abci.RequestProcessProposal) (response *abci.ResponseProcessProposal, err error) {
	reject := &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_REJECT}
	defer h.recovered("ProcessProposal", func() { response, err = reject, nil })
	txs := req.Txs
	if len(txs) > 0 && IsInjection(txs[0]) {
		if err := h.checkInjection(ctx, req); err != nil {
			h.Logger.Error("proposal rejected", "height", req.Height, "err", err)
			return reject, nil
		}
		txs = txs[1:]
	}
	for i, tx := range txs {
		// The handler of a node without a mempool takes anything. An injection elsewhere does not decode either.
		if _, err := h.Decode(tx); err != nil {
			h.Logger.Error("proposal rejected: a transaction does not decode", "height", req.Height, "index", i, "err", err)
			return reject, nil
		}
	}
	inner := *req
	inner.Txs = txs
	return h.Process(ctx, &inner)
}

func (h *Handlers) checkInjection(ctx sdk.Context, req *abci.RequestProcessProposal) error {
	if !enabledAt(ctx, req.Height) {
		return errors.New("votes carry no extensions at this height")
	}
	votes, err := decode(req.Txs[0], len(req.ProposedLastCommit.Votes))
	if err != nil {
		return err
	}
	if err := baseapp.ValidateVoteExtensions(ctx, h.Validators, req.Height, ctx.ChainID(),
		commitOf(votes, req.ProposedLastCommit)); err != nil {
		return fmt.Errorf("injected votes: %w", err)
	}
	return nil
}
