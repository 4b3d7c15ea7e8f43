package voteext

import (
	"fmt"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/attribution/types"
)

// EventTallyFailed is emitted when a block's verdicts could not be counted; nothing of them is kept.
const EventTallyFailed = "attestation_tally_failed"

// PreBlocker runs the modules' own first and then counts the verdicts of the block. It takes any block: a node that
// catches up has not checked the proposal. What fails in counting is dropped, because an error here would stop the
// chain.
func (h *Handlers) PreBlocker(modules func(sdk.Context) (*sdk.ResponsePreBlock, error)) sdk.PreBlocker {
	return func(ctx sdk.Context, req *abci.RequestFinalizeBlock) (*sdk.ResponsePreBlock, error) {
		response, err := modules(ctx)
		if err != nil {
			return response, err
		}
		if err := h.tally(ctx, req); err != nil {
			h.Logger.Error("verdicts of the block are not counted", "height", req.Height, "err", err)
			ctx.EventManager().EmitEvent(sdk.NewEvent(EventTallyFailed))
		}
		return response, nil
	}
}

func (h *Handlers) tally(ctx sdk.Context, req *abci.RequestFinalizeBlock) (err error) {
	defer h.recovered("PreBlocker", func() { err = fmt.Errorf("panic") })
	window, err := h.Chain.Window(ctx)
	if err != nil || !window.Enabled || window.Empty() || len(req.DecidedLastCommit.Votes) == 0 {
		return err
	}
	cached, write := ctx.CacheContext()
	if err := h.Chain.Tally(cached, votesOf(req)); err != nil {
		return err
	}
	write()
	return nil
}

// votesOf returns all votes of the last commit, with the extensions that the block carries for those who voted for the
// block before.
func votesOf(req *abci.RequestFinalizeBlock) []types.AttestVote {
	last := req.DecidedLastCommit.Votes
	votes := make([]types.AttestVote, len(last))
	for i, v := range last {
		votes[i] = types.AttestVote{Validator: v.Validator.Address, Power: v.Validator.Power}
	}
	if len(req.Txs) == 0 {
		return votes
	}
	injected, err := decode(req.Txs[0], len(last))
	if err != nil {
		return votes // no injection, or one that no proposal check has passed
	}
	for i, v := range injected {
		if v.flag == cmtproto.BlockIDFlagCommit && last[i].BlockIdFlag == cmtproto.BlockIDFlagCommit {
			votes[i].Extension = v.extension
		}
	}
	return votes
}
