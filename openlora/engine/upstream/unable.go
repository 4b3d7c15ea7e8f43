package upstream

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/openledger/openledger/openlora/engine"
)

// unable returns the error of a server that cannot answer with an adapter. The client is not at fault.
func unable(format string, args ...any) error {
	return &engine.UpstreamError{Message: fmt.Sprintf(format, args...)}
}

// unfit returns the error for an adapter that can never be used with a server.
func unfit(format string, args ...any) error {
	return fmt.Errorf("%w: %w", engine.ErrAdapter, unable(format, args...))
}

// reply returns a server's answer to a failed call, or nil if it did not answer.
func reply(err error) *engine.UpstreamError {
	var upstream *engine.UpstreamError
	if errors.As(err, &upstream) && upstream.Code != 0 {
		return upstream
	}
	return nil
}

// noRoute reports whether an error means that a server does not have the called route: it answered with FastAPI's
// message for that, or without a message.
func noRoute(err *engine.UpstreamError) bool {
	return err != nil && (err.Code == http.StatusNotFound || err.Code == http.StatusMethodNotAllowed) &&
		(err.Message == "Not Found" || err.Message == "Method Not Allowed" || err.Message == "")
}

// blamed returns the error of a failed call about an adapter, with advice. If a server refuses an adapter, the client's
// request is not at fault.
func blamed(err error, adapter, advice string) error {
	var upstream *engine.UpstreamError
	if !errors.As(err, &upstream) {
		return fmt.Errorf("adapter %s: %w", adapter, err)
	}
	copied := *upstream
	copied.Refused = false
	copied.Message = "adapter " + adapter + ": " + copied.Message
	if advice != "" {
		copied.Message += ": " + advice
	}
	return &copied
}
