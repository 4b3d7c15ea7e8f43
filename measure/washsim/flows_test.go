package main

import (
	"testing"

	"cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// TestFlowsComeAbout: what a flow is about happens in one of its first cases.
func TestFlowsComeAbout(t *testing.T) {
	w := testWorld(t)
	for name, came := range map[string]func(*branch) bool{
		"bounty": paidBounty, "pool": paidBounty,
		"review":  func(b *branch) bool { return decided(b, datanettypes.COHORT_KIND_REVIEW) },
		"appeal":  func(b *branch) bool { return decided(b, datanettypes.COHORT_KIND_APPEAL) },
		"dispute": slashed,
		"attested": func(b *branch) bool {
			totals, err := b.app().RewardsKeeper.Totals.Get(b.ctx)
			return err == nil && totals.Contributors.IsPositive() && totals.Validators.IsPositive()
		},
		"lapse": func(b *branch) bool {
			totals, err := b.app().RewardsKeeper.Totals.Get(b.ctx)
			return err == nil && totals.BountyPool.IsPositive() && totals.Contributors.IsZero()
		},
		"bucket": func(b *branch) bool {
			totals, err := b.app().RewardsKeeper.Totals.Get(b.ctx)
			return err == nil && totals.Bonus.IsPositive()
		},
		"receipts": func(b *branch) bool {
			totals, err := b.app().RewardsKeeper.Totals.Get(b.ctx)
			return err == nil && totals.Contributors.IsPositive() && totals.Lineage.IsPositive() &&
				totals.DatanetOwners.IsPositive()
		},
		"release": func(b *branch) bool {
			released := false
			_ = b.app().DatanetKeeper.Released.Walk(b.ctx, nil, func(_ sdk.AccAddress, amount math.Int) (bool, error) {
				released = released || amount.IsPositive()
				return released, nil
			})
			return released
		},
	} {
		f, happened := flowOf(name), false
		for n := 0; n < 40 && !happened; n++ {
			s, play := f.draw(newDice(1, f.name, n), w)
			b := (&branch{world: w, ctx: w.root, spent: math.ZeroInt()}).fork()
			require.NoError(t, s.set(b))
			_, err := play.run(s, b, func() error { return do(play.wash, b) })
			require.NoError(t, err)
			happened = came(b)
		}
		require.True(t, happened, name)
	}
}

func paidBounty(b *branch) (paid bool) {
	_ = b.app().DatanetKeeper.Bounties.Walk(b.ctx, nil, func(_ uint64, bounty datanettypes.Bounty) (bool, error) {
		paid = paid || bounty.Paid.IsPositive()
		return paid, nil
	})
	return paid
}

func decided(b *branch, kind datanettypes.CohortKind) (found bool) {
	_ = b.app().DatanetKeeper.Review.Cohorts.Walk(b.ctx, nil, func(_ uint64, c datanettypes.Cohort) (bool, error) {
		found = found || c.Kind == kind && c.Phase == datanettypes.COHORT_PHASE_DECIDED
		return found, nil
	})
	return found
}

func slashed(b *branch) (found bool) {
	_ = b.app().ModelsKeeper.Providers.Walk(b.ctx, nil, func(_ sdk.AccAddress, p modelstypes.Provider) (bool, error) {
		found = found || p.Frozen
		return found, nil
	})
	return found
}
