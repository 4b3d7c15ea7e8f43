// Package voteext carries validators' verdicts into blocks: each validator adds them to its vote, the next proposer
// puts the votes of the block before into its proposal, and every node counts them before the block's transactions. See
// README.md for the rules.
package voteext

import (
	abci "github.com/cometbft/cometbft/abci/types"

	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/baseapp"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/attribution/types"
)

// maxAccepted is the largest extension that other validators' votes may carry, in bytes. It leaves room for a later
// version.
const maxAccepted = 256

// Verdicts is what the attestor has published, in memory.
type Verdicts interface {
	// Verdicts returns those on the items base ≤ n < next, all batches or all versions, and false when no attestor is
	// alive. It never blocks.
	Verdicts(base, next uint64) ([]types.Verdict, bool)
}

// Chain is the state that asks and counts.
type Chain interface {
	Window(ctx sdk.Context) (types.Window, error)
	Tally(ctx sdk.Context, votes []types.AttestVote) error
}

// NoVerdicts is a node without an attestor: it takes part in consensus and says nothing.
type NoVerdicts struct{}

// Verdicts implements Verdicts.
func (NoVerdicts) Verdicts(uint64, uint64) ([]types.Verdict, bool) { return nil, false }

// Handlers are what the application does with vote extensions.
type Handlers struct {
	Chain      Chain
	Verdicts   Verdicts
	Validators baseapp.ValidatorStore
	// Decode is the decoder that execution uses.
	Decode sdk.TxDecoder
	// Prepare and Process handle the transactions of users.
	Prepare sdk.PrepareProposalHandler
	Process sdk.ProcessProposalHandler
	Logger  log.Logger
	// Tamper changes the votes that this node proposes with, to test the others; nil in any honest node.
	Tamper func(*abci.ExtendedCommitInfo)
}

// ExtendVote returns the verdicts on all open items. It never fails: whatever goes wrong, the vote goes out without an
// extension.
func (h *Handlers) ExtendVote(ctx sdk.Context,
	_ *abci.RequestExtendVote) (response *abci.ResponseExtendVote, err error) {
	defer h.recovered("ExtendVote", func() { response, err = &abci.ResponseExtendVote{}, nil })
	window, err := h.Chain.Window(ctx)
	if err != nil {
		h.Logger.Error("vote goes out without verdicts", "err", err)
		return &abci.ResponseExtendVote{}, nil
	}
	if !window.Enabled || window.Next < window.Base || window.VersionNext < window.VersionBase {
		return &abci.ResponseExtendVote{}, nil
	}
	extension := types.Extension{Base: window.Base, VersionBase: window.VersionBase}
	var alive bool
	if extension.Verdicts, alive = h.Verdicts.Verdicts(window.Base, window.Next); !alive {
		return &abci.ResponseExtendVote{}, nil
	}
	if extension.Versions, alive = h.Verdicts.Verdicts(window.VersionBase, window.VersionNext); !alive {
		return &abci.ResponseExtendVote{}, nil
	}
	// An extension without verdicts still says that this validator attests.
	return &abci.ResponseExtendVote{VoteExtension: extension.Marshal()}, nil
}

// VerifyVoteExtension looks at the size only. A vote whose extension is refused does not count, so that anything more
// could stop the chain; what an extension says is judged when it is counted.
func (h *Handlers) VerifyVoteExtension(_ sdk.Context,
	req *abci.RequestVerifyVoteExtension) (response *abci.ResponseVerifyVoteExtension, err error) {
	defer h.recovered("VerifyVoteExtension", func() {
		response, err = &abci.ResponseVerifyVoteExtension{Status: abci.ResponseVerifyVoteExtension_ACCEPT}, nil
	})
	if len(req.GetVoteExtension()) > maxAccepted {
		return &abci.ResponseVerifyVoteExtension{Status: abci.ResponseVerifyVoteExtension_REJECT}, nil
	}
	return &abci.ResponseVerifyVoteExtension{Status: abci.ResponseVerifyVoteExtension_ACCEPT}, nil
}

// recovered runs fallback after a panic.
func (h *Handlers) recovered(where string, fallback func()) {
	if reason := recover(); reason != nil {
		h.Logger.Error("handler of vote extensions panicked", "handler", where, "panic", reason)
		fallback()
	}
}

// enabledAt reports whether a block at a height can carry the extensions of the votes on the block before.
func enabledAt(ctx sdk.Context, height int64) bool {
	params := ctx.ConsensusParams()
	return params.Abci != nil && params.Abci.VoteExtensionsEnableHeight != 0 &&
		height > params.Abci.VoteExtensionsEnableHeight
}
