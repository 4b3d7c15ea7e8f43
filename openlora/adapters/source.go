package adapters

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/content"
	"github.com/openledger/openledger/content/artifact"
	"github.com/openledger/openledger/content/fetch"
	"github.com/openledger/openledger/internal/file"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/slm/adapter"
	"github.com/openledger/openledger/slm/checkpoint"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// maxProviders is the largest number of gateways that are asked for one artifact.
const maxProviders = 16

// artifact returns the path and the size of a version's artifact. It looks in the store and in the content store, then
// at the address that the owner gave, then at other gateways that serve the model. It checks that the artifact has the
// digest on chain.
func (s *Shelf) artifact(ctx context.Context, v modelstypes.ModelVersion) (
	path string, size int64, fetched bool, err error,
) {
	if len(v.Digest) != 32 {
		return "", 0, false, lasting(CodeInvalid, "model %d version %d has no digest of an artifact", v.ModelId, v.Version)
	}
	digest := [32]byte(v.Digest)
	path, size, err = s.Store.Check(ctx, digest)
	if err == nil {
		if size > s.MaxBytes {
			return "", 0, false, s.tooLarge(size)
		}
		return path, size, false, nil
	}
	if errors.Is(err, artifact.ErrCorrupt) {
		s.Log.Error("an artifact was damaged on the disk, and is fetched again", "model", v.ModelId, "err", err)
	} else if !errors.Is(err, artifact.ErrNotFound) {
		return "", 0, false, err
	}
	if err := s.fetch(ctx, v, digest); err != nil {
		return "", 0, false, err
	}
	path, size, err = s.Store.Find(digest)
	return path, size, true, err
}

func (s *Shelf) tooLarge(size int64) error {
	return lasting(CodeTooLarge, "the adapter has %d bytes, and this gateway takes at most %d: ask its provider to raise "+
		"--adapter-bytes", size, s.MaxBytes)
}

// fetch downloads an artifact into the store.
func (s *Shelf) fetch(ctx context.Context, v modelstypes.ModelVersion, digest [32]byte) error {
	if s.Content != nil {
		text, err := s.Content.Get(ctx, digest)
		if err == nil {
			return s.keep(digest, func(w io.Writer, check func() error) error {
				if _, err := w.Write(text); err != nil {
					return err
				}
				return check()
			})
		}
		if !errors.Is(err, content.ErrNotFound) {
			s.Log.Warn("the content store does not give an artifact", "model", v.ModelId, "err", err)
		}
	}
	var failed []error
	for _, place := range s.places(ctx, v, digest) {
		err := s.keep(digest, func(w io.Writer, check func() error) error {
			return s.Fetch.Save(ctx, place, s.MaxBytes, w, check)
		})
		if err == nil {
			s.Log.Info("adapter fetched", "model", v.ModelId, "version", v.Version, "from", place)
			return nil
		}
		if ctx.Err() != nil {
			return passing(CodeMissing, "the artifact %x takes longer than %s to fetch", digest, s.Patience)
		}
		failed = append(failed, err)
	}
	if len(failed) == 0 {
		return passing(CodeMissing, "the artifact %x is not here, has no address, and no other gateway offers it: "+
			"`openlorad models add %d --file FILE` brings it", digest, v.ModelId)
	}
	all := errors.Join(failed...)
	if errors.Is(all, fetch.ErrTooLarge) || errors.Is(all, artifact.ErrTooLarge) {
		return passing(CodeTooLarge, "the artifact %x is larger than the %d bytes that this gateway takes: %s", digest,
			s.MaxBytes, all)
	}
	return passing(CodeMissing, "the artifact %x cannot be fetched: %s", digest, all)
}

// keep stores what get writes, if it has the given digest.
func (s *Shelf) keep(digest [32]byte, get func(w io.Writer, check func() error) error) error {
	w, err := s.Store.Writer(s.MaxBytes)
	if err != nil {
		return err
	}
	defer w.Abort()
	err = get(w, func() error {
		if got := w.Digest(); got != digest {
			return fmt.Errorf("%w: it has %x, %x is wanted", artifact.ErrCorrupt, got, digest)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return w.Commit(digest)
}

// places returns the URLs at which an artifact may be: the one that its owner gave, and the gateways of providers that
// offer the model.
func (s *Shelf) places(ctx context.Context, v modelstypes.ModelVersion, digest [32]byte) []string {
	var places []string
	if v.Uri != "" {
		places = append(places, v.Uri)
	}
	offers, err := s.Models.Offers(ctx, &modelstypes.QueryOffersRequest{
		ModelId: v.ModelId, Pagination: &query.PageRequest{Limit: maxProviders},
	})
	if err != nil {
		s.Log.Warn("nobody says who else serves an adapter", "model", v.ModelId, "err", err)
		return places
	}
	for _, offer := range offers.Offers {
		if offer.Provider == s.Provider {
			continue
		}
		found, err := s.Models.Provider(ctx, &modelstypes.QueryProviderRequest{Provider: offer.Provider})
		if err == nil && strings.HasPrefix(found.Provider.Endpoint, "http") {
			places = append(places, artifact.Location(strings.TrimSuffix(found.Provider.Endpoint, "/v1"), digest))
		}
	}
	return places
}

// prepare makes the file that the engine loads for a lineage: the artifact itself, or the stack of several. It reserves
// the memory of the adapter before it makes a stack.
func (s *Shelf) prepare(ctx context.Context, name string, l lineage, reserve func(bytes int64) error) (
	_ *engine.Adapter, fetched bool, err error,
) {
	if started, ok := s.Host.(engine.Started); ok && started.Started(l.model.Id) {
		return &engine.Adapter{Name: name}, false, nil // the operator started the engine with it
	}
	if err := s.checkBase(l); err != nil {
		return nil, false, err
	}
	var opened []*adapter.Adapter
	defer func() {
		for _, a := range opened {
			err = errors.Join(err, a.Close())
		}
	}()
	made := &engine.Adapter{Name: name}
	for _, v := range l.adapters {
		path, size, fresh, err := s.artifact(ctx, v)
		if err != nil {
			return nil, false, err
		}
		fetched = fetched || fresh
		a, err := openAdapter(path)
		if err != nil {
			return nil, false, err
		}
		opened = append(opened, a)
		if s.base != nil {
			if _, err := a.For(s.base.Config()); err != nil {
				return nil, false, lasting(CodeBase, "adapter %d version %d: %s", v.ModelId, v.Version, err)
			}
		}
		made.File, made.Digest, made.Rank, made.Bytes = path, [32]byte(v.Digest), made.Rank+a.Rank, size
		if s.MaxRank > 0 && made.Rank > s.MaxRank {
			return nil, false, lasting(CodeTooLarge, "the adapter has a rank of %d or more with those that it stands on, and "+
				"this gateway takes at most %d: ask its provider to raise --adapter-rank", made.Rank, s.MaxRank)
		}
	}
	if len(opened) == 1 {
		if err := reserve(made.Bytes); err != nil {
			return nil, false, err
		}
	} else {
		if err := s.stack(ctx, made, opened, reserve); err != nil {
			return nil, false, err
		}
	}
	if s.Folders {
		made.Folder = filepath.Join(s.Folder, "peft", name)
		if err := adapter.Unpack(made.File, made.Folder); err != nil {
			made.Folder = "" // the engine reads a GGUF file as it is
		}
	}
	return made, fetched, nil
}

// checkBase returns an error if the adapter's base is not the engine's. It accepts the adapter if the engine's base is
// not known.
func (s *Shelf) checkBase(l lineage) error {
	if s.base == nil {
		return nil
	}
	wanted := l.baseDigest()
	if len(wanted) != 32 {
		return nil
	}
	digest, err := s.base.BaseDigest()
	if err != nil {
		return err
	}
	if digest != [32]byte(wanted) {
		return lasting(CodeBase, "model %d stands on the base %x, and this gateway runs %x: use a provider with its base",
			l.model.Id, wanted, digest)
	}
	return nil
}

// openAdapter opens an artifact, which comes from a stranger.
func openAdapter(path string) (*adapter.Adapter, error) {
	a, err := adapter.Open(path)
	if err == nil {
		return a, nil
	}
	if pickled(path) {
		return nil, lasting(CodePickle, "the artifact is a pickle, which runs code when it is read, and is refused: its "+
			"owner must save it as safetensors and publish a version of that")
	}
	return nil, lasting(CodeInvalid, "the artifact is no adapter that can be read: %s",
		strings.ReplaceAll(err.Error(), path, "it"))
}

// pickled reports whether a file begins like the files of torch.save: as a zip archive, or as a pickle of protocol 2 or
// later.
func pickled(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var begins [4]byte
	if _, err := io.ReadFull(f, begins[:]); err != nil {
		return false
	}
	return string(begins[:]) == "PK\x03\x04" || begins[0] == 0x80 && begins[1] >= 2 && begins[1] <= 5
}

// maxTensorHeader bounds what a file has beside the numbers of a projection's two matrices.
const maxTensorHeader = 1 << 10

// stack writes several adapters of a lineage as one adapter. It first checks the size of that, and reserves its memory.
func (s *Shelf) stack(ctx context.Context, made *engine.Adapter, parts []*adapter.Adapter,
	reserve func(bytes int64) error) error {
	if s.base == nil {
		return lasting(CodeBase, "the adapter stands on another adapter, and this gateway does not know the shape of its "+
			"base: use a provider with the embedded engine")
	}
	config := s.base.Config()
	size, err := adapter.StackBytes(config, parts...)
	if err != nil {
		return lasting(CodeInvalid, "the adapters of the lineage do not go together: %s", err)
	}
	if size > s.MaxBytes {
		return s.tooLarge(size)
	}
	if err := reserve(size + maxTensorHeader*int64(config.Layers*len(checkpoint.Projections)+1)); err != nil {
		return err
	}
	s.stacking.Lock()
	defer s.stacking.Unlock()
	stacked, err := adapter.Stack(s.base.Config(), parts...)
	if err != nil {
		return lasting(CodeInvalid, "the adapters of the lineage do not go together: %s", err)
	}
	folder := filepath.Join(s.Folder, "stacks")
	if err := file.MakeFolder(folder, 0o755); err != nil {
		return err
	}
	path := filepath.Join(folder, made.Name+".safetensors")
	if err := stacked.WriteFile(path, s.base.Config(), ""); err != nil {
		return err
	}
	made.Digest, made.Bytes, err = digestOf(ctx, path)
	made.File, made.Rank = path, stacked.Rank
	return err
}
