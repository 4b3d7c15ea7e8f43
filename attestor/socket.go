package attestor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"google.golang.org/grpc"

	"github.com/openledger/openledger/attestor/api"
	"github.com/openledger/openledger/attestor/socket"
)

// heartbeat of the verdict stream.
const heartbeat = time.Second

// ServeSocket tells the node what this attestor says, over a unix socket, until ctx ends.
func (a *Attestor) ServeSocket(ctx context.Context, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	listener, err := socket.ListenAlone(ctx, path)
	if errors.Is(err, socket.ErrServed) {
		return fmt.Errorf("another attestor serves %s", path)
	}
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.ForceServerCodec(api.Codec()))
	api.RegisterAttestorServiceServer(server, service{a})
	go func() {
		<-ctx.Done()
		server.Stop() // streams never end by themselves
	}()
	a.log.Info("serving verdicts to the node", "socket", path)
	return server.Serve(listener)
}

type service struct{ a *Attestor }

var _ api.AttestorServiceServer = service{}

// Verdicts implements api.AttestorServiceServer.
func (s service) Verdicts(_ *api.VerdictsRequest, stream api.AttestorService_VerdictsServer) error {
	for {
		changed := s.a.changed.wait()
		if latest := s.a.snapshot.Load(); latest != nil && time.Since(latest.at) <= Alive {
			response := &api.VerdictsResponse{
				Base: latest.batches.base, Verdicts: latest.batches.bytes(), VersionBase: latest.versions.base,
				VersionVerdicts: latest.versions.bytes(),
			}
			if err := stream.Send(response); err != nil {
				return err
			}
		}
		select {
		case <-stream.Context().Done():
			return stream.Context().Err()
		case <-changed:
		case <-time.After(heartbeat):
		}
	}
}

func (v verdicts) bytes() []byte {
	b := make([]byte, len(v.given))
	for i, verdict := range v.given {
		b[i] = byte(verdict)
	}
	return b
}

// Status implements api.AttestorServiceServer.
func (s service) Status(context.Context, *api.StatusRequest) (*api.StatusResponse, error) {
	return s.a.Status(), nil
}

// Status describes what the attestor does.
func (a *Attestor) Status() *api.StatusResponse {
	counters := a.metrics.read()
	bundles, bytes := a.bundles.stats()
	a.mu.Lock()
	defer a.mu.Unlock()
	status := &api.StatusResponse{
		ChainId: a.chain.id, Enabled: a.enabled, Base: a.window.Base, Next: a.window.Next, VersionBase: a.window.VersionBase,
		VersionNext: a.window.VersionNext, Polled: a.polled.UTC(), Listen: a.config.Listen,
		Valid: counters.valid, Invalid: counters.invalid, Receipts: counters.receipts, Bundles: uint64(bundles),
		BundleBytes: uint64(bytes),
	}
	if a.trouble != nil {
		status.Trouble = a.trouble.Error()
	}
	for _, j := range a.open {
		status.Items = append(
			status.Items, api.ItemStatus{Item: j.item, Verdict: uint32(j.verdict), Reason: j.reason, Since: j.since.UTC()})
	}
	slices.SortFunc(status.Items, func(x, y api.ItemStatus) int { return cmp.Compare(x.Item.Number, y.Item.Number) })
	return status
}
