// Package retrieval holds the text of a model's manifest: it loads and checks
// the segment files, finds segments for questions, and attributes answers.
package retrieval

import (
	"context"
	"fmt"

	"github.com/openledger/openledger/content"
	guarded "github.com/openledger/openledger/content/fetch"
	"github.com/openledger/openledger/content/influence"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// Library is the text behind one version of a model. Libraries of one manifest share its Text.
type Library struct {
	Model   modelstypes.Model
	Version modelstypes.ModelVersion

	*Text
	influence []poa.InfluenceRow // of the training record; nil unless the method is LORA
}

// Sources are the sources of a library's text and influence file.
type Sources struct {
	Node *chain.Client
	// Content holds text. Text that is not there is fetched from where its contributor put it.
	Content *content.Store
	Fetch   *guarded.Client
	// Influence finds the influence files of adapters; without a store, models with method LORA are not loaded.
	Influence influence.Source
	// Texts that other libraries have; nil has each library load its own.
	Texts *TextCache
}

// Load reads a model version's manifest from the chain, its text, and its influence file if its method needs one. The
// index is kept in indexDir, or in memory only if that is empty or another library has the same text.
func Load(ctx context.Context, from Sources, indexDir string, modelID uint64, version uint32) (*Library, error) {
	found, err := from.Node.Models.Model(ctx, &modelstypes.QueryModelRequest{ModelId: modelID, Version: version})
	if err != nil {
		return nil, fmt.Errorf("model %d: %w", modelID, err)
	}
	l := &Library{Model: found.Model, Version: found.Version}
	if l.Version.Method == modelstypes.ATTRIBUTION_METHOD_LORA {
		if l.influence, err = loadInfluence(ctx, from.Influence, l.Version); err != nil {
			return nil, err
		}
	}
	l.Text, err = from.Texts.open(l.Version, func() (*Text, error) { return loadText(ctx, from, indexDir, l.Version) })
	if err != nil {
		return nil, err
	}
	_, err = l.Refresh(ctx)
	return l, err
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
