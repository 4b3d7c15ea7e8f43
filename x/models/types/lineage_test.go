package types_test

import (
	"math/big"
	"testing"

	"cosmossdk.io/math"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/models/types"
)

// TestTablesAreTheProductsOfTheirShares: rounding moves no row by more than one millionth for each generation.
func TestTablesAreTheProductsOfTheirShares(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shares := rapid.SliceOfN(rapid.Uint32Range(0, 1_000_000), 1, types.MaxDepth-1).Draw(t, "parent_ppm")
		table := types.FlattenRoyalties(1, 0, nil)
		for i, share := range shares {
			table = types.FlattenRoyalties(uint64(i+2), share, table)
		}
		got := make(map[uint64]int64)
		for _, row := range table {
			got[row.ModelId] = int64(row.Ppm)
		}
		left := big.NewRat(1_000_000, 1)
		for id := len(shares) + 1; id >= 1; id-- {
			given := new(big.Rat)
			if id > 1 {
				given.Mul(left, big.NewRat(int64(shares[id-2]), 1_000_000))
			}
			kept := new(big.Rat).Sub(left, given)
			distance := new(big.Rat).Sub(kept, big.NewRat(got[uint64(id)], 1))
			require.LessOrEqual(t, distance.Abs(distance).Cmp(big.NewRat(int64(len(shares)), 1)), 0,
				"model %d has %d, exactly %s", id, got[uint64(id)], kept.FloatString(3))
			left = given
		}
	})
}

// lineageGenesis is a state of three models, each the parent of the next.
func lineageGenesis() *types.GenesisState {
	genesis := types.DefaultGenesis()
	var table []types.RoyaltyShare
	for id := uint64(1); id <= 3; id++ {
		model := types.Model{
			Id: id, Owner: sdk.AccAddress(make([]byte, 20)).String(), Name: "model", Kind: types.MODEL_KIND_BASE,
			Depth: uint32(id), Version: 1,
		}
		version := types.ModelVersion{ModelId: id, Version: 1, Digest: make([]byte, 32),
			Method: types.ATTRIBUTION_METHOD_SPAN, Royalty: math.ZeroInt()}
		if id > 1 {
			model.Kind, model.ParentId, model.ParentPpm = types.MODEL_KIND_ADAPTER, id-1, 100_000
			version.Manifest = []types.ManifestEntry{{DatanetId: 1, Version: 1}}
		}
		table = types.FlattenRoyalties(id, model.ParentPpm, table)
		model.Royalties = table
		genesis.Models, genesis.ModelVersions = append(genesis.Models, model), append(genesis.ModelVersions, version)
	}
	genesis.NextModelId = 4
	return genesis
}

func TestGenesisRefusesWhatNoLineageCanBe(t *testing.T) {
	require.NoError(t, lineageGenesis().Validate())
	for name, edit := range map[string]func([]types.Model){
		"a parent of itself":              func(m []types.Model) { m[1].ParentId = 2 },
		"a cycle":                         func(m []types.Model) { m[1].ParentId = 3 },
		"an unknown parent":               func(m []types.Model) { m[2].ParentId = 9 },
		"a depth that is not the next":    func(m []types.Model) { m[2].Depth = 2 },
		"another share than in the table": func(m []types.Model) { m[2].ParentPpm = 100_001 },
		"more than one whole":             func(m []types.Model) { m[2].ParentPpm = 1_000_001 },
		"a table that was changed": func(m []types.Model) {
			m[2].Royalties = []types.RoyaltyShare{{ModelId: 3, Ppm: 1_000_000}}
		},
		"a table that is not whole": func(m []types.Model) {
			m[2].Royalties = []types.RoyaltyShare{{ModelId: 3, Ppm: 999_999}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			genesis := lineageGenesis()
			edit(genesis.Models)
			require.ErrorIs(t, genesis.Validate(), types.ErrInvalidGenesis)
		})
	}
}
