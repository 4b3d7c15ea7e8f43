package attestor

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/openledger/openledger/attestor/judge"
	"github.com/openledger/openledger/content"
	"github.com/openledger/openledger/content/influence"
	"github.com/openledger/openledger/content/manifest"
	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// library answers a judge from the chain and from the text held here. Models stay in memory up to a number of bytes.
// Those of one manifest share its index, which stays in a folder until it is pruned.
type library struct {
	chain     *chain
	text      *content.Store
	influence influence.Source
	dir       string
	max       int

	mu      sync.Mutex
	models  map[modelKey]*cachedModel
	indexes map[string]*cachedIndex  // by the names of their folders
	bytes   int                      // of both
	loading map[string]chan struct{} // indexes that are loaded or pruned
}

type modelKey struct {
	id      uint64
	version uint32
}

// modelBytes are what a model takes beside its index and the rows of its influence file.
const modelBytes = 1 << 10

type cachedModel struct {
	model *judge.Model
	index *cachedIndex
	bytes int // without the index
	used  time.Time
}

// cachedIndex is an index in memory. It leaves with the last model that has it.
type cachedIndex struct {
	index  *poa.Index
	folder string
	bytes  int
	models int // that have it, or are about to
	used   time.Time
}

const folderPrefix = "manifest-"

// indexFolder names the folder of a version's index: manifests never change, and versions of one manifest have the same
// index.
func indexFolder(version modelstypes.ModelVersion) string {
	hash := sha256.New()
	if withStems(version) {
		hash.Write([]byte("stems"))
	}
	for _, entry := range version.Manifest {
		_ = binary.Write(hash, binary.BigEndian, [...]uint64{entry.DatanetId, entry.Version})
	}
	return folderPrefix + hex.EncodeToString(hash.Sum(nil))
}

// withStems reports whether segments of a version's index have stems.
func withStems(version modelstypes.ModelVersion) bool {
	return version.Method == modelstypes.ATTRIBUTION_METHOD_RAG
}

func newLibrary(c *chain, text *content.Store, from influence.Source, dir string, max int) *library {
	from.Content = text
	return &library{chain: c, text: text, influence: from, dir: dir, max: max, models: make(map[modelKey]*cachedModel),
		indexes: make(map[string]*cachedIndex), loading: make(map[string]chan struct{})}
}

// view is the library for one judgement; it asks the chain once for each contribution.
type view struct {
	ctx context.Context
	*library
	known map[uint64]knownContribution
	stops map[uint64]map[uint32]datanettypes.SegmentStop // by rank
	ready map[modelKey]*judge.Model
}

type knownContribution struct {
	contribution datanettypes.Contribution
	datanet      datanettypes.DataNet
}

var _ judge.Library = (*view)(nil)

func (l *library) view(ctx context.Context) *view {
	return &view{ctx: ctx, library: l, known: make(map[uint64]knownContribution), ready: make(map[modelKey]*judge.Model),
		stops: make(map[uint64]map[uint32]datanettypes.SegmentStop)}
}

// prepare loads the models of records. Only one judgement loads at a time, because indexing takes long; the others do
// not wait for models that they do not need. Influence files are fetched before, in turn with other downloads.
func (v *view) prepare(records []poa.Record, fetching, indexing *lanes, class string) error {
	for i := range records {
		k := modelKey{records[i].ModelID, records[i].ModelVersion}
		if v.ready[k] != nil {
			continue
		}
		if model := v.get(k); model != nil {
			v.ready[k] = model
			continue
		}
		err := v.hold(&records[i], fetching, class)
		if err != nil {
			return err
		}
		if entered := indexing.do(
			v.ctx, class, func(*ticket) { v.ready[k], err = v.Model(k.id, k.version) }); entered != nil {
			return entered
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// hold makes sure that the influence file of a record's model is here, if its method needs one.
func (v *view) hold(record *poa.Record, fetching *lanes, class string) error {
	if record.Method != uint8(modelstypes.ATTRIBUTION_METHOD_LORA) {
		return nil
	}
	version, err := v.chain.modelVersion(v.ctx, record.ModelID, record.ModelVersion)
	if err != nil {
		return err
	}
	if entered := fetching.do(v.ctx, class, func(*ticket) { err = v.influence.Hold(v.ctx, version) }); entered != nil {
		return entered
	}
	return err
}

// get returns a model that is in memory, or nil.
func (l *library) get(k modelKey) *judge.Model {
	l.mu.Lock()
	defer l.mu.Unlock()
	found, ok := l.models[k]
	if !ok {
		return nil
	}
	found.used = time.Now()
	found.index.used = found.used
	return found.model
}

// Contribution implements judge.Library.
func (v *view) Contribution(rank uint64) (datanettypes.Contribution, datanettypes.DataNet, error) {
	if found, ok := v.known[rank]; ok {
		return found.contribution, found.datanet, nil
	}
	contribution, datanet, err := v.chain.contribution(v.ctx, rank)
	if err != nil {
		return contribution, datanet, fmt.Errorf("%w: contribution %d: %w", judge.ErrMissing, rank, err)
	}
	v.known[rank] = knownContribution{contribution, datanet}
	return contribution, datanet, nil
}

// Stop implements judge.Library.
func (v *view) Stop(rank uint64, segment uint32) (datanettypes.SegmentStop, bool, error) {
	c, _, err := v.Contribution(rank)
	if err != nil || c.Stops == 0 {
		return datanettypes.SegmentStop{}, false, err
	}
	if v.stops[rank] == nil {
		stops, err := manifest.Stops(v.ctx, v.chain.datanets, c.DatanetId, rank)
		if err != nil {
			return datanettypes.SegmentStop{}, false, fmt.Errorf("%w: stops of contribution %d: %w", judge.ErrMissing, rank, err)
		}
		v.stops[rank] = make(map[uint32]datanettypes.SegmentStop, len(stops.Stops))
		for _, stop := range stops.Stops {
			v.stops[rank][stop.Segment] = stop
		}
	}
	stop, known := v.stops[rank][segment]
	return stop, known, nil
}

// Model implements judge.Library. Two judgements that need the same manifest build its index once.
func (v *view) Model(id uint64, version uint32) (*judge.Model, error) {
	k := modelKey{id, version}
	if model := v.ready[k]; model != nil {
		return model, nil
	}
	if model := v.get(k); model != nil {
		return model, nil
	}
	model, index, err := v.load(v.ctx, k)
	if err != nil {
		return nil, fmt.Errorf("%w: model %d, version %d: %w", judge.ErrMissing, id, version, err)
	}
	return v.put(k, model, index), nil
}

// load reads a model's influence file, and opens the index of its manifest, which put keeps.
func (l *library) load(ctx context.Context, k modelKey) (*judge.Model, *cachedIndex, error) {
	version, err := l.chain.modelVersion(ctx, k.id, k.version)
	if err != nil {
		return nil, nil, err
	}
	model := &judge.Model{ModelVersion: version}
	if version.Method == modelstypes.ATTRIBUTION_METHOD_LORA {
		if model.Influence, err = l.influence.Rows(ctx, version); err != nil {
			return nil, nil, err
		}
	}
	index, err := l.openIndex(ctx, version)
	if err != nil {
		return nil, nil, err
	}
	model.Index = index.index
	return model, index, nil
}

// openIndex returns the index of a version's manifest: the one in memory, or the one of its folder with what that
// lacks. It counts one model more that has it: see put.
func (l *library) openIndex(ctx context.Context, version modelstypes.ModelVersion) (*cachedIndex, error) {
	folder := indexFolder(version)
	for {
		l.mu.Lock()
		if found, ok := l.indexes[folder]; ok {
			found.models++
			l.mu.Unlock()
			return found, nil
		}
		wait, busy := l.loading[folder]
		if !busy {
			l.loading[folder] = make(chan struct{})
			l.mu.Unlock()
			break
		}
		l.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	index, err := l.buildIndex(ctx, version, folder)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.release(folder)
	if err != nil {
		return nil, err
	}
	opened := &cachedIndex{index: index, folder: folder, bytes: index.Bytes(), models: 1, used: time.Now()}
	l.indexes[folder] = opened
	l.bytes += opened.bytes
	return opened, nil
}

// buildIndex indexes the text of a version's manifest.
func (l *library) buildIndex(ctx context.Context, version modelstypes.ModelVersion,
	folder string) (*poa.Index, error) {
	contributions, err := manifest.Load(ctx, l.chain.datanets, version.Manifest, l.held)
	if err != nil {
		return nil, err
	}
	var segments []poa.Segment
	for i := range contributions {
		for index := range contributions[i].File.Segments {
			segments = append(segments, contributions[i].Segment(index, withStems(version)))
		}
	}
	return manifest.OpenIndex(filepath.Join(l.dir, folder), segments)
}

// release lets others load an index; the caller holds the lock.
func (l *library) release(folder string) {
	close(l.loading[folder])
	delete(l.loading, folder)
}

// put keeps a model in memory with its index, and drops those that were not used for longest. It returns the model that
// is kept.
func (l *library) put(k modelKey, model *judge.Model, index *cachedIndex) *judge.Model {
	l.mu.Lock()
	defer l.mu.Unlock()
	if found, ok := l.models[k]; ok { // somebody else was faster
		l.leave(index)
		return found.model
	}
	size := modelBytes + len(model.Influence)*influenceRowBytes
	for l.bytes+size > l.max && len(l.models) > 0 {
		l.dropOldest()
	}
	index.used = time.Now()
	l.models[k] = &cachedModel{model: model, index: index, bytes: size, used: index.used}
	l.bytes += size
	return model
}

// dropOldest drops the model that was not used for longest; the caller holds the lock.
func (l *library) dropOldest() {
	var oldest modelKey
	for k, found := range l.models {
		if l.models[oldest] == nil || found.used.Before(l.models[oldest].used) {
			oldest = k
		}
	}
	dropped := l.models[oldest]
	delete(l.models, oldest)
	l.bytes -= dropped.bytes
	l.leave(dropped.index)
}

// leave drops an index when the last model that has it goes; the caller holds the lock.
func (l *library) leave(index *cachedIndex) {
	if index.models--; index.models > 0 {
		return
	}
	_ = l.touch(index) // without it the folder is pruned too early, and built again
	delete(l.indexes, index.folder)
	l.bytes -= index.bytes
}

// held returns text from this attestor's store only.
func (l *library) held(ctx context.Context, contribution datanettypes.Contribution) ([]byte, error) {
	hash, err := poa.HashFromBytes(contribution.ContentHash)
	if err != nil {
		return nil, err
	}
	return l.text.Get(ctx, hash)
}
