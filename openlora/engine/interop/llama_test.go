//go:build interop

package interop

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/engine/upstream"
	"github.com/openledger/openledger/slm/adapter/adaptertest"
	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/checkpoint/checkpointtest"
	"github.com/openledger/openledger/slm/tokenizer"
	"github.com/openledger/openledger/testutil/peers"
)

// files are a small base and adapters of it, as GGUF files; the last one is a PEFT folder, too.
type files struct {
	folder   string
	base     string
	config   checkpoint.Config
	adapters []*engine.Adapter
}

const count = 4 // adapters

func newFiles(t *testing.T) files {
	t.Helper()
	peers.Root(t)
	f := files{folder: t.TempDir()}
	tok, err := tokenizer.Train([]string{"Why is the sky blue? Because of the air."}, tokenizer.Recipe{
		Tokens: 260, Special: []string{"<s>", "</s>"}, BOS: "<s>", EOS: "</s>", Split: tokenizer.SplitGPT2,
	})
	check(t, err)
	f.config = checkpointtest.Config(checkpoint.Llama)
	f.config.VocabSize, f.config.MaxPositions = tok.Len(), 1024
	c, err := checkpoint.Open(checkpointtest.Random(t, f.config, checkpoint.F32, 11))
	check(t, err)
	defer c.Close()
	metadata, err := tok.GGUF(tok.Len())
	check(t, err)
	dtype := checkpoint.F32
	f.base = filepath.Join(f.folder, "base.gguf")
	check(t, c.WriteGGUF(f.base, checkpoint.Options{DType: &dtype, Metadata: metadata}))
	for i := range count {
		made := adaptertest.Random(t, f.config, 4, 0.5, uint64(3+i))
		a := &engine.Adapter{Name: fmt.Sprintf("openledger-%d-1", i+1), Rank: 4, Digest: [32]byte{byte(i + 1)}}
		if i == count-1 {
			a.Folder = filepath.Join(f.folder, "peft")
			a.File = filepath.Join(a.Folder, "adapter_model.safetensors")
			check(t, made.WriteFolder(a.Folder, f.config, "base"))
		} else {
			a.File = filepath.Join(f.folder, fmt.Sprintf("%x.gguf", i))
			check(t, made.WriteGGUF(a.File, f.config))
		}
		f.adapters = append(f.adapters, a)
	}
	return f
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func server(t *testing.T, options upstream.Options) *upstream.Server {
	t.Helper()
	options.Kind, options.Model, options.Timeout = upstream.LlamaCPP, "base", time.Minute
	s, err := upstream.New(options)
	check(t, err)
	return s
}

// asked is a request for a greedy answer of 16 tokens. What is computed of the rest of a prompt alone differs in the
// last bits, so that a router, which may remember prompts, is asked not to.
func asked(question string, a *engine.Adapter, uncached bool) engine.Request {
	passage := strings.Repeat(question+" ", 500/len(question)) // prompts that have little in common
	request := engine.Request{Messages: []api.Message{{Role: "user", Content: question}}, MaxTokens: 8, Adapter: a,
		Passages: [][]byte{[]byte(passage)},
		Options:  api.Options{"ignore_eos": json.RawMessage("true")}}
	if uncached {
		request.Options["cache_prompt"] = json.RawMessage("false")
	}
	return request
}

// ask returns what an engine answers.
func ask(t *testing.T, e engine.Engine, question string, a *engine.Adapter, uncached bool) string {
	t.Helper()
	said := ""
	reply, err := e.Answer(t.Context(), asked(question, a, uncached), func(piece string) error {
		said += piece
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %v", question, err)
	}
	if reply.Text != said || said == "" || reply.Finish != engine.FinishLength {
		t.Fatalf("said was %q, the answer is %+v", said, reply)
	}
	return said
}

var questions = []string{"Why is the sky blue?", "Why?", "Because of what?"}

// references are what a llama-server says that has nothing but the base, or one adapter, applied to all requests. The
// base is behind the adapters.
func (f files) references(t *testing.T) [][]string {
	t.Helper()
	out := make([][]string, count+1)
	for i := range out {
		args := []string{"-m", f.base, "--no-warmup", "--parallel", "1", "--cache-ram", "0"}
		if i < count {
			args = append(args, "--lora", f.file(t, i))
		}
		address, process := peers.Llama(t, args...)
		plain, err := upstream.New(upstream.Options{URL: "http://" + address + "/v1", Kind: upstream.OpenAI, Model: "base"})
		check(t, err)
		for _, q := range questions {
			out[i] = append(out[i], ask(t, plain, q, nil, true))
		}
		for _, other := range out[:i] {
			if slices.Equal(other, out[i]) {
				t.Fatal("two adapters say the same: nothing is tested")
			}
		}
		peers.StopLlama(t, process)
	}
	return out
}

// file is the GGUF file of an adapter; the one of the PEFT folder is written as such for the reference.
func (f files) file(t *testing.T, i int) string {
	t.Helper()
	if f.adapters[i].Folder == "" {
		return f.adapters[i].File
	}
	path := filepath.Join(f.folder, "reference.gguf")
	check(t, adaptertest.Random(t, f.config, 4, 0.5, uint64(3+i)).WriteGGUF(path, f.config))
	return path
}

func (f files) compare(t *testing.T, e engine.Engine, want [][]string, q, which int) {
	t.Helper()
	var a *engine.Adapter
	if which < count {
		a = f.adapters[which]
	}
	_, single := e.(*upstream.Server)
	if said := ask(t, e, questions[q], a, !single); said != want[which][q] {
		t.Errorf("adapter %d of %d says %q to %q, want %q", which+1, count, said, questions[q], want[which][q])
	}
}

// A llama-server with one model answers each request with the adapter that it names, whatever was asked before, and
// also when another one with another order of adapters is there in its place.
func TestSingleModel(t *testing.T) {
	f := newFiles(t)
	want := f.references(t)
	order := []int{0, 1, 2, 3}
	for range 2 {
		var paths []string
		for _, i := range order {
			paths = append(paths, f.file(t, i))
		}
		if f.adapters[count-1].Folder != "" {
			named := filepath.Join(f.folder, f.adapters[count-1].Name+".gguf")
			_ = os.Link(f.file(t, count-1), named)
			paths[slices.Index(order, count-1)] = named // known by its name
		}
		address, process := peers.Llama(t, "-m", f.base, "--lora", strings.Join(paths, ","), "--lora-init-without-apply",
			"--no-warmup", "--parallel", "1")
		s := server(t, upstream.Options{URL: "http://" + address})
		about, err := s.Check(t.Context())
		check(t, err)
		if !about.Adapters || about.Version == "" {
			t.Errorf("it says %+v of itself", about)
		}
		for _, a := range f.adapters {
			check(t, s.Load(t.Context(), a))
		}
		// A prompt comes back with another adapter while a third had the slot: the cache of prompts knows tokens alone.
		for _, first := range []int{count, 0, 1, 2, 3} {
			for _, second := range []int{0, count, 3} {
				f.compare(t, s, want, 0, first)
				f.compare(t, s, want, 1, second)
				f.compare(t, s, want, 0, second)
				f.compare(t, s, want, 2, first)
			}
		}
		missing := &engine.Adapter{Name: "openledger-9-1", File: f.adapters[0].File + "x"}
		if err := s.Load(t.Context(), missing); err == nil || !strings.Contains(err.Error(), "--lora FILE1") {
			t.Errorf("an adapter that is not there is loaded: %v", err)
		}
		began := time.Now()
		const switches = 40
		for i := range switches {
			ask(t, s, questions[1], f.adapters[i%2], false)
		}
		changing := time.Since(began)
		began = time.Now()
		for range switches {
			ask(t, s, questions[1], f.adapters[0], false)
		}
		t.Logf("an answer that changes the adapter takes %s, one that does not %s", changing/switches,
			time.Since(began)/switches)
		peers.StopLlama(t, process)
		slices.Reverse(order)
	}
}

// router starts a llama-server as a router with a preset file that has the base.
func (f files) router(t *testing.T, name string, args ...string) (url, preset string, process int) {
	t.Helper()
	preset = filepath.Join(f.folder, name+".ini")
	check(t, os.WriteFile(preset, []byte("version = 1\n\n[*]\nthreads = 1\nparallel = 1\n\n[base]\nmodel = "+f.base+
		"\nno-warmup = true\n"), 0o600))
	address, process := peers.Llama(t, append([]string{"--models-preset", preset, "--models-max", "3"}, args...)...)
	return "http://" + address, preset, process
}

// A router loads adapters that it has never heard of, evicts them by itself, loads them again, and forgets them.
func TestRouter(t *testing.T) {
	f := newFiles(t)
	want := f.references(t)
	for _, auto := range []string{"--models-autoload", "--no-models-autoload"} {
		t.Run(auto, func(t *testing.T) {
			url, preset, _ := f.router(t, "router"+auto, auto)
			s := server(t, upstream.Options{URL: url + "/v1", Presets: preset, Base: &f.config})
			fleet, err := upstream.NewFleet([]*upstream.Server{s}, upstream.FleetOptions{})
			check(t, err)
			defer fleet.Close()
			check(t, fleet.Check(t.Context()))
			if auto == "--models-autoload" {
				f.compare(t, fleet, want, 0, count) // the base
			}
			began := time.Now()
			check(t, fleet.Load(t.Context(), f.adapters[0]))
			t.Logf("an adapter is loaded within %s", time.Since(began))
			for round := range 3 { // more adapters than it holds
				for i := range count {
					f.compare(t, fleet, want, round, i)
				}
			}
			names, err := fleet.Loaded(t.Context())
			check(t, err)
			if len(names) == 0 || len(names) > 3 {
				t.Errorf("%v are loaded", names)
			}
			for _, a := range f.adapters {
				check(t, fleet.Unload(t.Context(), a.Name))
			}
			names, err = fleet.Loaded(t.Context())
			check(t, err)
			text, err := os.ReadFile(preset)
			check(t, err)
			if len(names) > 0 || strings.Contains(string(text), "openledger-") {
				t.Errorf("%v are loaded still; the preset file is\n%s", names, text)
			}
			f.compare(t, fleet, want, 1, 0)

			broken := &engine.Adapter{Name: "openledger-9-1", File: filepath.Join(f.folder, "broken.gguf")}
			check(t, os.WriteFile(broken.File, []byte("GGUF and nothing else"), 0o600))
			if err := fleet.Load(t.Context(), broken); err == nil || !strings.Contains(err.Error(), "could not load it") {
				t.Errorf("a broken adapter is loaded: %v", err)
			}
			f.compare(t, fleet, want, 2, 0)
		})
	}
}

// Two servers: one is killed while answers come, and everybody is answered by the other, rightly.
func TestOneOfTwoIsKilled(t *testing.T) {
	f := newFiles(t)
	want := f.references(t)
	var servers []*upstream.Server
	var processes []int
	for i := range 2 {
		url, preset, process := f.router(t, fmt.Sprint("two", i))
		servers = append(servers, server(t, upstream.Options{URL: url, Presets: preset, Base: &f.config}))
		processes = append(processes, process)
	}
	fleet, err := upstream.NewFleet(servers, upstream.FleetOptions{Interval: 50 * time.Millisecond})
	check(t, err)
	defer fleet.Close()
	var asking sync.WaitGroup
	killed := make(chan struct{})
	for i := range 4 {
		asking.Go(func() {
			for n := range 15 {
				which := (i + n) % 3
				said := ""
				request := asked(questions[n%3], f.adapters[which], true)
				_, err := fleet.Answer(t.Context(), request, func(piece string) error {
					said += piece
					return nil
				})
				whole := want[which][n%3]
				if err == nil && said != whole || err != nil && !strings.HasPrefix(whole, strings.TrimSuffix(said, "\ufffd")) {
					t.Errorf("adapter %d says %q (%v), want %q", which+1, said, err, whole)
				}
				if err != nil && said == "" {
					t.Errorf("nobody answers: %v", err)
				}
				if i == 0 && n == 5 {
					peers.StopLlama(t, processes[0])
					close(killed)
				}
			}
		})
	}
	asking.Wait()
	<-killed
	if response, err := http.Get(servers[0].URL + "/health"); err == nil {
		response.Body.Close()
		t.Error("nothing was killed")
	}
}
