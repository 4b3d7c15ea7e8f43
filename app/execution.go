package app

import (
	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/spf13/cast"

	"github.com/cosmos/cosmos-sdk/baseapp"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
)

// OptionOptimistic is the option, and the flag of start, that executes proposals while validators vote on them. It goes
// with each executor of --block-executor.
const OptionOptimistic = "execution.optimistic"

// optimistic knows whether the execution of a proposal that baseapp keeps is still of use.
//
// baseapp keeps the result of the last proposal that it accepted and hands it out for a block with the same hash. A
// later proposal of the height that it rejects, or that it prepares, ends the execution or drops its state, but not the
// result. If the first one is decided after all (its votes were late), the node would commit an empty block's state
// with that result, or fail. So such a result is discarded here before the block is executed.
type optimistic struct {
	enabled bool
	started bool // baseapp keeps an execution
	stale   bool // a proposal has come after it
}

// executeAhead switches optimistic execution on if the node wants it.
func (app *App) executeAhead(appOpts servertypes.AppOptions) {
	if app.ahead.enabled = cast.ToBool(appOpts.Get(OptionOptimistic)); app.ahead.enabled {
		baseapp.SetOptimisticExecution()(app.BaseApp)
	}
}

// PrepareProposal implements abci.Application.
func (app *App) PrepareProposal(req *abci.RequestPrepareProposal) (*abci.ResponsePrepareProposal, error) {
	app.ahead.stale = true
	return app.BaseApp.PrepareProposal(req)
}

// ProcessProposal implements abci.Application.
func (app *App) ProcessProposal(req *abci.RequestProcessProposal) (*abci.ResponseProcessProposal, error) {
	app.ahead.stale = true
	response, err := app.BaseApp.ProcessProposal(req)
	if err == nil && response.Status == abci.ResponseProcessProposal_ACCEPT {
		app.ahead.started, app.ahead.stale = true, false
	}
	return response, err
}

// FinalizeBlock implements abci.Application.
func (app *App) FinalizeBlock(req *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	if app.ahead.enabled && app.ahead.started && app.ahead.stale {
		app.discardAhead(req)
	}
	app.ahead.started, app.ahead.stale = false, false
	response, err := app.BaseApp.FinalizeBlock(req)
	if err == nil {
		app.recent.executed(req, response)
	}
	return response, err
}

// Commit implements abci.Application. While it runs, clients can already read the new height, but a simulation would
// still run on the state before it. So simulations wait: a client that has seen a height simulates on that height.
func (app *App) Commit() (*abci.ResponseCommit, error) {
	app.simulated.Lock()
	defer app.simulated.Unlock()
	response, err := app.BaseApp.Commit()
	if err == nil {
		app.recent.committed()
	}
	return response, err
}

// notATransaction decodes to nothing: every proposal with it is rejected.
var notATransaction = []byte{0xff}

// discardAhead leaves baseapp as it is before the first proposal of a height. Only a proposal resets the state that
// blocks are executed on, so one that cannot be accepted does, and a new executor knows no result.
func (app *App) discardAhead(req *abci.RequestFinalizeBlock) {
	app.Logger().Info("an execution that was ahead is discarded", "height", req.Height)
	_, _ = app.BaseApp.ProcessProposal(&abci.RequestProcessProposal{
		Txs: [][]byte{notATransaction}, Height: req.Height, Time: req.Time, ProposedLastCommit: req.DecidedLastCommit,
		ProposerAddress: req.ProposerAddress,
	})
	baseapp.SetOptimisticExecution()(app.BaseApp)
}
