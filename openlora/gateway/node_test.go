package gateway

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// TestCallsOutlastARestartOfTheNode: a node that is away for a moment costs no call, and one that stays away is no fault of the client.
func TestCallsOutlastARestartOfTheNode(t *testing.T) {
	away := status.Error(codes.Unavailable, "connection refused")
	asked := 0
	if err := patiently(context.Background(), func(context.Context) error {
		if asked++; asked < 3 {
			return away
		}
		return nil
	}); err != nil || asked != 3 {
		t.Fatalf("asked %d times: %v", asked, err)
	}
	bad := status.Error(codes.NotFound, "no such session")
	asked = 0
	if err := patiently(context.Background(), func(context.Context) error { asked++; return bad }); !errors.Is(err, bad) || asked != 1 {
		t.Fatalf("what the node refuses is not asked again; asked %d times: %v", asked, err)
	}
	soon, cancel := context.WithTimeout(context.Background(), 2*nodeRetry)
	defer cancel()
	var known *httpError
	if err := patiently(soon, func(context.Context) error { return away }); !errors.As(err, &known) || known.status != http.StatusServiceUnavailable {
		t.Fatal("want 503, which clients repeat:", err)
	}
	gone, leave := context.WithCancel(context.Background())
	time.AfterFunc(nodeRetry/2, leave)
	if err := patiently(gone, func(context.Context) error { return away }); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}
