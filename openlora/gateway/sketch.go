package gateway

import (
	"context"
	"net/http"

	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/retrieval"
	"github.com/openledger/openledger/poa"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// sketch returns what method LORA asks the influence file for an answer, or nil: the influence table decides alone
// where nobody could compute the same again. That is so with engines that compute no query, for an adapter on an
// adapter, whose training knows its own matrices only, and for an answer whose question was lost with the process.
func (x *exchange) sketch(ctx context.Context, text string) *poa.LoraQuery {
	sketcher, ok := x.gateway.Engine.(engine.Sketcher)
	if !ok || x.library.Version.Method != modelstypes.ATTRIBUTION_METHOD_LORA || x.adapter == nil ||
		len(x.request.Messages) == 0 || string(x.adapter.Adapter.Digest[:]) != string(x.library.Version.Digest) {
		return nil
	}
	query, err := sketcher.Sketch(ctx, x.adapter.Adapter, x.request.Messages, text)
	if err != nil {
		x.gateway.Log.Error("the influence of an answer is that of the table: its query cannot be "+
			"computed", "receipt", x.id(),
			"err", err)
		return nil
	}
	return query
}

// codeInline says that a model needs validators, and the gateway sends them nothing.
const codeInline = "evidence_inline"

// checkEvidence refuses a model whose answers this gateway could not prove.
func (g *Gateway) checkEvidence(library *retrieval.Library) error {
	if library.Version.Method != modelstypes.ATTRIBUTION_METHOD_LORA || g.Attested {
		return nil
	}
	return &httpError{status: http.StatusServiceUnavailable, code: codeInline, param: "model",
		message: "answers of " + ModelName(library.Model.Id) + " are attributed by method LORA, which validators recompute " +
			"from the influence file: its provider must start the gateway with --evidence attested"}
}
