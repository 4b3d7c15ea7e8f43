package connect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/session"
)

// invalidRequest is the type of errors that the client can put right.
const invalidRequest = "invalid_request_error"

// httpError is an error in OpenAI's form.
type httpError struct {
	status     int
	kind       string // of the error; by the status if it is empty
	code       string
	param      string
	message    string
	retryAfter time.Duration
	final      bool // clients must not repeat the request by themselves
}

// Error implements error.
func (e *httpError) Error() string { return e.message }

// unavailable is an error of this side that may pass.
func unavailable(what string, err error) *httpError {
	if err != nil {
		what = fmt.Sprintf("%s: %s", what, err)
	}
	return &httpError{
		status:     http.StatusServiceUnavailable,
		code:       "unavailable",
		message:    what,
		retryAfter: time.Second,
	}
}

// publicError says in OpenAI's form what went wrong.
func publicError(err error) *httpError {
	var known *httpError
	var parameter *api.ParameterError
	var refused *session.GatewayError
	var quota *quotaError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &parameter):
		return &httpError{
			status:  http.StatusBadRequest,
			code:    parameter.Code,
			param:   parameter.Param,
			message: parameter.Error(),
		}
	case errors.As(err, &quota):
		// OpenAI's own error for this; its clients would repeat the call at once without the word that they must not.
		return &httpError{
			status:  http.StatusTooManyRequests,
			kind:    "insufficient_quota",
			code:    "insufficient_quota",
			message: err.Error(),
			final:   true,
		}
	case noFunds(err):
		return &httpError{
			status: http.StatusPaymentRequired, code: "insufficient_funds",
			message: "the account has less than a session's deposit and the fee of its transaction: " + err.Error(),
		}
	case errors.Is(err, errFull):
		return &httpError{
			status:     http.StatusTooManyRequests,
			code:       "sessions_busy",
			message:    "all sessions are in use: raise --sessions, or ask again",
			retryAfter: time.Second,
		}
	case errors.Is(err, session.ErrAnswer):
		return &httpError{
			status:  http.StatusBadGateway,
			code:    "answer_refused",
			message: err.Error() + ": it is not acknowledged, and its provider is not asked again",
		}
	case errors.As(err, &refused) && refused.Body.Type == invalidRequest && !refused.Passing():
		out := &httpError{status: http.StatusBadRequest, code: refused.Body.Code, message: refused.Body.Message}
		if refused.Status >= http.StatusBadRequest {
			out.status = refused.Status
		}
		if refused.Body.Param != nil {
			out.param = *refused.Body.Param
		}
		return out
	case errors.Is(err, context.DeadlineExceeded):
		return &httpError{
			status:  http.StatusGatewayTimeout,
			code:    "timeout",
			message: "the answer takes too long: it is paid if it was given",
		}
	}
	return &httpError{
		status:     http.StatusBadGateway,
		code:       "provider_failed",
		message:    "no provider has answered: " + err.Error(),
		retryAfter: time.Second,
	}
}

func (e *httpError) body() api.ErrorBody {
	kind := e.kind
	switch {
	case kind != "":
	case e.status == http.StatusUnauthorized:
		kind = "authentication_error"
	case e.status == http.StatusPaymentRequired:
		kind = "payment_required_error"
	case e.status == http.StatusTooManyRequests:
		kind = "rate_limit_error"
	case e.status >= http.StatusInternalServerError:
		kind = "server_error"
	default:
		kind = invalidRequest
	}
	out := api.ErrorBody{Error: api.Error{Message: e.message, Type: kind, Code: e.code}}
	if e.param != "" {
		out.Error.Param = &e.param
	}
	return out
}

// fail answers with an error.
func fail(w http.ResponseWriter, err error) {
	known := publicError(err)
	if known.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(max(known.retryAfter, time.Second)/time.Second)))
	}
	if known.final {
		w.Header().Set("X-Should-Retry", "false")
	}
	writeJSON(w, known.status, known.body())
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}
