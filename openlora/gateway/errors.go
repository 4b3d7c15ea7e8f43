package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/openledger/openledger/openlora/api"
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
