package attestor

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/openledger/openledger/content"
	"github.com/openledger/openledger/internal/ratelimit"
	"github.com/openledger/openledger/poa"
)

const (
	// transfers that are served at a time, and how many a host may begin in a second.
	maxTransfers = 32
	hostRate     = 50

	shutdownTimeout = 3 * time.Second
)

func contentHash(data []byte) [32]byte { return sha256.Sum256(data) }

// serve listens until ctx ends.
func (a *Attestor) serve(ctx context.Context, address string) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: a.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 60 * time.Second,
		IdleTimeout:  time.Minute, MaxHeaderBytes: 16 << 10,
	}
	a.log.Info("taking and serving bundles and text", "address", listener.Addr())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		_ = server.Shutdown(stop)
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-stopped
	return nil
}

// Handler takes bundles and text from those who have them, and serves them to other attestors.
func (a *Attestor) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/bundles/{hash}", a.getBundle)
	mux.HandleFunc("PUT /v1/bundles/{hash}", a.putBundle)
	mux.HandleFunc("GET /v1/content/{hash}", a.getText)
	mux.HandleFunc("PUT /v1/content/{hash}", a.putText)
	mux.HandleFunc("GET /healthz", a.health)
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.metrics.registry, promhttp.HandlerOpts{}))
	return newTransferLimiter(mux)
}

// refuse answers with a reason in JSON.
func refuse(w http.ResponseWriter, status int, format string, args ...any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": fmt.Sprintf(format, args...)})
}

func hashOf(w http.ResponseWriter, r *http.Request) (poa.Hash, bool) {
	hash, err := parseHash(r.PathValue("hash"))
	if err != nil {
		refuse(w, http.StatusBadRequest, "%q is not a hash: want 64 hexadecimal digits", r.PathValue("hash"))
	}
	return hash, err == nil
}

// body reads what is pushed, up to max bytes.
func body(w http.ResponseWriter, r *http.Request, max int64) ([]byte, bool) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, max))
	var oversize *http.MaxBytesError
	switch {
	case errors.As(err, &oversize):
		refuse(w, http.StatusRequestEntityTooLarge, "more than %d bytes", max)
	case err != nil:
		refuse(w, http.StatusBadRequest, "%s", err)
	}
	return data, err == nil
}

func (a *Attestor) getBundle(w http.ResponseWriter, r *http.Request) {
	root, ok := hashOf(w, r)
	if !ok {
		return
	}
	data, err := a.bundles.get(root)
	if err != nil || data == nil {
		refuse(w, http.StatusNotFound, "bundle %s is not held", root)
		return
	}
	send(w, data)
}

func send(w http.ResponseWriter, data []byte) {
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", fmt.Sprint(len(data)))
	_, _ = w.Write(data)
}

// putBundle takes any bundle that has its root: providers push before the chain knows the batch. What nobody asks about
// is dropped first.
func (a *Attestor) putBundle(w http.ResponseWriter, r *http.Request) {
	root, ok := hashOf(w, r)
	if !ok {
		return
	}
	data, ok := body(w, r, poa.MaxBundleBytes)
	if !ok {
		return
	}
	got, err := rootOf(data)
	if err != nil || got != root {
		refuse(w, http.StatusUnprocessableEntity, "not a bundle with root %s", root)
		return
	}
	if err := a.bundles.put(root, data, a.isSubscribed); err != nil {
		status := http.StatusInternalServerError
		if errors.Is(err, ErrNoRoom) {
			status = http.StatusInsufficientStorage
		}
		refuse(w, status, "%s", err)
		return
	}
	a.metrics.pushed.Add(float64(len(data)))
	a.wake(root)
	w.WriteHeader(http.StatusNoContent)
}

func (a *Attestor) getText(w http.ResponseWriter, r *http.Request) {
	hash, ok := hashOf(w, r)
	if !ok {
		return
	}
	data, err := a.text.Get(r.Context(), hash)
	if err != nil {
		refuse(w, http.StatusNotFound, "text %s is not held", hash)
		return
	}
	send(w, data)
}

// putText takes text that the chain asks validators to hold, and no other.
func (a *Attestor) putText(w http.ResponseWriter, r *http.Request) {
	hash, ok := hashOf(w, r)
	if !ok {
		return
	}
	if !a.isSubscribed(hash) {
		if held, err := a.text.Has(r.Context(), hash); err == nil && held {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		refuse(w, http.StatusNotFound, "no DataNet version that is asked about misses %s: push it when its contribution "+
			"is accepted", hash)
		return
	}
	data, ok := body(w, r, content.MaxBytes)
	if !ok {
		return
	}
	if poa.Hash(contentHash(data)) != hash {
		refuse(w, http.StatusUnprocessableEntity, "the content does not have hash %s", hash)
		return
	}
	if _, err := a.text.Put(r.Context(), data); err != nil {
		refuse(w, http.StatusInternalServerError, "%s", err)
		return
	}
	a.metrics.pushed.Add(float64(len(data)))
	a.wake(hash)
	w.WriteHeader(http.StatusNoContent)
}

func (a *Attestor) health(w http.ResponseWriter, _ *http.Request) {
	if _, alive := a.Verdicts(0, 0); !alive {
		refuse(w, http.StatusServiceUnavailable, "the node has not answered for %s", Alive)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// transferLimiter bounds transfers altogether and by host.
type transferLimiter struct {
	inner http.Handler
	slots chan struct{}
	hosts *ratelimit.Limiter
}

func newTransferLimiter(inner http.Handler) *transferLimiter {
	return &transferLimiter{
		inner: inner, slots: make(chan struct{}, maxTransfers), hosts: ratelimit.New(hostRate, hostRate),
	}
}

// ServeHTTP implements http.Handler.
func (l *transferLimiter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !l.hosts.Allow(r.RemoteAddr) {
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusTooManyRequests, "more than %d transfers a second", hostRate)
		return
	}
	select {
	case l.slots <- struct{}{}:
		defer func() { <-l.slots }()
	default:
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusServiceUnavailable, "%d transfers are under way", maxTransfers)
		return
	}
	l.inner.ServeHTTP(w, r)
}
