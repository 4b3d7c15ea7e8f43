// Package retrieval holds the text of a model's manifest: it loads and checks
// the segment files, finds segments for questions, and attributes answers.
package retrieval

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/content"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// fetchTimeout of a segment file that is not in the content store.
const fetchTimeout = 30 * time.Second

// Segment of the manifest.
type Segment struct {
	Rank         uint64
	Index        uint32
	Text         []byte
	Contribution *datanettypes.Contribution
}

// Library is the text behind one version of a model.
type Library struct {
	Model   modelstypes.Model
	Version modelstypes.ModelVersion

	segments      []Segment
	contributions map[uint64]*held
	index         *poa.Index
	search        *searcher
}

// held is a contribution with its file.
type held struct {
	contribution datanettypes.Contribution
	leaves       []poa.Hash
	file         poa.SegmentFile
}

// Load reads a model version's manifest from the chain and its text from the
// store; text that is not there is fetched from where its contributor put it.
func Load(ctx context.Context, node *chain.Client, store *content.Store, modelID uint64, version uint32) (*Library, error) {
	found, err := node.Models.Model(ctx, &modelstypes.QueryModelRequest{ModelId: modelID, Version: version})
	if err != nil {
		return nil, fmt.Errorf("model %d: %w", modelID, err)
	}
	l := &Library{Model: found.Model, Version: found.Version, contributions: make(map[uint64]*held), index: poa.NewIndex(poa.ProtocolStatistics())}
	for _, entry := range found.Version.Manifest {
		if err := l.loadDataNet(ctx, node, store, entry); err != nil {
			return nil, fmt.Errorf("DataNet %d: %w", entry.DatanetId, err)
		}
	}
	slices.SortFunc(l.segments, func(a, b Segment) int {
		return cmp.Or(cmp.Compare(a.Rank, b.Rank), cmp.Compare(a.Index, b.Index))
	})
	for _, segment := range l.segments {
		if err := l.index.Add(poa.Segment{Rank: segment.Rank, Index: segment.Index, Tokens: poa.TokenIDs(segment.Text)}); err != nil {
			return nil, err
		}
	}
	l.search = newSearcher(l.segments)
	return l, nil
}

func (l *Library) loadDataNet(ctx context.Context, node *chain.Client, store *content.Store, entry modelstypes.ManifestEntry) error {
	request := &datanettypes.QueryContributionsRequest{DatanetId: entry.DatanetId, Status: datanettypes.CONTRIBUTION_STATUS_ACCEPTED}
	for {
		response, err := node.Datanet.Contributions(ctx, request)
		if err != nil {
			return err
		}
		for _, contribution := range response.Contributions {
			if contribution.AcceptedVersion > entry.Version {
				continue
			}
			if err := l.add(ctx, store, contribution); err != nil {
				return fmt.Errorf("contribution %d: %w", contribution.Rank, err)
			}
		}
		if response.Pagination == nil || len(response.Pagination.NextKey) == 0 {
			return nil
		}
		request.Pagination = &query.PageRequest{Key: response.Pagination.NextKey}
	}
}

func (l *Library) add(ctx context.Context, store *content.Store, contribution datanettypes.Contribution) error {
	encoded, err := fetch(ctx, store, contribution)
	if err != nil {
		return err
	}
	file, err := poa.ParseSegmentFile(encoded)
	if err != nil {
		return err
	}
	contributor, err := sdk.AccAddressFromBech32(contribution.Contributor)
	if err != nil {
		return err
	}
	leaves := file.Leaves(contributor)
	if root := poa.MerkleRoot(leaves); string(root[:]) != string(contribution.Root) {
		return errors.New("the segment file does not have the root that was registered")
	}
	kept := &held{contribution: contribution, leaves: leaves, file: file}
	l.contributions[contribution.Rank] = kept
	for i, text := range file.Segments {
		l.segments = append(l.segments, Segment{Rank: contribution.Rank, Index: uint32(i), Text: text, Contribution: &kept.contribution})
	}
	return nil
}

// fetch returns a segment file from the store, or from its URI into the store.
func fetch(ctx context.Context, store *content.Store, contribution datanettypes.Contribution) ([]byte, error) {
	hash, err := poa.HashFromBytes(contribution.ContentHash)
	if err != nil {
		return nil, err
	}
	encoded, err := store.Get(ctx, hash)
	if err == nil {
		return encoded, nil
	}
	if contribution.Uri == "" {
		return nil, fmt.Errorf("%w, and the contributor named no other place: copy %s into the content store", err, hex.EncodeToString(hash[:]))
	}
	location, parseErr := url.Parse(contribution.Uri)
	if parseErr != nil {
		return nil, errors.Join(err, parseErr)
	}
	if encoded, err = download(ctx, location, hash); err != nil {
		return nil, fmt.Errorf("%s: %w", contribution.Uri, err)
	}
	_, err = store.Put(ctx, encoded)
	return encoded, err
}

func download(ctx context.Context, location *url.URL, hash poa.Hash) ([]byte, error) {
	switch location.Scheme {
	case "file":
		file, err := os.Open(location.Path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		return content.Read(file, hash)
	case "http", "https":
		ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, location.String(), nil)
		if err != nil {
			return nil, err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return nil, err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("status %s", response.Status)
		}
		return content.Read(response.Body, hash)
	default:
		return nil, fmt.Errorf("scheme %q cannot be fetched: use file, http or https", location.Scheme)
	}
}

// Len is the number of segments.
func (l *Library) Len() int { return len(l.segments) }

// Contribution returns a contribution of the manifest.
func (l *Library) Contribution(rank uint64) (datanettypes.Contribution, bool) {
	kept, ok := l.contributions[rank]
	if !ok {
		return datanettypes.Contribution{}, false
	}
	return kept.contribution, true
}

// Attribute says which segments of the whole manifest an answer owes.
func (l *Library) Attribute(tokens []poa.TokenID) (poa.Attribution, error) {
	return l.index.Attribute(poa.Answer{Tokens: tokens})
}

// Proof proves that a segment is in its contribution.
func (l *Library) Proof(rank uint64, index uint32) (poa.SegmentProof, error) {
	kept, ok := l.contributions[rank]
	if !ok || int(index) >= len(kept.file.Segments) {
		return poa.SegmentProof{}, fmt.Errorf("no segment %d of contribution %d in the manifest", index, rank)
	}
	path, err := poa.MerklePath(kept.leaves, int(index))
	return poa.SegmentProof{Rank: rank, Index: index, Content: kept.file.Segments[index], Path: path}, err
}

// Search returns the k segments that fit a question best.
func (l *Library) Search(question string, k int) []Segment {
	var found []Segment
	for _, i := range l.search.best(question, k) {
		found = append(found, l.segments[i])
	}
	return found
}

// Surprisal is how rare a token is among the segments of the manifest, in Q16 bits.
func (l *Library) Surprisal(id poa.TokenID) int64 { return l.search.idf(id) }
