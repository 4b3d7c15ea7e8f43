package gateway

import (
	"context"
	"net/http"

	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/retrieval"
	"github.com/openledger/openledger/poa"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// sketch returns the query of an answer for method LORA, or nil: then only the influence table decides. It returns nil
// where nobody could compute the query again: for engines that compute none, for an adapter of an adapter, whose
// training only knows its own matrices, and for an answer whose question was lost with the process.
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

// codeInline is the code of the error for a model that needs attested evidence, while the gateway sends inline
// evidence.
const codeInline = "evidence_inline"

// checkEvidence returns an error for a model whose answers this gateway cannot prove.
func (g *Gateway) checkEvidence(library *retrieval.Library) error {
	if library.Version.Method != modelstypes.ATTRIBUTION_METHOD_LORA || g.Attested {
		return nil
	}
	return &httpError{status: http.StatusServiceUnavailable, code: codeInline, param: "model",
		message: "answers of " + ModelName(library.Model.Id) + " are attributed by method LORA, which validators recompute " +
			"from the influence file: its provider must start the gateway with --evidence attested"}
}
