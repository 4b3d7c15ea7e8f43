package retrieval

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"sync"
	"weak"

	"golang.org/x/sync/singleflight"

	"github.com/openledger/openledger/content/manifest"
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

// Text is the text of a manifest. It is safe for concurrent use.
type Text struct {
	name          string
	manifest      []modelstypes.ManifestEntry
	segments      []Segment
	bytes         int64 // of their text
	places        map[Ref]int
	canonical     []poa.Segment // by place, with stems
	contributions map[uint64]*manifest.Contribution
	index         *poa.Index
	search        *poa.Search
	terms         *terms.Index       // by place
	meanings      *poa.MeaningSearch // by place; nil for methods that do not compare the meaning
	readings      readings

	datanets datanettypes.QueryClient
	mu       sync.RWMutex
	stops    map[Ref]datanettypes.SegmentStop
	height   int64 // of stops
}

// TextCache holds texts as long as a library has them. Manifests never change, so libraries of one manifest share its
// text: a provider may serve a thousand adapters of one DataNet. It is safe for concurrent use.
type TextCache struct {
	loading singleflight.Group

	mu    sync.Mutex
	known map[string]weak.Pointer[Text]
}

// NewTextCache returns an empty cache.
func NewTextCache() *TextCache { return &TextCache{known: make(map[string]weak.Pointer[Text])} }

// open returns the text of a version's manifest, and loads it if no library has it.
func (c *TextCache) open(version modelstypes.ModelVersion, load func() (*Text, error)) (*Text, error) {
	if c == nil {
		return load()
	}
	name := textName(version)
	text, err, _ := c.loading.Do(name, func() (any, error) {
		if text := c.get(name); text != nil {
			return text, nil
		}
		text, err := load()
		if err != nil {
			return nil, err
		}
		c.put(name, text)
		return text, nil
	})
	if err != nil {
		return nil, err
	}
	return text.(*Text), nil
}

func (c *TextCache) get(name string) *Text {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known[name].Value()
}

// put adds a text, and forgets those that no library has any more.
func (c *TextCache) put(name string, text *Text) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, kept := range c.known {
		if kept.Value() == nil {
			delete(c.known, name)
		}
	}
	c.known[name] = weak.Make(text)
}

// textName names the text of a version's manifest, as it is indexed for its method.
func textName(version modelstypes.ModelVersion) string {
	var name []byte
	if poa.ByMeaning(uint8(version.Method)) {
		name = append(name, 'm')
	}
	for _, entry := range version.Manifest {
		name = binary.AppendUvarint(binary.AppendUvarint(name, entry.DatanetId), uint64(entry.Version))
	}
	return hex.EncodeToString(name)
}

// loadText reads the text of a version's manifest.
func loadText(ctx context.Context, from Sources, indexDir string, version modelstypes.ModelVersion) (*Text, error) {
	t := &Text{
		name: textName(version), manifest: version.Manifest, contributions: make(map[uint64]*manifest.Contribution),
		places: make(map[Ref]int), datanets: from.Node.Datanet, terms: terms.NewIndex(),
	}
	loaded, err := manifest.Load(ctx, t.datanets, version.Manifest, Fetch(from.Content, from.Fetch))
	if err != nil {
		return nil, err
	}
	if poa.ByMeaning(uint8(version.Method)) {
		t.meanings = poa.NewMeaningSearch()
	}
	for i := range loaded {
		contribution := &loaded[i]
		t.contributions[contribution.Rank] = contribution
		for index, text := range contribution.File.Segments {
			ref := Ref{contribution.Rank, uint32(index)}
			t.places[ref] = len(t.segments)
			t.bytes += int64(len(text))
			t.segments = append(t.segments, Segment{Ref: ref, Text: text, Contribution: &contribution.Contribution})
			t.canonical = append(t.canonical, contribution.Segment(index, true))
			t.terms.Add(string(text))
			if t.meanings != nil {
				t.meanings.Add(text)
			}
		}
	}
	if t.search, err = poa.NewSearch(t.canonical, func(place int) []byte { return t.segments[place].Text }); err != nil {
		return nil, err
	}
	t.index, err = manifest.OpenIndex(indexDir, t.canonical)
	return t, err
}

// Refresh reads which segments of the manifest were stopped, and returns the height of that state.
func (t *Text) Refresh(ctx context.Context) (int64, error) {
	stops, height := make(map[Ref]datanettypes.SegmentStop), int64(0)
	for _, entry := range t.manifest {
		found, err := manifest.Stops(ctx, t.datanets, entry.DatanetId, 0)
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
	t.mu.Lock()
	defer t.mu.Unlock()
	if height >= t.height { // another library of the manifest may have read a later state, which also tells of this one
		t.stops, t.height = stops, height
	}
	return height, nil
}

// Weigh sets the weights of an attribution for a batch that is weighed as of a block. A segment that was stopped by
// then earns nothing for its contribution. Its pay goes to the contribution that the stop names, if any.
func (t *Text) Weigh(att *poa.Attribution, height int64) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	att.Weigh(func(rank uint64, segment uint32) []poa.Derivation {
		ref := Ref{rank, segment}
		if to, stopped := t.stopped(ref, height); stopped {
			return []poa.Derivation{{Rank: to, PPM: poa.TotalPPM}}
		}
		return t.canonical[t.places[ref]].Derived
	}, func(rank uint64) poa.Standing { return t.standing(rank, height) })
}

// standing returns how many segments a contribution has, and how many of them are stopped as of a block. The caller
// holds the lock.
func (t *Text) standing(rank uint64, height int64) (s poa.Standing) {
	kept, ok := t.contributions[rank]
	if !ok {
		return s
	}
	s.Segments = kept.Segments
	for i := range kept.Segments {
		if _, stopped := t.stopped(Ref{rank, i}, height); stopped {
			s.Stopped++
		}
	}
	return s
}

// Texts returns all texts of the manifest, for engines.
func (t *Text) Texts() engine.Texts {
	return engine.Texts{
		Name: t.name, Bytes: t.bytes,
		All: func(yield func([]byte) bool) {
			for i := range t.segments {
				if !yield(t.segments[i].Text) {
					return
				}
			}
		},
	}
}

// Len returns the number of segments.
func (t *Text) Len() int { return len(t.segments) }

// Contribution returns a contribution of the manifest.
func (t *Text) Contribution(rank uint64) (datanettypes.Contribution, bool) {
	kept, ok := t.contributions[rank]
	if !ok {
		return datanettypes.Contribution{}, false
	}
	return kept.Contribution, true
}

// placesOf returns the places of segments.
func (t *Text) placesOf(refs []Ref) ([]int, error) {
	var places []int
	for _, ref := range refs {
		place, ok := t.places[ref]
		if !ok {
			return nil, fmt.Errorf("segment %d of contribution %d was retrieved and is not in the manifest", ref.Index, ref.Rank)
		}
		places = append(places, place)
	}
	return places, nil
}

// stopped reports whether a segment was stopped as of a block, and which contribution gets its pay instead. The caller
// holds the lock.
func (t *Text) stopped(ref Ref, height int64) (to uint64, stopped bool) {
	stop, known := t.stops[ref]
	if !known || !stop.Holds(height) {
		return 0, false
	}
	return stop.PaysTo(height, func(rank uint64) bool { return t.contributions[rank] != nil }), true
}

// Proof proves that a segment is in its contribution.
func (t *Text) Proof(rank uint64, index uint32) (poa.SegmentProof, error) {
	kept, ok := t.contributions[rank]
	if !ok || int(index) >= len(kept.File.Segments) {
		return poa.SegmentProof{}, fmt.Errorf("no segment %d of contribution %d in the manifest", index, rank)
	}
	path, err := poa.MerklePath(kept.Leaves, int(index))
	return poa.SegmentProof{Rank: rank, Index: index, Content: kept.File.Segments[index], Path: path}, err
}

// Search returns the k segments that fit a question best, in any script, and at most one of each group of near-copies.
// It compares words, and with methods MEANING and LORA also their meaning.
func (t *Text) Search(question string, k int) []Segment {
	pool := max(k, poa.RetrievalPool)
	places := t.terms.Rank(question, pool)
	if t.meanings != nil {
		places = fuse(places, t.meanings.Rank([]byte(question), pool))
	}
	var found []Segment
	for _, i := range t.search.Distinct(places, k) {
		found = append(found, t.segments[i])
	}
	return found
}

// Around returns a segment with those before and after it in its contribution.
func (t *Text) Around(ref Ref) []byte {
	var out []byte
	for index := max(ref.Index, 1) - 1; index <= ref.Index+1; index++ {
		if place, ok := t.places[Ref{ref.Rank, index}]; ok {
			out = append(append(out, t.segments[place].Text...), "\n\n"...)
		}
	}
	return out
}

// Rarity returns the rarity of a term among the segments of the manifest, in Q16 bits.
func (t *Text) Rarity(term terms.Term) int64 { return t.terms.Rarity(term) }
