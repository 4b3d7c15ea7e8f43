package upstream_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/engine/upstream"
	"github.com/openledger/openledger/slm/adapter"
	"github.com/openledger/openledger/slm/adapter/adaptertest"
	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/checkpoint/checkpointtest"
)

func TestServersAreNamed(t *testing.T) {
	for why, options := range map[string]upstream.Options{
		"is no URL":    {URL: "127.0.0.1:8000", Kind: upstream.VLLM, Model: "base"},
		"no URL":       {URL: "ftp://host", Kind: upstream.VLLM, Model: "base"},
		"is missing":   {URL: "http://host", Kind: upstream.VLLM},
		"unknown kind": {URL: "http://host", Kind: "tgi", Model: "base"},
	} {
		_, err := upstream.New(options)
		require.ErrorContains(t, err, why)
	}
	s, err := upstream.New(upstream.Options{URL: "http://me:secret@host:1/v1/", Kind: upstream.OpenAI, Model: "base"})
	require.NoError(t, err)
	require.Equal(t, "http://host:1/v1", s.Name())
}

// TestPathMap: the longest matching folder wins.
func TestPathMap(t *testing.T) {
	paths, err := upstream.ParsePathMap([]string{"/home/me/.openlora=/data", "/home/me/.openlora/adapters/=/adapters/"})
	require.NoError(t, err)
	for local, want := range map[string]string{
		"/home/me/.openlora/adapters/five/x": "/adapters/five/x", "/home/me/.openlora/adapters": "/adapters",
		"/home/me/.openlora/other": "/data/other", "/home/me/.openlora-2/x": "/home/me/.openlora-2/x",
		"/home/me/.openlora/adapters/../../x": "/home/me/x",
	} {
		got, err := paths.Remote(local)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, entry := range []string{"", "=", "/a", "/a=", "/a=b", "=/b"} {
		_, err := upstream.ParsePathMap([]string{entry})
		require.Error(t, err, entry)
	}
}

// TestAdapterThatTheServerWasStartedWith: requests use the adapter's name at the server, and it is never loaded.
func TestAdapterThatTheServerWasStartedWith(t *testing.T) {
	for _, kind := range upstream.Kinds() {
		url := replay(t, []exchange{{method: http.MethodPost, path: "/v1/chat/completions", part: `{"model":"mine"}`,
			status: http.StatusOK, answer: delta("Because.") + "data: [DONE]\n\n"}})
		s, err := upstream.New(upstream.Options{URL: url + "/v1", Kind: kind, Model: "base", Names: map[uint64]string{5: "mine"}})
		require.NoError(t, err)
		a := five()
		require.NoError(t, s.Load(t.Context(), a))
		require.NoError(t, s.Unload(t.Context(), a.Name))
		said, err := answer(t, s, a)
		require.NoError(t, err)
		require.Equal(t, "Because.", said)
	}
}

// TestPlainServerLoadsNothing: the error says what to do instead.
func TestPlainServerLoadsNothing(t *testing.T) {
	s := server(t, "http://127.0.0.1:1/v1", "base", "", 0)
	require.ErrorIs(t, s.Load(t.Context(), five()), engine.ErrAdapter)
	require.ErrorContains(t, s.Load(t.Context(), five()), "--upstream-model")
	_, err := answer(t, s, five())
	require.ErrorIs(t, err, engine.ErrAdapter)
}

// TestNamesOfAdapters: a name that could leave a folder, a URL or a section is refused before any request.
func TestNamesOfAdapters(t *testing.T) {
	s, err := upstream.New(upstream.Options{URL: "http://127.0.0.1:1", Kind: upstream.LlamaCPP, Model: "base"})
	require.NoError(t, err)
	for _, name := range []string{"", "..", ".x", "a/b", "a]\n[b", "a b", "ä", strings.Repeat("a", 200)} {
		require.ErrorContains(t, s.Load(t.Context(), &engine.Adapter{Name: name}), "no name of an adapter", "%q", name)
	}
}

// TestResolverFolder: vLLM finds the adapter by its name, as an adapter of the base that vLLM was started with.
func TestResolverFolder(t *testing.T) {
	p := newPlaces(t)
	folder := filepath.Join(t.TempDir(), "resolver")
	url := replay(t, append(transcripts(t, "vllm.txt")["place"], exchange{method: http.MethodPost,
		path: "/v1/unload_lora_adapter", json: `{"lora_name":"openledger-5-1"}`, status: http.StatusNotFound,
		answer: `{"detail":"Not Found"}`}))
	s, err := upstream.New(upstream.Options{URL: url, Kind: upstream.VLLM, Model: "base", Folder: folder})
	require.NoError(t, err)
	require.NoError(t, s.Load(t.Context(), p.adapter))
	require.NoError(t, s.Load(t.Context(), p.adapter))
	config, err := os.ReadFile(filepath.Join(folder, p.adapter.Name, "adapter_config.json"))
	require.NoError(t, err)
	var fields map[string]any
	require.NoError(t, json.Unmarshal(config, &fields))
	require.Equal(t, map[string]any{"r": 4.0, "peft_type": "LORA",
		"base_model_name_or_path": "meta-llama/Llama-3.1-8B-Instruct"}, fields)
	weights, err := os.ReadFile(filepath.Join(folder, p.adapter.Name, "adapter_model.safetensors"))
	require.NoError(t, err)
	require.Equal(t, "weights", string(weights))
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.NoError(t, s.Unload(t.Context(), p.adapter.Name))
	require.NoDirExists(t, filepath.Join(folder, p.adapter.Name))
}

// TestPresetFile: a section for the adapter is added to the owner's text, and removed.
func TestPresetFile(t *testing.T) {
	p := newPlaces(t)
	before, err := os.ReadFile(p.presets)
	require.NoError(t, err)
	recorded := transcripts(t, "llamacpp.txt")
	options := upstream.Options{URL: replay(t, recorded["router: load"]), Kind: upstream.LlamaCPP, Model: "base",
		Paths: p.paths, Presets: p.presets}
	s, err := upstream.New(options)
	require.NoError(t, err)
	require.NoError(t, s.Load(t.Context(), p.adapter))
	after, err := os.ReadFile(p.presets)
	require.NoError(t, err)
	require.Equal(t, string(before)+"\n[openledger-5-1]\n; by openlorad: changes are lost\nmodel = /models/base.gguf\n"+
		"lora = /adapters/five.gguf\n\n", string(after))

	reload := append(recorded["router: unload"], exchange{method: http.MethodGet, path: "/models?reload=1",
		status: http.StatusOK, answer: `{"data":[]}`})
	options.URL = replay(t, reload)
	s, err = upstream.New(options)
	require.NoError(t, err)
	s.Told(p.adapter.Name)
	require.NoError(t, s.Unload(t.Context(), p.adapter.Name))
	after, err = os.ReadFile(p.presets)
	require.NoError(t, err)
	require.Equal(t, strings.TrimSpace(string(before)), strings.TrimSpace(string(after)))

	write(t, p.presets, "[another]\nmodel = /x.gguf\n")
	options.URL = replay(t, recorded["router: load"][:1])
	s, err = upstream.New(options)
	require.NoError(t, err)
	require.ErrorContains(t, s.Load(t.Context(), p.adapter), "no section [base]")
	require.NoError(t, os.Remove(p.presets))
	require.ErrorContains(t, s.Load(t.Context(), p.adapter), "is not there")
	options.Paths = nil
	strange := *p.adapter
	strange.File = filepath.Join(t.TempDir(), "a,b.gguf")
	write(t, strange.File, gguf)
	require.ErrorContains(t, s.Load(t.Context(), &strange), "cannot stand in a preset file")
}

// TestPresetFileIsChangedInTurn: two servers that share a file lose no section.
func TestPresetFileIsChangedInTurn(t *testing.T) {
	p := newPlaces(t)
	var all sync.WaitGroup
	for i := range 8 {
		name := "openledger-" + string(rune('1'+i)) + "-1"
		url := replay(t, []exchange{
			{method: http.MethodGet, path: "/props", status: http.StatusOK, answer: `{"role":"router"}`},
			{method: http.MethodGet, path: "/models?reload=1", status: http.StatusOK,
				answer: `{"data":[{"id":"` + name + `","status":{"value":"loaded"}}]}`},
			{method: http.MethodGet, path: "/models", status: http.StatusOK,
				answer: `{"data":[{"id":"` + name + `","status":{"value":"loaded"}}]}`},
		})
		s, err := upstream.New(upstream.Options{URL: url, Kind: upstream.LlamaCPP, Model: "base", Presets: p.presets})
		require.NoError(t, err)
		adapter := *p.adapter
		adapter.Name = name
		all.Go(func() {
			if err := s.Load(t.Context(), &adapter); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	text, err := os.ReadFile(p.presets)
	require.NoError(t, err)
	require.Equal(t, 8, strings.Count(string(text), "[openledger-"))
}

// TestFormats: a PEFT adapter is converted to GGUF by its base's configuration and sent to Ollama. Without the
// configuration, the error says what is missing.
func TestFormats(t *testing.T) {
	config := checkpointtest.Config(checkpoint.Llama)
	folder := t.TempDir()
	peft := &engine.Adapter{Name: "openledger-5-1", File: filepath.Join(folder, "adapter_model.safetensors"), Folder: folder}
	require.NoError(t, adaptertest.Random(t, config, 4, 0.5, 3).WriteFolder(folder, config, "base"))
	var sent, created string
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch body, _ := io.ReadAll(r.Body); {
		case r.Method == http.MethodHead:
			w.WriteHeader(http.StatusNotFound)
		case strings.HasPrefix(r.URL.Path, "/api/blobs/"):
			sent = string(body)
			w.WriteHeader(http.StatusCreated)
		case r.URL.Path == "/api/create":
			created = string(body)
			_, _ = io.WriteString(w, `{"status":"success"}`)
		default:
			_, _ = io.WriteString(w, `{"models":[]}`)
		}
	}))
	defer fake.Close()
	options := upstream.Options{URL: fake.URL, Kind: upstream.Ollama, Model: "base"}
	s, err := upstream.New(options)
	require.NoError(t, err)
	err = s.Load(t.Context(), peft)
	require.ErrorIs(t, err, engine.ErrAdapter)
	require.ErrorContains(t, err, "--base FOLDER")
	options.Base = &config
	s, err = upstream.New(options)
	require.NoError(t, err)
	require.NoError(t, s.Load(t.Context(), peft))
	require.Contains(t, created, "sha256:"+digest(sent))
	file := filepath.Join(t.TempDir(), "sent.gguf")
	write(t, file, sent)
	opened, err := adapter.Open(file)
	require.NoError(t, err)
	defer opened.Close()
	require.Equal(t, 4, opened.Rank)

	other := checkpointtest.Config(checkpoint.Llama)
	other.HiddenSize *= 2
	options.Base = &other
	require.NoError(t, os.Remove(peft.File+".gguf"))
	s, err = upstream.New(options)
	require.NoError(t, err)
	require.ErrorIs(t, s.Load(t.Context(), peft), engine.ErrAdapter)
}

// TestConnectionsServeAgain: the connection of an answer is used again.
func TestConnectionsServeAgain(t *testing.T) {
	var made atomic.Int64
	fake := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, delta("Because.")+"data: [DONE]\n\n")
	}))
	fake.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			made.Add(1)
		}
	}
	fake.Start()
	defer fake.Close()
	s := server(t, fake.URL, "base", "", time.Minute)
	for range 5 {
		_, err := answer(t, s, nil)
		require.NoError(t, err)
	}
	require.EqualValues(t, 1, made.Load())
}

// TestAnotherArtifactOfTheSameName: an adapter with the same name but another artifact is not used, and one that was
// left is unloaded by its name.
func TestAnotherArtifactOfTheSameName(t *testing.T) {
	v := newStandIn(t, "a")
	first, second := five(), five()
	first.Digest, second.Digest = [32]byte{1}, [32]byte{2}
	before := servers(t, v)[0]
	require.NoError(t, before.Load(t.Context(), first))
	s := servers(t, v)[0] // another process, and another chain
	require.NoError(t, s.Load(t.Context(), second))
	require.Equal(t, map[string]string{"openledger-5-1-01000000": "/adapters/five",
		"openledger-5-1-02000000": "/adapters/five"}, v.adapters)
	said, err := answer(t, s, second)
	require.NoError(t, err)
	require.Contains(t, said, "openledger-5-1-02000000")
	names, err := s.Loaded(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"openledger-5-1"}, names)
	require.NoError(t, s.Unload(t.Context(), second.Name))
	require.Len(t, v.adapters, 1)
	require.NoError(t, s.Unload(t.Context(), second.Name))
	require.Empty(t, v.adapters)
}
