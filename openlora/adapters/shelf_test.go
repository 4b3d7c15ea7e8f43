package adapters_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/openledger/openledger/content/artifact"
	"github.com/openledger/openledger/content/fetch"
	"github.com/openledger/openledger/openlora/adapters"
	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/slm/adapter/adaptertest"
	"github.com/openledger/openledger/slm/base"
	"github.com/openledger/openledger/slm/chat"
	"github.com/openledger/openledger/slm/checkpoint"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// chain is a stand-in for the models of a chain.
type chain struct {
	modelstypes.QueryClient

	mu        sync.Mutex
	models    []modelstypes.Model
	versions  map[uint64][]modelstypes.ModelVersion
	offers    map[uint64][]string
	providers map[string]string // their endpoints
}

const me = "me"

func (c *chain) Model(_ context.Context, r *modelstypes.QueryModelRequest, _ ...grpc.CallOption) (
	*modelstypes.QueryModelResponse, error,
) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.versions[r.ModelId]
	if len(all) == 0 || int(r.Version) > len(all) {
		return nil, status.Error(codes.NotFound, "no such model")
	}
	number := int(r.Version)
	if number == 0 {
		number = len(all)
	}
	return &modelstypes.QueryModelResponse{Model: c.models[r.ModelId-1], Version: all[number-1]}, nil
}

func (c *chain) Models(_ context.Context, r *modelstypes.QueryModelsRequest, _ ...grpc.CallOption) (
	*modelstypes.QueryModelsResponse, error,
) {
	c.mu.Lock()
	defer c.mu.Unlock()
	from := min(int(r.Pagination.Offset), len(c.models))
	to := min(from+int(r.Pagination.Limit), len(c.models))
	return &modelstypes.QueryModelsResponse{Models: slices.Clone(c.models[from:to])}, nil
}

func (c *chain) Offer(_ context.Context, r *modelstypes.QueryOfferRequest, _ ...grpc.CallOption) (
	*modelstypes.QueryOfferResponse, error,
) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Contains(c.offers[r.ModelId], r.Provider) {
		return nil, status.Error(codes.NotFound, "no such offer")
	}
	return &modelstypes.QueryOfferResponse{}, nil
}

func (c *chain) Offers(_ context.Context, r *modelstypes.QueryOffersRequest, _ ...grpc.CallOption) (
	*modelstypes.QueryOffersResponse, error,
) {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := &modelstypes.QueryOffersResponse{}
	for _, provider := range c.offers[r.ModelId] {
		out.Offers = append(out.Offers, modelstypes.Offer{ModelId: r.ModelId, Provider: provider})
	}
	return out, nil
}

func (c *chain) Provider(_ context.Context, r *modelstypes.QueryProviderRequest, _ ...grpc.CallOption) (
	*modelstypes.QueryProviderResponse, error,
) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return &modelstypes.QueryProviderResponse{Provider: modelstypes.Provider{Endpoint: c.providers[r.Provider]}}, nil
}

// add registers a model, or another version of the last one with that id.
func (c *chain) add(id uint64, kind modelstypes.ModelKind, parent uint64, digest [32]byte, uri string, height int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if id > uint64(len(c.models)) {
		c.models = append(c.models, modelstypes.Model{Id: id, Kind: kind, ParentId: parent, Name: fmt.Sprint("model ", id)})
	}
	c.versions[id] = append(c.versions[id], modelstypes.ModelVersion{ModelId: id, Version: uint32(len(c.versions[id]) + 1),
		Digest: digest[:], Uri: uri, Height: height})
}

// counted is the embedded engine, and records loads and unloads.
type counted struct {
	*engine.Embedded
	loads, unloads atomic.Int32
}

func (c *counted) Load(ctx context.Context, a *engine.Adapter) error {
	c.loads.Add(1)
	return c.Embedded.Load(ctx, a)
}

func (c *counted) Unload(ctx context.Context, name string) error {
	c.unloads.Add(1)
	return c.Embedded.Unload(ctx, name)
}

// world is a chain with the base that ships as model 1, an engine with that base, and files that a server has.
type world struct {
	t      testing.TB
	chain  *chain
	engine *counted
	config adapters.Config
	server *httptest.Server
	files  map[string][]byte
	asked  atomic.Int32
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, chain: &chain{versions: map[uint64][]modelstypes.ModelVersion{}, offers: map[uint64][]string{},
		providers: map[string]string{}}, files: map[string][]byte{}}
	embedded, err := engine.NewEmbedded("", chat.Options{Threads: 1})
	require.NoError(t, err)
	t.Cleanup(func() { _ = embedded.Close() })
	w.engine = &counted{Embedded: embedded}
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.asked.Add(1)
		content, ok := w.files[r.URL.Path]
		if !ok {
			http.NotFound(rw, r)
			return
		}
		_, _ = rw.Write(content)
	}))
	t.Cleanup(w.server.Close)
	store, err := artifact.Open(filepath.Join(t.TempDir(), "artifacts"))
	require.NoError(t, err)
	limits := adapters.FetchLimits(true)
	limits.Budget = fetch.Budget{}
	w.config = adapters.Config{
		Models: w.chain, Host: w.engine, Provider: me, Store: store, Fetch: fetch.New(limits), Folder: t.TempDir(),
		Memory: 64 << 20, MaxBytes: 1 << 20, Patience: 30 * time.Second, Log: slog.New(slog.DiscardHandler),
	}
	digest, err := embedded.BaseDigest()
	require.NoError(t, err)
	require.Equal(t, base.Pinned, fmt.Sprintf("%x", digest))
	w.chain.add(1, modelstypes.MODEL_KIND_BASE, 0, digest, "", 1)
	return w
}

func (w *world) shelf() *adapters.Shelf {
	w.t.Helper()
	s, err := adapters.New(w.config)
	require.NoError(w.t, err)
	return s
}

// trained returns the bytes of an adapter.
func (w *world) trained(config checkpoint.Config, rank int, seed uint64) []byte {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), "adapter.safetensors")
	require.NoError(w.t, adaptertest.Random(w.t, config, rank, 0.5, seed).WriteFile(path, config, "base"))
	content, err := os.ReadFile(path)
	require.NoError(w.t, err)
	return content
}

// publish registers an adapter whose artifact the server has.
func (w *world) publish(id, parent uint64, content []byte, height int64) {
	w.t.Helper()
	digest := sha256.Sum256(content)
	path := fmt.Sprintf("/%x", digest)
	w.files[path] = content
	w.chain.add(id, modelstypes.MODEL_KIND_ADAPTER, parent, digest, w.server.URL+path, height)
}

func code(err error) string {
	var coded *adapters.Error
	if errors.As(err, &coded) {
		return coded.Code
	}
	return fmt.Sprint(err)
}

// TestFirstRequest: two first requests at the same time, and thirty more, fetch and load an adapter once. The next one
// finds it in memory, and after a restart it is on the disk.
func TestFirstRequest(t *testing.T) {
	w := newWorld(t)
	w.publish(2, 1, w.trained(base.Config(), 4, 1), 2)
	s := w.shelf()
	var group sync.WaitGroup
	for range 32 {
		group.Go(func() {
			lease, err := s.Use(t.Context(), 2, 1)
			if err == nil {
				defer lease.Release()
			}
			if err != nil || lease.Adapter.Name != "openledger-2-1" || lease.Adapter.Rank != 4 {
				t.Error(err)
			}
		})
	}
	group.Wait()
	require.EqualValues(t, 1, w.engine.loads.Load())
	require.EqualValues(t, 1, w.asked.Load())
	lease, err := s.Use(t.Context(), 1, 1)
	require.NoError(t, err)
	require.Nil(t, lease, "the base has no adapter")
	lease.Release()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	w.publish(3, 1, w.trained(base.Config(), 4, 2), 2)
	_, err = s.Use(gone, 3, 1)
	require.ErrorIs(t, err, context.Canceled)
	lease, err = s.Use(t.Context(), 3, 1)
	require.NoError(t, err, "a client that is gone ends no load of others")
	lease.Release()

	require.NoError(t, w.engine.Unload(t.Context(), "openledger-2-1"))
	asked := w.asked.Load()
	lease, err = w.shelf().Use(t.Context(), 2, 1)
	require.NoError(t, err)
	lease.Release()
	require.Equal(t, asked, w.asked.Load(), "it is on the disk")
}

// TestBadArtifacts: each has its code, is remembered, and does not disturb other adapters.
func TestBadArtifacts(t *testing.T) {
	w := newWorld(t)
	w.config.MaxBytes = 400 << 10
	good := w.trained(base.Config(), 4, 1)
	other := base.Config()
	other.Layers, other.HiddenSize, other.HeadDim = 1, 64, 16
	broken := slices.Clone(good)
	copy(broken[8:], "nonsense")
	cases := []struct {
		name, code string
		parent     uint64
		content    []byte
	}{
		{"pickle", adapters.CodePickle, 1, append([]byte("PK\x03\x04"), make([]byte, 100)...)},
		{"old pickle", adapters.CodePickle, 1, append([]byte{0x80, 2, '}', 'q'}, make([]byte, 100)...)},
		{"empty", adapters.CodeInvalid, 1, nil},
		{"page", adapters.CodeInvalid, 1, []byte("<html>no such file</html>")},
		{"broken header", adapters.CodeInvalid, 1, broken},
		{"cut off", adapters.CodeInvalid, 1, good[:len(good)/2]},
		{"header of 2^63 bytes", adapters.CodeInvalid, 1, []byte("\xff\xff\xff\xff\xff\xff\xff\x7f{}")},
		{"other shapes", adapters.CodeBase, 1, w.trained(other, 4, 1)},
		{"too large", adapters.CodeTooLarge, 1, w.trained(base.Config(), 64, 1)},
		{"other base", adapters.CodeBase, 2, w.trained(base.Config(), 4, 3)},
	}
	w.chain.add(2, modelstypes.MODEL_KIND_BASE, 0, sha256.Sum256([]byte("another base")), "", 1)
	s := w.shelf()
	for i, c := range cases {
		id := uint64(i + 3)
		w.publish(id, c.parent, c.content, 2)
		_, err := s.Use(t.Context(), id, 1)
		require.Equal(t, c.code, code(err), "%s: %v", c.name, err)
		asked := w.asked.Load()
		_, err = s.Use(t.Context(), id, 1)
		require.Equal(t, c.code, code(err), "%s: %v", c.name, err)
		require.Equal(t, asked, w.asked.Load(), "%s: it is remembered", c.name)
	}
	next := uint64(len(cases) + 3)
	digest := sha256.Sum256([]byte("what was registered"))
	w.files["/changed"] = []byte("what is there now")
	w.chain.add(next, modelstypes.MODEL_KIND_ADAPTER, 1, digest, w.server.URL+"/changed", 2)
	_, err := s.Use(t.Context(), next, 1)
	require.Equal(t, adapters.CodeMissing, code(err), "another content: %v", err)
	w.chain.add(next+1, modelstypes.MODEL_KIND_ADAPTER, 1, digest, "", 2)
	_, err = s.Use(t.Context(), next+1, 1)
	require.Equal(t, adapters.CodeMissing, code(err), "no address: %v", err)
	require.Contains(t, err.Error(), "openlorad models add")
	w.publish(next+2, 1, w.trained(base.Config(), 4, 7), 2)
	w.chain.versions[next+2][0].Training = &modelstypes.TrainingRecord{BaseDigest: digest[:]}
	_, err = s.Use(t.Context(), next+2, 1)
	require.Equal(t, adapters.CodeBase, code(err), "the record of its training names another base: %v", err)
	require.Zero(t, s.Used())

	w.publish(next+3, 1, good, 2)
	lease, err := s.Use(t.Context(), next+3, 1)
	require.NoError(t, err)
	lease.Release()
	require.Equal(t, 1, s.Ready())
}

// TestEviction: memory is never above the budget, adapters in use or pinned stay, and all requests are served.
func TestEviction(t *testing.T) {
	w := newWorld(t)
	content := w.trained(base.Config(), 4, 0)
	w.config.Memory = 3*int64(len(content)) + 1000
	const models = 8
	for id := uint64(2); id < 2+models; id++ {
		w.publish(id, 1, w.trained(base.Config(), 4, id), 2)
	}
	s := w.shelf()
	require.NoError(t, s.Pin(t.Context(), 2, true))
	var group sync.WaitGroup
	for worker := range 6 {
		group.Go(func() {
			for i := range 30 {
				id := uint64(3 + (worker*7+i*5)%(models-1))
				lease, err := s.Use(t.Context(), id, 1)
				if err != nil {
					t.Error(err)
					return
				}
				if used := s.Used(); used > w.config.Memory {
					t.Errorf("%d bytes of %d are in use", used, w.config.Memory)
				}
				names, _ := w.engine.Loaded(t.Context())
				if !slices.Contains(names, lease.Adapter.Name) || !slices.Contains(names, "openledger-2-1") {
					t.Errorf("%s or the pinned one was forgotten: %v", lease.Adapter.Name, names)
				}
				lease.Release()
			}
		})
	}
	group.Wait()
	require.LessOrEqual(t, s.Ready(), 3)
	require.Positive(t, w.engine.unloads.Load())

	// Everything that could be removed is in use.
	first, err := s.Use(t.Context(), 3, 1)
	require.NoError(t, err)
	second, err := s.Use(t.Context(), 4, 1)
	require.NoError(t, err)
	short := w.config
	done := make(chan error, 1)
	go func() {
		lease, err := s.Use(t.Context(), 5, 1)
		lease.Release()
		done <- err
	}()
	time.Sleep(20 * time.Millisecond)
	second.Release()
	require.NoError(t, <-done, "it waits for memory")
	first.Release()

	short.Memory, short.Folder = int64(len(content))/2, t.TempDir()
	tight, err := adapters.New(short)
	require.NoError(t, err)
	_, err = tight.Use(t.Context(), 3, 1)
	require.Equal(t, adapters.CodeTooLarge, code(err))
}

// TestLineage: an adapter of an adapter is served as their stack, with the version of the parent that it was registered
// on.
func TestLineage(t *testing.T) {
	w := newWorld(t)
	w.publish(2, 1, w.trained(base.Config(), 2, 1), 5)
	w.publish(2, 1, w.trained(base.Config(), 3, 2), 10)
	w.publish(2, 1, w.trained(base.Config(), 5, 3), 20)
	w.publish(3, 2, w.trained(base.Config(), 8, 4), 15)
	w.publish(4, 3, w.trained(base.Config(), 16, 5), 16)
	s := w.shelf()
	lease, err := s.Use(t.Context(), 4, 1)
	require.NoError(t, err)
	require.Equal(t, 3+8+16, lease.Adapter.Rank, "version 2 of model 2 was the latest in block 15")
	digest := lease.Adapter.Digest
	lease.Release()
	require.NoError(t, s.Remove(t.Context(), 4))
	_, err = s.Use(t.Context(), 4, 1)
	require.Equal(t, adapters.CodeRemoved, code(err))
	names, err := w.engine.Loaded(t.Context())
	require.NoError(t, err)
	require.Empty(t, names)
	require.NoError(t, s.Add(t.Context(), 4))
	lease, err = s.Use(t.Context(), 4, 1)
	require.NoError(t, err)
	require.Equal(t, digest, lease.Adapter.Digest, "the same bytes every time")
	said := func(a *engine.Adapter) string {
		reply, err := w.engine.Answer(t.Context(), engine.Request{Adapter: a, MaxTokens: 8,
			Messages: []api.Message{{Role: "user", Content: "Why is hair lost?"}}}, func(string) error { return nil })
		require.NoError(t, err)
		return reply.Text
	}
	other, err := s.Use(t.Context(), 2, 1)
	require.NoError(t, err)
	require.NotEqual(t, said(lease.Adapter), said(other.Adapter), "which one answers is a matter of a pointer")
	require.Equal(t, said(lease.Adapter), said(lease.Adapter))

	// The same adapter as a GGUF file, whose rows have another order, gives the same answer.
	path := filepath.Join(t.TempDir(), "adapter.gguf")
	require.NoError(t, adaptertest.Random(t, base.Config(), 3, 0.5, 2).WriteGGUF(path, base.Config()))
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	w.publish(5, 1, content, 2)
	same, err := s.Use(t.Context(), 5, 1)
	require.NoError(t, err)
	second, err := s.Use(t.Context(), 2, 2)
	require.NoError(t, err)
	require.Equal(t, said(second.Adapter), said(same.Adapter))
	second.Release()
	same.Release()
	require.NoError(t, s.Remove(t.Context(), 2))
	other.Release()
	lease.Release()
}

// TestLargeStacks: a stack above the limits of size, rank or memory is refused before it is made.
func TestLargeStacks(t *testing.T) {
	w := newWorld(t)
	content := w.trained(base.Config(), 16, 1)
	w.publish(2, 1, content, 2)
	w.publish(3, 2, w.trained(base.Config(), 16, 2), 3)
	size := int64(len(content))
	for name, limit := range map[string]func(*adapters.Config){
		"size":   func(c *adapters.Config) { c.MaxBytes = size + size/2 },
		"memory": func(c *adapters.Config) { c.Memory = size + size/2 },
		"rank":   func(c *adapters.Config) { c.MaxRank = 31 },
	} {
		config := w.config
		config.Folder, config.MaxBytes = t.TempDir(), 4*size
		limit(&config)
		s, err := adapters.New(config)
		require.NoError(t, err)
		lease, err := s.Use(t.Context(), 2, 1)
		require.NoError(t, err, name)
		lease.Release()
		_, err = s.Use(t.Context(), 3, 1)
		require.Equal(t, adapters.CodeTooLarge, code(err), name)
		require.NoDirExists(t, filepath.Join(config.Folder, "stacks"), name)
		require.Equal(t, size, s.Used(), name)
	}
	w.config.MaxBytes, w.config.MaxRank = 4*size, 32
	s := w.shelf()
	lease, err := s.Use(t.Context(), 3, 1)
	require.NoError(t, err)
	require.Equal(t, 32, lease.Adapter.Rank)
	require.Equal(t, lease.Adapter.Bytes, s.Used())
	lease.Release()
}

// TestBaseOfTheRecord: the base that an adapter's training record names decides, although the base has a newer version
// on chain when the adapter is registered. Without a record, that newer version decides.
func TestBaseOfTheRecord(t *testing.T) {
	w := newWorld(t)
	first := w.chain.versions[1][0].Digest
	newer := sha256.Sum256([]byte("version 2 of the base"))
	w.chain.add(1, modelstypes.MODEL_KIND_BASE, 0, newer, "", 10)
	w.publish(2, 1, w.trained(base.Config(), 4, 1), 20)
	w.publish(3, 1, w.trained(base.Config(), 4, 2), 20)
	w.publish(4, 3, w.trained(base.Config(), 4, 3), 30)
	w.publish(5, 4, w.trained(base.Config(), 4, 4), 40)
	w.publish(6, 2, w.trained(base.Config(), 4, 5), 40)
	record := func(id uint64, digest []byte) {
		w.chain.versions[id][0].Training = &modelstypes.TrainingRecord{BaseDigest: digest}
	}
	record(2, first)
	record(4, first)
	record(6, newer[:])
	s := w.shelf()
	for id, want := range map[uint64]string{2: "", 3: adapters.CodeBase, 4: "", 5: "", 6: adapters.CodeBase} {
		lease, err := s.Use(t.Context(), id, 1)
		if want != "" {
			require.Equal(t, want, code(err), id)
			continue
		}
		require.NoError(t, err, id)
		lease.Release()
	}
}

// slowHost is an engine that takes its time to unload.
type slowHost struct {
	*counted
	begun, proceed chan struct{}
}

func (s slowHost) Unload(ctx context.Context, name string) error {
	s.begun <- struct{}{}
	<-s.proceed
	return s.counted.Unload(ctx, name)
}

// TestCallsDuringAnEviction: an adapter that is called for while the engine unloads it is loaded again after that. What
// the shelf leases is always in the engine.
func TestCallsDuringAnEviction(t *testing.T) {
	w := newWorld(t)
	content := w.trained(base.Config(), 4, 2)
	w.publish(2, 1, content, 2)
	w.publish(3, 1, w.trained(base.Config(), 4, 3), 2)
	w.config.Memory = 2*int64(len(content)) - 1
	host := slowHost{w.engine, make(chan struct{}), make(chan struct{})}
	w.config.Host = host
	s := w.shelf()
	use := func(id uint64) (done chan *adapters.Lease) {
		done = make(chan *adapters.Lease, 1)
		go func() {
			lease, err := s.Use(context.Background(), id, 1)
			if err != nil {
				t.Error(err)
			}
			done <- lease
		}()
		return done
	}
	(<-use(2)).Release()
	other := use(3)
	<-host.begun // 2 gives way to 3
	require.Positive(t, s.Used(), "it is in memory until it is unloaded")
	again := use(2)
	select {
	case lease := <-again:
		lease.Release()
		t.Fatal("an adapter that is being unloaded was leased")
	case <-time.After(50 * time.Millisecond):
	}
	host.proceed <- struct{}{}
	(<-other).Release()
	<-host.begun // 3 gives way to 2
	host.proceed <- struct{}{}
	lease := <-again
	names, err := w.engine.Loaded(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{lease.Adapter.Name}, names)
	lease.Release()
	require.EqualValues(t, len(content), s.Used())
}

// TestRemovedWhileInUse: the operator removes an adapter that a call has, but does not answer with yet. The engine
// keeps it until the call ends, also for a call after the operator has added it again.
func TestRemovedWhileInUse(t *testing.T) {
	w := newWorld(t)
	w.publish(2, 1, w.trained(base.Config(), 4, 2), 2)
	s := w.shelf()
	loaded := func() int {
		names, err := w.engine.Loaded(t.Context())
		require.NoError(t, err)
		return len(names)
	}
	lease, err := s.Use(t.Context(), 2, 1)
	require.NoError(t, err)
	require.NoError(t, s.Remove(t.Context(), 2))
	require.Equal(t, 1, loaded())
	_, err = s.Use(t.Context(), 2, 1)
	require.Equal(t, adapters.CodeRemoved, code(err))
	require.NoError(t, s.Add(t.Context(), 2))
	lease.Release()
	require.Equal(t, 1, loaded(), "it was added again")
	lease, err = s.Use(t.Context(), 2, 1)
	require.NoError(t, err)
	require.NoError(t, s.Remove(t.Context(), 2))
	lease.Release()
	require.Eventually(t, func() bool { return loaded() == 0 && s.Used() == 0 }, 5*time.Second, time.Millisecond)
}

// TestRestart: after a restart, used adapters are loaded again, and pinned and removed ones stay so.
func TestRestart(t *testing.T) {
	w := newWorld(t)
	for id := uint64(2); id < 6; id++ {
		w.publish(id, 1, w.trained(base.Config(), 4, id), 2)
		w.chain.offers[id] = []string{me}
	}
	s := w.shelf()
	require.NoError(t, s.Pin(t.Context(), 2, true))
	lease, err := s.Use(t.Context(), 3, 1)
	require.NoError(t, err)
	lease.Release()
	require.NoError(t, s.Remove(t.Context(), 4))
	ctx, stop := context.WithCancel(t.Context())
	stop()
	s.Run(ctx) // which saves what was used
	require.NoError(t, w.engine.Unload(t.Context(), "openledger-2-1"))
	require.NoError(t, w.engine.Unload(t.Context(), "openledger-3-1"))

	again := w.shelf()
	again.Warm(t.Context())
	names, err := w.engine.Loaded(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"openledger-2-1", "openledger-3-1"}, names)
	require.NoError(t, again.Look(t.Context()))
	states := map[uint64]string{}
	for _, row := range again.List().Rows {
		states[row.Model] = row.State
		require.Equal(t, row.Model == 2, row.Pinned)
	}
	require.Equal(t, map[uint64]string{2: "ready", 3: "ready", 4: "removed", 5: "offered"}, states)

	require.NoError(t, os.WriteFile(filepath.Join(w.config.Folder, "adapters.json"), []byte("{"), 0o600))
	_, err = adapters.New(w.config)
	require.ErrorContains(t, err, "remove the file")
}

// TestOtherGateways: an artifact without an address comes from a gateway of another provider, and a damaged file is
// fetched again.
func TestOtherGateways(t *testing.T) {
	w := newWorld(t)
	content := w.trained(base.Config(), 4, 1)
	theirs, err := artifact.Open(t.TempDir())
	require.NoError(t, err)
	digest, _, err := theirs.Put(t.Context(), strings.NewReader(string(content)), 1<<20)
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("GET "+artifact.Route+"{sha256}", theirs.Handler(4))
	gateway := httptest.NewServer(mux)
	defer gateway.Close()
	w.chain.add(2, modelstypes.MODEL_KIND_ADAPTER, 1, digest, "", 2)
	w.chain.offers[2] = []string{"gone", me, "other"}
	w.chain.providers["other"], w.chain.providers["gone"] = gateway.URL+"/v1", w.server.URL
	s := w.shelf()
	lease, err := s.Use(t.Context(), 2, 1)
	require.NoError(t, err)
	lease.Release()

	require.NoError(t, os.WriteFile(w.config.Store.Path(digest), content[1:], 0o600))
	require.NoError(t, w.engine.Unload(t.Context(), "openledger-2-1"))
	lease, err = w.shelf().Use(t.Context(), 2, 1)
	require.NoError(t, err)
	lease.Release()
	path, _, err := w.config.Store.Check(t.Context(), digest)
	require.NoError(t, err)
	require.FileExists(t, path)
}

// TestOffers: an offer is served as soon as somebody asks for it, and listed soon after it is made. Models that are not
// offered, have no adapter, or stand on another base are not served. For another base there is an error with its code,
// a row for the operator, and one line in the log.
func TestOffers(t *testing.T) {
	w := newWorld(t)
	w.publish(2, 1, w.trained(base.Config(), 4, 1), 2)
	w.chain.add(3, modelstypes.MODEL_KIND_BASE, 0, sha256.Sum256([]byte("another base")), "", 1)
	w.publish(4, 3, w.trained(base.Config(), 4, 2), 2)
	w.chain.add(5, modelstypes.MODEL_KIND_RETRIEVAL, 2, [32]byte{}, "", 2)
	w.chain.offers[1], w.chain.offers[4], w.chain.offers[5] = []string{me}, []string{me}, []string{me}
	var log bytes.Buffer
	w.config.Log = slog.New(slog.NewTextHandler(&log, nil))
	s := w.shelf()
	_, _, err := s.Offered(t.Context(), 4)
	require.Equal(t, adapters.CodeBase, code(err))
	for id, want := range map[uint64]bool{1: false, 2: false, 5: true, 99: false} {
		_, there, err := s.Offered(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, want, there, id)
	}
	w.chain.mu.Lock()
	w.chain.offers[2] = []string{me}
	w.chain.mu.Unlock()
	require.NoError(t, s.Look(t.Context()))
	var ids []uint64
	for _, info := range s.Served() {
		ids = append(ids, info.Model.Id)
	}
	require.Equal(t, []uint64{2, 5}, ids)
	_, _, err = s.Offered(t.Context(), 4)
	require.Equal(t, adapters.CodeBase, code(err))
	require.Equal(t, 1, strings.Count(log.String(), "code="+adapters.CodeBase))
	for _, row := range s.List().Rows {
		if row.Model == 4 {
			require.Equal(t, "failed", row.State)
			require.Equal(t, adapters.CodeBase, row.Code)
			require.Contains(t, row.Error, "stands on the base")
			require.Equal(t, "model 4", row.Name)
			return
		}
	}
	t.Fatal("the operator does not see it")
}

// TestOperate: the operator's requests over the socket.
func TestOperate(t *testing.T) {
	w := newWorld(t)
	w.publish(2, 1, w.trained(base.Config(), 4, 1), 2)
	w.publish(3, 1, []byte("no adapter"), 2)
	server := httptest.NewServer(w.shelf().Operate())
	defer server.Close()
	for _, c := range []struct {
		path   string
		status int
	}{
		{"/adapters/2/pin", http.StatusOK}, {"/adapters/2/unpin", http.StatusOK}, {"/adapters/2/remove", http.StatusOK},
		{"/adapters/2/add", http.StatusOK}, {"/adapters/3/add", http.StatusUnprocessableEntity},
		{"/adapters/1/add", http.StatusUnprocessableEntity}, {"/adapters/x/add", http.StatusBadRequest},
		{"/adapters/2/burn", http.StatusNotFound}, {"/adapters/77/add", http.StatusUnprocessableEntity},
	} {
		response, err := http.Post(server.URL+c.path, "", http.NoBody)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, c.status, response.StatusCode, c.path)
	}
}

// TestKilledWhileItFetches: a download that breaks off, because the server or this process ends, leaves nothing that is
// taken for the artifact. The next call begins again.
func TestKilledWhileItFetches(t *testing.T) {
	w := newWorld(t)
	content := w.trained(base.Config(), 4, 1)
	breaks := true
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Length", fmt.Sprint(len(content)))
		if breaks {
			_, _ = rw.Write(content[:len(content)/2])
			panic(http.ErrAbortHandler)
		}
		_, _ = rw.Write(content)
	}))
	defer server.Close()
	w.chain.add(2, modelstypes.MODEL_KIND_ADAPTER, 1, sha256.Sum256(content), server.URL, 2)
	_, err := w.shelf().Use(t.Context(), 2, 1)
	require.Equal(t, adapters.CodeMissing, code(err))
	folder := filepath.Dir(w.config.Store.Path([32]byte{}))
	left, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Empty(t, left)
	killed := filepath.Join(folder, "incoming-7") // the rest of a killed process
	require.NoError(t, os.WriteFile(killed, content[:100], 0o600))
	breaks = false
	lease, err := w.shelf().Use(t.Context(), 2, 1)
	require.NoError(t, err)
	lease.Release()
}

// started is an engine that was started with the adapter of model 2.
type started struct{ *counted }

func (started) Started(model uint64) bool { return model == 2 }

func (s started) Load(_ context.Context, a *engine.Adapter) error {
	if a.File != "" {
		return errors.New("it needs no file")
	}
	s.loads.Add(1)
	return nil
}

// TestStarted: an adapter that the engine was started with is not fetched.
func TestStarted(t *testing.T) {
	w := newWorld(t)
	w.chain.add(2, modelstypes.MODEL_KIND_ADAPTER, 1, sha256.Sum256([]byte("nobody has it")), "", 2)
	w.config.Host = started{w.engine}
	lease, err := w.shelf().Use(t.Context(), 2, 1)
	require.NoError(t, err)
	require.Equal(t, "openledger-2-1", lease.Adapter.Name)
	lease.Release()
}
