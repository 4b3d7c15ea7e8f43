package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/openledger/openledger/openlora/api"
)

// TestCallsOutlastARestartOfTheNode: a node that is away for a moment costs no call, and one that stays away is no
// fault of the client.
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
	if err := patiently(context.Background(), func(context.Context) error { asked++; return bad }); !errors.Is(err, bad) ||
		asked != 1 {
		t.Fatalf("what the node refuses is not asked again; asked %d times: %v", asked, err)
	}
	soon, cancel := context.WithTimeout(context.Background(), 2*nodeRetry)
	defer cancel()
	var known *httpError
	if err := patiently(soon, func(context.Context) error { return away }); !errors.As(err, &known) ||
		known.status != http.StatusServiceUnavailable {
		t.Fatal("want 503, which clients repeat:", err)
	}
	gone, leave := context.WithCancel(context.Background())
	time.AfterFunc(nodeRetry/2, leave)
	if err := patiently(gone, func(context.Context) error { return away }); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

// TestAnswersThatWereSentWaitForTheNode: words that the client has are signed for when the node is back; what was not
// sent fails at once.
func TestAnswersThatWereSentWaitForTheNode(t *testing.T) {
	sent := newStream(httptest.NewRecorder(), &api.Request{}, "", 1)
	if err := sent.Piece("Hair"); err != nil {
		t.Fatal(err)
	}
	asked := 0
	x := &exchange{gateway: &Gateway{Config: Config{Log: slog.New(slog.DiscardHandler)}}}
	x.may = func(context.Context) error {
		if asked++; asked < 4 {
			return nodeUnavailable(errors.New("connection refused"))
		}
		return nil
	}
	if err := x.maySign(context.Background(), sent); err != nil || asked != 4 {
		t.Fatalf("asked %d times: %v", asked, err)
	}
	asked = 0
	if err := x.maySign(context.Background(), newStream(httptest.NewRecorder(), &api.Request{}, "", 1)); err == nil ||
		asked != 1 {
		t.Fatalf("asked %d times: %v", asked, err)
	}
	fenced := &httpError{status: http.StatusConflict, code: "session_fenced"}
	asked = 0
	x.may = func(context.Context) error { asked++; return fenced }
	if err := x.maySign(context.Background(), sent); !errors.Is(err, fenced) || asked != 1 {
		t.Fatalf("asked %d times: %v", asked, err)
	}
	over, cancel := context.WithCancel(context.Background())
	x.may = func(context.Context) error { cancel(); return nodeUnavailable(errors.New("connection refused")) }
	if err := x.maySign(over, sent); err == nil {
		t.Fatal("an answer is signed although the node never came back")
	}
}
