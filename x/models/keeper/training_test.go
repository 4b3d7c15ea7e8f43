package keeper_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/app"
	"github.com/openledger/openledger/testutil/chain"
	"github.com/openledger/openledger/x/models/keeper"
	"github.com/openledger/openledger/x/models/types"
)

// trained is a chain with a base model, an adapter of it, and an adapter of that.
type trained struct {
	*chain.Scenario
	t       require.TestingT
	ctx     sdk.Context
	msgs    types.MsgServer
	queries types.QueryServer

	base, adapter uint64
}

func digest(name string) []byte {
	sum := sha256.Sum256([]byte(name))
	return sum[:]
}

func newTrained(t require.TestingT, c *chain.Scenario) *trained {
	ctx, _ := c.Ctx().CacheContext()
	k := c.App.ModelsKeeper
	s := &trained{Scenario: c, t: t, ctx: ctx, msgs: keeper.NewMsgServer(k), queries: keeper.NewQueryServer(k)}
	var err error
	s.base, err = s.register(&types.MsgRegisterModel{Name: "base", Kind: types.MODEL_KIND_BASE, Digest: digest("base 1"),
		Method: types.ATTRIBUTION_METHOD_SPAN, Royalty: math.ZeroInt()})
	require.NoError(t, err)
	s.adapter, err = s.register(s.adapterOf(s.base, s.record("base 1")))
	require.NoError(t, err)
	return s
}

func (s *trained) register(msg *types.MsgRegisterModel) (uint64, error) {
	msg.Owner = s.Owner.String()
	cached, write := s.ctx.CacheContext()
	response, err := s.msgs.RegisterModel(cached, msg)
	if err != nil {
		return 0, err
	}
	write()
	return response.ModelId, nil
}

func (s *trained) adapterOf(parent uint64, record *types.TrainingRecord) *types.MsgRegisterModel {
	return &types.MsgRegisterModel{
		Name: "adapter", Kind: types.MODEL_KIND_ADAPTER, ParentId: parent, Digest: digest("adapter"),
		Manifest: []types.ManifestEntry{{DatanetId: s.DatanetID, Version: s.Version}},
		Method:   types.ATTRIBUTION_METHOD_LORA, Royalty: chain.Royalty, Training: record,
	}
}

func (s *trained) record(base string) *types.TrainingRecord {
	return &types.TrainingRecord{
		BaseDigest: digest(base), Settings: `{"epochs":2}`, EngineVersion: 1, SketchRoot: digest("sketches"),
		TableRoot: digest("table"), Rows: 2, InfluenceDigest: digest("influence"),
	}
}

func (s *trained) publish(model uint64, method types.AttributionMethod, record *types.TrainingRecord) error {
	cached, write := s.ctx.CacheContext()
	_, err := s.msgs.PublishModelVersion(cached, &types.MsgPublishModelVersion{
		Owner: s.Owner.String(), ModelId: model, Digest: digest("next"), Method: method, Royalty: chain.Royalty,
		Manifest: []types.ManifestEntry{{DatanetId: s.DatanetID, Version: s.Version}}, Training: record,
	})
	if err == nil {
		write()
	}
	return err
}

func newScenario(t *testing.T) *chain.Scenario {
	return chain.NewScenario(func(accounts []chain.Account) *chain.Chain { return chain.New(t, accounts) })
}

// TestRecordsNameTheBaseOfTheirLineage: a record may name any version of the base at the root of the lineage, at any
// depth, and nothing else. If the root is not a base, the owner may name any base.
func TestRecordsNameTheBaseOfTheirLineage(t *testing.T) {
	s := newTrained(t, newScenario(t))
	for i := 2; i <= 4; i++ {
		_, err := s.msgs.PublishModelVersion(s.ctx, &types.MsgPublishModelVersion{Owner: s.Owner.String(), ModelId: s.base,
			Digest: digest(fmt.Sprint("base ", i)), Method: types.ATTRIBUTION_METHOD_SPAN, Royalty: math.ZeroInt()})
		require.NoError(t, err)
	}
	for _, base := range []string{"base 1", "base 2", "base 4"} {
		_, err := s.register(s.adapterOf(s.adapter, s.record(base)))
		require.NoError(t, err)
		require.NoError(t, s.publish(s.adapter, types.ATTRIBUTION_METHOD_LORA, s.record(base)))
	}
	for _, base := range []string{"base 5", "adapter", ""} {
		_, err := s.register(s.adapterOf(s.adapter, s.record(base)))
		require.ErrorIs(t, err, types.ErrTraining)
		require.ErrorIs(t, s.publish(s.adapter, types.ATTRIBUTION_METHOD_MEANING, s.record(base)), types.ErrTraining)
	}
	_, err := s.register(s.adapterOf(s.ModelID, s.record("of another chain")))
	require.NoError(t, err, "the lineage begins with a retrieval model")
	require.NoError(t, s.App.ModelsKeeper.CheckInvariants(s.ctx))
}

// TestOldVersionsOfABase: a base with more versions than are read can still get children of its latest versions.
func TestOldVersionsOfABase(t *testing.T) {
	s := newTrained(t, newScenario(t))
	for i := 2; i <= types.MaxBaseVersions+1; i++ {
		_, err := s.msgs.PublishModelVersion(s.ctx, &types.MsgPublishModelVersion{Owner: s.Owner.String(), ModelId: s.base,
			Digest: digest(fmt.Sprint("base ", i)), Method: types.ATTRIBUTION_METHOD_SPAN, Royalty: math.ZeroInt()})
		require.NoError(t, err)
	}
	_, err := s.register(s.adapterOf(s.base, s.record("base 1")))
	require.ErrorIs(t, err, types.ErrTraining)
	_, err = s.register(s.adapterOf(s.base, s.record("base 2")))
	require.NoError(t, err)
}

func TestTrainingIsRefused(t *testing.T) {
	s := newTrained(t, newScenario(t))
	more := s.record("base 1")
	more.Rows = 3
	require.ErrorIs(t, s.publish(s.adapter, types.ATTRIBUTION_METHOD_LORA, more), types.ErrTraining, "two contributions")
	require.ErrorIs(t, s.publish(s.adapter, types.ATTRIBUTION_METHOD_LORA, nil), types.ErrTraining)
	require.ErrorIs(t, s.publish(s.ModelID, types.ATTRIBUTION_METHOD_LORA, nil), types.ErrInvalidModel)
	require.ErrorIs(t, s.publish(s.ModelID, types.ATTRIBUTION_METHOD_LORA, s.record("base 1")), types.ErrTraining)
	require.ErrorIs(t, s.publish(s.base, types.ATTRIBUTION_METHOD_MEANING, s.record("base 1")), types.ErrTraining)
	require.NoError(t, s.publish(s.adapter, types.ATTRIBUTION_METHOD_MEANING, nil), "a version may do without")
	require.NoError(t, s.publish(s.adapter, types.ATTRIBUTION_METHOD_SPAN, s.record("base 1")))
}

// provide registers a provider for the test.
func (s *trained) provide(who chain.Account) {
	_, err := s.msgs.RegisterProvider(s.ctx, &types.MsgRegisterProvider{Provider: who.String(), Name: who.Name,
		Endpoint: "http://127.0.0.1:1", AnswerKey: digest(who.Name), Bond: chain.Coin(chain.Open(1_000))})
	require.NoError(s.t, err)
}

func (s *trained) reproduce(who chain.Account, version uint32, adapter, influence string) error {
	cached, write := s.ctx.CacheContext()
	_, err := s.msgs.RecordReproduction(context.Context(cached), &types.MsgRecordReproduction{Sender: who.String(),
		ModelId: s.adapter, Version: version, Digest: digest(adapter), InfluenceDigest: digest(influence), Note: "amd64"})
	if err == nil {
		write()
	}
	return err
}

// TestReproductionsAreOfProvidersWithABond: a provider with a bond can record one result for a version, equal or not.
func TestReproductionsAreOfProvidersWithABond(t *testing.T) {
	s := newTrained(t, newScenario(t))
	require.ErrorIs(t, s.reproduce(s.Stranger, 1, "adapter", "influence"), types.ErrProviderNotFound)
	require.NoError(t, s.reproduce(s.Provider, 1, "adapter", "influence"))
	require.ErrorIs(t, s.reproduce(s.Provider, 1, "other", "influence"), types.ErrReproduction, "what is recorded stays")
	require.ErrorIs(t, s.reproduce(s.Provider, 2, "adapter", "influence"), types.ErrModelNotFound)

	s.provide(s.Stranger)
	require.NoError(t, s.reproduce(s.Stranger, 1, "adapter", "another influence"))
	s.provide(s.Bob)
	_, err := s.msgs.UnbondProvider(s.ctx,
		&types.MsgUnbondProvider{Provider: s.Bob.String(), Amount: chain.Coin(math.OneInt())})
	require.NoError(t, err)
	require.ErrorIs(t, s.reproduce(s.Bob, 1, "adapter", "influence"), types.ErrInsufficientBond)
	s.provide(s.Alice)
	require.NoError(t, s.App.ModelsKeeper.Freeze(s.ctx, s.Alice.Address))
	require.ErrorIs(t, s.reproduce(s.Alice, 1, "adapter", "influence"), types.ErrProviderFrozen)

	require.NoError(t, s.publish(s.adapter, types.ATTRIBUTION_METHOD_MEANING, nil))
	require.ErrorIs(t, s.reproduce(s.Provider, 2, "next", "influence"), types.ErrReproduction, "it has no record")

	found, err := s.queries.Reproductions(s.ctx, &types.QueryReproductionsRequest{ModelId: s.adapter, Version: 1})
	require.NoError(t, err)
	require.Equal(t, []uint32{1, 1, 1}, []uint32{found.Version, found.Matching, found.Different})
	require.Len(t, found.Reproductions, 2)
	for _, one := range found.Reproductions {
		require.Equal(t, one.Sender == s.Provider.String(), one.Matches)
		require.Equal(t, "amd64", one.Note)
	}
	latest, err := s.queries.Reproductions(s.ctx, &types.QueryReproductionsRequest{ModelId: s.adapter})
	require.NoError(t, err)
	require.EqualValues(t, 2, latest.Version)
	require.Empty(t, latest.Reproductions)
	_, err = s.queries.Reproductions(s.ctx, &types.QueryReproductionsRequest{ModelId: 99})
	require.Error(t, err)
	require.NoError(t, s.App.ModelsKeeper.CheckInvariants(s.ctx))
}

// TestReproductionsAreBounded: a version has at most 64, pages list each once, and the next one is refused.
func TestReproductionsAreBounded(t *testing.T) {
	s := newTrained(t, newScenario(t))
	who := make([]chain.Account, types.MaxReproductions+1)
	for i := range who {
		who[i] = chain.NewAccount(fmt.Sprint("reproducer ", i))
		require.NoError(t, s.App.BankKeeper.SendCoins(s.ctx, s.Payer.Address, who[i].Address,
			sdk.NewCoins(chain.Coin(chain.Open(1_000)))))
		s.provide(who[i])
	}
	for _, one := range who[:types.MaxReproductions] {
		require.NoError(t, s.reproduce(one, 1, "adapter", "influence"))
	}
	require.ErrorIs(t, s.reproduce(who[types.MaxReproductions], 1, "adapter", "influence"), types.ErrReproduction)
	require.NoError(t, s.publish(s.adapter, types.ATTRIBUTION_METHOD_LORA, s.record("base 1")))
	require.NoError(t, s.reproduce(who[types.MaxReproductions], 2, "next", "influence"), "another version")

	seen := make(map[string]bool)
	page := &query.PageRequest{Limit: 10}
	for {
		found, err := s.queries.Reproductions(s.ctx,
			&types.QueryReproductionsRequest{ModelId: s.adapter, Version: 1, Pagination: page})
		require.NoError(t, err)
		require.EqualValues(t, types.MaxReproductions, found.Matching)
		for _, one := range found.Reproductions {
			require.False(t, seen[one.Sender])
			require.EqualValues(t, 1, one.Version)
			seen[one.Sender] = true
		}
		if page = (&query.PageRequest{Key: found.Pagination.NextKey, Limit: 10}); len(page.Key) == 0 {
			break
		}
	}
	require.Len(t, seen, types.MaxReproductions)
	require.NoError(t, s.App.ModelsKeeper.CheckInvariants(s.ctx))
}

// TestTrainingSurvivesGenesis: an export is valid, and an import gives the same state.
func TestTrainingSurvivesGenesis(t *testing.T) {
	s := newTrained(t, newScenario(t))
	require.NoError(t, s.reproduce(s.Provider, 1, "adapter", "influence"))
	exported, err := s.App.ModelsKeeper.ExportGenesis(s.ctx)
	require.NoError(t, err)
	require.Len(t, exported.Reproductions, 1)
	require.NoError(t, exported.Validate())

	empty := chain.New(t, []chain.Account{s.Owner})
	var owed = math.ZeroInt()
	for _, provider := range exported.Providers {
		owed = owed.Add(provider.Bond)
	}
	ctx, _ := empty.Ctx().CacheContext()
	fund(t, empty.App, ctx, s.Owner, owed)
	require.NoError(t, empty.App.ModelsKeeper.InitGenesis(ctx, *exported))
	again, err := empty.App.ModelsKeeper.ExportGenesis(ctx)
	require.NoError(t, err)
	require.Equal(t, exported, again)
}

// fund gives the module the coins that it owes to providers.
func fund(t *testing.T, a *app.App, ctx sdk.Context, from chain.Account, amount math.Int) {
	require.NoError(t, a.BankKeeper.SendCoinsFromAccountToModule(ctx, from.Address, types.ModuleName,
		sdk.NewCoins(chain.Coin(amount))))
}

// TestGenesisSeesWrongReproductions: genesis refuses reproductions that no message could store.
func TestGenesisSeesWrongReproductions(t *testing.T) {
	c := newScenario(t)
	rapid.Check(t, func(t *rapid.T) {
		s := newTrained(t, c)
		require.NoError(t, s.reproduce(s.Provider, 1, "adapter", "influence"))
		k := s.App.ModelsKeeper
		require.NoError(t, k.CheckInvariants(s.ctx))
		all, err := k.ExportGenesis(s.ctx)
		require.NoError(t, err)
		one := all.Reproductions[0]
		switch rapid.SampledFrom([]string{"matches", "digest", "influence", "sender", "training"}).Draw(t, "edit") {
		case "matches":
			one.Matches = false
		case "digest":
			one.Digest = rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "digest")
		case "influence":
			one.InfluenceDigest = rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "influence")
		case "sender":
			one.Sender = s.Stranger.String()
		case "training":
			one.ModelId = s.ModelID
		}
		require.NoError(t, k.InitGenesis(s.ctx, *all))
		all.Reproductions = slices.Clone(all.Reproductions)
		all.Reproductions[0] = one
		require.ErrorIs(t, k.InitGenesis(s.ctx, *all), types.ErrInvalidGenesis)
	})
}
