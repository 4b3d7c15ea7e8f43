// Package upstream makes answers with model servers. A Server is one of them, with the driver of its kind, which knows
// how to load adapters. A Fleet is several servers of the same model.
package upstream

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/slm/checkpoint"
)

// Kind is the kind of a server, which decides how adapters are loaded.
type Kind string

// The kinds of servers.
const (
	OpenAI   Kind = "openai" // any server with OpenAI's API; it loads no adapters
	VLLM     Kind = "vllm"
	LlamaCPP Kind = "llamacpp"
	LoRAX    Kind = "lorax"
	SGLang   Kind = "sglang"
	Ollama   Kind = "ollama"
)

// Kinds returns all kinds of servers.
func Kinds() []Kind { return []Kind{VLLM, LlamaCPP, LoRAX, SGLang, Ollama, OpenAI} }

// Options are the options of a server.
type Options struct {
	// URL is the URL of the server, with or without the /v1 of its API. For kind OpenAI it is the URL of the API, with its
	// version.
	URL  string
	Kind Kind
	// Model is the name of the base at the server.
	Model string
	// Key is the key for the Authorization header; may be empty.
	Key string
	// Timeout is the timeout of a whole answer; 0 means only that of the context.
	Timeout time.Duration
	// Names maps models of the chain to the names of adapters that the server was started with. These are not loaded.
	Names map[uint64]string
	// Paths maps paths of this machine to those at the server.
	Paths PathMap
	// Folder is the folder of vLLM's file system resolver, which finds adapters by their names there. If it is empty,
	// adapters are loaded by vLLM's calls.
	Folder string
	// Presets is the file that llama-server in router mode was started with (--models-preset).
	Presets string
	// Base is the base's configuration, which is needed to convert PEFT adapters to GGUF for llama.cpp and Ollama; may be
	// nil.
	Base *checkpoint.Config
	// Whole is the base's folder or GGUF file with weights; may be empty. With it, adapters of another base are refused,
	// and adapters of adapters are stacked. It must be the base that the server runs.
	Whole string
}

// About describes a server.
type About struct {
	Version string // version of its program; may be empty
	// Adapters says that the server loads adapters while it runs, or has some. Why says in words why not, or how.
	Adapters bool
	Why      string
	Models   []string // names of the models that it has
}

// driver is what differs between kinds. Errors are of type engine.UpstreamError if the server answered or should have
// answered.
type driver interface {
	// about asks the server for its description.
	about(ctx context.Context) (About, error)
	// alive returns nil if the server accepts requests. It is called every few seconds.
	alive(ctx context.Context) error
	// load makes the server load an adapter. It succeeds if the server has it already.
	load(ctx context.Context, adapter *engine.Adapter) error
	// unload makes the server unload an adapter. It succeeds if the server does not have it.
	unload(ctx context.Context, name string) error
	// loaded returns the names of the adapters that the server has.
	loaded(ctx context.Context) ([]string, error)
	// address changes a request so that it uses the adapter, or the base if adapter is nil.
	address(ctx context.Context, fields map[string]any, adapter *engine.Adapter) error
	// lacks reports whether the server failed because it does not have the adapter, or no longer has it.
	lacks(err *engine.UpstreamError) bool
}

// Server is a model server. It is an engine.Engine and an engine.Host.
type Server struct {
	Options
	driver driver
	calls  calls
	told   sync.Map // from the name of an adapter to its name at the server
}

var (
	_ engine.Engine = (*Server)(nil)
	_ engine.Host   = (*Server)(nil)
)

// connectPatience is the longest time for connecting to a server.
const connectPatience = 5 * time.Second

// New returns a server, without sending it a request.
func New(options Options) (*Server, error) {
	parsed, err := url.Parse(options.URL)
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return nil, fmt.Errorf("%q is no URL of a model server: write it as http://127.0.0.1:8000/v1", options.URL)
	}
	if options.Model == "" {
		return nil, fmt.Errorf("%s: the name of the model there is missing", options.URL)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = (&net.Dialer{Timeout: connectPatience, KeepAlive: 30 * time.Second}).DialContext
	transport.MaxIdleConnsPerHost = 64
	s := &Server{Options: options}
	given := strings.TrimRight(options.URL, "/")
	root := strings.TrimSuffix(given, "/v1")
	s.calls = calls{root: root, api: root + "/v1", key: options.Key, client: &http.Client{Transport: transport}}
	switch options.Kind {
	case OpenAI:
		s.calls.api = given
		s.driver = &plain{s.calls, options.Model}
	case VLLM:
		s.driver = &vllm{calls: s.calls, model: options.Model, paths: options.Paths, folder: options.Folder}
	case SGLang:
		s.driver = &sglang{s.calls, options.Model, options.Paths}
	case LoRAX:
		s.driver = &lorax{calls: s.calls, model: options.Model, paths: options.Paths}
	case LlamaCPP:
		s.driver = newLlama(s.calls, options)
	case Ollama:
		s.driver = &ollama{s.calls, options.Model, options.Base}
	default:
		return nil, fmt.Errorf("unknown kind of model server %q: choose one of %s", options.Kind, words(Kinds()))
	}
	return s, nil
}

func words[T ~string](values []T) string {
	out := make([]string, len(values))
	for i, value := range values {
		out[i] = string(value)
	}
	return strings.Join(out, ", ")
}

// Name returns the server's address without parts that may be secret.
func (s *Server) Name() string {
	parsed, err := url.Parse(s.URL)
	if err != nil {
		return string(s.Kind)
	}
	return parsed.Scheme + "://" + parsed.Host + strings.TrimRight(parsed.Path, "/")
}

// Check asks the server for its description. It returns an error if the server does not have the model.
func (s *Server) Check(ctx context.Context) (About, error) {
	about, err := s.driver.about(ctx)
	if err != nil {
		return about, err
	}
	if len(about.Models) == 0 {
		return about, fmt.Errorf("the model server has no models: load one first")
	}
	wanted := append([]string{s.Model}, slices.Sorted(maps.Values(s.Names))...)
	for _, name := range wanted {
		has := func(id string) bool { return id == name || strings.HasPrefix(id, name+":") } // Ollama adds a tag
		if !slices.ContainsFunc(about.Models, has) {
			return about, fmt.Errorf("the model server has no model %q; it has %s", name, strings.Join(about.Models, ", "))
		}
	}
	return about, nil
}

// Accepts implements engine.Engine. All options go to the server, which refuses unknown ones.
func (s *Server) Accepts(api.Options) error { return nil }

// tokensPerCanonical estimates the number of model tokens of a canonical token, for common vocabularies.
const tokensPerCanonical = 2

// Answer implements engine.Engine.
func (s *Server) Answer(ctx context.Context, request engine.Request, emit func(string) error) (engine.Reply, error) {
	if s.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.Timeout)
		defer cancel()
	}
	fields := map[string]any{"temperature": 0}
	for name, value := range request.Options {
		fields[name] = value
	}
	maps.Copy(fields, map[string]any{
		"model": s.Model, "messages": request.WithSources(), "stream": true,
		"stream_options": map[string]bool{"include_usage": true},
	})
	if request.MaxTokens > 0 {
		fields["max_tokens"] = request.MaxTokens * tokensPerCanonical
	}
	if name, ok := s.named(request.Adapter); ok {
		fields["model"] = name
	} else if err := s.driver.address(ctx, fields, at(request.Adapter)); err != nil {
		return engine.Reply{}, err
	}
	response, err := s.calls.do(ctx, http.MethodPost, s.calls.api+"/chat/completions", fields)
	if err != nil {
		return engine.Reply{}, err
	}
	defer response.Body.Close()
	reply, err := read(response.Body, emit)
	if err == nil {
		drain(response.Body)
	}
	return reply, err
}

// drain reads the end of a response after an answer, so that the connection can be used again. It waits for at most 20
// ms.
func drain(body io.ReadCloser) {
	const patience = 20 * time.Millisecond
	defer time.AfterFunc(patience, func() { body.Close() }).Stop()
	_, _ = io.CopyN(io.Discard, body, maxErrorBody)
}

// named returns the server's name for an adapter that it was started with.
func (s *Server) named(adapter *engine.Adapter) (string, bool) {
	if adapter == nil || len(s.Names) == 0 {
		return "", false
	}
	name, ok := s.Names[modelOf(adapter.Name)]
	return name, ok
}

// at returns an adapter with its name at servers, which contains the beginning of its digest. A server may have another
// adapter of the same model and version: of another chain, or from before a chain was reset.
func at(adapter *engine.Adapter) *engine.Adapter {
	if adapter == nil || adapter.Digest == [32]byte{} {
		return adapter
	}
	there := *adapter
	there.Name += "-" + hex.EncodeToString(adapter.Digest[:digestInName])
	return &there
}

const digestInName = 4 // bytes

// ownName returns the name of an adapter, openledger-MODEL-VERSION, given its name at a server.
func ownName(name string) string {
	parts := strings.Split(name, "-")
	if len(parts) == 4 && len(parts[3]) == 2*digestInName {
		parts = parts[:3]
	}
	return strings.Join(parts, "-")
}

// modelOf returns the model of the chain in the name of an adapter, or 0.
func modelOf(name string) uint64 {
	parts := strings.Split(ownName(name), "-")
	if len(parts) != 3 || parts[0] != "openledger" {
		return 0
	}
	id, _ := strconv.ParseUint(parts[1], 10, 64)
	return id
}

// Load implements engine.Host.
func (s *Server) Load(ctx context.Context, adapter *engine.Adapter) error {
	if _, ok := s.named(adapter); ok {
		return nil
	}
	if err := checkName(adapter.Name); err != nil {
		return err
	}
	there := at(adapter)
	s.told.Store(adapter.Name, there.Name)
	return s.driver.load(ctx, there)
}

// Unload implements engine.Host.
func (s *Server) Unload(ctx context.Context, name string) error {
	if _, ok := s.Names[modelOf(name)]; ok {
		return nil
	}
	if there, ok := s.told.LoadAndDelete(name); ok {
		return s.driver.unload(ctx, there.(string))
	}
	names, err := s.driver.loaded(ctx) // adapters that were loaded before this process began
	for _, there := range names {
		if err == nil && ownName(there) == name {
			err = s.driver.unload(ctx, there)
		}
	}
	return err
}

// Loaded implements engine.Host.
func (s *Server) Loaded(ctx context.Context) ([]string, error) {
	names, err := s.driver.loaded(ctx)
	for i, name := range names {
		names[i] = ownName(name)
	}
	slices.Sort(names)
	return slices.Compact(names), err
}

// checkName returns an error for a name that would not be a plain name in a path, a URL or a preset file.
func checkName(name string) error {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r)
	}
	if name == "" || len(name) > 128 || name[0] == '.' ||
		strings.ContainsFunc(name, func(r rune) bool { return !plain(r) }) {
		return fmt.Errorf("%.200q is no name of an adapter: letters, digits and - _ . are", name)
	}
	return nil
}
