package engine

import (
	"context"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/slm/influence"
)

var _ Sketcher = (*Embedded)(nil)

// Sketch implements Sketcher. The adapter must be loaded. The query depends only on base, adapter, conversation and
// answer.
func (e *Embedded) Sketch(ctx context.Context, a *Adapter, messages []api.Message, answer string) (*poa.LoraQuery,
	error) {
	file, release, err := e.residents.open(a.Name)
	if err != nil {
		return nil, err
	}
	defer release()
	query, err := influence.Of(ctx, e.model, file, e.messages(Request{Messages: messages}), answer)
	if err != nil {
		return nil, err
	}
	return &poa.LoraQuery{Sketch: poa.Sketch(query.Sketch)}, nil
}
