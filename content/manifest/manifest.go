// Package manifest reads the text of DataNet versions: it lists their contributions, checks segment files against the
// chain, and indexes them.
package manifest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/content/textindex"
	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// ErrFile reports that a segment file is not the one that was registered.
var ErrFile = errors.New("the segment file is not what was registered")

// Contribution is an accepted contribution with its file.
type Contribution struct {
	datanettypes.Contribution
	File   poa.SegmentFile
	Leaves []poa.Hash
}

// Fetch returns the segment file of a contribution.
type Fetch func(ctx context.Context, contribution datanettypes.Contribution) ([]byte, error)

// Load returns the contributions of a manifest with their files, in the order of rank.
func Load(ctx context.Context, datanets datanettypes.QueryClient, entries []modelstypes.ManifestEntry,
	fetch Fetch) ([]Contribution, error) {
	var loaded []Contribution
	for _, entry := range entries {
		listed, err := List(ctx, datanets, entry.DatanetId, entry.Version)
		if err != nil {
			return nil, fmt.Errorf("DataNet %d: %w", entry.DatanetId, err)
		}
		for _, contribution := range listed {
			encoded, err := fetch(ctx, contribution)
			if err != nil {
				return nil, fmt.Errorf("DataNet %d, contribution %d: %w", entry.DatanetId, contribution.Rank, err)
			}
			found, err := Check(contribution, encoded)
			if err != nil {
				return nil, fmt.Errorf("DataNet %d, contribution %d: %w", entry.DatanetId, contribution.Rank, err)
			}
			loaded = append(loaded, found)
		}
	}
	slices.SortFunc(loaded, func(a, b Contribution) int { return cmp.Compare(a.Rank, b.Rank) })
	return loaded, nil
}

// List returns the contributions of a version of a DataNet: those that were accepted for it or earlier, and that
// validators hold.
func List(ctx context.Context, datanets datanettypes.QueryClient, id,
	version uint64) ([]datanettypes.Contribution, error) {
	found, err := accepted(ctx, datanets, id)
	return slices.DeleteFunc(found, func(c datanettypes.Contribution) bool {
		since := c.Version()
		return since == 0 || since > version
	}), err
}

// accepted returns all contributions of a DataNet that were ever accepted.
func accepted(ctx context.Context, datanets datanettypes.QueryClient, id uint64) ([]datanettypes.Contribution, error) {
	request := &datanettypes.QueryContributionsRequest{DatanetId: id, Accepted: true}
	var found []datanettypes.Contribution
	for {
		response, err := datanets.Contributions(ctx, request)
		if err != nil {
			return nil, err
		}
		found = append(found, response.Contributions...)
		if response.Pagination == nil || len(response.Pagination.NextKey) == 0 {
			return found, nil
		}
		request.Pagination = &query.PageRequest{Key: response.Pagination.NextKey}
	}
}

// Stopped holds the segments that were stopped, as of a block. Later changes have their own heights.
type Stopped struct {
	Stops  []datanettypes.SegmentStop
	Height int64
}

// Stops returns the segments of a DataNet, or of one of its contributions, that were ever stopped; rank 0 for all.
func Stops(ctx context.Context, datanets datanettypes.QueryClient, id, rank uint64) (Stopped, error) {
	request := &datanettypes.QuerySegmentStopsRequest{DatanetId: id, Rank: rank}
	var found Stopped
	for {
		response, err := datanets.SegmentStops(ctx, request)
		if err != nil {
			return Stopped{}, err
		}
		if found.Stops = append(found.Stops, response.Stops...); found.Height == 0 {
			found.Height = response.Height // of the first page: later pages may know more
		}
		if response.Pagination == nil || len(response.Pagination.NextKey) == 0 {
			return found, nil
		}
		request.Pagination = &query.PageRequest{Key: response.Pagination.NextKey}
	}
}

// Check parses a segment file and compares its root with the registered one. It returns an error that wraps ErrFile for
// another file.
func Check(contribution datanettypes.Contribution, encoded []byte) (Contribution, error) {
	file, err := poa.ParseSegmentFile(encoded)
	if err != nil {
		return Contribution{}, fmt.Errorf("%w: %w", ErrFile, err)
	}
	contributor, err := sdk.AccAddressFromBech32(contribution.Contributor)
	if err != nil {
		return Contribution{}, err
	}
	file.Norm = contribution.Norm()
	leaves := file.Leaves(contributor)
	if root := poa.MerkleRoot(leaves); string(root[:]) != string(contribution.Root) {
		return Contribution{}, fmt.Errorf("%w: its root is %s", ErrFile, root)
	}
	return Contribution{Contribution: contribution, File: file, Leaves: leaves}, nil
}

// CheckAll compares a segment file that has the registered hash with everything else that the chain knows of it. It
// returns an error that wraps ErrFile if something does not fit. Validators only hold files that pass.
func CheckAll(contribution datanettypes.Contribution, encoded []byte, rules poa.SegmentRules) (Contribution, error) {
	found, err := Check(contribution, encoded)
	if err != nil {
		return Contribution{}, err
	}
	statistics := found.File.StatisticsRoot()
	switch {
	case uint64(len(found.File.Segments)) != uint64(contribution.Segments):
		err = fmt.Errorf("%w: %d segments instead of %d", ErrFile, len(found.File.Segments), contribution.Segments)
	case found.File.Tokens() != contribution.Tokens:
		err = fmt.Errorf("%w: %d tokens instead of %d", ErrFile, found.File.Tokens(), contribution.Tokens)
	case uint64(len(encoded)) != contribution.Bytes:
		err = fmt.Errorf("%w: %d bytes instead of %d", ErrFile, len(encoded), contribution.Bytes)
	case string(statistics[:]) != string(contribution.StatisticsRoot):
		err = fmt.Errorf("%w: its statistics have root %s", ErrFile, statistics)
	default:
		if broken := found.File.Check(rules); broken != nil {
			err = fmt.Errorf("%w: %w", ErrFile, broken)
		}
	}
	return found, err
}

// Held returns the contributions of a DataNet that validators hold, in the order in which they entered, between two
// indexes.
func Held(ctx context.Context, datanets datanettypes.QueryClient, id, from,
	until uint64) ([]datanettypes.Contribution, error) {
	request := &datanettypes.QueryHeldContributionsRequest{DatanetId: id, From: from}
	var found []datanettypes.Contribution
	for from+uint64(len(found)) < until {
		response, err := datanets.HeldContributions(ctx, request)
		if err != nil {
			return nil, err
		}
		found = append(found, response.Contributions...)
		if response.Pagination == nil || len(response.Pagination.NextKey) == 0 {
			break
		}
		request.Pagination = &query.PageRequest{Key: response.Pagination.NextKey}
	}
	if from+uint64(len(found)) < until {
		return nil, fmt.Errorf("validators hold %d contributions of DataNet %d, less than the %d asked for",
			from+uint64(len(found)), id, until)
	}
	return found[:until-min(until, from)], nil
}

// Segment returns a segment in the form for attribution; method RAG needs withStems.
func (c *Contribution) Segment(index int, withStems bool) poa.Segment {
	s := poa.Segment{Rank: c.Rank, Index: uint32(index)}
	if withStems {
		s = poa.NewSegment(c.Rank, uint32(index), c.File.Segments[index])
	} else {
		s.Tokens = poa.SegmentTokens(c.File.Segments[index])
	}
	s.Derived = Passed(c.Derivations)(s.Index)
	return s
}

// OpenIndex returns the index of segments. It is kept in a folder, and segments that the folder does not have are
// added. A folder that holds other text or is damaged is built again. Without a folder the index is built in memory.
func OpenIndex(dir string, segments []poa.Segment) (*poa.Index, error) {
	stats := poa.ProtocolStatistics()
	if dir == "" {
		index := poa.NewIndex(stats)
		return index, index.Add(segments...)
	}
	store, err := textindex.Open(dir, stats)
	if err != nil && !errors.Is(err, poa.ErrIndexEncoding) {
		return nil, err
	}
	known := make(map[uint64]bool)
	var fresh []poa.Segment
	for _, segment := range segments {
		if known[segment.Rank] = true; !store.Has(segment.Rank) {
			fresh = append(fresh, segment)
		}
	}
	if len(known)-countRanks(fresh) != store.Ranks() { // it holds text that the manifest does not have
		store.Reset()
		fresh = segments
	}
	if err := store.Add(fresh...); err != nil {
		return nil, err
	}
	for _, segment := range segments {
		store.Index().Derive(segment.Rank, segment.Index, segment.Derived)
	}
	return store.Index(), store.Save()
}

func countRanks(segments []poa.Segment) int {
	ranks := make(map[uint64]bool)
	for _, segment := range segments {
		ranks[segment.Rank] = true
	}
	return len(ranks)
}
