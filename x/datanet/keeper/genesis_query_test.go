package keeper_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/testutil/datanettest"
	"github.com/openledger/openledger/x/datanet/types"
)

func TestGenesisRoundTrip(t *testing.T) {
	f := datanettest.Everything(t)
	exported := f.Export()
	require.NoError(t, exported.Validate())
	require.Len(t, exported.Commits, 2)
	require.Len(t, exported.Contributions, 6)
	require.Len(t, exported.Versions, 2)
	g, err := f.Imported(exported)
	require.NoError(t, err)
	require.Equal(t, string(f.Codec.MustMarshalJSON(exported)), string(g.Codec.MustMarshalJSON(g.Export())))

	// The imported chain goes on as the first one would: same roots, same expiries.
	height, now := f.Ctx.BlockHeight(), f.Ctx.BlockTime()
	for _, h := range []*datanettest.Fixture{f, g} {
		h.At(height, now)
		datanettest.Must(h, h.Msgs.AcceptContributions, datanettest.AcceptMsg(h.Owner, 2, 6))
		h.Blocks(110)
		require.Empty(t, h.Export().Commits)
	}
	require.Equal(t, f.Export(), g.Export())

	poor := datanettest.New(t)
	require.ErrorIs(t, poor.Keeper.InitGenesis(poor.Ctx, *exported), types.ErrInvariant, "deposits are not covered")
}

func TestGenesisIsRefused(t *testing.T) {
	for name, damage := range map[string]func(*types.GenesisState){
		"params":                   func(g *types.GenesisState) { g.Params.MaxItemsPerMsg = 0 },
		"no next id":               func(g *types.GenesisState) { g.NextDatanetId = 0 },
		"no next rank":             func(g *types.GenesisState) { g.NextRank = 0 },
		"id not assigned":          func(g *types.GenesisState) { g.NextDatanetId = 2 },
		"rank not assigned":        func(g *types.GenesisState) { g.NextRank = 8 },
		"DataNet twice":            func(g *types.GenesisState) { g.Datanets[1].Id = 1 },
		"owner":                    func(g *types.GenesisState) { g.Datanets[0].Owner = "nobody" },
		"commit twice":             func(g *types.GenesisState) { g.Commits[1].Rank = g.Commits[0].Rank },
		"commit by nobody":         func(g *types.GenesisState) { g.Commits[0].Contributor = "" },
		"deposit in other coins":   func(g *types.GenesisState) { g.Commits[0].Deposit.Denom = "uatom" },
		"deposit missing":          func(g *types.GenesisState) { g.Commits[0].Deposit = sdk.Coin{} },
		"commit and contribution":  func(g *types.GenesisState) { g.Commits[0].Rank = 1 },
		"contribution to nothing":  func(g *types.GenesisState) { g.Contributions[0].DatanetId = 9 },
		"contribution by nobody":   func(g *types.GenesisState) { g.Contributions[0].Contributor = "x" },
		"negative deposit":         func(g *types.GenesisState) { g.Contributions[0].Deposit.Amount = math.NewInt(-1) },
		"version of nothing":       func(g *types.GenesisState) { g.Versions[0].DatanetId = 9 },
		"version too high":         func(g *types.GenesisState) { g.Versions[0].Version = 3 },
		"version 0":                func(g *types.GenesisState) { g.Versions[0].Version = 0 },
		"accumulators missing":     func(g *types.GenesisState) { g.Accumulators = g.Accumulators[1:] },
		"accumulators twice":       func(g *types.GenesisState) { g.Accumulators[1].DatanetId = 1 },
		"peaks missing":            func(g *types.GenesisState) { g.Accumulators[0].Contributions.Peaks = nil },
		"peak of the wrong length": func(g *types.GenesisState) { g.Accumulators[0].Statistics.Peaks[0] = []byte{1} },
		"accumulator too short":    func(g *types.GenesisState) { g.Accumulators[0].Contributions = types.Accumulator{} },
	} {
		t.Run(name, func(t *testing.T) {
			exported := datanettest.Everything(t).Export()
			damage(exported)
			require.Error(t, exported.Validate())
		})
	}
	for name, damage := range map[string]func(*types.GenesisState){
		"pending":         func(g *types.GenesisState) { g.Datanets[1].Pending = 0 },
		"tokens":          func(g *types.GenesisState) { g.Datanets[0].Tokens++ },
		"segments":        func(g *types.GenesisState) { g.Datanets[0].Segments++ },
		"latest root":     func(g *types.GenesisState) { g.Versions[0].Root = make([]byte, 32) },
		"latest version":  func(g *types.GenesisState) { g.Versions = g.Versions[:1] },
		"decision undone": func(g *types.GenesisState) { g.Contributions[0].Status = types.CONTRIBUTION_STATUS_SUBMITTED },
	} {
		t.Run("recount "+name, func(t *testing.T) {
			f := datanettest.Everything(t)
			exported := f.Export()
			damage(exported)
			_, err := f.Imported(exported)
			require.Error(t, err)
		})
	}
}

func TestQueries(t *testing.T) {
	f := datanettest.Everything(t)
	params, err := f.Queries.Params(f.Ctx, &types.QueryParamsRequest{})
	require.NoError(t, err)
	want := types.DefaultParams()
	want.FeePerByte = math.ZeroInt()
	require.Equal(t, want.String(), params.Params.String())
	datanet, err := f.Queries.DataNet(f.Ctx, &types.QueryDataNetRequest{DatanetId: 2})
	require.NoError(t, err)
	require.EqualValues(t, 1, datanet.Datanet.Pending)
	commit, err := f.Queries.Commit(f.Ctx, &types.QueryCommitRequest{Rank: 7})
	require.NoError(t, err)
	require.Equal(t, commit.Commit.Height+100, commit.Commit.RevealUntil)
	contribution, err := f.Queries.Contribution(f.Ctx, &types.QueryContributionRequest{Rank: 3})
	require.NoError(t, err)
	require.EqualValues(t, 2, contribution.Contribution.AcceptedVersion)
	latest, err := f.Queries.Version(f.Ctx, &types.QueryVersionRequest{DatanetId: 1})
	require.NoError(t, err)
	require.EqualValues(t, 2, latest.Version.Version)
	first, err := f.Queries.Version(f.Ctx, &types.QueryVersionRequest{DatanetId: 1, Version: 1})
	require.NoError(t, err)
	require.EqualValues(t, 2, first.Version.Contributions)
}

func TestListsArePaged(t *testing.T) {
	f := datanettest.Everything(t)
	var ranks []uint64
	var key []byte
	for {
		page, err := f.Queries.Contributions(f.Ctx, &types.QueryContributionsRequest{DatanetId: 1,
			Pagination: &query.PageRequest{Limit: 2, Key: key}})
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Contributions), 2)
		for _, c := range page.Contributions {
			ranks = append(ranks, c.Rank)
		}
		if key = page.Pagination.NextKey; len(key) == 0 {
			break
		}
	}
	require.Equal(t, []uint64{1, 2, 3, 4, 5}, ranks)
	accepted, err := f.Queries.Contributions(f.Ctx, &types.QueryContributionsRequest{
		DatanetId: 1, Status: types.CONTRIBUTION_STATUS_ACCEPTED, Pagination: &query.PageRequest{Limit: 2,
			CountTotal: true},
	})
	require.NoError(t, err)
	require.Len(t, accepted.Contributions, 2)
	require.EqualValues(t, 3, accepted.Pagination.Total)
	byBob, err := f.Queries.ContributionsByContributor(f.Ctx,
		&types.QueryContributionsByContributorRequest{Contributor: f.Bob.String()})
	require.NoError(t, err)
	require.Len(t, byBob.Contributions, 1)
	commits, err := f.Queries.Commits(f.Ctx, &types.QueryCommitsRequest{Contributor: f.Bob.String(),
		Pagination: &query.PageRequest{Limit: 1}})
	require.NoError(t, err)
	require.Len(t, commits.Commits, 1)
	require.NotEmpty(t, commits.Pagination.NextKey)
	datanets, err := f.Queries.DataNets(f.Ctx,
		&types.QueryDataNetsRequest{Pagination: &query.PageRequest{Reverse: true, Limit: 1}})
	require.NoError(t, err)
	require.EqualValues(t, 2, datanets.Datanets[0].Id)
	versions, err := f.Queries.Versions(f.Ctx, &types.QueryVersionsRequest{DatanetId: 1})
	require.NoError(t, err)
	require.Len(t, versions.Versions, 2)
}

func TestQueriesNameWhatIsWrong(t *testing.T) {
	f := datanettest.Everything(t)
	code := func(_ any, err error) codes.Code { return status.Code(err) }
	require.Equal(t, codes.NotFound, code(f.Queries.DataNet(f.Ctx, &types.QueryDataNetRequest{DatanetId: 9})))
	require.Equal(t, codes.NotFound, code(f.Queries.Commit(f.Ctx, &types.QueryCommitRequest{Rank: 1})))
	require.Equal(t, codes.NotFound, code(f.Queries.Contribution(f.Ctx, &types.QueryContributionRequest{Rank: 7})))
	require.Equal(t, codes.NotFound,
		code(f.Queries.Version(f.Ctx, &types.QueryVersionRequest{DatanetId: 1, Version: 9})))
	require.Equal(t, codes.NotFound, code(f.Queries.Version(f.Ctx, &types.QueryVersionRequest{DatanetId: 2})))
	require.Equal(t, codes.NotFound,
		code(f.Queries.Contributions(f.Ctx, &types.QueryContributionsRequest{DatanetId: 9})))
	require.Equal(t, codes.InvalidArgument,
		code(f.Queries.Commits(f.Ctx, &types.QueryCommitsRequest{Contributor: "x"})))
	require.Equal(t, codes.InvalidArgument,
		code(f.Queries.ContributionsByContributor(f.Ctx, &types.QueryContributionsByContributorRequest{})))
	require.Equal(t, codes.InvalidArgument, code(f.Queries.DataNet(f.Ctx, nil)))
}
