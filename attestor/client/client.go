// Package client is a node's view of an attestor that runs in its own process.
package client

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/openledger/openledger/attestor/api"
	"github.com/openledger/openledger/attestor/socket"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

const (
	// Stale is how old what the attestor said may be.
	Stale = 5 * time.Second
	retry = 500 * time.Millisecond
	// maxMessage of the attestor; a full window takes less than a kilobyte.
	maxMessage = 64 << 10
)

// Client keeps the latest verdicts of an attestor in memory.
type Client struct {
	connection *grpc.ClientConn
	latest     atomic.Pointer[said]
	log        *slog.Logger
}

type said struct {
	at time.Time
	*api.VerdictsResponse
}

// on returns what was said of batches, or of versions, and from which number on; the highest verdict on one of them,
// too.
func (s *said) on(number uint64) (base uint64, verdicts []byte, most attributiontypes.Verdict) {
	if number >= attributiontypes.FirstVersion {
		return s.VersionBase, s.VersionVerdicts, attributiontypes.VerdictDiffers
	}
	return s.Base, s.VerdictsResponse.Verdicts, attributiontypes.VerdictInvalid
}

// New returns a client of the attestor behind a unix socket. It connects in Run; there may be no attestor yet.
func New(path string, log *slog.Logger) (*Client, error) {
	connection, err := socket.NewClient(path, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(api.Codec()), grpc.MaxCallRecvMsgSize(maxMessage)))
	if err != nil {
		return nil, err
	}
	return &Client{connection: connection, log: log}, nil
}

// Verdicts returns what the attestor says of the items base ≤ n < next, and false if it has not said anything lately.
func (c *Client) Verdicts(base, next uint64) ([]attributiontypes.Verdict, bool) {
	latest := c.latest.Load()
	if latest == nil || time.Since(latest.at) > Stale || next < base {
		return nil, false
	}
	first, verdicts, most := latest.on(base)
	out := make([]attributiontypes.Verdict, min(next-base, attributiontypes.MaxWindow))
	for i := range out {
		number := base + uint64(i)
		if number < first || number-first >= uint64(len(verdicts)) {
			continue
		}
		if v := attributiontypes.Verdict(verdicts[number-first]); v <= most {
			out[i] = v
		}
	}
	return out, true
}

// Run follows the attestor until ctx ends; it connects again whenever it has to.
func (c *Client) Run(ctx context.Context) error {
	connected := true
	for ctx.Err() == nil {
		err := c.follow(ctx, func() {
			if !connected {
				c.log.Info("attestor is connected")
			}
			connected = true
		})
		if ctx.Err() == nil && connected {
			c.log.Warn("attestor is not connected: votes go out without verdicts", "err", err)
			connected = false
		}
		select {
		case <-ctx.Done():
		case <-time.After(retry):
		}
	}
	return c.connection.Close()
}

func (c *Client) follow(ctx context.Context, connected func()) error {
	stream, err := api.NewAttestorServiceClient(c.connection).Verdicts(ctx, &api.VerdictsRequest{})
	if err != nil {
		return err
	}
	for {
		response, err := stream.Recv()
		if err != nil {
			return err
		}
		connected()
		c.latest.Store(&said{time.Now(), response})
	}
}
