package upstream_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/engine/upstream"
)

const gguf = "GGUF and what follows"

// places are adapters on this machine, and where servers see them.
type places struct {
	folder  string
	adapter *engine.Adapter
	paths   upstream.PathMap
	presets string
}

func newPlaces(t *testing.T) places {
	t.Helper()
	folder := t.TempDir()
	p := places{folder: folder, presets: filepath.Join(folder, "models.ini")}
	peft := filepath.Join(folder, "five")
	require.NoError(t, os.Mkdir(peft, 0o700))
	write(t, filepath.Join(folder, "five.gguf"), gguf)
	write(t, filepath.Join(peft, "adapter_config.json"), `{"r":4,"base_model_name_or_path":"elsewhere","peft_type":"LORA"}`)
	write(t, filepath.Join(peft, "adapter_model.safetensors"), "weights")
	write(t, p.presets, "version = 1\n\n[*]\nthreads = 1\n\n[base]\nmodel = /models/base.gguf\nload-on-startup = true\n")
	p.adapter = &engine.Adapter{Name: "openledger-5-1", File: filepath.Join(folder, "five.gguf"), Folder: peft, Rank: 32}
	var err error
	p.paths, err = upstream.ParsePathMap([]string{folder + "=/adapters"})
	require.NoError(t, err)
	return p
}

func write(t *testing.T, file, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
}

// act does one thing with a server.
type act func(t *testing.T, s *upstream.Server, a *engine.Adapter) (result any, err error)

func about(t *testing.T, s *upstream.Server, _ *engine.Adapter) (any, error) {
	about, err := s.Check(t.Context())
	return about.Adapters, err
}

func load(t *testing.T, s *upstream.Server, a *engine.Adapter) (any, error) {
	return nil, s.Load(t.Context(), a)
}

func unload(t *testing.T, s *upstream.Server, a *engine.Adapter) (any, error) {
	s.Told(a.Name)
	return nil, s.Unload(t.Context(), a.Name)
}

func loaded(t *testing.T, s *upstream.Server, _ *engine.Adapter) (any, error) {
	return s.Loaded(t.Context())
}

func answer(t *testing.T, s *upstream.Server, a *engine.Adapter) (any, error) {
	request := request()
	request.Adapter = a
	said := ""
	reply, err := s.Answer(t.Context(), request, func(piece string) error {
		said += piece
		return nil
	})
	require.Equal(t, said, reply.Text)
	return said, err
}

func base(t *testing.T, s *upstream.Server, _ *engine.Adapter) (any, error) { return answer(t, s, nil) }

// outcome is what an act should end with.
type outcome struct {
	act    act
	result any
	fails  string // text of the error
	busy   bool
	unfit  bool // whether the adapter can never be used
	is     func(*engine.UpstreamError) bool
}

func refused(err *engine.UpstreamError) bool { return err.Refused }
func blameless(err *engine.UpstreamError) bool {
	return !err.Refused // the client is not at fault
}

const because = "Because of it."

// TestContracts: each driver sends the requests that its server expects, and understands the responses.
func TestContracts(t *testing.T) {
	for kind, outcomes := range map[upstream.Kind]map[string]outcome{
		upstream.VLLM: {
			"about":                               {act: about, result: true},
			"about without the variable":          {act: about, result: false},
			"load":                                {act: load},
			"load again":                          {act: load},
			"load without the variable":           {act: load, fails: "VLLM_ALLOW_RUNTIME_LORA_UPDATING=True", is: blameless},
			"load what it does not see":           {act: load, fails: "--adapter-path-map", is: blameless},
			"load a rank that is too high":        {act: load, fails: "--max-lora-rank 32", unfit: true},
			"unload":                              {act: unload},
			"unload what it does not have":        {act: unload},
			"loaded":                              {act: loaded, result: []string{"openledger-7-2"}},
			"answer":                              {act: answer, result: because},
			"answer of the base":                  {act: base, result: because},
			"answer with an adapter that is lost": {act: answer, result: "", fails: "does not exist"},
		},
		upstream.SGLang: {
			"about":                               {act: about, result: true},
			"about without adapters":              {act: about, result: false},
			"load":                                {act: load},
			"load again":                          {act: load},
			"load where it is not enabled":        {act: load, fails: "--enable-lora", is: blameless},
			"load what it does not see":           {act: load, fails: "--adapter-path-map", is: blameless},
			"load where it cannot":                {act: load, fails: "0.5 or newer", is: blameless},
			"unload":                              {act: unload},
			"unload what it does not have":        {act: unload},
			"loaded":                              {act: loaded, result: []string{"openledger-7-2"}},
			"answer":                              {act: answer, result: because},
			"answer of the base":                  {act: base, result: because},
			"answer with an adapter that is lost": {act: answer, result: "", fails: "not loaded"},
		},
		upstream.LoRAX: {
			"about":                               {act: about, result: true},
			"load":                                {act: load},
			"load what it does not see":           {act: load, fails: "--adapter-path-map", is: blameless},
			"load while it is busy":               {act: load, fails: "overloaded", busy: true},
			"answer":                              {act: answer, result: because},
			"answer of the base":                  {act: base, result: because},
			"answer while it is busy":             {act: answer, result: "", fails: "overloaded", busy: true},
			"answer that fails":                   {act: answer, result: "", fails: "out of memory", is: blameless},
			"answer to a prompt that is too long": {act: answer, result: "", fails: "1024 tokens", is: refused},
		},
		upstream.Ollama: {
			"about":                               {act: about, result: true},
			"load":                                {act: load},
			"load again":                          {act: load},
			"load whose file is there":            {act: load},
			"load what it does not take":          {act: load, fails: "GGUF", is: blameless},
			"unload":                              {act: unload},
			"unload what it does not have":        {act: unload},
			"loaded":                              {act: loaded, result: []string{"openledger-7-2"}},
			"answer":                              {act: answer, result: because},
			"answer of the base":                  {act: base, result: because},
			"answer while it is busy":             {act: answer, result: "", fails: "server busy", busy: true},
			"answer with an adapter that is lost": {act: answer, result: "", fails: "not found"},
		},
		upstream.LlamaCPP: {
			"about":                             {act: about, result: true},
			"load":                              {act: load},
			"load what it was not started with": {act: load, fails: "--lora FILE1,FILE2", is: blameless},
			"load where there are none":         {act: load, fails: "--models-preset", is: blameless},
			"unload":                            {act: unload},
			"loaded":                            {act: loaded, result: []string{"openledger-4-1"}},
			"answer":                            {act: answer, result: because},
			"answer of the base":                {act: base, result: because},
			"router: about":                     {act: about, result: true},
			"router: load":                      {act: load},
			"router: load what is loading":      {act: load},
			"router: load what fails":           {act: load, fails: "its log says why", is: blameless},
			"router: load with another file":    {act: load, fails: "--llama-presets", is: blameless},
			"router: unload":                    {act: unload},
			"router: unload what does not run":  {act: unload},
			"router: loaded":                    {act: loaded, result: []string{"openledger-4-1"}},
			"router: answer":                    {act: answer, result: because},
			"router: answer with an adapter that is lost": {act: answer, result: "", fails: "not found"},
		},
	} {
		recorded := transcripts(t, string(kind)+".txt")
		for name := range recorded {
			if _, ok := outcomes[name]; !ok && name != "alive" && name != "not alive yet" && name != "place" {
				t.Errorf("%s: %q is recorded, and nothing tests it", kind, name)
			}
		}
		for name, want := range outcomes {
			t.Run(string(kind)+" "+name, func(t *testing.T) {
				p := newPlaces(t)
				url := replay(t, recorded[name], "DIGEST", digest(gguf))
				s, err := upstream.New(upstream.Options{URL: url + "/v1", Kind: kind, Model: "base", Paths: p.paths,
					Presets: p.presets, Timeout: 10 * time.Second})
				require.NoError(t, err)
				result, err := want.act(t, s, p.adapter)
				if want.fails == "" {
					require.NoError(t, err)
					require.Equal(t, want.result, result)
					return
				}
				require.ErrorContains(t, err, want.fails)
				require.Equal(t, want.result, result)
				require.Equal(t, want.unfit, errors.Is(err, engine.ErrAdapter))
				var upstream *engine.UpstreamError
				require.ErrorAs(t, err, &upstream)
				require.Equal(t, want.busy, upstream.Busy)
				if want.is != nil {
					require.True(t, want.is(upstream), "refused is %v", upstream.Refused)
				}
			})
		}
	}
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
