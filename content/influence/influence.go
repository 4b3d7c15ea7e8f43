// Package influence finds the influence file of a model version, which holds the influence of contributions on the
// adapter. The training record has the file's hash, so it does not matter who serves it.
package influence

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/content"
	"github.com/openledger/openledger/content/artifact"
	"github.com/openledger/openledger/content/fetch"
	"github.com/openledger/openledger/poa"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

const (
	// maxProviders is the largest number of gateways that are asked for one file.
	maxProviders = 16
	// header bounds the bytes that a file has beside its rows.
	header = 16
	// downloadTime of a file, which has up to 136 MB.
	downloadTime = 5 * time.Minute
)

// ErrNotFound reports that none of the places that were asked has the file now.
var ErrNotFound = errors.New("influence file not found")

// Source finds influence files.
type Source struct {
	// Store keeps the files that were found; nil keeps none.
	Store *artifact.Store
	// Content is a store that may have the file under its hash; may be nil.
	Content *content.Store
	// Fetch downloads from addresses that strangers named.
	Fetch *fetch.Client
	// Models returns the providers that serve a model.
	Models modelstypes.QueryClient
}

// Limits returns limits of downloads with the time that a file may take.
func Limits(limits fetch.Limits) fetch.Limits {
	limits.Total = downloadTime
	return limits
}

// MaxBytes returns the size of the largest influence file for a record, in bytes.
func MaxBytes(record *modelstypes.TrainingRecord) int64 {
	return header + int64(record.Rows)*poa.MaxInfluenceRow
}

// Rows returns the rows of a version's influence file. It looks in the store and in the content store, then where the
// owner put the file, then at gateways that serve the model. It returns poa.ErrInfluence if the file does not fit the
// training record, and ErrNotFound if no place has it now.
func (s Source) Rows(ctx context.Context, version modelstypes.ModelVersion) ([]poa.InfluenceRow, error) {
	training, err := committed(version)
	if err != nil {
		return nil, err
	}
	data, err := s.held(ctx, training)
	if errors.Is(err, artifact.ErrNotFound) || errors.Is(err, artifact.ErrCorrupt) {
		data, err = s.fetch(ctx, version, training)
	}
	if err != nil {
		return nil, err
	}
	return poa.OpenInfluence(data, training)
}

// committed returns what the training record of a version commits to. It returns poa.ErrInfluence for a version without
// a record.
func committed(version modelstypes.ModelVersion) (poa.Training, error) {
	if version.Training == nil {
		return poa.Training{}, fmt.Errorf("%w: version %d of model %d has no training record", poa.ErrInfluence,
			version.Version, version.ModelId)
	}
	return version.Training.Committed()
}

// Hold makes sure that the file of a version is in the store, which there must be, without reading it.
func (s Source) Hold(ctx context.Context, version modelstypes.ModelVersion) error {
	training, err := committed(version)
	if err != nil {
		return err
	}
	if _, _, err := s.Store.Find(training.Influence); !errors.Is(err, artifact.ErrNotFound) {
		return err
	}
	_, err = s.fetch(ctx, version, training)
	return err
}

// held reads the file from the store, and updates its time of use.
func (s Source) held(ctx context.Context, training poa.Training) ([]byte, error) {
	if s.Store == nil {
		return nil, artifact.ErrNotFound
	}
	path, size, err := s.Store.Check(ctx, training.Influence)
	if err != nil {
		return nil, err
	}
	if size > int64(poa.MaxInfluenceBytes) {
		return nil, fmt.Errorf("%w: it has %d bytes", poa.ErrInfluence, size)
	}
	now := time.Now()
	_ = os.Chtimes(path, now, now) // if this fails, the file may be pruned too early, and is fetched again
	return os.ReadFile(path)
}

// fetch asks the places that may have the file, one after another, until one has it.
func (s Source) fetch(ctx context.Context, version modelstypes.ModelVersion, training poa.Training) ([]byte, error) {
	most := MaxBytes(version.Training)
	if s.Content != nil {
		if data, err := s.Content.Get(ctx, training.Influence); err == nil {
			return data, s.keep(ctx, data, most)
		}
	}
	places, err := s.places(ctx, version, training.Influence)
	failures := []error{err}
	for _, place := range places {
		data, err := s.Fetch.GetChecked(ctx, place, -1, most, func(data []byte) error {
			if sha256.Sum256(data) != training.Influence {
				return artifact.ErrCorrupt
			}
			return nil
		})
		if err != nil {
			failures = append(failures, err)
			continue
		}
		return data, s.keep(ctx, data, most)
	}
	return nil, fmt.Errorf("%w: %s of model %d, version %d: %w", ErrNotFound, training.Influence, version.ModelId,
		version.Version, errors.Join(failures...))
}

// keep puts a file into the store.
func (s Source) keep(ctx context.Context, data []byte, most int64) error {
	if s.Store == nil {
		return nil
	}
	_, _, err := s.Store.Put(ctx, bytes.NewReader(data), most)
	return err
}

// places returns the URLs at which the file may be: where the owner put it, then the gateways of providers who offer
// the model. An error says why the list is not complete.
func (s Source) places(ctx context.Context, version modelstypes.ModelVersion, digest poa.Hash) ([]string, error) {
	var places []string
	if version.Training.InfluenceUri != "" {
		places = append(places, version.Training.InfluenceUri)
	}
	offers, err := s.Models.Offers(ctx, &modelstypes.QueryOffersRequest{ModelId: version.ModelId,
		Pagination: &query.PageRequest{Limit: maxProviders}})
	if err != nil {
		return places, err
	}
	var failures []error
	for _, offer := range offers.Offers {
		found, err := s.Models.Provider(ctx, &modelstypes.QueryProviderRequest{Provider: offer.Provider})
		if err != nil {
			failures = append(failures, err)
			continue
		}
		if found.Provider.Endpoint != "" {
			places = append(places, artifact.Location(strings.TrimSuffix(found.Provider.Endpoint, "/v1"), digest))
		}
	}
	return places, errors.Join(failures...)
}
