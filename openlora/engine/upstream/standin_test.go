package upstream_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/engine/upstream"
)

// mood is how a stand-in answers.
type mood int

const (
	well   mood = iota
	busy        // 503, with Retry-After if that is set
	broken      // 500
	refusing
	cutting    // ends the connection before a word
	stuttering // ends it after some words
	erring     // an error in the stream before a word
	halting    // sends nothing until the client is gone
	moods      // number of moods
)

// standIn is a stand-in for a vLLM server with adapters, as in testdata/vllm.txt, whose answers contain its name.
type standIn struct {
	*httptest.Server
	name string

	mu         sync.Mutex
	mood       func() mood // for the next answer
	retryAfter string
	sick       bool // for checks
	adapters   map[string]string
	asked      int
	flying     int
	most       int
	loads      int
	hold       chan struct{} // each answer waits for it after its first word; nil means no wait
	hung       chan struct{} // gets a value for each answer that sends nothing
}

func newStandIn(t testing.TB, name string) *standIn {
	t.Helper()
	s := &standIn{name: name, adapters: map[string]string{}, mood: func() mood { return well },
		hung: make(chan struct{}, 100)}
	s.Server = httptest.NewServer(s.handler())
	t.Cleanup(func() { s.Server.Close() })
	return s
}

func (s *standIn) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		if s.locked(func() bool { return s.sick }) {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("GET /v1/models", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		list := []map[string]any{{"id": "base", "root": "base", "parent": nil}}
		for name, path := range s.adapters {
			list = append(list, map[string]any{"id": name, "root": path, "parent": "base"})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": list})
	})
	mux.HandleFunc("POST /v1/load_lora_adapter", func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			Name string `json:"lora_name"`
			Path string `json:"lora_path"`
		}
		_ = json.NewDecoder(r.Body).Decode(&asked)
		s.mu.Lock()
		defer s.mu.Unlock()
		switch {
		case asked.Name == "":
			vllmError(w, http.StatusBadRequest, "Both 'lora_name' and 'lora_path' must be provided.")
		case s.adapters[asked.Name] != "":
			vllmError(w, http.StatusBadRequest, "The lora adapter '"+asked.Name+"' has already been loaded.")
		case strings.Contains(asked.Path, "missing"):
			vllmError(w, http.StatusNotFound, "No adapter found for "+asked.Path)
		default:
			s.loads++
			s.adapters[asked.Name] = asked.Path
			_, _ = io.WriteString(w, "Success")
		}
	})
	mux.HandleFunc("POST /v1/unload_lora_adapter", func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			Name string `json:"lora_name"`
		}
		_ = json.NewDecoder(r.Body).Decode(&asked)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.adapters[asked.Name] == "" {
			vllmError(w, http.StatusNotFound, "The lora adapter '"+asked.Name+"' cannot be found.")
			return
		}
		delete(s.adapters, asked.Name)
	})
	mux.HandleFunc("POST /v1/chat/completions", s.chat)
	return mux
}

func vllmError(w http.ResponseWriter, status int, message string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"message": message, "code": status}})
}

func (s *standIn) locked(f func() bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return f()
}

// words returns a stand-in's answer to a question.
func (s *standIn) words(model, question string) []string {
	var out []string
	for i := range 6 {
		out = append(out, fmt.Sprintf("%s/%s/%s/%d ", s.name, model, question, i))
	}
	return out
}

func (s *standIn) chat(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Model    string `json:"model"`
		Messages []struct {
			Content string `json:"content"`
		} `json:"messages"`
	}
	_ = json.NewDecoder(r.Body).Decode(&asked)
	s.mu.Lock()
	s.asked++
	s.flying++
	s.most = max(s.most, s.flying)
	mood, known, hold := s.mood(), asked.Model == "base" || s.adapters[asked.Model] != "", s.hold
	retry := s.retryAfter
	s.mu.Unlock()
	defer s.locked(func() bool { s.flying--; return true })
	if !known {
		vllmError(w, http.StatusNotFound, "The model `"+asked.Model+"` does not exist.")
		return
	}
	say := func(text string) {
		_, _ = io.WriteString(w, text)
		_ = http.NewResponseController(w).Flush()
	}
	switch mood {
	case busy:
		if retry != "" {
			w.Header().Set("Retry-After", retry)
		}
		vllmError(w, http.StatusServiceUnavailable, "too many requests")
		return
	case broken:
		vllmError(w, http.StatusInternalServerError, "EngineDeadError")
		return
	case refusing:
		vllmError(w, http.StatusBadRequest, "This model's maximum context length is 8 tokens.")
		return
	case cutting:
		say(": ping\n\n")
		panic(http.ErrAbortHandler)
	case erring:
		say("data: {\"error\":{\"message\":\"out of memory\",\"code\":500}}\n\n")
		return
	case halting:
		say(": ping\n\n")
		s.hung <- struct{}{}
		<-r.Context().Done()
		return
	}
	words := s.words(asked.Model, asked.Messages[len(asked.Messages)-1].Content)
	for i, word := range words {
		if i == 3 && mood == stuttering {
			panic(http.ErrAbortHandler)
		}
		say(delta(word))
		if i == 0 && hold != nil {
			select {
			case <-hold:
			case <-r.Context().Done():
				return
			}
		}
	}
	say("data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
}

// stop ends a stand-in, and returns a function that starts it again at its address, without its adapters.
func (s *standIn) stop(t *testing.T) (start func()) {
	t.Helper()
	address := s.Listener.Addr().String()
	s.CloseClientConnections()
	s.Server.Close()
	return func() {
		listener, err := net.Listen("tcp", address)
		require.NoError(t, err)
		s.locked(func() bool { s.adapters = map[string]string{}; return true })
		again := httptest.NewUnstartedServer(s.handler())
		again.Listener.Close()
		again.Listener = listener
		again.Start()
		s.Server = again
	}
}

// servers returns servers for stand-ins.
func servers(t testing.TB, standIns ...*standIn) []*upstream.Server {
	t.Helper()
	var out []*upstream.Server
	for _, s := range standIns {
		server, err := upstream.New(upstream.Options{URL: s.URL, Kind: upstream.VLLM, Model: "base"})
		require.NoError(t, err)
		out = append(out, server)
	}
	return out
}
