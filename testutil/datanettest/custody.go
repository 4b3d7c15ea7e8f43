package datanettest

import (
	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/datanet/types"
)

const (
	IsHeld   = types.HOLD_VERDICT_HELD
	Withheld = types.HOLD_VERDICT_WITHHELD
	Unfit    = types.HOLD_VERDICT_UNFIT
	Differs  = types.HOLD_VERDICT_DERIVATIONS
)

var Retry = types.HoldRetry{Blocks: 60, Refusals: 4}

// Says is what validators say of contributions by rank; of all others that they hold them.
type Says map[uint64]types.HoldVerdict

// About a set of contributions they say the worst that holds of one of them.
func (v Says) About(ask types.HoldAsk) types.HoldVerdict {
	worst := IsHeld
	for _, rank := range ask.Ranks {
		switch verdict := v[rank]; {
		case verdict == Unfit:
			return Unfit
		case verdict == Withheld, verdict == Differs && worst != Withheld:
			worst = verdict
		}
	}
	return worst
}

// Asks puts what is due to validators and carries out what they say, one question after the other, until nothing is
// due. It returns how many questions there were.
func (f *Fixture) Asks(verdicts Says) int {
	for n := 0; ; {
		asks, err := f.Keeper.AskCustody(f.Ctx, 8, 2)
		require.NoError(f.T, err)
		if len(asks) == 0 {
			return n
		}
		f.Check()
		for _, ask := range asks {
			_, err := f.Keeper.SettleCustody(f.Ctx, ask.DatanetId, ask.Rank, verdicts.About(ask), Retry)
			require.NoError(f.T, err)
			f.Check()
			n++
		}
	}
}

// Roots checks that each version that is held has the root over the contributions that it has, in their order.
func (f *Fixture) Roots(id uint64) {
	datanet := f.Datanet(id)
	for version := uint64(1); version <= datanet.HeldVersion; version++ {
		var leaves poa.MMR
		for index := uint64(0); ; index++ {
			response, err := f.Queries.HeldContributions(f.Ctx,
				&types.QueryHeldContributionsRequest{DatanetId: id, From: index})
			require.NoError(f.T, err)
			if len(response.Contributions) == 0 || response.Contributions[0].Version() > version {
				break
			}
			leaf, _, err := types.Leaves(response.Contributions[0])
			require.NoError(f.T, err)
			leaves.Append(leaf)
		}
		found, err := f.Keeper.GetVersion(f.Ctx, id, version)
		require.NoError(f.T, err)
		root := leaves.Root()
		require.Equal(f.T, root[:], found.Root, "version %d", version)
		require.Equal(f.T, leaves.Count, found.Contributions)
	}
}

// Reimported returns a chain that begins with what this one exports.
func (f *Fixture) Reimported() *Fixture {
	g, err := f.Imported(f.Export())
	require.NoError(f.T, err)
	require.Equal(f.T, f.Export(), g.Export())
	g.At(f.Ctx.BlockHeight(), f.Ctx.BlockTime())
	return g
}
