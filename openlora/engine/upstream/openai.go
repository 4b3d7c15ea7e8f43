package upstream

import (
	"context"

	"github.com/openledger/openledger/openlora/engine"
)

// plain is a server that only has OpenAI's API: it loads no adapters. Options.Names has the names of adapters that it
// was started with.
type plain struct {
	calls
	model string
}

func (p *plain) about(ctx context.Context) (About, error) {
	cards, err := p.models(ctx)
	return About{Models: ids(cards), Why: "only those that it was started with (--upstream-model)"}, err
}

func (p *plain) alive(ctx context.Context) error {
	_, err := p.models(ctx)
	return err
}

func (p *plain) load(_ context.Context, adapter *engine.Adapter) error { return p.cannot(adapter) }

func (*plain) unload(context.Context, string) error { return nil }

func (*plain) loaded(context.Context) ([]string, error) { return nil, nil }

func (p *plain) address(_ context.Context, _ map[string]any, adapter *engine.Adapter) error {
	if adapter == nil {
		return nil
	}
	return p.cannot(adapter)
}

func (*plain) lacks(*engine.UpstreamError) bool { return false }

func (p *plain) cannot(adapter *engine.Adapter) error {
	return unfit("%s loads no adapters, so not %s: start it with the adapter and name it with --upstream-model "+
		"MODEL=NAME, or say with --engine what kind of server it is", p.api, adapter.Name)
}
