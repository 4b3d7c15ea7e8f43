package gateway

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/openledger/openledger/openlora/api"
)

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

// limitRate bounds the rate of requests of one remote address.
func (g *Gateway) limitRate(next http.Handler) http.Handler {
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
