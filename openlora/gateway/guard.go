package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/poa"
)

// httpError is an error in OpenAI's form, with its HTTP status.
type httpError struct {
	status  int
	code    string
	message string
	param   string
	gap     bool
	// retryAfter is the time after which a client may try again; 0 means soon.
	retryAfter time.Duration
}

// Error implements error.
func (e *httpError) Error() string { return e.message }

func badRequest(param, format string, args ...any) *httpError {
	return &httpError{status: http.StatusBadRequest, code: api.CodeInvalid, param: param,
		message: fmt.Sprintf(format, args...)}
}

// body returns the error in the form of OpenAI's API.
func (e *httpError) body() api.ErrorBody {
	kind := "invalid_request_error"
	switch {
	case e.status == http.StatusTooManyRequests:
		kind = "rate_limit_error"
	case e.status >= http.StatusInternalServerError:
		kind = "server_error"
	case e.status == http.StatusPaymentRequired:
		kind = "payment_required_error"
	}
	out := api.ErrorBody{Error: api.Error{Message: e.message, Type: kind, Code: e.code, Gap: e.gap}}
	if e.param != "" {
		out.Error.Param = &e.param
	}
	return out
}

// known returns an error in the form for clients. Details that are not meant for clients are logged and hidden.
func (g *Gateway) known(err error) *httpError {
	var known *httpError
	var parameter *api.ParameterError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &parameter):
		return &httpError{status: http.StatusBadRequest, code: parameter.Code, param: parameter.Param,
			message: parameter.Error()}
	}
	g.Log.Error("request failed", "err", err)
	return &httpError{status: http.StatusInternalServerError, code: "internal_error",
		message: "the gateway could not serve the request; its log says why"}
}

// fail answers with an error.
func (g *Gateway) fail(w http.ResponseWriter, err error) {
	known := g.known(err)
	g.metrics.errors.Add(1)
	switch known.status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusBadGateway:
		w.Header().Set("Retry-After", strconv.Itoa(int(max(known.retryAfter, time.Second)/time.Second)))
	}
	writeJSON(w, known.status, known.body())
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}

// read reads a bounded body.
func (g *Gateway) read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, g.Limits.BodyBytes))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, &httpError{status: http.StatusRequestEntityTooLarge, code: "request_too_large",
			message: fmt.Sprintf("the body is above %d bytes: send less", large.Limit)}
	}
	if err != nil {
		return nil, &httpError{status: http.StatusBadRequest, code: api.CodeJSON,
			message: "the body could not be read to its end"}
	}
	return body, nil
}

// decode reads a bounded JSON body.
func (g *Gateway) decode(w http.ResponseWriter, r *http.Request, into any) error {
	body, err := g.read(w, r)
	if err != nil {
		return err
	}
	return api.Decode(body, into)
}

// guard bounds the rate of requests of one remote address.
func (g *Gateway) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.metrics.requests.Add(1)
		if !g.limiter.Allow(r.RemoteAddr) {
			g.fail(w, &httpError{status: http.StatusTooManyRequests, code: "rate_limit_exceeded",
				message: "too many requests from this address: wait a second"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// lockPatience is the longest time that a call waits for the one before it. A client may send its next voucher before
// the handler of its last answer has returned.
const lockPatience = 2 * time.Second

// sessionLocks allow one call of a session at a time.
type sessionLocks struct {
	mu   sync.Mutex
	busy map[poa.Hash]chan struct{} // closed when the call has ended
}

// lock returns false if another call of the session does not end in time.
func (s *sessionLocks) lock(ctx context.Context, id poa.Hash) bool {
	patience := time.NewTimer(lockPatience)
	defer patience.Stop()
	for {
		over := s.try(id)
		if over == nil {
			return true
		}
		select {
		case <-over:
		case <-patience.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// try locks the session, or returns a channel that is closed when it is free.
func (s *sessionLocks) try(id poa.Hash) chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if over := s.busy[id]; over != nil {
		return over
	}
	if s.busy == nil {
		s.busy = make(map[poa.Hash]chan struct{})
	}
	s.busy[id] = make(chan struct{})
	return nil
}

func (s *sessionLocks) unlock(id poa.Hash) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.busy[id])
	delete(s.busy, id)
}

func (g *Gateway) health(w http.ResponseWriter, r *http.Request) {
	height, err := g.Node.Height(r.Context())
	if err != nil {
		g.fail(w, nodeUnavailable(err))
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"status": "ok", "height": height})
}
