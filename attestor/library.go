package attestor

import (
	"context"
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

// library answers a judge from the chain and from the text held here. Indexes of models stay in memory up to a number
// of bytes, and in folders until they are pruned.
type library struct {
	chain     *chain
	text      *content.Store
	influence influence.Source
	dir       string
	max       int

	mu      sync.Mutex
	models  map[modelKey]*cachedModel
	bytes   int
	loading map[modelKey]chan struct{} // or being pruned
}

type modelKey struct {
	id      uint64
	version uint32
}

const folderFormat = "model-%d-v%d"

// folder of the model's index.
func (k modelKey) folder() string { return fmt.Sprintf(folderFormat, k.id, k.version) }

type cachedModel struct {
	model *judge.Model
	bytes int
	used  time.Time
}

func newLibrary(c *chain, text *content.Store, from influence.Source, dir string, max int) *library {
	from.Content = text
	return &library{chain: c, text: text, influence: from, dir: dir, max: max, models: make(map[modelKey]*cachedModel),
		loading: make(map[modelKey]chan struct{})}
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

// Model implements judge.Library. Two judgements that need the same model build its index once.
func (v *view) Model(id uint64, version uint32) (*judge.Model, error) {
	k := modelKey{id, version}
	if model := v.ready[k]; model != nil {
		return model, nil
	}
	for {
		v.mu.Lock()
		if found, ok := v.models[k]; ok {
			found.used = time.Now()
			v.mu.Unlock()
			return found.model, nil
		}
		wait, busy := v.loading[k]
		if !busy {
			v.loading[k] = make(chan struct{})
			v.mu.Unlock()
			break
		}
		v.mu.Unlock()
		select {
		case <-wait:
		case <-v.ctx.Done():
			return nil, fmt.Errorf("%w: %w", judge.ErrMissing, v.ctx.Err())
		}
	}
	model, err := v.load(v.ctx, k)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.release(k)
	if err != nil {
		return nil, fmt.Errorf("%w: model %d, version %d: %w", judge.ErrMissing, id, version, err)
	}
	v.put(k, model)
	return model, nil
}

// release lets others load a model. The caller holds the lock.
func (l *library) release(k modelKey) {
	close(l.loading[k])
	delete(l.loading, k)
}

// put keeps a model in memory, and drops the least recently used ones.
func (l *library) put(k modelKey, model *judge.Model) {
	size := model.Index.Bytes() + len(model.Influence)*influenceRowBytes
	for l.bytes+size > l.max && len(l.models) > 0 {
		var oldest modelKey
		for other, s := range l.models {
			if l.models[oldest] == nil || s.used.Before(l.models[oldest].used) {
				oldest = other
			}
		}
		_ = l.touch(oldest) // if this fails, the folder may be pruned too early, and is built again
		l.bytes -= l.models[oldest].bytes
		delete(l.models, oldest)
	}
	l.models[k] = &cachedModel{model: model, bytes: size, used: time.Now()}
	l.bytes += size
}

// load indexes the text of a model's manifest.
func (l *library) load(ctx context.Context, k modelKey) (*judge.Model, error) {
	version, err := l.chain.modelVersion(ctx, k.id, k.version)
	if err != nil {
		return nil, err
	}
	contributions, err := manifest.Load(ctx, l.chain.datanets, version.Manifest, l.held)
	if err != nil {
		return nil, err
	}
	var segments []poa.Segment
	for i := range contributions {
		for index := range contributions[i].File.Segments {
			segments = append(segments, contributions[i].Segment(index, version.Method == modelstypes.ATTRIBUTION_METHOD_RAG))
		}
	}
	model := &judge.Model{ModelVersion: version}
	if version.Method == modelstypes.ATTRIBUTION_METHOD_LORA {
		if model.Influence, err = l.influence.Rows(ctx, version); err != nil {
			return nil, err
		}
	}
	model.Index, err = manifest.OpenIndex(filepath.Join(l.dir, k.folder()), segments)
	return model, err
}

// held returns text from this attestor's store only.
func (l *library) held(ctx context.Context, contribution datanettypes.Contribution) ([]byte, error) {
	hash, err := poa.HashFromBytes(contribution.ContentHash)
	if err != nil {
		return nil, err
	}
	return l.text.Get(ctx, hash)
}
