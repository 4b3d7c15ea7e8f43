package gateway

import (
	"net/http"
	"slices"
)

// CORS lets scripts of web pages call a handler: those of the origins named, or of all with "*". Nothing is authorised
// by cookies or addresses here, so a page can do no more than any other program.
func CORS(origins []string, next http.Handler) http.Handler {
	all := slices.Contains(origins, "*")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin, header := r.Header.Get("Origin"), w.Header()
		if !all {
			header.Add("Vary", "Origin")
		}
		if origin == "" || !all && !slices.Contains(origins, origin) {
			next.ServeHTTP(w, r)
			return
		}
		if all {
			origin = "*"
		}
		header.Set("Access-Control-Allow-Origin", origin)
		header.Set("Access-Control-Expose-Headers", "Retry-After, PAYMENT-REQUIRED, PAYMENT-RESPONSE")
		if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
			next.ServeHTTP(w, r)
			return
		}
		header.Set("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
		header.Set("Access-Control-Allow-Headers", "*")
		if wanted := r.Header.Get("Access-Control-Request-Headers"); wanted != "" { // Authorization is not in *
			header.Set("Access-Control-Allow-Headers", wanted)
		}
		header.Set("Access-Control-Max-Age", "86400")
		w.WriteHeader(http.StatusNoContent)
	})
}
