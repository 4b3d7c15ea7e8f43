package gateway

import (
	"context"
	"errors"
	"net/http"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	// nodePatience is how long a call waits for a node that does not answer, as while it starts again.
	nodePatience = 10 * time.Second
	nodeRetry    = 250 * time.Millisecond
)

// patiently repeats a question to the node while it cannot be reached. If the node still does not answer, the client
// gets an error of the gateway's side. The client may repeat the call, because nothing was signed.
func patiently(ctx context.Context, ask func(context.Context) error) error {
	bounded, cancel := context.WithTimeout(ctx, nodePatience)
	defer cancel()
	for {
		err := ask(bounded)
		if !unreachable(err) {
			return err
		}
		select {
		case <-bounded.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return ctx.Err()
			}
			return nodeUnavailable(err)
		case <-time.After(nodeRetry):
		}
	}
}

// unreachable says that the node did not answer at all.
func unreachable(err error) bool {
	var known *httpError
	if err == nil || errors.As(err, &known) {
		return false
	}
	code := status.Code(err)
	return code == codes.Unavailable || code == codes.DeadlineExceeded || errors.Is(err, context.DeadlineExceeded)
}

const codeNodeUnavailable = "node_unavailable"

func nodeUnavailable(err error) *httpError {
	return &httpError{status: http.StatusServiceUnavailable, code: codeNodeUnavailable,
		message: "the node does not answer, try again: " + err.Error()}
}
