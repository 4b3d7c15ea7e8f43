package keeper_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cosmossdk.io/math"

	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/openledger/openledger/testutil/chain"
	"github.com/openledger/openledger/x/models/keeper"
	"github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// reproducer is what somebody must have who records reproductions.
type reproducer struct {
	registered, frozen bool
	bond, paid         math.Int // paid in, of which some may be on its way back
}

// reproducers is a chain with an adapter of several versions beside what must be known of them.
type reproducers struct {
	*trained
	t        *rapid.T
	params   types.Params
	people   []chain.Account
	want     map[string]*reproducer
	start    map[string]math.Int
	module   math.Int
	versions []bool                     // by version from 1: whether it has a training record
	recorded map[uint32]map[string]bool // by version and sender: whether it matches
}

func newReproducers(t *rapid.T, c *chain.Scenario) *reproducers {
	r := &reproducers{trained: newTrained(t, c), t: t, people: []chain.Account{c.Alice, c.Bob, c.Stranger},
		want: make(map[string]*reproducer), start: make(map[string]math.Int), versions: []bool{true},
		recorded: make(map[uint32]map[string]bool)}
	var err error
	r.params, err = c.App.ModelsKeeper.Params.Get(r.ctx)
	require.NoError(t, err)
	for _, who := range r.people {
		r.want[who.String()] = &reproducer{bond: math.ZeroInt(), paid: math.ZeroInt()}
		r.start[who.String()] = r.balance(who)
	}
	r.module = r.held()
	return r
}

func (r *reproducers) balance(who chain.Account) math.Int {
	return r.App.BankKeeper.GetBalance(r.ctx, who.Address, rewardstypes.Denom).Amount
}

func (r *reproducers) held() math.Int {
	return r.App.BankKeeper.GetBalance(r.ctx, authtypes.NewModuleAddress(types.ModuleName), rewardstypes.Denom).Amount
}

func (r *reproducers) act() {
	who := rapid.SampledFrom(r.people).Draw(r.t, "who")
	of := r.want[who.String()]
	switch act := rapid.SampledFrom([]string{"bond", "unbond", "freeze", "publish", "record", "record", "record"}).
		Draw(r.t, "act"); {
	case act == "publish":
		trained := rapid.Bool().Draw(r.t, "with a record")
		method, record := types.ATTRIBUTION_METHOD_MEANING, (*types.TrainingRecord)(nil)
		if trained {
			method, record = types.ATTRIBUTION_METHOD_LORA, r.record("base 1")
		}
		require.NoError(r.t, r.publish(r.adapter, method, record))
		r.versions = append(r.versions, trained)
	case act == "record":
		r.reproduceAny(who, of)
	case !of.registered:
		r.provide(who)
		of.registered, of.bond, of.paid = true, chain.Open(1_000), chain.Open(1_000)
	case act == "bond":
		amount := chain.Coin(math.NewInt(rapid.Int64Range(1, 5).Draw(r.t, "more")))
		_, err := r.msgs.BondProvider(r.ctx, &types.MsgBondProvider{Provider: who.String(), Amount: amount})
		require.NoError(r.t, err)
		of.bond, of.paid = of.bond.Add(amount.Amount), of.paid.Add(amount.Amount)
	case act == "unbond":
		amount := chain.Coin(math.NewInt(rapid.Int64Range(1, 5).Draw(r.t, "less")))
		_, err := r.msgs.UnbondProvider(r.ctx, &types.MsgUnbondProvider{Provider: who.String(), Amount: amount})
		if err != nil {
			require.ErrorIs(r.t, err, types.ErrUnbonding, "too many are on their way")
			return
		}
		of.bond = of.bond.Sub(amount.Amount)
	case act == "freeze":
		require.NoError(r.t, r.App.ModelsKeeper.Freeze(r.ctx, who.Address))
		of.frozen = true
	}
}

// reproduceAny records what somebody found of a version that there may be, right or wrong.
func (r *reproducers) reproduceAny(who chain.Account, of *reproducer) {
	version := rapid.Uint32Range(0, uint32(len(r.versions))+1).Draw(r.t, "version")
	published := "adapter"
	if version > 1 {
		published = "next"
	}
	adapter := rapid.SampledFrom([]string{published, published, "another"}).Draw(r.t, "digest")
	influence := rapid.SampledFrom([]string{"influence", "influence", "another"}).Draw(r.t, "influence")
	var want error
	_, stands := r.recorded[version][who.String()]
	switch {
	case version == 0:
		want = types.ErrReproduction
	case !of.registered:
		want = types.ErrProviderNotFound
	case of.frozen:
		want = types.ErrProviderFrozen
	case of.bond.LT(r.params.MinBond):
		want = types.ErrInsufficientBond
	case int(version) > len(r.versions):
		want = types.ErrModelNotFound
	case !r.versions[version-1] || stands:
		want = types.ErrReproduction
	}
	err := r.reproduce(who, version, adapter, influence)
	if want != nil {
		require.ErrorIs(r.t, err, want)
		return
	}
	require.NoError(r.t, err)
	if r.recorded[version] == nil {
		r.recorded[version] = make(map[string]bool)
	}
	r.recorded[version][who.String()] = adapter == published && influence == "influence"
}

// check compares what the chain says of each version, and who has which coins, with what must be.
func (r *reproducers) check() {
	for i := range r.versions {
		version := uint32(i + 1)
		found, err := r.queries.Reproductions(r.ctx,
			&types.QueryReproductionsRequest{ModelId: r.adapter, Version: version})
		require.NoError(r.t, err)
		got, matching := make(map[string]bool), uint32(0)
		for _, one := range found.Reproductions {
			got[one.Sender] = one.Matches
			if one.Matches {
				matching++
			}
		}
		if len(got) > 0 || len(r.recorded[version]) > 0 {
			require.Equal(r.t, r.recorded[version], got)
		}
		require.Equal(r.t, matching, found.Matching)
		require.Equal(r.t, uint32(len(got))-matching, found.Different)
	}
	held := r.module
	for _, who := range r.people {
		of := r.want[who.String()]
		require.Equal(r.t, r.start[who.String()].Sub(of.paid).String(), r.balance(who).String())
		held = held.Add(of.paid)
	}
	require.Equal(r.t, held.String(), r.held().String())
	require.NoError(r.t, r.App.ModelsKeeper.CheckInvariants(r.ctx))
}

// TestAnybodyReproduces: whoever bonds, leaves, is frozen, publishes and records in whatever order, a reproduction is
// recorded by who has a bond to lose, once for each version with a record; it says whether it matches; what it says
// stays when its sender has left; and it moves no coin.
func TestAnybodyReproduces(t *testing.T) {
	c := newScenario(t)
	rapid.Check(t, func(t *rapid.T) {
		r := newReproducers(t, c)
		for range rapid.IntRange(5, 40).Draw(t, "acts") {
			r.act()
			r.check()
		}
	})
}

// TestTrainingRecordsAreKept: what a version commits to is read back as it was written, whatever later versions say;
// and no record that a message refuses is stored.
func TestTrainingRecordsAreKept(t *testing.T) {
	c := newScenario(t)
	rapid.Check(t, func(t *rapid.T) {
		s := newTrained(t, c)
		supply := s.App.BankKeeper.GetSupply(s.ctx, rewardstypes.Denom).Amount
		want := []*types.TrainingRecord{s.record("base 1")}
		for range rapid.IntRange(1, 6).Draw(t, "versions") {
			record := s.record("base 1")
			record.Settings = `{"note":"` + rapid.StringMatching(`[a-z]{0,20}`).Draw(t, "note") + `"}`
			record.Rows = rapid.Uint32Range(0, 4).Draw(t, "rows")
			record.InfluenceDigest = rapid.SliceOfN(rapid.Byte(), 31, 33).Draw(t, "influence")
			record.EngineVersion = rapid.Uint32Range(0, 2).Draw(t, "engine")
			if err := s.publish(s.adapter, types.ATTRIBUTION_METHOD_LORA, record); err != nil {
				require.True(t, errors.Is(err, types.ErrTraining) || errors.Is(err, types.ErrInvalidModel), "%s", err)
				require.False(t, record.Rows >= 1 && record.Rows <= 2 && len(record.InfluenceDigest) == 32 &&
					record.EngineVersion > 0, "%s", err)
				continue
			}
			require.True(t, record.Rows <= 2 && len(record.InfluenceDigest) == 32)
			want = append(want, record)
		}
		for i, record := range want {
			version, err := s.App.ModelsKeeper.GetModelVersion(s.ctx, s.adapter, uint32(i+1))
			require.NoError(t, err)
			require.Equal(t, record, version.Training)
			committed, err := version.Training.Committed()
			require.NoError(t, err)
			require.Equal(t, record.Rows, committed.Rows)
			require.True(t, version.Reproduced(version.Digest, bytes.Clone(record.InfluenceDigest)))
			require.False(t, version.Reproduced(digest("another"), record.InfluenceDigest))
		}
		model, err := s.App.ModelsKeeper.GetModel(s.ctx, s.adapter)
		require.NoError(t, err)
		require.EqualValues(t, len(want), model.Version)
		require.Equal(t, supply.String(), s.App.BankKeeper.GetSupply(s.ctx, rewardstypes.Denom).Amount.String(),
			"a version burns nothing: the model has paid")
		require.NoError(t, s.App.ModelsKeeper.CheckInvariants(s.ctx))
	})
}

// TestStrangersDoNotPublish: nobody but the owner of a model changes it, and who is told so changes nothing; a model
// that was handed over is the new owner's.
func TestStrangersDoNotPublish(t *testing.T) {
	s := newTrained(t, newScenario(t))
	msgs := keeper.NewMsgServer(s.App.ModelsKeeper)
	before, err := s.App.ModelsKeeper.ExportGenesis(s.ctx)
	require.NoError(t, err)
	publish := func(owner chain.Account) error {
		cached, write := s.ctx.CacheContext()
		_, err := msgs.PublishModelVersion(context.Context(cached), &types.MsgPublishModelVersion{
			Owner: owner.String(), ModelId: s.adapter, Digest: digest("next"), Method: types.ATTRIBUTION_METHOD_LORA,
			Royalty: chain.Royalty, Manifest: []types.ManifestEntry{{DatanetId: s.DatanetID, Version: s.Version}},
			Training: s.record("base 1"),
		})
		if err == nil {
			write()
		}
		return err
	}
	require.ErrorIs(t, publish(s.Stranger), types.ErrUnauthorized)
	_, err = msgs.UpdateModel(s.ctx, &types.MsgUpdateModel{Owner: s.Stranger.String(), ModelId: s.adapter,
		NewOwner: s.Stranger.String()})
	require.ErrorIs(t, err, types.ErrUnauthorized)
	_, err = msgs.UpdateModel(s.ctx, &types.MsgUpdateModel{Owner: s.Owner.String(), ModelId: 99})
	require.ErrorIs(t, err, types.ErrModelNotFound)
	after, err := s.App.ModelsKeeper.ExportGenesis(s.ctx)
	require.NoError(t, err)
	require.Equal(t, before, after)

	_, err = msgs.UpdateModel(s.ctx, &types.MsgUpdateModel{Owner: s.Owner.String(), ModelId: s.adapter,
		NewOwner: s.Stranger.String(), Description: fmt.Sprint("now of ", s.Stranger.Name)})
	require.NoError(t, err)
	require.ErrorIs(t, publish(s.Owner), types.ErrUnauthorized)
	require.NoError(t, publish(s.Stranger))
	require.NoError(t, s.App.ModelsKeeper.CheckInvariants(s.ctx))
}
