package gateway_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/gateway"
	"github.com/openledger/openledger/openlora/outbox"
)

func server(t *testing.T, limits gateway.Limits) *httptest.Server {
	t.Helper()
	box, err := outbox.Open(filepath.Join(t.TempDir(), "outbox.db"))
	require.NoError(t, err)
	g, err := gateway.New(context.Background(), gateway.Config{
		Outbox: box, Engine: engine.Extractive{}, Limits: limits, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	s := httptest.NewServer(g.Handler())
	t.Cleanup(func() {
		s.Close()
		box.Close()
	})
	return s
}

func TestRefusalsAreInOpenAIForm(t *testing.T) {
	limits := gateway.DefaultLimits()
	limits.BodyBytes = 1 << 10
	s := server(t, limits)
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		code                     string
	}{
		{"no voucher", "POST", "/v1/chat/completions", `{"messages":[{"role":"user","content":"Why?"}]}`,
			http.StatusPaymentRequired, "voucher_required"},
		{"no messages", "POST", "/v1/chat/completions", `{"messages":[]}`, http.StatusBadRequest, "invalid_value"},
		{"no question", "POST", "/v1/chat/completions", `{"messages":[{"role":"system","content":"x"}]}`,
			http.StatusBadRequest, "invalid_value"},
		{"not JSON", "POST", "/v1/chat/completions", `{`, http.StatusBadRequest, "invalid_json"},
		{"too large", "POST", "/v1/chat/completions",
			`{"messages":[{"role":"user","content":"` + strings.Repeat("x", 2<<10) + `"}]}`, http.StatusRequestEntityTooLarge,
			"request_too_large"},
		{"unknown path", "GET", "/v1/nothing", "", http.StatusNotFound, "unknown_url"},
		{"bad session id", "GET", "/v1/openledger/sessions/xyz", "", http.StatusBadRequest, "invalid_value"},
		{"unknown session", "GET", "/v1/openledger/sessions/" + strings.Repeat("00", 32), "", http.StatusNotFound,
			"session_not_found"},
		{"bad receipt id", "GET", "/v1/openledger/receipts/xyz", "", http.StatusBadRequest, "invalid_value"},
		{"unknown receipt", "GET", "/v1/openledger/receipts/" + strings.Repeat("00", 32) + "-1", "", http.StatusNotFound,
			"receipt_not_found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			request, err := http.NewRequest(c.method, s.URL+c.path, strings.NewReader(c.body))
			require.NoError(t, err)
			response, err := http.DefaultClient.Do(request)
			require.NoError(t, err)
			defer response.Body.Close()
			require.Equal(t, c.status, response.StatusCode)
			var body api.ErrorBody
			require.NoError(t, json.NewDecoder(response.Body).Decode(&body))
			require.Equal(t, c.code, body.Error.Code)
			require.NotEmpty(t, body.Error.Message)
			require.NotEmpty(t, body.Error.Type)
		})
	}
}

func TestRateLimit(t *testing.T) {
	limits := gateway.DefaultLimits()
	limits.PerSecond, limits.Burst = 0.001, 2
	s := server(t, limits)
	var last *http.Response
	for range 3 {
		response, err := http.Get(s.URL + "/v1/models")
		require.NoError(t, err)
		response.Body.Close()
		last = response
	}
	require.Equal(t, http.StatusTooManyRequests, last.StatusCode)
	require.Equal(t, "1", last.Header.Get("Retry-After"))
}

func TestModelsAndMetrics(t *testing.T) {
	s := server(t, gateway.DefaultLimits())
	response, err := http.Get(s.URL + "/v1/models")
	require.NoError(t, err)
	defer response.Body.Close()
	var list api.ModelList
	require.NoError(t, json.NewDecoder(response.Body).Decode(&list))
	require.Equal(t, "list", list.Object)
	metrics, err := http.Get(s.URL + "/metrics")
	require.NoError(t, err)
	defer metrics.Body.Close()
	require.Equal(t, http.StatusOK, metrics.StatusCode)
	text, err := io.ReadAll(metrics.Body)
	require.NoError(t, err)
	for _, line := range []string{"openlorad_requests_total 2", "openlorad_batches_refused 0", "openlorad_gaps_total 0",
		`openlorad_answer_seconds_count{outcome="answered"} 0`, `openlorad_submit_seconds_count{outcome="failed"} 0`} {
		require.Contains(t, string(text), line+"\n")
	}
}
