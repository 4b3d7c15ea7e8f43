package upstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/openledger/openledger/internal/file"
	"github.com/openledger/openledger/openlora/engine"
)

// vllm is a vLLM server: POST /v1/load_lora_adapter and /v1/unload_lora_adapter, then the adapter's name as the model.
// Its routes are there if it was started with VLLM_ALLOW_RUNTIME_LORA_UPDATING=True. Or it finds adapters in the folder
// of its file system resolver.
type vllm struct {
	calls
	model  string
	paths  PathMap
	folder string // of the resolver; empty means that adapters are loaded by calls
}

const (
	vllmUpdating = "start vLLM with VLLM_ALLOW_RUNTIME_LORA_UPDATING=True in its environment and --enable-lora, or " +
		"name the folder of its resolver (VLLM_LORA_RESOLVER_CACHE_DIR) with --adapter-folder"
	vllmPath = "vLLM looks for adapters on its own disk: --adapter-path-map LOCAL=REMOTE says where it sees them"
)

func (v *vllm) about(ctx context.Context) (About, error) {
	var version struct {
		Version string `json:"version"`
	}
	_ = v.get(ctx, v.root+"/version", &version) // older versions do not have it
	cards, err := v.models(ctx)
	about := About{Version: version.Version, Models: ids(cards)}
	if err != nil {
		return about, err
	}
	if v.folder != "" {
		about.Adapters, about.Why = true, "found in "+v.folder
		return about, nil
	}
	// Without a name nothing is loaded: a server with the route answers that the name is missing.
	err = v.post(ctx, v.api+"/load_lora_adapter", map[string]string{"lora_name": "", "lora_path": ""}, nil)
	switch refused := reply(err); {
	case noRoute(refused):
		about.Why = vllmUpdating
	case refused != nil && refused.Code == http.StatusUnauthorized:
		about.Why = "it wants another key to load them"
	default:
		about.Adapters, about.Why = true, "loaded by calls"
	}
	return about, nil
}

func (v *vllm) alive(ctx context.Context) error { return v.get(ctx, v.root+"/health", nil) }

func (v *vllm) load(ctx context.Context, adapter *engine.Adapter) error {
	if v.folder != "" {
		return v.place(ctx, adapter)
	}
	folder, err := v.paths.folder(adapter)
	if err != nil {
		return err
	}
	err = v.post(ctx, v.api+"/load_lora_adapter", map[string]string{"lora_name": adapter.Name, "lora_path": folder}, nil)
	switch refused := reply(err); {
	case err == nil:
		return nil
	case refused == nil:
		return err
	case noRoute(refused):
		return blamed(err, adapter.Name, vllmUpdating)
	case refused.Code == http.StatusBadRequest && strings.Contains(refused.Message, "already been loaded"):
		return nil
	case refused.Code == http.StatusNotFound:
		return blamed(err, adapter.Name, vllmPath)
	case strings.Contains(refused.Message, "max_lora_rank"):
		return unfit("adapter %s: %s: start vLLM with --max-lora-rank %d", adapter.Name, refused.Message, adapter.Rank)
	}
	return blamed(err, adapter.Name, "")
}

func (v *vllm) unload(ctx context.Context, name string) error {
	if v.folder != "" {
		if err := checkName(name); err != nil {
			return err
		}
		if err := os.RemoveAll(filepath.Join(v.folder, name)); err != nil {
			return err
		}
	}
	err := v.post(ctx, v.api+"/unload_lora_adapter", map[string]string{"lora_name": name}, nil)
	if refused := reply(err); refused != nil &&
		(noRoute(refused) && v.folder != "" || refused.Code == http.StatusNotFound && !noRoute(refused)) {
		return nil
	}
	return err
}

func (v *vllm) loaded(ctx context.Context) ([]string, error) {
	cards, err := v.models(ctx)
	return adapters(cards), err
}

func (v *vllm) address(_ context.Context, fields map[string]any, adapter *engine.Adapter) error {
	if adapter != nil {
		fields["model"] = adapter.Name
	}
	return nil
}

func (v *vllm) lacks(err *engine.UpstreamError) bool {
	return err.Code == http.StatusNotFound && strings.Contains(err.Message, "does not exist")
}

// place puts an adapter into the resolver's folder. The resolver takes only adapters whose base has the name that vLLM
// was started with.
func (v *vllm) place(ctx context.Context, adapter *engine.Adapter) error {
	if _, err := v.paths.folder(adapter); err != nil {
		return err
	}
	target := filepath.Join(v.folder, adapter.Name)
	if _, err := os.Stat(target); err == nil {
		return nil
	}
	base, err := v.base(ctx)
	if err != nil {
		return err
	}
	config, err := os.ReadFile(filepath.Join(adapter.Folder, "adapter_config.json"))
	if err != nil {
		return err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(config, &fields); err != nil {
		return fmt.Errorf("adapter %s: adapter_config.json: %w", adapter.Name, err)
	}
	if fields["base_model_name_or_path"], err = json.Marshal(base); err != nil {
		return err
	}
	if config, err = json.MarshalIndent(fields, "", "  "); err != nil {
		return err
	}
	if err := os.MkdirAll(v.folder, 0o755); err != nil {
		return err
	}
	made, err := os.MkdirTemp(v.folder, ".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(made)
	const weights = "adapter_model.safetensors"
	if err := os.Chmod(made, 0o755); err != nil { // another user may run vLLM
		return err
	}
	if err := file.Write(filepath.Join(made, "adapter_config.json"), config, 0o644); err != nil {
		return err
	}
	if err := linkOrCopy(filepath.Join(adapter.Folder, weights), filepath.Join(made, weights)); err != nil {
		return err
	}
	err = file.Rename(made, target)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// base returns the name or path that vLLM was started with.
func (v *vllm) base(ctx context.Context) (string, error) {
	cards, err := v.models(ctx)
	if err != nil {
		return "", err
	}
	for _, c := range cards {
		if c.ID == v.model && c.Root != "" {
			return c.Root, nil
		}
	}
	return v.model, nil
}
