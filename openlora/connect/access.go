package connect

import (
	"context"
	"crypto/subtle"
	"net"
	"net/http"
	"slices"
	"strings"
)

type keyOf struct{}

// exposed are the headers that scripts of web pages may read.
const exposed = "Retry-After, OpenLedger-Receipt, OpenLedger-Fee, OpenLedger-Provider, OpenLedger-Sources"

// authorize lets in who may ask: with a key, if there are keys, else programs of this machine. Scripts of web pages are
// let in from the origins that the user names: without that, any page could spend.
func (p *Proxy) authorize(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if origin := r.Header.Get("Origin"); origin != "" {
			if !p.admits(origin) {
				fail(w, &httpError{
					status: http.StatusForbidden, code: "origin_refused",
					message: "scripts of " + origin + " may not ask: name the origin with --origin",
				})
				return
			}
			header := w.Header()
			header.Add("Vary", "Origin")
			header.Set("Access-Control-Allow-Origin", origin)
			header.Set("Access-Control-Expose-Headers", exposed)
			if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
				header.Set("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
				header.Set("Access-Control-Allow-Headers", r.Header.Get("Access-Control-Request-Headers"))
				header.Set("Access-Control-Max-Age", "86400")
				w.WriteHeader(http.StatusNoContent)
				return
			}
		}
		if r.URL.Path == "/healthz" {
			next.ServeHTTP(w, r)
			return
		}
		key, err := p.admit(r)
		if err != nil {
			fail(w, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), keyOf{}, key)))
	})
}

func (p *Proxy) admits(origin string) bool {
	return slices.Contains(p.config.Origins, "*") || slices.Contains(p.config.Origins, origin)
}

// admit returns the key of a request.
func (p *Proxy) admit(r *http.Request) (Key, error) {
	secret, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if known := p.config.Secret; known != "" && subtle.ConstantTimeCompare([]byte(secret), []byte(known)) == 1 {
		return Key{Name: everybody}, nil
	}
	keys, err := p.config.Keys.List()
	if err != nil {
		return Key{}, err
	}
	if len(keys) == 0 {
		if !local(r.Host) {
			return Key{}, &httpError{
				status: http.StatusForbidden, code: "host_refused",
				message: "without keys only programs of this machine may ask, by its own address",
			}
		}
		return Key{Name: Local}, nil
	}
	key, err := p.config.Keys.Find(secret)
	if err != nil {
		return Key{}, &httpError{
			status: http.StatusUnauthorized, code: "invalid_api_key",
			message: "this is no key of the proxy: `openlorad connect key add NAME --budget 1OPEN/day` makes one",
		}
	}
	return key, nil
}

// local says that a request names this machine as its host. A page whose name is made to lead here does not.
func local(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	address := net.ParseIP(strings.Trim(name, "[]"))
	return name == "localhost" || address != nil && address.IsLoopback()
}

func keyIn(r *http.Request) Key { return r.Context().Value(keyOf{}).(Key) }
