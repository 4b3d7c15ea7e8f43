package upstream

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/openledger/openledger/openlora/engine"
)

// unable says what keeps a server from answering for an adapter. Whoever asked is not at fault.
func unable(format string, args ...any) error {
	return &engine.UpstreamError{Message: fmt.Sprintf(format, args...)}
}

// unfit says why an adapter cannot be used with a server, however often it is tried.
func unfit(format string, args ...any) error {
	return fmt.Errorf("%w: %w", engine.ErrAdapter, unable(format, args...))
}

// reply returns what a server has answered to a call that failed, or nil if it has not.
func reply(err error) *engine.UpstreamError {
	var upstream *engine.UpstreamError
	if errors.As(err, &upstream) && upstream.Code != 0 {
		return upstream
	}
	return nil
}

// noRoute says that a server does not have what was called: it has said so in the words of FastAPI, or without any.
func noRoute(err *engine.UpstreamError) bool {
	return err != nil && (err.Code == http.StatusNotFound || err.Code == http.StatusMethodNotAllowed) &&
		(err.Message == "Not Found" || err.Message == "Method Not Allowed" || err.Message == "")
}

// blamed says that a call about an adapter failed, with what to do about it. A server that refuses an adapter does not
// refuse what a client asked.
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
