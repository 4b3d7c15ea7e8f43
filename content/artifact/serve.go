package artifact

import (
	"encoding/hex"
	"net/http"
	"os"
	"time"
)

// Route is where gateways serve artifacts; the digest in hex follows.
const Route = "/openledger/v1/artifacts/"

// Location returns the URL of an artifact at a gateway with an endpoint such as https://gateway.example.org.
func Location(endpoint string, digest [32]byte) string {
	for len(endpoint) > 0 && endpoint[len(endpoint)-1] == '/' {
		endpoint = endpoint[:len(endpoint)-1]
	}
	return endpoint + Route + hex.EncodeToString(digest[:])
}

const (
	// leastRate is the lowest average rate of a client, in bytes a second, after leastGrace. A slower client is cut off.
	leastRate  = 64 << 10
	leastGrace = 10 * time.Second
)

// Handler serves GET and HEAD of Route, where the path value "sha256" is the digest. It gives at most concurrent
// answers at a time; other requests get 503 and may try again. It tells nothing else about the store.
func (s *Store) Handler(concurrent int) http.Handler {
	slots := make(chan struct{}, max(concurrent, 1))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		digest, err := ParseDigest(r.PathValue("sha256"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
		default:
			w.Header().Set("Retry-After", "1")
			http.Error(w, "too many artifacts are being sent: try again", http.StatusServiceUnavailable)
			return
		}
		path, size, err := s.Find(digest)
		if err != nil {
			http.Error(w, "no such artifact is here", http.StatusNotFound)
			return
		}
		file, err := os.Open(path)
		if err != nil {
			http.Error(w, "no such artifact is here", http.StatusNotFound)
			return
		}
		defer file.Close()
		// A client that reads nothing must not keep its place for ever.
		control := http.NewResponseController(w)
		_ = control.SetWriteDeadline(time.Now().Add(leastGrace + time.Duration(size/leastRate)*time.Second))
		defer func() { _ = control.SetWriteDeadline(time.Time{}) }() // for the next request of the connection
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		w.Header().Set("ETag", `"`+hex.EncodeToString(digest[:])+`"`)
		http.ServeContent(w, r, "", time.Time{}, file)
	})
}
