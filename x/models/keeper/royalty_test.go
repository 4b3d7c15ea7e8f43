package keeper_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/testutil/chain"
	"github.com/openledger/openledger/x/models/keeper"
	"github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// family is a model of the test with its parent and what it passes on.
type family struct {
	id, parent uint64
	parentPpm  uint32
	owner      chain.Account
	depth      uint32
}

// TestRoyaltiesFollowLineage: a tree of adapters of random shares. The owners of every model have all of it between
// them; a parent has its part of its child's share, within an aopen of rounding for each generation, and the
// registration fees are burned.
func TestRoyaltiesFollowLineage(t *testing.T) {
	c := chain.NewScenario(func(accounts []chain.Account) *chain.Chain { return chain.New(t, accounts) })
	people := []chain.Account{c.Owner, c.Alice, c.Bob}
	rapid.Check(t, func(t *rapid.T) {
		ctx, _ := c.Ctx().CacheContext()
		k := c.App.ModelsKeeper
		msgs := keeper.NewMsgServer(k)
		params, err := k.Params.Get(ctx)
		require.NoError(t, err)
		supply := c.App.BankKeeper.GetSupply(ctx, rewardstypes.Denom).Amount
		var models []family
		for i := range rapid.IntRange(1, 14).Draw(t, "models") {
			m := family{owner: rapid.SampledFrom(people).Draw(t, "owner"), depth: 1}
			kind, royalty, manifest := types.MODEL_KIND_BASE, math.ZeroInt(), []types.ManifestEntry(nil)
			if i > 0 && rapid.IntRange(0, 5).Draw(t, "child") > 0 {
				parent := rapid.SampledFrom(models).Draw(t, "parent")
				m.parent, m.depth, kind = parent.id, parent.depth+1, types.MODEL_KIND_ADAPTER
				royalty, manifest = chain.Royalty, []types.ManifestEntry{{DatanetId: c.DatanetID, Version: c.Version}}
				m.parentPpm = rapid.SampledFrom(
					[]uint32{0, 1, 333_333, 500_000, params.MaxParentPpm, params.MaxParentPpm + 1}).Draw(t, "ppm")
			}
			digest := sha256.Sum256(fmt.Appendf(nil, "model %d", i))
			cached, write := ctx.CacheContext()
			response, err := msgs.RegisterModel(context.Context(cached), &types.MsgRegisterModel{
				Owner: m.owner.String(), Name: fmt.Sprint("model-", i), Kind: kind, ParentId: m.parent, ParentPpm: m.parentPpm,
				Digest: digest[:], Method: types.ATTRIBUTION_METHOD_SPAN, Royalty: royalty, Manifest: manifest,
			})
			if m.depth > types.MaxDepth || m.parentPpm > params.MaxParentPpm {
				require.ErrorIs(t, err, types.ErrLineage)
				continue
			}
			require.NoError(t, err)
			write()
			m.id = response.ModelId
			models = append(models, m)
		}
		burned := supply.Sub(c.App.BankKeeper.GetSupply(ctx, rewardstypes.Denom).Amount)
		require.Equal(t, params.RegistrationFee.MulRaw(int64(len(models))).String(), burned.String())
		require.NoError(t, k.CheckInvariants(ctx))

		tables := make(map[uint64]map[uint64]uint32)
		for _, m := range models {
			stored, err := k.GetModel(ctx, m.id)
			require.NoError(t, err)
			require.Equal(t, m.depth, stored.Depth)
			table, sum := make(map[uint64]uint32), uint32(0)
			for _, row := range stored.Royalties {
				require.Zero(t, table[row.ModelId], "one row a model")
				table[row.ModelId] = row.Ppm
				sum += row.Ppm
			}
			require.EqualValues(t, rewardstypes.PPM, sum)
			for ancestor, ppm := range tables[m.parent] {
				require.InDelta(t, float64(ppm)*float64(m.parentPpm)/rewardstypes.PPM, float64(table[ancestor]), float64(m.depth))
			}
			tables[m.id] = table
			shares, err := k.RoyaltyOwners(ctx, m.id)
			require.NoError(t, err)
			total := uint32(0)
			for _, share := range shares {
				total += share.PPM
			}
			require.EqualValues(t, rewardstypes.PPM, total, "owners have all of it")
		}
	})
}
