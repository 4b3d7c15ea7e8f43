package upstream

import (
	"context"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/slm/checkpoint"
)

// llama is a llama-server. With one model it has the adapters that it was started with, and each request names the
// adapter that it uses. As a router (--models-preset) it runs a process for each adapter, which the preset file
// describes.
type llama struct {
	calls
	model   string
	paths   PathMap
	base    *checkpoint.Config
	presets *presets // nil if no file is set

	mu   sync.Mutex
	mode llamaMode
}

type llamaMode int

const (
	llamaUnknown llamaMode = iota
	llamaSingle
	llamaRouter
)

func newLlama(c calls, options Options) *llama {
	l := &llama{calls: c, model: options.Model, paths: options.Paths, base: options.Base}
	if options.Presets != "" {
		l.presets = presetsOf(options.Presets)
	}
	return l
}

// llamaModel is a model of a router.
type llamaModel struct {
	ID     string `json:"id"`
	Status *struct {
		Value  string `json:"value"`
		Failed bool   `json:"failed"`
	} `json:"status"`
}

// list returns the models. With reload, the server reads the preset file again first.
func (l *llama) list(ctx context.Context, reload bool) ([]llamaModel, error) {
	var list struct {
		Data []llamaModel `json:"data"`
	}
	where := l.root + "/models"
	if reload {
		where += "?reload=1"
	}
	err := l.get(ctx, where, &list)
	return list.Data, err
}

// llamaProps is the response of /props.
type llamaProps struct {
	Role  string `json:"role"`
	Build string `json:"build_info"`
}

func (l *llama) props(ctx context.Context) (llamaProps, error) {
	var props llamaProps
	err := l.get(ctx, l.root+"/props", &props)
	return props, err
}

// kind returns the mode of the server. It asks the server until it gets an answer.
func (l *llama) kind(ctx context.Context) (llamaMode, error) {
	l.mu.Lock()
	known := l.mode
	l.mu.Unlock()
	if known != llamaUnknown {
		return known, nil
	}
	props, err := l.props(ctx)
	if err != nil {
		return llamaUnknown, err
	}
	mode := llamaSingle
	if props.Role == "router" {
		mode = llamaRouter
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mode = mode
	return mode, nil
}

func (l *llama) about(ctx context.Context) (About, error) {
	l.mu.Lock()
	l.mode = llamaUnknown // it may have been restarted in another mode
	l.mu.Unlock()
	props, err := l.props(ctx)
	if err != nil {
		return About{}, err
	}
	mode, err := l.kind(ctx)
	if err != nil {
		return About{}, err
	}
	about := About{Version: props.Build}
	models, err := l.list(ctx, false)
	if err != nil {
		return about, err
	}
	for _, m := range models {
		about.Models = append(about.Models, m.ID)
	}
	if mode == llamaSingle {
		about.Models = append(about.Models, l.model) // it answers requests with any model name
		fixed, err := l.fixed(ctx)
		about.Adapters, about.Why = len(fixed) > 0, "those that it was started with"
		if len(fixed) == 0 {
			about.Why = llamaStart
		}
		return about, err
	}
	about.Adapters, about.Why = l.presets != nil, "a process for each, by its preset file"
	if l.presets == nil {
		about.Why = "name its --models-preset file with --llama-presets"
	}
	return about, nil
}

func (l *llama) alive(ctx context.Context) error { return l.get(ctx, l.root+"/health", nil) }

func (l *llama) load(ctx context.Context, adapter *engine.Adapter) error {
	mode, err := l.kind(ctx)
	if err != nil {
		return err
	}
	if mode == llamaSingle {
		_, err := l.find(ctx, adapter)
		return err
	}
	file, err := ggufFile(adapter, l.base)
	if err != nil {
		return err
	}
	remote, err := l.paths.Remote(file)
	if err != nil {
		return err
	}
	return l.start(ctx, adapter.Name, remote)
}

func (l *llama) unload(ctx context.Context, name string) error {
	mode, err := l.kind(ctx)
	if err != nil || mode == llamaSingle {
		return err
	}
	return l.end(ctx, name)
}

func (l *llama) loaded(ctx context.Context) ([]string, error) {
	mode, err := l.kind(ctx)
	if err != nil {
		return nil, err
	}
	if mode == llamaSingle {
		return l.fixedNames(ctx)
	}
	models, err := l.list(ctx, false)
	var out []string
	for _, m := range models {
		if m.Status != nil && m.Status.Value == "loaded" && m.ID != l.model {
			out = append(out, m.ID)
		}
	}
	return out, err
}

func (l *llama) address(ctx context.Context, fields map[string]any, adapter *engine.Adapter) error {
	mode, err := l.kind(ctx)
	if err != nil {
		return err
	}
	if mode == llamaSingle {
		return l.choose(ctx, fields, adapter)
	}
	if adapter != nil {
		fields["model"] = adapter.Name
	}
	return nil
}

// lacks reports whether an error is a router's answer for a model that its preset file does not have, or that it does
// not load automatically.
func (l *llama) lacks(err *engine.UpstreamError) bool {
	return err.Code != 0 && (strings.HasPrefix(err.Message, "model '") && strings.HasSuffix(err.Message, "' not found") ||
		strings.HasPrefix(err.Message, "model is not ") || strings.HasSuffix(err.Message, " is not running") ||
		strings.HasSuffix(err.Message, " is not found"))
}

// Single model: the adapters are fixed.

const llamaStart = "start llama-server with --lora FILE1,FILE2 --lora-init-without-apply, or as a router with " +
	"--models-preset"

// fixedAdapter is an adapter that the server was started with.
type fixedAdapter struct {
	ID   int    `json:"id"`
	Path string `json:"path"`
}

func (l *llama) fixed(ctx context.Context) ([]fixedAdapter, error) {
	var list []fixedAdapter
	err := l.get(ctx, l.root+"/lora-adapters", &list)
	if refused := reply(err); refused != nil && refused.Code == http.StatusNotFound {
		return nil, nil // a version without adapters
	}
	return list, err
}

// fixedNames returns the names of the adapters' files without their extensions.
func (l *llama) fixedNames(ctx context.Context) ([]string, error) {
	list, err := l.fixed(ctx)
	var out []string
	for _, a := range list {
		out = append(out, nameOf(a.Path))
	}
	return out, err
}

func nameOf(file string) string { return strings.TrimSuffix(path.Base(file), ".gguf") }

// find returns all adapters of the server, with scale 1 for the wanted one and 0 for the others; a nil wanted sets
// none. An adapter is the wanted one if its path is the wanted file, or if its file is named by the adapter's name or
// digest.
func (l *llama) find(ctx context.Context, wanted *engine.Adapter) (scales []scale, err error) {
	list, err := l.fixed(ctx)
	if err != nil {
		return nil, err
	}
	file, found := "none", false
	if wanted != nil {
		if local, err := ggufFile(wanted, l.base); err == nil {
			if file, err = l.paths.Remote(local); err != nil {
				return nil, err
			}
		}
	}
	for _, a := range list {
		one := scale{ID: a.ID}
		if wanted != nil && !found && (a.Path == file || ownName(nameOf(a.Path)) == ownName(wanted.Name) ||
			nameOf(a.Path) == hex.EncodeToString(wanted.Digest[:])) {
			found, one.Scale = true, 1
		}
		scales = append(scales, one)
	}
	if wanted != nil && !found {
		return nil, unable("%s has no adapter %s (%s): %s", l.root, wanted.Name, file, llamaStart)
	}
	return scales, nil
}

// scale is the scale of an adapter in a request.
type scale struct {
	ID    int     `json:"id"`
	Scale float64 `json:"scale"`
}

// choose names all adapters in a request. A request without them, or with an empty list, gets all at scale 1, even if
// the server was started with --lora-init-without-apply. choose asks the server for its adapters each time: a restarted
// server may number them differently, and ignores numbers that it does not know.
//
// The server's cache of prompts is keyed only by tokens. A prompt that another adapter read would be answered from that
// adapter's state, so these requests do not use the cache (cache_prompt).
func (l *llama) choose(ctx context.Context, fields map[string]any, adapter *engine.Adapter) error {
	scales, err := l.find(ctx, adapter)
	if err != nil || len(scales) == 0 {
		return err
	}
	fields["lora"], fields["cache_prompt"] = scales, false
	return nil
}

// Router: a process for each adapter.

const (
	// llamaPoll is the first interval at which a router is asked whether a model is loaded.
	llamaPoll = 10 * time.Millisecond
	// llamaPollMost is the longest interval.
	llamaPollMost = 500 * time.Millisecond
)

// start adds the adapter to the preset file, makes the router read the file, and waits until the model is loaded.
func (l *llama) start(ctx context.Context, name, file string) error {
	if l.presets == nil {
		return unable("%s is a router: name its --models-preset file with --llama-presets", l.root)
	}
	changed, err := l.presets.add(name, l.model, file)
	if err != nil {
		return unable("adapter %s: %s", name, err)
	}
	models, err := l.list(ctx, changed)
	if err == nil && !changed && l.state(models, name) == "" {
		models, err = l.list(ctx, true) // another server reads the same file
	}
	if err != nil {
		return err
	}
	if l.state(models, name) == "" {
		return unable("adapter %s: the router does not see it: is --llama-presets the file of its --models-preset?", name)
	}
	if l.state(models, name) == "unloaded" {
		err := l.post(ctx, l.root+"/models/load", map[string]string{"model": name}, nil)
		if refused := reply(err); err != nil && (refused == nil || !strings.Contains(refused.Message, "already")) {
			return blamed(err, name, "")
		}
	}
	return l.await(ctx, name, func(state string) (bool, error) {
		switch state {
		case "loaded", "sleeping":
			return true, nil
		case "failed", "":
			return false, unable("adapter %s: llama-server could not load it: its log says why", name)
		}
		return false, nil
	})
}

// end stops the adapter's process and removes the adapter from the preset file.
func (l *llama) end(ctx context.Context, name string) error {
	if l.presets == nil {
		return nil
	}
	err := l.post(ctx, l.root+"/models/unload", map[string]string{"model": name}, nil)
	if refused := reply(err); err != nil &&
		(refused == nil || refused.Code != http.StatusBadRequest && refused.Code != http.StatusNotFound) {
		return err
	}
	if err == nil {
		err := l.await(ctx, name, func(state string) (bool, error) {
			return state == "unloaded" || state == "failed" || state == "", nil
		})
		if err != nil {
			return err
		}
	}
	changed, err := l.presets.remove(name)
	if err != nil || !changed {
		return err
	}
	_, err = l.list(ctx, true)
	return err
}

// await asks for the state of a model until over returns true.
func (l *llama) await(ctx context.Context, name string, over func(state string) (bool, error)) error {
	for pause := llamaPoll; ; pause = min(2*pause, llamaPollMost) {
		models, err := l.list(ctx, false)
		if err != nil {
			return err
		}
		if done, err := over(l.state(models, name)); done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return &engine.UpstreamError{Message: "adapter " + name + ": " + ctx.Err().Error()}
		case <-time.After(pause):
		}
	}
}

// state returns the state of a model, or "" if the router does not have it.
func (l *llama) state(models []llamaModel, name string) string {
	for _, m := range models {
		if m.ID == name && m.Status != nil {
			if m.Status.Failed {
				return "failed"
			}
			return m.Status.Value
		}
	}
	return ""
}
