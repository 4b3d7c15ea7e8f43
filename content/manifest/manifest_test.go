package manifest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/content/manifest"
	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// node answers queries in pages of two.
type node struct {
	datanettypes.QueryClient
	contributions []datanettypes.Contribution
	stops         []datanettypes.SegmentStop
	fails         error
}

// page returns two elements from a place on, and the key of the next ones.
func page[T any](all []T, asked *query.PageRequest) ([]T, *query.PageResponse) {
	from := 0
	if asked != nil && len(asked.Key) > 0 {
		from = int(asked.Key[0])
	}
	to := min(from+2, len(all))
	if to == len(all) {
		return all[from:], &query.PageResponse{}
	}
	return all[from:to], &query.PageResponse{NextKey: []byte{byte(to)}}
}

func (n *node) Contributions(_ context.Context, r *datanettypes.QueryContributionsRequest, _ ...grpc.CallOption) (
	*datanettypes.QueryContributionsResponse, error,
) {
	of := slices.DeleteFunc(slices.Clone(n.contributions), func(c datanettypes.Contribution) bool {
		return c.DatanetId != r.DatanetId
	})
	found, next := page(of, r.Pagination)
	return &datanettypes.QueryContributionsResponse{Contributions: found, Pagination: next}, n.fails
}

func (n *node) HeldContributions(_ context.Context, r *datanettypes.QueryHeldContributionsRequest,
	_ ...grpc.CallOption) (*datanettypes.QueryHeldContributionsResponse, error,
) {
	held := slices.DeleteFunc(slices.Clone(n.contributions), func(c datanettypes.Contribution) bool {
		return c.HeldHeight == 0
	})
	found, next := page(held[min(int(r.From), len(held)):], r.Pagination)
	return &datanettypes.QueryHeldContributionsResponse{Contributions: found, Pagination: next}, n.fails
}

func (n *node) SegmentStops(_ context.Context, r *datanettypes.QuerySegmentStopsRequest, _ ...grpc.CallOption) (
	*datanettypes.QuerySegmentStopsResponse, error,
) {
	found, next := page(n.stops, r.Pagination)
	height := int64(10)
	if r.Pagination != nil {
		height = 11
	}
	return &datanettypes.QuerySegmentStopsResponse{Stops: found, Pagination: next, Height: height}, n.fails
}

var author = sdk.AccAddress("author______________")

// contribution is one that was registered, with its file.
func contribution(t *testing.T, datanet, rank uint64, texts ...string) (datanettypes.Contribution, []byte) {
	t.Helper()
	file := poa.SegmentFile{}
	for _, text := range texts {
		file.Segments = append(file.Segments, []byte(text))
	}
	encoded, err := file.MarshalBinary()
	require.NoError(t, err)
	root, statistics := file.Root(author), file.StatisticsRoot()
	return datanettypes.Contribution{
		DatanetId: datanet, Rank: rank, Contributor: author.String(), Root: root[:], StatisticsRoot: statistics[:],
		Segments: uint32(len(texts)), Tokens: file.Tokens(), Bytes: uint64(len(encoded)),
		NormVersion:     uint32(poa.NormVersion),
		AcceptedVersion: 1, HeldHeight: 5,
	}, encoded
}

// manifestOf is a node with contributions of some ranks in two DataNets, and their files.
func manifestOf(t *testing.T) (*node, manifest.Fetch, map[uint64][]byte) {
	t.Helper()
	n, files := &node{}, map[uint64][]byte{}
	for _, of := range []struct{ datanet, rank uint64 }{{1, 4}, {2, 3}, {1, 9}, {1, 2}, {2, 7}, {1, 6}, {1, 8}} {
		c, encoded := contribution(t, of.datanet, of.rank, fmt.Sprintf("This is the text of contribution %d.", of.rank),
			"Every one of them says this, too.")
		n.contributions, files[of.rank] = append(n.contributions, c), encoded
	}
	return n, func(_ context.Context, c datanettypes.Contribution) ([]byte, error) { return files[c.Rank], nil }, files
}

func ranks(contributions []manifest.Contribution) (ranks []uint64) {
	for _, c := range contributions {
		ranks = append(ranks, c.Rank)
	}
	return ranks
}

// TestLoad reads all pages, in the order of rank, and what belongs to the versions alone.
func TestLoad(t *testing.T) {
	n, fetch, _ := manifestOf(t)
	n.contributions[2].AcceptedVersion = 2 // rank 9
	n.contributions[5].HeldHeight = 0      // rank 6: nobody holds it
	both := []modelstypes.ManifestEntry{{DatanetId: 2, Version: 1}, {DatanetId: 1, Version: 1}}
	loaded, err := manifest.Load(t.Context(), n, both, fetch)
	require.NoError(t, err)
	require.Equal(t, []uint64{2, 3, 4, 7, 8}, ranks(loaded))
	for _, c := range loaded {
		require.Equal(t, fmt.Sprintf("This is the text of contribution %d.", c.Rank), string(c.File.Segments[0]))
		require.Equal(t, c.Root, rootOf(c.Leaves))
	}
	both[1].Version = 2
	loaded, err = manifest.Load(t.Context(), n, both, fetch)
	require.NoError(t, err)
	require.Equal(t, []uint64{2, 3, 4, 7, 8, 9}, ranks(loaded))
	loaded, err = manifest.Load(t.Context(), n, []modelstypes.ManifestEntry{{DatanetId: 3, Version: 1}}, fetch)
	require.NoError(t, err)
	require.Empty(t, loaded)
}

func rootOf(leaves []poa.Hash) []byte {
	root := poa.MerkleRoot(leaves)
	return root[:]
}

// TestLoadFails and says at which contribution.
func TestLoadFails(t *testing.T) {
	n, fetch, files := manifestOf(t)
	entries := []modelstypes.ManifestEntry{{DatanetId: 1, Version: 1}}
	gone := errors.New("it is gone")
	_, err := manifest.Load(t.Context(), n, entries, func(ctx context.Context,
		c datanettypes.Contribution) ([]byte, error) {
		if c.Rank == 9 {
			return nil, gone
		}
		return fetch(ctx, c)
	})
	require.ErrorIs(t, err, gone)
	require.ErrorContains(t, err, "DataNet 1, contribution 9")
	files[2] = files[3]
	_, err = manifest.Load(t.Context(), n, entries, fetch)
	require.ErrorIs(t, err, manifest.ErrFile)
	require.ErrorContains(t, err, "DataNet 1, contribution 2")
	n.fails = errors.New("the node is away")
	_, err = manifest.Load(t.Context(), n, entries, fetch)
	require.ErrorIs(t, err, n.fails)
}

// TestCheckAll: whatever the chain knows of a contribution must be that of its file.
func TestCheckAll(t *testing.T) {
	c, encoded := contribution(t, 1, 1, "These are the words of the first segment.", "And these are those of another one.")
	_, err := manifest.CheckAll(c, encoded, poa.SegmentRules{})
	require.NoError(t, err)
	for name, change := range map[string]func(*datanettypes.Contribution){
		"root":        func(c *datanettypes.Contribution) { c.Root = slices.Concat([]byte{c.Root[0] ^ 1}, c.Root[1:]) },
		"segments":    func(c *datanettypes.Contribution) { c.Segments++ },
		"tokens":      func(c *datanettypes.Contribution) { c.Tokens-- },
		"bytes":       func(c *datanettypes.Contribution) { c.Bytes++ },
		"statistics":  func(c *datanettypes.Contribution) { c.StatisticsRoot = c.Root },
		"contributor": func(c *datanettypes.Contribution) { c.Contributor = sdk.AccAddress("somebody____________").String() },
		"rules":       func(c *datanettypes.Contribution) { c.NormVersion = uint32(poa.NormVersion1) },
	} {
		changed := c
		change(&changed)
		_, err := manifest.CheckAll(changed, encoded, poa.SegmentRules{})
		require.ErrorIs(t, err, manifest.ErrFile, name)
	}
	for cut := range len(encoded) {
		_, err := manifest.CheckAll(c, encoded[:cut], poa.SegmentRules{})
		require.ErrorIs(t, err, manifest.ErrFile)
	}
	list, listed := contribution(t, 1, 1, "hair hair hair hair hair hair hair hair hair hair hair hair hair hair hair hair")
	_, err = manifest.CheckAll(list, listed, poa.SegmentRules{})
	require.ErrorIs(t, err, manifest.ErrFile, "text that is not admitted")
}

// TestHeld: a stretch of what validators hold, and an error where they hold less.
func TestHeld(t *testing.T) {
	n, _, _ := manifestOf(t)
	for from := range 7 {
		for until := range 8 {
			held, err := manifest.Held(t.Context(), n, 1, uint64(from), uint64(until))
			require.NoError(t, err)
			require.Len(t, held, max(0, until-from))
			for i, c := range held {
				require.Equal(t, n.contributions[from+i].Rank, c.Rank)
			}
		}
	}
	_, err := manifest.Held(t.Context(), n, 1, 3, 8)
	require.ErrorContains(t, err, "hold 7 contributions")
}

// TestStops reads all pages, as of the block of the first one: what a later one knows more may be missing before it.
func TestStops(t *testing.T) {
	n := &node{}
	for i := range 5 {
		n.stops = append(n.stops, datanettypes.SegmentStop{Rank: 1, Segment: uint32(i)})
	}
	found, err := manifest.Stops(t.Context(), n, 1, 0)
	require.NoError(t, err)
	require.Equal(t, n.stops, found.Stops)
	require.EqualValues(t, 10, found.Height)
}

// TestEntering: what is held comes in the order in which it entered, then what waits, in that of version and rank.
func TestEntering(t *testing.T) {
	n := &node{contributions: []datanettypes.Contribution{
		{DatanetId: 1, Rank: 1, AcceptedVersion: 3},
		{DatanetId: 1, Rank: 2, AcceptedVersion: 1, HeldHeight: 8, AcceptedIndex: 1},
		{DatanetId: 1, Rank: 3, AcceptedVersion: 2},
		{DatanetId: 1, Rank: 4, AcceptedVersion: 2, Hold: &datanettypes.Hold{}},
		{DatanetId: 1, Rank: 5, AcceptedVersion: 1, HeldHeight: 9},
		{DatanetId: 1, Rank: 6, AcceptedVersion: 2},
	}}
	entering, held, err := manifest.Entering(t.Context(), n, 1)
	require.NoError(t, err)
	require.Equal(t, 2, held)
	var order []uint64
	for _, c := range entering {
		order = append(order, c.Rank)
	}
	require.Equal(t, []uint64{5, 2, 3, 6, 1}, order)
}

// TestPassed: a segment passes on what the contribution's table says of it, and others nothing.
func TestPassed(t *testing.T) {
	passed := manifest.Passed([]datanettypes.Derivation{
		{Segment: 1, Rank: 4, Ppm: 300_000}, {Segment: 1, Rank: 7, Ppm: 200_000}, {Segment: 3, Rank: 4, Ppm: 500_000},
	})
	require.Empty(t, passed(0))
	require.Equal(t, []poa.Derivation{{Rank: 4, PPM: 300_000}, {Rank: 7, PPM: 200_000}}, passed(1))
	require.Empty(t, passed(2))
	require.Equal(t, []poa.Derivation{{Rank: 4, PPM: 500_000}}, passed(3))
	require.Empty(t, passed(4))
}

// TestDerivations: a copy of a text in its own words derives from it, and the table is that of the chain.
func TestDerivations(t *testing.T) {
	const text = "The follicle rests for about three months before it sheds the old hair and grows a new one from the root."
	p := poa.NewProvenance()
	require.NoError(t, p.Add(1, 0, []byte(text), nil))
	asked := 0
	table, err := manifest.Derivations(p, 2, poa.SegmentFile{Segments: [][]byte{
		[]byte("Nothing in here has been written by anybody before, and nobody will write it again, either."), []byte(text),
	}}, 1, func() error { asked++; return nil })
	require.NoError(t, err)
	require.Equal(t, 2, asked)
	require.Len(t, table, 1)
	require.EqualValues(t, 1, table[0].Segment)
	require.EqualValues(t, 1, table[0].Rank)
	require.Greater(t, table[0].Ppm, uint32(900_000))
	enough := errors.New("enough")
	_, err = manifest.Derivations(p, 2, poa.SegmentFile{Segments: [][]byte{[]byte(text)}}, 1,
		func() error { return enough })
	require.ErrorIs(t, err, enough)
}

// TestOpenIndex: what is kept in a folder gives what is built anew, also when the manifest has grown, is another one,
// or the folder is damaged.
func TestOpenIndex(t *testing.T) {
	n, fetch, _ := manifestOf(t)
	loaded, err := manifest.Load(t.Context(), n, []modelstypes.ManifestEntry{{DatanetId: 1, Version: 1}}, fetch)
	require.NoError(t, err)
	segments := func(of []manifest.Contribution) (all []poa.Segment) {
		for i := range of {
			for k := range of[i].File.Segments {
				all = append(all, of[i].Segment(k, true))
			}
		}
		return all
	}
	dir := t.TempDir()
	for _, of := range [][]manifest.Contribution{loaded[:2], loaded, loaded, loaded[2:], nil} {
		kept, err := manifest.OpenIndex(dir, segments(of))
		require.NoError(t, err)
		fresh, err := manifest.OpenIndex("", segments(of))
		require.NoError(t, err)
		for _, c := range loaded {
			answer := poa.Answer{Tokens: poa.TokenIDs(c.File.Segments[0])}
			want, err := fresh.Attribute(answer)
			require.NoError(t, err)
			got, err := kept.Attribute(answer)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	}
}
