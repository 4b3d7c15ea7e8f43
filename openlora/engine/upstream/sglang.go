package upstream

import (
	"context"
	"net/http"
	"strings"

	"github.com/openledger/openledger/openlora/engine"
)

// sglang is an SGLang server: POST /load_lora_adapter and /unload_lora_adapter, then the base as the model and the
// adapter's name as lora_path. It may evict adapters on its own (--max-loaded-loras).
type sglang struct {
	calls
	model string
	paths PathMap
}

const sglangPath = "SGLang looks for adapters on its own disk: --adapter-path-map LOCAL=REMOTE says where it sees them"

func (s *sglang) about(ctx context.Context) (About, error) {
	cards, err := s.models(ctx)
	about := About{}
	if err != nil {
		return about, err
	}
	for _, c := range cards {
		about.Models = append(about.Models, c.ID)
	}
	var info struct {
		Version string `json:"version"`
		Enabled *bool  `json:"enable_lora"`
	}
	if err := s.get(ctx, s.root+"/server_info", &info); err != nil {
		if err := s.get(ctx, s.root+"/get_server_info", &info); err != nil { // its older name
			about.Why = "it does not say whether it was started with --enable-lora"
			return about, nil
		}
	}
	about.Version = info.Version
	about.Adapters = info.Enabled != nil && *info.Enabled
	about.Why = "loaded by calls"
	if !about.Adapters {
		about.Why = "start SGLang with --enable-lora, --max-lora-rank and --lora-target-modules all"
	}
	return about, nil
}

func (s *sglang) alive(ctx context.Context) error { return s.get(ctx, s.root+"/health", nil) }

// updated is SGLang's response to a load or an unload.
type updated struct {
	Success bool   `json:"success"`
	Error   string `json:"error_message"`
}

func (s *sglang) load(ctx context.Context, adapter *engine.Adapter) error {
	folder, err := s.paths.folder(adapter)
	if err != nil {
		return err
	}
	var done updated
	err = s.post(ctx, s.root+"/load_lora_adapter",
		map[string]any{"lora_name": adapter.Name, "lora_path": folder, "pinned": false}, &done)
	if err == nil && !done.Success {
		err = unable("%s", done.Error)
	}
	refused := reply(err)
	switch {
	case err == nil:
		return nil
	case strings.Contains(err.Error(), "already exists") || strings.Contains(err.Error(), "already loaded"):
		return nil
	case noRoute(refused):
		return blamed(err, adapter.Name, "this SGLang loads no adapters while it runs: take 0.5 or newer")
	case strings.Contains(err.Error(), "not enabled"):
		return blamed(err, adapter.Name, "")
	case refused != nil && refused.Code == http.StatusBadRequest:
		return blamed(err, adapter.Name, sglangPath)
	}
	return err
}

func (s *sglang) unload(ctx context.Context, name string) error {
	var done updated
	err := s.post(ctx, s.root+"/unload_lora_adapter", map[string]string{"lora_name": name}, &done)
	if err == nil && !done.Success {
		err = unable("%s", done.Error)
	}
	if err != nil && strings.Contains(err.Error(), "does not exist") {
		return nil
	}
	return err
}

func (s *sglang) loaded(ctx context.Context) ([]string, error) {
	cards, err := s.models(ctx)
	return adapters(cards), err
}

func (s *sglang) address(_ context.Context, fields map[string]any, adapter *engine.Adapter) error {
	if adapter != nil {
		fields["lora_path"] = adapter.Name
	}
	return nil
}

func (s *sglang) lacks(err *engine.UpstreamError) bool {
	return strings.Contains(err.Message, "adapters are not loaded")
}
