package cmd

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/engine/upstream"
	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/checkpoint/checkpointtest"
)

func TestNamedServers(t *testing.T) {
	more := []string{"http://b", "sglang", "http://c,vllm", "http://d"}
	got, err := namedServers([]string{"http://a/v1"}, more, "openai")
	require.NoError(t, err)
	require.Equal(t, []namedServer{{"http://a/v1", "openai"}, {"http://b", "sglang"}, {"http://c", "vllm"},
		{"http://d", "openai"}}, got)
	for _, more := range [][]string{{"vllm"}, {"http://a,tgi"}, {"http://a,vllm,vllm"}, {"host:80"}} {
		_, err := namedServers(nil, more, "openai")
		require.ErrorContains(t, err, "--upstream")
	}
}

// TestEnginesThatAreServers: flags that do not fit are refused before any server is asked, and the error says what to
// write.
func TestEnginesThatAreServers(t *testing.T) {
	const url = " --openai-url http://127.0.0.1:1 --openai-model base"
	for why, args := range map[string]string{
		"sglang, ollama, openai": "--engine tgi",
		"needs --openai-url and": "--engine vllm",
		"is no URL":              "--engine vllm --openai-url host --openai-model base",
		"5=my-adapter":           "--engine vllm --upstream-model x=y" + url,
		"write LOCAL=REMOTE":     "--engine vllm --adapter-path-map /a" + url,
		"--upstream-answers":     "--engine vllm --upstream-answers -1" + url,
		"--base:":                "--engine ollama --base /nowhere" + url,
		"is named twice":         "--engine vllm --upstream http://127.0.0.1:1" + url,
		"--check-upstream=false": "--engine vllm" + url,
	} {
		_, _, err := run(t, t.TempDir(), append([]string{"serve", "--model", "1"}, strings.Fields(args)...)...)
		require.ErrorContains(t, err, why, args)
	}
}

func engineOf(t *testing.T, args string) engine.Engine {
	t.Helper()
	cmd := effective(t, t.TempDir(), append([]string{"serve"}, strings.Fields(args)...)...)
	cmd.SetContext(t.Context())
	made, err := newEngine(cmd, time.Minute, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, made.(io.Closer).Close()) })
	require.Implements(t, (*prometheus.Collector)(nil), made)
	return made
}

// TestFleetsAreWhatTheyCanDo: servers that can load adapters do so, and adapters are checked if the whole base is here.
func TestFleetsAreWhatTheyCanDo(t *testing.T) {
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"data":[{"id":"base"},{"id":"mine"}]}`)
	}))
	defer fake.Close()
	base := " --openai-model base --openai-url " + fake.URL
	host, based := (*engine.Host)(nil), (*engine.Based)(nil)
	plain := engineOf(t, "--engine openai "+base)
	require.NotImplements(t, host, plain)
	require.Implements(t, host, engineOf(t, "--engine openai --upstream-model 5=mine "+base))
	vllm := engineOf(t, "--engine vllm "+base)
	require.IsType(t, (*upstream.Fleet)(nil), vllm)
	require.NotImplements(t, based, vllm)

	config := checkpointtest.Config(checkpoint.Llama)
	whole := checkpointtest.Random(t, config, checkpoint.F32, 1)
	checked := engineOf(t, "--engine vllm --base "+whole+base)
	require.Implements(t, host, checked)
	want, err := checkpoint.Digest(whole)
	require.NoError(t, err)
	got, err := checked.(engine.Based).BaseDigest()
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Equal(t, config.HiddenSize, checked.(engine.Based).Config().HiddenSize)

	text, err := os.ReadFile(filepath.Join(whole, "config.json"))
	require.NoError(t, err)
	alone := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(alone, "config.json"), text, 0o600))
	require.NotImplements(t, based, engineOf(t, "--engine vllm --base "+alone+base))
}
