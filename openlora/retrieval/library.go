// Package retrieval holds the text of a model's manifest: it loads and checks
// the segment files, finds segments for questions, and attributes answers.
package retrieval

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"sync"

	"github.com/openledger/openledger/content"
	guarded "github.com/openledger/openledger/content/fetch"
	"github.com/openledger/openledger/content/influence"
	"github.com/openledger/openledger/content/manifest"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/terms"
	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// Ref names a segment of the manifest.
type Ref struct {
	Rank  uint64 `json:"rank"`
	Index uint32 `json:"index"`
}

// Segment of the manifest.
type Segment struct {
	Ref
	Text         []byte
	Contribution *datanettypes.Contribution
}

// Library is the text behind one version of a model.
type Library struct {
	Model   modelstypes.Model
	Version modelstypes.ModelVersion

	segments      []Segment
	bytes         int64 // of their text
	places        map[Ref]int
	canonical     []poa.Segment // by place, with stems
	contributions map[uint64]*manifest.Contribution
	index         *poa.Index
	search        *poa.Search
	terms         *terms.Index       // by place
	meanings      *poa.MeaningSearch // by place; nil unless the method is MEANING or LORA
	influence     []poa.InfluenceRow // of the training record; nil unless the method is LORA
	readings      readings

	datanets datanettypes.QueryClient
	mu       sync.RWMutex
	stops    map[Ref]datanettypes.SegmentStop
}

// Sources are the sources of a library's text and influence file.
type Sources struct {
	Node *chain.Client
	// Content holds text. Text that is not there is fetched from where its contributor put it.
	Content *content.Store
	Fetch   *guarded.Client
	// Influence finds the influence files of adapters; without a store, models with method LORA are not loaded.
	Influence influence.Source
}

// Load reads a model version's manifest from the chain, its text, and its influence file if its method needs one. The
// index is kept in indexDir, or in memory only if that is empty.
func Load(ctx context.Context, from Sources, indexDir string, modelID uint64, version uint32) (*Library, error) {
	node := from.Node
	found, err := node.Models.Model(ctx, &modelstypes.QueryModelRequest{ModelId: modelID, Version: version})
	if err != nil {
		return nil, fmt.Errorf("model %d: %w", modelID, err)
	}
	l := &Library{
		Model: found.Model, Version: found.Version, contributions: make(map[uint64]*manifest.Contribution),
		places:   make(map[Ref]int),
		datanets: node.Datanet, terms: terms.NewIndex(),
	}
	loaded, err := manifest.Load(ctx, node.Datanet, found.Version.Manifest, Fetch(from.Content, from.Fetch))
	if err != nil {
		return nil, err
	}
	if poa.ByMeaning(uint8(l.Version.Method)) {
		l.meanings = poa.NewMeaningSearch()
	}
	if l.Version.Method == modelstypes.ATTRIBUTION_METHOD_LORA {
		if l.influence, err = loadInfluence(ctx, from.Influence, l.Version); err != nil {
			return nil, err
		}
	}
	for i := range loaded {
		contribution := &loaded[i]
		l.contributions[contribution.Rank] = contribution
		for index, text := range contribution.File.Segments {
			ref := Ref{contribution.Rank, uint32(index)}
			l.places[ref] = len(l.segments)
			l.bytes += int64(len(text))
			l.segments = append(l.segments, Segment{Ref: ref, Text: text, Contribution: &contribution.Contribution})
			l.canonical = append(l.canonical, contribution.Segment(index, true))
			l.terms.Add(string(text))
			if l.meanings != nil {
				l.meanings.Add(text)
			}
		}
	}
	if l.search, err = poa.NewSearch(l.canonical, func(place int) []byte { return l.segments[place].Text }); err != nil {
		return nil, err
	}
	if l.index, err = manifest.OpenIndex(indexDir, l.canonical); err != nil {
		return nil, err
	}
	_, err = l.Refresh(ctx)
	return l, err
}

// Refresh reads which segments of the manifest were stopped, and returns the height of that state.
func (l *Library) Refresh(ctx context.Context) (int64, error) {
	stops, height := make(map[Ref]datanettypes.SegmentStop), int64(0)
	for _, entry := range l.Version.Manifest {
		found, err := manifest.Stops(ctx, l.datanets, entry.DatanetId, 0)
		if err != nil {
			return 0, fmt.Errorf("stopped segments of DataNet %d: %w", entry.DatanetId, err)
		}
		if height == 0 || found.Height < height {
			height = found.Height
		}
		for _, stop := range found.Stops {
			stops[Ref{stop.Rank, stop.Segment}] = stop
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stops = stops
	return height, nil
}

// Weigh sets the weights of an attribution for a batch that is weighed as of a block. A segment that was stopped by
// then earns nothing for its contribution. Its pay goes to the contribution that the stop names, if any.
func (l *Library) Weigh(att *poa.Attribution, height int64) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	att.Weigh(func(rank uint64, segment uint32) []poa.Derivation {
		ref := Ref{rank, segment}
		if to, stopped := l.stopped(ref, height); stopped {
			return []poa.Derivation{{Rank: to, PPM: poa.TotalPPM}}
		}
		return l.canonical[l.places[ref]].Derived
	}, func(rank uint64) poa.Standing { return l.standing(rank, height) })
}

// standing returns how many segments a contribution has, and how many of them are stopped as of a block. The caller
// holds the lock.
func (l *Library) standing(rank uint64, height int64) (s poa.Standing) {
	kept, ok := l.contributions[rank]
	if !ok {
		return s
	}
	s.Segments = kept.Segments
	for i := range kept.Segments {
		if _, stopped := l.stopped(Ref{rank, i}, height); stopped {
			s.Stopped++
		}
	}
	return s
}

// Fetch returns a function that reads segment files from the store. It first downloads missing ones into the store,
// from where their contributors put them.
func Fetch(store *content.Store, from *guarded.Client) manifest.Fetch {
	return func(ctx context.Context, c datanettypes.Contribution) ([]byte, error) {
		return fetch(ctx, store, from, c)
	}
}

// fetch returns a segment file from the store. If it is missing, it downloads it into the store, from where its
// contributor put it.
func fetch(ctx context.Context, store *content.Store, from *guarded.Client,
	contribution datanettypes.Contribution) ([]byte, error) {
	hash, err := poa.HashFromBytes(contribution.ContentHash)
	if err != nil {
		return nil, err
	}
	encoded, err := store.Get(ctx, hash)
	if err == nil {
		return encoded, nil
	}
	if contribution.Uri == "" {
		return nil, fmt.Errorf("%w, and the contributor named no other place: copy %s into the content store", err,
			hex.EncodeToString(hash[:]))
	}
	size := int64(contribution.Bytes)
	if size < 0 || size > content.MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes are registered", content.ErrTooLarge, contribution.Bytes)
	}
	encoded, err = from.GetChecked(ctx, contribution.Uri, size, size, func(encoded []byte) error {
		_, err := content.Read(bytes.NewReader(encoded), hash)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%q: %w; or copy %s into the content store", contribution.Uri, err,
			hex.EncodeToString(hash[:]))
	}
	_, err = store.Put(ctx, encoded)
	return encoded, err
}

// Texts returns all texts of the manifest, for engines.
func (l *Library) Texts() engine.Texts {
	return engine.Texts{
		Name: fmt.Sprintf("%d-%d", l.Model.Id, l.Version.Version), Bytes: l.bytes,
		All: func(yield func([]byte) bool) {
			for i := range l.segments {
				if !yield(l.segments[i].Text) {
					return
				}
			}
		},
	}
}

// Len returns the number of segments.
func (l *Library) Len() int { return len(l.segments) }

// Contribution returns a contribution of the manifest.
func (l *Library) Contribution(rank uint64) (datanettypes.Contribution, bool) {
	kept, ok := l.contributions[rank]
	if !ok {
		return datanettypes.Contribution{}, false
	}
	return kept.Contribution, true
}

// loadInfluence returns the rows of a version's influence file.
func loadInfluence(ctx context.Context, from influence.Source,
	version modelstypes.ModelVersion) ([]poa.InfluenceRow, error) {
	if from.Store == nil {
		return nil, fmt.Errorf("model %d is attributed by method LORA, and there is no folder for its influence file",
			version.ModelId)
	}
	return from.Rows(ctx, version)
}

// Attribute attributes an answer to the segments of the whole manifest by the model's method. Methods RAG, MEANING and
// LORA also compare it with the retrieved segments, and the last two with segments that the answer finds by itself.
// query is for method LORA: nil means that only the influence table decides. Other methods ignore it.
func (l *Library) Attribute(text []byte, retrieved []Ref, query *poa.LoraQuery) (poa.Attribution, error) {
	switch l.Version.Method {
	case modelstypes.ATTRIBUTION_METHOD_RAG:
		places, err := l.placesOf(retrieved)
		if err != nil {
			return poa.Attribution{}, err
		}
		var segments []poa.Segment
		for _, place := range places {
			segments = append(segments, l.canonical[place])
		}
		return l.index.AttributeRAG(poa.NewAnswer(text), segments)
	case modelstypes.ATTRIBUTION_METHOD_MEANING, modelstypes.ATTRIBUTION_METHOD_LORA:
		asked, err := l.placesOf(retrieved)
		if err != nil {
			return poa.Attribution{}, err
		}
		answer := poa.InterpretAnswer(text)
		retrieved, found := l.interpreted(asked), l.interpreted(l.search.Found(answer.Tokens, asked))
		if l.Version.Method == modelstypes.ATTRIBUTION_METHOD_LORA {
			return l.index.AttributeLora(answer, retrieved, found, l.influence, query)
		}
		return l.index.AttributeMeaning(answer, retrieved, found)
	}
	return l.index.Attribute(poa.Answer{Tokens: poa.TokenIDs(text)})
}

// placesOf returns the places of segments.
func (l *Library) placesOf(refs []Ref) ([]int, error) {
	var places []int
	for _, ref := range refs {
		place, ok := l.places[ref]
		if !ok {
			return nil, fmt.Errorf("segment %d of contribution %d was retrieved and is not in the manifest", ref.Index, ref.Rank)
		}
		places = append(places, place)
	}
	return places, nil
}

// Work returns the work of validators to verify an answer with its evidence, weighed as of a block, in the units of
// poa.Work.
func (l *Library) Work(receipt poa.Receipt, evidence poa.Evidence, height int64) (uint64, error) {
	receipt.Method = uint8(l.Version.Method)
	return poa.Bundle{Receipts: []poa.Receipt{receipt}, Evidence: evidence}.Work(proved{l, height},
		poa.ProtocolStatistics(), func(int) (*poa.Index, error) { return l.index, nil },
		func(int) ([]poa.InfluenceRow, error) { return l.influence, nil })
}

// proved is a poa.ContributionSource of the library's contributions.
type proved struct {
	*Library
	height int64
}

// Contribution implements poa.ContributionSource. The text has already passed the rules of its DataNet.
func (p proved) Contribution(rank uint64) (poa.Contribution, error) {
	kept, ok := p.contributions[rank]
	if !ok {
		return poa.Contribution{}, fmt.Errorf("no contribution %d in the manifest", rank)
	}
	return kept.Proved(datanettypes.DataNet{AllowFewStopWords: true})
}

// Stopped implements poa.ContributionSource.
func (p proved) Stopped(_ int, rank uint64, segment uint32) (bool, uint64, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	to, stopped := p.stopped(Ref{rank, segment}, p.height)
	return stopped, to, nil
}

// Standing implements poa.ContributionSource.
func (p proved) Standing(_ int, rank uint64) (poa.Standing, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.standing(rank, p.height), nil
}

// stopped reports whether a segment was stopped as of a block, and which contribution gets its pay instead. The caller
// holds the lock.
func (l *Library) stopped(ref Ref, height int64) (to uint64, stopped bool) {
	stop, known := l.stops[ref]
	if !known || !stop.Holds(height) {
		return 0, false
	}
	return stop.PaysTo(height, func(rank uint64) bool { return l.contributions[rank] != nil }), true
}

// Proof proves that a segment is in its contribution.
func (l *Library) Proof(rank uint64, index uint32) (poa.SegmentProof, error) {
	kept, ok := l.contributions[rank]
	if !ok || int(index) >= len(kept.File.Segments) {
		return poa.SegmentProof{}, fmt.Errorf("no segment %d of contribution %d in the manifest", index, rank)
	}
	path, err := poa.MerklePath(kept.Leaves, int(index))
	return poa.SegmentProof{Rank: rank, Index: index, Content: kept.File.Segments[index], Path: path}, err
}

// Search returns the k segments that fit a question best, in any script, and at most one of each group of near-copies.
// It compares words, and with methods MEANING and LORA also their meaning.
func (l *Library) Search(question string, k int) []Segment {
	pool := max(k, poa.RetrievalPool)
	places := l.terms.Rank(question, pool)
	if l.meanings != nil {
		places = fuse(places, l.meanings.Rank([]byte(question), pool))
	}
	var found []Segment
	for _, i := range l.search.Distinct(places, k) {
		found = append(found, l.segments[i])
	}
	return found
}

// Around returns a segment with those before and after it in its contribution.
func (l *Library) Around(ref Ref) []byte {
	var out []byte
	for index := max(ref.Index, 1) - 1; index <= ref.Index+1; index++ {
		if place, ok := l.places[Ref{ref.Rank, index}]; ok {
			out = append(append(out, l.segments[place].Text...), "\n\n"...)
		}
	}
	return out
}

// Rarity returns the rarity of a term among the segments of the manifest, in Q16 bits.
func (l *Library) Rarity(term terms.Term) int64 { return l.terms.Rarity(term) }
