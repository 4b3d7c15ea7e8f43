package upstream

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/slm/checkpoint"
)

// ollama is an Ollama server. Each adapter becomes a model: its file is sent as a blob, and POST /api/create makes a
// model from it and the base.
type ollama struct {
	calls
	model string
	base  *checkpoint.Config
}

func (o *ollama) about(ctx context.Context) (About, error) {
	var version struct {
		Version string `json:"version"`
	}
	if err := o.get(ctx, o.root+"/api/version", &version); err != nil {
		return About{}, err
	}
	names, err := o.tags(ctx)
	return About{Version: version.Version, Adapters: true, Why: "a model for each, whose file is sent", Models: names}, err
}

func (o *ollama) alive(ctx context.Context) error { return o.get(ctx, o.root+"/api/version", nil) }

// tags returns the names of all models.
func (o *ollama) tags(ctx context.Context) ([]string, error) {
	var list struct {
		Models []struct {
			Name string `json:"name"`
		} `json:"models"`
	}
	err := o.get(ctx, o.root+"/api/tags", &list)
	var out []string
	for _, m := range list.Models {
		out = append(out, m.Name)
	}
	return out, err
}

func (o *ollama) load(ctx context.Context, adapter *engine.Adapter) error {
	have, err := o.loaded(ctx)
	if err != nil {
		return err
	}
	for _, name := range have {
		if name == adapter.Name {
			return nil
		}
	}
	file, err := ggufFile(adapter, o.base)
	if err != nil {
		return err
	}
	digest, err := digestOf(file)
	if err != nil {
		return err
	}
	if err := o.send(ctx, file, digest); err != nil {
		return blamed(err, adapter.Name, "")
	}
	var done struct {
		Status string `json:"status"`
		Error  string `json:"error"`
	}
	err = o.post(ctx, o.root+"/api/create", map[string]any{
		"model": adapter.Name, "from": o.model, "adapters": map[string]string{"adapter.gguf": digest}, "stream": false,
	}, &done)
	if err == nil && done.Status != "success" {
		err = unable("%s", done.Error)
	}
	if err != nil {
		return blamed(err, adapter.Name, "")
	}
	return nil
}

// digestOf returns the name of a file as a blob.
func digestOf(file string) (string, error) {
	content, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer content.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, content); err != nil {
		return "", err
	}
	return "sha256:" + hex.EncodeToString(hash.Sum(nil)), nil
}

// send uploads a file, unless the server has it.
func (o *ollama) send(ctx context.Context, file, digest string) error {
	where := o.root + "/api/blobs/" + digest
	response, err := o.do(ctx, http.MethodHead, where, nil)
	if err == nil {
		return response.Body.Close()
	}
	if refused := reply(err); refused == nil || refused.Code != http.StatusNotFound {
		return err
	}
	content, err := os.Open(file)
	if err != nil {
		return err
	}
	defer content.Close()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, where, content)
	if err != nil {
		return err
	}
	info, err := content.Stat()
	if err != nil {
		return err
	}
	request.ContentLength = info.Size()
	request.Header.Set("Content-Type", "application/octet-stream")
	if response, err = o.calls.send(request); err != nil {
		return err
	}
	return response.Body.Close()
}

func (o *ollama) unload(ctx context.Context, name string) error {
	err := o.ask(ctx, http.MethodDelete, o.root+"/api/delete", map[string]string{"model": name}, nil)
	if refused := reply(err); refused != nil && refused.Code == http.StatusNotFound {
		return nil
	}
	return err
}

// loaded returns the models with names of adapters.
func (o *ollama) loaded(ctx context.Context) ([]string, error) {
	names, err := o.tags(ctx)
	var out []string
	for _, name := range names {
		if name, ok := strings.CutSuffix(name, ":latest"); ok && modelOf(name) > 0 {
			out = append(out, name)
		}
	}
	return out, err
}

func (o *ollama) address(_ context.Context, fields map[string]any, adapter *engine.Adapter) error {
	if adapter != nil {
		fields["model"] = adapter.Name
	}
	return nil
}

func (o *ollama) lacks(err *engine.UpstreamError) bool {
	return err.Code == http.StatusNotFound && strings.Contains(err.Message, "not found")
}
