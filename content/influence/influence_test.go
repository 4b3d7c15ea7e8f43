package influence_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/openledger/openledger/content"
	"github.com/openledger/openledger/content/artifact"
	"github.com/openledger/openledger/content/fetch"
	"github.com/openledger/openledger/content/influence"
	"github.com/openledger/openledger/poa"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// market is a chain with one provider for every model.
type market struct {
	modelstypes.QueryClient
	endpoint string
}

func (m market) Offers(context.Context, *modelstypes.QueryOffersRequest,
	...grpc.CallOption) (*modelstypes.QueryOffersResponse, error) {
	if m.endpoint == "" {
		return nil, errors.New("the node is away")
	}
	return &modelstypes.QueryOffersResponse{Offers: []modelstypes.Offer{{Provider: "provider"}}}, nil
}

func (m market) Provider(context.Context, *modelstypes.QueryProviderRequest,
	...grpc.CallOption) (*modelstypes.QueryProviderResponse, error) {
	return &modelstypes.QueryProviderResponse{Provider: modelstypes.Provider{Endpoint: m.endpoint}}, nil
}

// trained returns an influence file, and the version of a model whose record names it.
func trained(t *testing.T) ([]byte, []poa.InfluenceRow, modelstypes.ModelVersion) {
	rows := []poa.InfluenceRow{{Rank: 3, Tokens: 5, SharePPM: 400_000}, {Rank: 9, Tokens: 7, SharePPM: 600_000}}
	rows[0].Sketch.Set(1, -7)
	rows[1].Sketch.Set(poa.SketchSize-1, 7)
	file, err := poa.MarshalInfluence(rows)
	require.NoError(t, err)
	digest, sketches, table := sha256.Sum256(file), poa.SketchRoot(rows), poa.TableRoot(rows)
	return file, rows, modelstypes.ModelVersion{ModelId: 4, Version: 1, Training: &modelstypes.TrainingRecord{
		Rows: 2, SketchRoot: sketches[:], TableRoot: table[:], InfluenceDigest: digest[:]}}
}

func source(t *testing.T, endpoint string) influence.Source {
	store, err := artifact.Open(filepath.Join(t.TempDir(), "influence"))
	require.NoError(t, err)
	return influence.Source{Store: store, Fetch: fetch.New(fetch.TrustedLimits()), Models: market{endpoint: endpoint}}
}

// serving serves content at every path, and counts how often it is asked.
func serving(t *testing.T, content []byte) (url string, asked *atomic.Int32) {
	asked = new(atomic.Int32)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = w.Write(content)
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

// TestFilesAreFetchedOnce: from the gateway of a provider, and then from the store.
func TestFilesAreFetchedOnce(t *testing.T) {
	file, rows, version := trained(t)
	url, asked := serving(t, file)
	s := source(t, url+"/v1")
	require.NoError(t, s.Hold(context.Background(), version))
	require.NoError(t, s.Hold(context.Background(), version))
	for range 3 {
		got, err := s.Rows(context.Background(), version)
		require.NoError(t, err)
		require.Equal(t, rows, got)
	}
	require.EqualValues(t, 1, asked.Load())
}

// TestContentStore: if the content store has the file, nobody is asked.
func TestContentStore(t *testing.T) {
	file, rows, version := trained(t)
	text, err := content.Open(t.Context(), t.TempDir())
	require.NoError(t, err)
	defer text.Close()
	s := source(t, "http://127.0.0.1:1")
	s.Content = text
	_, err = s.Rows(t.Context(), version)
	require.ErrorIs(t, err, influence.ErrNotFound)
	_, err = text.Put(t.Context(), file)
	require.NoError(t, err)
	got, err := s.Rows(t.Context(), version)
	require.NoError(t, err)
	require.Equal(t, rows, got)
}

// TestOtherFilesAreNotTaken: a place that serves something else is skipped, and a damaged file is fetched again.
func TestOtherFilesAreNotTaken(t *testing.T) {
	file, rows, version := trained(t)
	wrong, _ := serving(t, []byte("another file"))
	large, _ := serving(t, []byte(strings.Repeat("x", 1<<20)))
	right, asked := serving(t, file)
	for _, uri := range []string{wrong, large, "http://127.0.0.1:1/nobody"} {
		version.Training.InfluenceUri = uri
		s := source(t, right)
		got, err := s.Rows(context.Background(), version)
		require.NoError(t, err)
		require.Equal(t, rows, got)

		before := asked.Load()
		path, _, err := s.Store.Find(sha256.Sum256(file))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, []byte("damaged"), 0o600))
		_, err = s.Rows(context.Background(), version)
		require.NoError(t, err)
		require.Equal(t, before+1, asked.Load())
	}
	version.Training.InfluenceUri = ""
	_, err := source(t, wrong).Rows(context.Background(), version)
	require.ErrorIs(t, err, influence.ErrNotFound)
	_, err = source(t, "").Rows(context.Background(), version)
	require.ErrorIs(t, err, influence.ErrNotFound)
}

// TestRecordsThatDoNotFitTheirFile: the file has the record's digest, but other roots or another number of rows.
func TestRecordsThatDoNotFitTheirFile(t *testing.T) {
	file, _, version := trained(t)
	url, _ := serving(t, file)
	good := *version.Training
	none := version
	none.Training = nil
	_, err := source(t, url).Rows(context.Background(), none)
	require.ErrorIs(t, err, poa.ErrInfluence)
	for name, edit := range map[string]func(*modelstypes.TrainingRecord){
		"sketches": func(r *modelstypes.TrainingRecord) { r.SketchRoot = make([]byte, 32) },
		"table":    func(r *modelstypes.TrainingRecord) { r.TableRoot = make([]byte, 32) },
		"rows":     func(r *modelstypes.TrainingRecord) { r.Rows = 3 },
	} {
		t.Run(name, func(t *testing.T) {
			record := good
			edit(&record)
			version.Training = &record
			_, err := source(t, url).Rows(context.Background(), version)
			require.ErrorIs(t, err, poa.ErrInfluence)
		})
	}
}
