package gateway_test

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/gateway"
	"github.com/openledger/openledger/openlora/outbox"
	"github.com/openledger/openledger/slm/chat"
)

// TestEmbeddings: vectors are made for who has the key, in both forms, and requests that cannot be honoured are refused
// by name.
func TestEmbeddings(t *testing.T) {
	box, err := outbox.Open(filepath.Join(t.TempDir(), "outbox.db"))
	require.NoError(t, err)
	defer box.Close()
	embedded, err := engine.NewEmbedded("", chat.Options{Threads: 1})
	require.NoError(t, err)
	defer embedded.Close()
	serve := func(with engine.Engine, key string) string {
		g, err := gateway.New(t.Context(), gateway.Config{Outbox: box, Engine: with, Limits: gateway.DefaultLimits(),
			EmbeddingsKey: key, Log: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		s := httptest.NewServer(g.Handler())
		t.Cleanup(s.Close)
		return s.URL
	}
	ask := func(url, key, body string) (int, string) {
		request, err := http.NewRequest(http.MethodPost, url+"/v1/embeddings", strings.NewReader(body))
		require.NoError(t, err)
		if key != "" {
			request.Header.Set("Authorization", "Bearer "+key)
		}
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(text)
	}
	url := serve(embedded, "secret")
	good := `{"model":"openledger-base-1","input":`
	for _, c := range []struct {
		url, key, body string
		status         int
		says           string
	}{
		{serve(embedded, ""), "", good + `"x"}`, http.StatusForbidden, "embeddings_disabled"},
		{serve(engine.Extractive{}, "secret"), "secret", good + `"x"}`, http.StatusForbidden, "embeddings_disabled"},
		{url, "", good + `"x"}`, http.StatusUnauthorized, "invalid_api_key"},
		{url, "secre", good + `"x"}`, http.StatusUnauthorized, "invalid_api_key"},
		{url, "secret", `{`, http.StatusBadRequest, "invalid_json"},
		{url, "secret", `{"model":"openledger-base-1"}`, http.StatusBadRequest, "input"},
		{url, "secret", good + `""}`, http.StatusBadRequest, "input.0"},
		{url, "secret", good + `[]}`, http.StatusBadRequest, "input"},
		{url, "secret", good + `[[1,2]]}`, http.StatusBadRequest, "tokens"},
		{url, "secret", good + `"x","dimensions":129}`, http.StatusBadRequest, "dimensions"},
		{url, "secret", good + `"x","encoding_format":"int8"}`, http.StatusBadRequest, "encoding_format"},
		{url, "secret", good + `"x","truncate":true}`, http.StatusBadRequest, "unsupported_parameter"},
		{url, "secret", `{"model":"text-embedding-3-small","input":"x"}`, http.StatusNotFound, "model_not_found"},
	} {
		status, text := ask(c.url, c.key, c.body)
		require.Equal(t, c.status, status, "%s: %s", c.body, text)
		require.Contains(t, text, c.says, c.body)
	}
	type response struct {
		Data []struct {
			Index     int
			Embedding json.RawMessage
		}
		Usage struct {
			Tokens int `json:"prompt_tokens"`
		}
	}
	var plain, packed response
	status, text := ask(url, "secret", good+`["hair","the growth of hair"],"dimensions":16,"user":"me"}`)
	require.Equal(t, http.StatusOK, status, text)
	require.NoError(t, json.Unmarshal([]byte(text), &plain))
	status, text = ask(url, "secret", good+`["hair","the growth of hair"],"dimensions":16,"encoding_format":"base64"}`)
	require.Equal(t, http.StatusOK, status, text)
	require.NoError(t, json.Unmarshal([]byte(text), &packed))
	require.Len(t, plain.Data, 2)
	require.Positive(t, plain.Usage.Tokens)
	for i := range plain.Data {
		var numbers []float32
		require.NoError(t, json.Unmarshal(plain.Data[i].Embedding, &numbers))
		require.Len(t, numbers, 16)
		var code string
		require.NoError(t, json.Unmarshal(packed.Data[i].Embedding, &code))
		raw, err := base64.StdEncoding.DecodeString(code)
		require.NoError(t, err)
		square := 0.0
		for j, x := range numbers {
			require.Equal(t, x, math.Float32frombits(binary.LittleEndian.Uint32(raw[4*j:])))
			square += float64(x) * float64(x)
		}
		require.InDelta(t, 1, square, 1e-5)
		require.Equal(t, i, plain.Data[i].Index)
	}
}
