package artifact

import (
	"encoding/hex"
	"net/http"
	"os"
	"time"
)

// Route is where gateways serve artifacts; the digest in hex follows.
const Route = "/openledger/v1/artifacts/"

// Location is the address of an artifact at a gateway, such as https://gateway.example.org.
func Location(endpoint string, digest [32]byte) string {
	for len(endpoint) > 0 && endpoint[len(endpoint)-1] == '/' {
		endpoint = endpoint[:len(endpoint)-1]
	}
	return endpoint + Route + hex.EncodeToString(digest[:])
}

const (
	// leastRate is how fast a client takes an artifact on average, in bytes a second, after leastGrace; one that is slower
	// is cut off.
	leastRate  = 64 << 10
	leastGrace = 10 * time.Second
)

// Handler serves GET and HEAD of Route, {digest} being the path value "sha256". At most concurrent answers are given at
// a time; others get 503 and are to come back. It says nothing else about the store.
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
		// A client that takes nothing must not hold its place for ever.
		control := http.NewResponseController(w)
		_ = control.SetWriteDeadline(time.Now().Add(leastGrace + time.Duration(size/leastRate)*time.Second))
		defer func() { _ = control.SetWriteDeadline(time.Time{}) }() // for the next request of the connection
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		w.Header().Set("ETag", `"`+hex.EncodeToString(digest[:])+`"`)
		http.ServeContent(w, r, "", time.Time{}, file)
	})
}
