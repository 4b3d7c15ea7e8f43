package retrieval

import (
	"context"
	"crypto/sha256"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"pgregory.net/rapid"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/content"
	guarded "github.com/openledger/openledger/content/fetch"
	"github.com/openledger/openledger/content/manifest"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

var author = sdk.AccAddress("author______________")

// texts of contributions by rank.
var texts = map[uint64][]string{
	3: {
		"The club hair stays in the follicle until the next shaft pushes it out of the skin of the scalp.",
		"Minoxidil lengthens the growing phase of hair, and shedding in the first weeks shows that it works.",
		"Telogen effluvium begins three months after a fever, a birth or an operation, and ends by itself.",
	},
	8: {
		"Darier disease differs in its greasy follicular papules and in its seborrheic rather than flexural emphasis.",
		"Hailey-Hailey disease is mistaken for a stubborn fungal infection of the folds of the skin for years.",
	},
	9: {"Rye bread rises slowly in a cool cellar for a day, and is baked until the crust sounds hollow."},
}

// datanets are those of a chain: DataNet 1 has ranks 3 and 8, DataNet 2 the rest.
type datanets struct {
	datanettypes.QueryClient
	contributions []datanettypes.Contribution
	stops         map[uint64][]datanettypes.SegmentStop
	heights       map[uint64]int64
	fails         error
}

func (d *datanets) Contributions(_ context.Context, r *datanettypes.QueryContributionsRequest, _ ...grpc.CallOption) (
	*datanettypes.QueryContributionsResponse, error,
) {
	of := slices.DeleteFunc(slices.Clone(d.contributions), func(c datanettypes.Contribution) bool {
		return c.DatanetId != r.DatanetId
	})
	return &datanettypes.QueryContributionsResponse{Contributions: of}, nil
}

func (d *datanets) SegmentStops(_ context.Context, r *datanettypes.QuerySegmentStopsRequest, _ ...grpc.CallOption) (
	*datanettypes.QuerySegmentStopsResponse, error,
) {
	return &datanettypes.QuerySegmentStopsResponse{Stops: d.stops[r.DatanetId], Height: d.heights[r.DatanetId]}, d.fails
}

// models has one.
type models struct {
	modelstypes.QueryClient
	method modelstypes.AttributionMethod
}

func (m models) Model(_ context.Context, r *modelstypes.QueryModelRequest, _ ...grpc.CallOption) (
	*modelstypes.QueryModelResponse, error,
) {
	if r.ModelId != 1 {
		return nil, errors.New("no such model")
	}
	return &modelstypes.QueryModelResponse{Model: modelstypes.Model{Id: 1}, Version: modelstypes.ModelVersion{
		ModelId: 1, Version: 4, Method: m.method,
		Manifest: []modelstypes.ManifestEntry{{DatanetId: 1, Version: 1}, {DatanetId: 2, Version: 1}},
	}}, nil
}

// setting is a chain with a model, and a store that holds its text.
type setting struct {
	*datanets
	store *content.Store
}

func newSetting(t *testing.T) *setting {
	t.Helper()
	store, err := content.Open(t.Context(), t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	s := &setting{store: store, datanets: &datanets{stops: make(map[uint64][]datanettypes.SegmentStop),
		heights: map[uint64]int64{1: 10, 2: 10}}}
	for _, rank := range slices.Sorted(maps.Keys(texts)) {
		var file poa.SegmentFile
		for _, text := range texts[rank] {
			file.Segments = append(file.Segments, []byte(text))
		}
		encoded, err := file.MarshalBinary()
		require.NoError(t, err)
		hash, err := store.Put(t.Context(), encoded)
		require.NoError(t, err)
		root := file.Root(author)
		c := datanettypes.Contribution{
			DatanetId: 1, Rank: rank, Contributor: author.String(), Root: root[:], ContentHash: hash[:],
			Segments: uint32(len(texts[rank])), Tokens: file.Tokens(), Bytes: uint64(len(encoded)),
			NormVersion: uint32(poa.NormVersion), AcceptedVersion: 1, HeldHeight: 5,
		}
		if rank == 9 {
			c.DatanetId = 2
		}
		s.contributions = append(s.contributions, c)
	}
	return s
}

func (s *setting) load(t *testing.T, method modelstypes.AttributionMethod, dir string) (*Library, error) {
	t.Helper()
	return Load(t.Context(), Sources{
		Node: &chain.Client{Datanet: s.datanets, Models: models{method: method}}, Content: s.store,
		Fetch: guarded.New(guarded.DefaultLimits()),
	}, dir, 1, 0)
}

func (s *setting) library(t *testing.T, method modelstypes.AttributionMethod) *Library {
	t.Helper()
	l, err := s.load(t, method, "")
	require.NoError(t, err)
	return l
}

var methods = []modelstypes.AttributionMethod{modelstypes.ATTRIBUTION_METHOD_SPAN, modelstypes.ATTRIBUTION_METHOD_RAG,
	modelstypes.ATTRIBUTION_METHOD_MEANING}

// TestLibraryHoldsTheManifest: each segment is found by its contribution and place, proves that it belongs there, and
// stands between its neighbours.
func TestLibraryHoldsTheManifest(t *testing.T) {
	s := newSetting(t)
	l := s.library(t, modelstypes.ATTRIBUTION_METHOD_RAG)
	require.Equal(t, 6, l.Len())
	all := l.Texts()
	require.Equal(t, textName(l.Version), all.Name)
	var listed []string
	for text := range all.All {
		listed = append(listed, string(text))
	}
	require.Equal(t, slices.Concat(texts[3], texts[8], texts[9]), listed)
	require.EqualValues(t, len(strings.Join(listed, "")), all.Bytes)
	for text := range all.All {
		require.Equal(t, texts[3][0], string(text))
		break
	}
	for _, want := range s.contributions {
		got, ok := l.Contribution(want.Rank)
		require.True(t, ok)
		require.Equal(t, want, got)
		root, err := poa.HashFromBytes(want.Root)
		require.NoError(t, err)
		for i := range want.Segments {
			proof, err := l.Proof(want.Rank, i)
			require.NoError(t, err)
			require.Equal(t, texts[want.Rank][i], string(proof.Content))
			leaf := poa.SegmentLeafNorm(want.Norm(), i, author, proof.Content)
			require.NoError(t, poa.VerifyPath(root, leaf, uint64(i), uint64(want.Segments), proof.Path))
		}
		_, err = l.Proof(want.Rank, want.Segments)
		require.Error(t, err)
	}
	_, ok := l.Contribution(4)
	require.False(t, ok)
	_, err := l.Proof(4, 0)
	require.Error(t, err)

	require.Equal(t, strings.Join(texts[3], "\n\n")+"\n\n", string(l.Around(Ref{3, 1})))
	require.Equal(t, strings.Join(texts[3][:2], "\n\n")+"\n\n", string(l.Around(Ref{3, 0})))
	require.Equal(t, texts[9][0]+"\n\n", string(l.Around(Ref{9, 0})))
	require.Empty(t, l.Around(Ref{4, 0}))
}

// TestLibraryIsNotLoaded with text that is missing or another, nor without what its method needs.
func TestLibraryIsNotLoaded(t *testing.T) {
	s := newSetting(t)
	_, err := Load(t.Context(), Sources{Node: &chain.Client{Models: models{}}}, "", 2, 0)
	require.ErrorContains(t, err, "model 2: no such model")
	_, err = s.load(t, modelstypes.ATTRIBUTION_METHOD_LORA, "")
	require.ErrorContains(t, err, "no folder for its influence file")
	s.fails = errors.New("the node is away")
	_, err = s.load(t, modelstypes.ATTRIBUTION_METHOD_SPAN, "")
	require.ErrorIs(t, err, s.fails)
	s.fails = nil

	hash := s.contributions[1].ContentHash
	s.contributions[1].ContentHash = s.contributions[0].ContentHash
	_, err = s.load(t, modelstypes.ATTRIBUTION_METHOD_SPAN, "")
	require.ErrorIs(t, err, manifest.ErrFile)
	require.ErrorContains(t, err, "contribution 8")
	nowhere := sha256.Sum256([]byte("nobody has it"))
	s.contributions[1].ContentHash = nowhere[:]
	_, err = s.load(t, modelstypes.ATTRIBUTION_METHOD_SPAN, "")
	require.ErrorContains(t, err, "named no other place")
	s.contributions[1].ContentHash = nowhere[:7]
	_, err = s.load(t, modelstypes.ATTRIBUTION_METHOD_SPAN, "")
	require.Error(t, err)
	s.contributions[1].ContentHash = hash
	s.library(t, modelstypes.ATTRIBUTION_METHOD_SPAN)
}

// mix is an answer of passages of segments, words that nobody wrote, and bytes that are no text.
func mix(t *rapid.T) string {
	var out strings.Builder
	for range rapid.IntRange(0, 6).Draw(t, "parts") {
		rank := rapid.SampledFrom([]uint64{3, 8, 9}).Draw(t, "rank")
		text := rapid.SampledFrom(texts[rank]).Draw(t, "segment")
		words := strings.Fields(text)
		from := rapid.IntRange(0, len(words)).Draw(t, "from")
		out.WriteString(rapid.OneOf(
			rapid.Just(text), rapid.Just(strings.Join(words[from:], " ")),
			rapid.StringN(0, 20, -1),
			rapid.SampledFrom([]string{"\xff\xfe", "\x00", "and so it goes", strings.Repeat("hair ", 50)}),
		).Draw(t, "part") + " ")
	}
	return out.String()
}

// whole checks that an attribution divides all of an answer between contributions of the manifest.
func whole(t require.TestingT, l *Library, att poa.Attribution) {
	sum := att.UnattributedPPM
	for _, entry := range att.Entries {
		_, known := l.Contribution(entry.Rank)
		require.True(t, known, "contribution %d", entry.Rank)
		sum += entry.WeightPPM
	}
	require.EqualValues(t, poa.TotalPPM, sum)
	end := uint32(0)
	for _, row := range att.Rows {
		require.GreaterOrEqual(t, row.Position, end)
		end = row.Position + row.Length
	}
}

// TestAttributionsAreWhole: by each method every answer is divided to the last millionth, between contributions of the
// manifest; a segment that is quoted is paid, by every method and whatever was retrieved.
func TestAttributionsAreWhole(t *testing.T) {
	s := newSetting(t)
	for _, method := range methods {
		t.Run(method.String(), func(t *testing.T) {
			l := s.library(t, method)
			refs := slices.Collect(maps.Keys(l.places))
			slices.SortFunc(refs, func(a, b Ref) int { return int(a.Rank-b.Rank)*10 + int(a.Index) - int(b.Index) })
			rapid.Check(t, func(t *rapid.T) {
				retrieved := rapid.SliceOfNDistinct(rapid.SampledFrom(refs), 0, 4, rapid.ID[Ref]).Draw(t, "retrieved")
				text := mix(t)
				att, err := l.Attribute([]byte(text), retrieved, nil)
				require.NoError(t, err)
				l.Weigh(&att, 10)
				whole(t, l, att)
				again, err := l.Attribute([]byte(text), retrieved, nil)
				require.NoError(t, err)
				l.Weigh(&again, 10)
				require.Equal(t, att, again)

				quoted := rapid.SampledFrom(refs).Draw(t, "quoted")
				att, err = l.Attribute(l.segments[l.places[quoted]].Text, retrieved, nil)
				require.NoError(t, err)
				l.Weigh(&att, 10)
				whole(t, l, att)
				require.NotEmpty(t, att.Entries)
				require.Equal(t, quoted.Rank, att.Entries[0].Rank)
				require.Greater(t, att.Entries[0].WeightPPM, uint32(900_000))
			})
		})
	}
}

// TestAttributionOfWhatWasNotRetrieved: a segment that the manifest does not have is an error of the methods that
// compare with what was retrieved.
func TestAttributionOfWhatWasNotRetrieved(t *testing.T) {
	s := newSetting(t)
	for _, method := range methods {
		_, err := s.library(t, method).Attribute([]byte("The club hair stays."), []Ref{{3, 0}, {4, 7}}, nil)
		if method == modelstypes.ATTRIBUTION_METHOD_SPAN {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, "segment 7 of contribution 4")
	}
}

// TestStoppedSegmentsEarnNothing from the block on at which they are stopped until they are resumed: their part is
// nobody's, or that of the contribution that the stop names, if the manifest has it.
func TestStoppedSegmentsEarnNothing(t *testing.T) {
	s := newSetting(t)
	l := s.library(t, modelstypes.ATTRIBUTION_METHOD_SPAN)
	rapid.Check(t, func(t *rapid.T) {
		quoted := rapid.SampledFrom([]Ref{{3, 0}, {3, 2}, {8, 1}}).Draw(t, "quoted")
		stop := datanettypes.SegmentStop{
			Rank: quoted.Rank, Segment: quoted.Index, StoppedHeight: rapid.Int64Range(10, 20).Draw(t, "stopped"),
			Beneficiary:       rapid.SampledFrom([]uint64{0, 4, 9}).Draw(t, "beneficiary"),
			BeneficiaryHeight: rapid.Int64Range(10, 30).Draw(t, "since"),
		}
		if rapid.Bool().Draw(t, "resumes") {
			stop.ResumedHeight = stop.StoppedHeight + rapid.Int64Range(1, 20).Draw(t, "after")
		}
		s.stops[1] = []datanettypes.SegmentStop{stop}
		s.heights[1], s.heights[2] = rapid.Int64Range(1, 99).Draw(t, "first"), rapid.Int64Range(1, 99).Draw(t, "second")
		l.height = 0 // each chain is another one
		height, err := l.Refresh(context.Background())
		require.NoError(t, err)
		require.Equal(t, min(s.heights[1], s.heights[2]), height, "later stops may be missing in one of them")

		att, err := l.Attribute(l.segments[l.places[quoted]].Text, nil, nil)
		require.NoError(t, err)
		at := rapid.Int64Range(5, 60).Draw(t, "weighed")
		l.Weigh(&att, at)
		whole(t, l, att)
		want := quoted.Rank
		stopped := at >= stop.StoppedHeight && (stop.ResumedHeight == 0 || at < stop.ResumedHeight)
		if stopped {
			want = 0
			if stop.Beneficiary == 9 && at >= stop.BeneficiaryHeight {
				want = 9
			}
		}
		switch {
		case want == 0:
			require.Empty(t, att.Entries)
			require.EqualValues(t, poa.TotalPPM, att.UnattributedPPM)
		default:
			require.Equal(t, want, att.Entries[0].Rank)
			require.Greater(t, att.Entries[0].WeightPPM, uint32(900_000))
		}
		standing, err := proved{l, at}.Standing(0, quoted.Rank)
		require.NoError(t, err)
		require.Equal(t, poa.Standing{Segments: uint32(len(texts[quoted.Rank])), Stopped: map[bool]uint32{true: 1}[stopped]},
			standing)
		is, _, err := proved{l, at}.Stopped(0, quoted.Rank, quoted.Index)
		require.NoError(t, err)
		require.Equal(t, stopped, is)
	})
}

// TestRefreshKeepsWhatIsKnown while the node does not answer, and may run beside whoever weighs.
func TestRefreshKeepsWhatIsKnown(t *testing.T) {
	s := newSetting(t)
	l := s.library(t, modelstypes.ATTRIBUTION_METHOD_SPAN)
	s.stops[1] = []datanettypes.SegmentStop{{Rank: 3, Segment: 0, StoppedHeight: 5}}
	_, err := l.Refresh(t.Context())
	require.NoError(t, err)
	s.fails = errors.New("the node is away")
	_, err = l.Refresh(t.Context())
	require.ErrorIs(t, err, s.fails)
	require.ErrorContains(t, err, "stopped segments of DataNet 1")
	att, err := l.Attribute([]byte(texts[3][0]), nil, nil)
	require.NoError(t, err)
	l.Weigh(&att, 10)
	require.Empty(t, att.Entries)

	s.fails = nil
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			for range 20 {
				if _, err := l.Refresh(t.Context()); err != nil {
					t.Error(err)
				}
				one := poa.Attribution{Rows: slices.Clone(att.Rows), TotalBits: att.TotalBits}
				if l.Weigh(&one, 10); len(one.Entries) > 0 {
					t.Errorf("%v", one.Entries)
				}
			}
		})
	}
	work.Wait()
}

// TestIndexOnDisk: a library whose index is kept in a folder attributes as one in memory does, also when it is opened
// again and when the folder was damaged.
func TestIndexOnDisk(t *testing.T) {
	s := newSetting(t)
	dir := t.TempDir()
	text := []byte("They say: " + texts[8][1] + " And " + texts[3][1])
	want, err := s.library(t, modelstypes.ATTRIBUTION_METHOD_SPAN).Attribute(text, nil, nil)
	require.NoError(t, err)
	for range 2 {
		l, err := s.load(t, modelstypes.ATTRIBUTION_METHOD_SPAN, dir)
		require.NoError(t, err)
		got, err := l.Attribute(text, nil, nil)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

// TestSearch: a segment is found by its own words first, no more are found than were asked for, none twice, and no
// question is too strange.
func TestSearch(t *testing.T) {
	s := newSetting(t)
	for _, method := range methods {
		l := s.library(t, method)
		for rank, all := range texts {
			for i, text := range all {
				found := l.Search(text, 2)
				require.NotEmpty(t, found)
				require.Equal(t, Ref{rank, uint32(i)}, found[0].Ref, method)
				require.Equal(t, rank, found[0].Contribution.Rank)
			}
		}
		rapid.Check(t, func(t *rapid.T) {
			strange := rapid.SampledFrom([]string{"", "\x00", "\xff", "?", "the of and", strings.Repeat("頭髮 ", 2_000),
				"\u202e\u200b"})
			question := rapid.OneOf(rapid.Custom(mix), rapid.String(), strange).Draw(t, "question")
			k := rapid.IntRange(-1, 8).Draw(t, "k")
			found := l.Search(question, k)
			require.LessOrEqual(t, len(found), max(k, 0))
			seen := make(map[Ref]bool)
			for _, one := range found {
				require.False(t, seen[one.Ref])
				seen[one.Ref] = true
				require.Equal(t, texts[one.Rank][one.Index], string(one.Text))
			}
		})
	}
}

// TestNearCopiesAreFoundOnce: of segments that say the same one is shown.
func TestNearCopiesAreFoundOnce(t *testing.T) {
	s := newSetting(t)
	copied := s.contributions[0]
	copied.Rank, copied.DatanetId = 12, 2
	s.contributions = append(s.contributions, copied)
	l := s.library(t, modelstypes.ATTRIBUTION_METHOD_SPAN)
	require.Equal(t, 9, l.Len())
	for i, text := range texts[3] {
		found := l.Search(text, 8)
		require.Equal(t, Ref{3, uint32(i)}, found[0].Ref, "the earlier one")
		for _, other := range found[1:] {
			require.NotEqual(t, text, string(other.Text))
		}
	}
}
