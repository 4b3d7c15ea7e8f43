package demo

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/demo/ports"
)

// A model server begins after firstToken and says a word each wordPause, as one does that serves many at a time.
const firstToken, wordPause = 50 * time.Millisecond, 20 * time.Millisecond

// said is what the model server says: words of the sources and others.
var said = strings.Fields(`Darier disease differs in its greasy follicular papules and its abundant dyskeratotic cells.
	The histology settles what the eye alone cannot, and the family history helps.`)

// modelServer answers as a language model does that is served by OpenAI's API.
type modelServer struct {
	url string
	// hasty says all at once.
	hasty atomic.Bool
}

func newModelServer(t *testing.T) *modelServer {
	t.Helper()
	m := &modelServer{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/models", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"object":"list","data":[{"id":"stand-in","object":"model"}]}`)
	})
	mux.HandleFunc("POST /v1/chat/completions", m.answer)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	m.url = server.URL
	return m
}

func (m *modelServer) answer(w http.ResponseWriter, r *http.Request) {
	begin := time.Now()
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "text/event-stream")
	control := http.NewResponseController(w)
	hasty := m.hasty.Load()
	for i, word := range said {
		if !hasty {
			time.Sleep(time.Until(begin.Add(firstToken + time.Duration(i)*wordPause)))
		}
		encoded, _ := json.Marshal(word + " ")
		fmt.Fprintf(w, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":%s},\"finish_reason\":null}]}\n\n", encoded)
		_ = control.Flush()
	}
	fmt.Fprint(w, "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
}

// nginxConfig passes streams on as they come, over connections that are kept.
const nginxConfig = `
daemon off; worker_processes auto; pid %[1]s/pid; error_log %[1]s/error.log;
events { worker_connections 1024; }
http {
	access_log off; client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
	upstream model { server %[2]s; keepalive 128; }
	server {
		listen 127.0.0.1:%[3]d;
		location / { proxy_pass http://model; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }
	}
}`

// startNginx puts nginx in front of an address. There is none where it is not installed.
func startNginx(t *testing.T, to string) (address string) {
	t.Helper()
	binary, err := exec.LookPath("nginx")
	if err != nil {
		return ""
	}
	upstream, err := url.Parse(to)
	require.NoError(t, err)
	block, err := ports.Take(1)
	require.NoError(t, err)
	t.Cleanup(func() { block.Close() })
	dir := t.TempDir()
	config := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(nginxConfig, dir, upstream.Host, block.Base)
	require.NoError(t, os.WriteFile(config, []byte(text), 0o600))
	server, err := start(dir, "nginx", false, binary, "-p", dir, "-c", config, "-e", filepath.Join(dir, "error.log"))
	require.NoError(t, err)
	t.Cleanup(func() { server.stop() })
	address = fmt.Sprintf("http://127.0.0.1:%d", block.Base)
	require.Eventually(t, func() bool {
		response, err := http.Get(address + "/v1/models")
		if err == nil {
			response.Body.Close()
		}
		return err == nil
	}, time.Minute, 50*time.Millisecond, "nginx: see %s", server.log)
	return address
}
