package upstream

import (
	"context"
	"encoding/json"
	"slices"
	"sync"

	"github.com/openledger/openledger/openlora/engine"
)

// lorax is a LoRAX server. It has no call to load an adapter: a request names the folder of its adapter, and the server
// loads missing adapters and evicts unused ones.
type lorax struct {
	calls
	model string
	paths PathMap

	mu    sync.Mutex
	known map[string]bool // adapters that it has answered with
}

const loraxPath = "LoRAX looks for adapters on its own disk: --adapter-path-map LOCAL=REMOTE says where it sees them"

func (l *lorax) about(ctx context.Context) (About, error) {
	var info struct {
		Model   string `json:"model_id"`
		Version string `json:"version"`
	}
	if err := l.get(ctx, l.root+"/info", &info); err != nil {
		return About{}, err
	}
	return About{Version: info.Version, Adapters: true, Why: "named in each request", Models: []string{info.Model}}, nil
}

// alive does not call /health, because the server generates text for that.
func (l *lorax) alive(ctx context.Context) error { return l.get(ctx, l.root+"/info", nil) }

// load asks for one token, so that the adapter is loaded for the first answer, and is known to work.
func (l *lorax) load(ctx context.Context, adapter *engine.Adapter) error {
	folder, err := l.paths.folder(adapter)
	if err != nil {
		return err
	}
	err = l.post(ctx, l.root+"/generate", map[string]any{"inputs": "a", "parameters": map[string]any{
		"adapter_id": folder, "adapter_source": "local", "max_new_tokens": 1,
	}}, nil)
	if refused := reply(err); refused != nil && !refused.Busy {
		return blamed(err, adapter.Name, loraxPath)
	}
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known == nil {
		l.known = make(map[string]bool)
	}
	l.known[adapter.Name] = true
	return nil
}

func (l *lorax) unload(_ context.Context, name string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.known, name)
	return nil
}

func (l *lorax) loaded(context.Context) ([]string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for name := range l.known {
		out = append(out, name)
	}
	slices.Sort(out)
	return out, nil
}

func (l *lorax) address(_ context.Context, fields map[string]any, adapter *engine.Adapter) error {
	if isOne(fields["top_p"]) {
		delete(fields, "top_p") // LoRAX refuses 1, which is no limit
	}
	if adapter == nil {
		return nil
	}
	folder, err := l.paths.folder(adapter)
	if err != nil {
		return err
	}
	fields["model"], fields["adapter_source"] = folder, "local"
	return nil
}

func (l *lorax) lacks(*engine.UpstreamError) bool { return false }

// isOne reports whether an option is the number 1.
func isOne(option any) bool {
	text, err := json.Marshal(option)
	var number float64
	return err == nil && json.Unmarshal(text, &number) == nil && number == 1
}
