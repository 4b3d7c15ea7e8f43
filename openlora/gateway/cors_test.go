package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/gateway"
)

func TestCORS(t *testing.T) {
	served := 0
	handler := func(origins ...string) http.Handler {
		return gateway.CORS(origins, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served++ }))
	}
	ask := func(handler http.Handler, method, origin string, headers ...string) http.Header {
		r := httptest.NewRequest(method, "/v1/chat/completions", nil)
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Header()
	}
	const page = "https://app.example.org"
	preflight := []string{"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers",
		"authorization,x-stainless-lang"}

	got := ask(handler("*"), "OPTIONS", page, preflight...)
	require.Equal(t, "*", got.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "authorization,x-stainless-lang", got.Get("Access-Control-Allow-Headers"))
	require.Contains(t, got.Get("Access-Control-Allow-Methods"), "POST")
	require.Zero(t, served)
	require.Equal(t, "*", ask(handler("*"), "GET", page).Get("Access-Control-Allow-Origin"))
	require.Empty(t, ask(handler("*"), "GET", "").Get("Access-Control-Allow-Origin"))
	require.Equal(t, 2, served)

	got = ask(handler("https://other.example.org", page), "OPTIONS", page, preflight...)
	require.Equal(t, page, got.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "Origin", got.Get("Vary"))
	got = ask(handler("https://other.example.org"), "OPTIONS", page, preflight...)
	require.Empty(t, got.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "Origin", got.Get("Vary"))
}
