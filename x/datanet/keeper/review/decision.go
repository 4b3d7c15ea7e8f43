package review

import (
	"context"
	"slices"
	"strings"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// decide ends a cohort whose ballots are open.
func (k Keeper) decide(ctx context.Context, params types.Params, cohort types.Cohort) error {
	ballots, err := k.ballots(ctx, cohort)
	if err != nil {
		return err
	}
	panel := newPanel(cohort, ballots)
	switch cohort.Kind {
	case types.COHORT_KIND_REVIEW:
		return k.decideReview(ctx, params, cohort, panel)
	case types.COHORT_KIND_BOUNTY:
		return k.decideConfirmation(ctx, params, cohort, panel)
	}
	return k.decideAppeal(ctx, params, cohort, panel)
}

// decideReview accepts and rejects the items of a cohort, and pays and slashes
// its panel.
func (k Keeper) decideReview(ctx context.Context, params types.Params, cohort types.Cohort, p panel) error {
	datanet, err := k.registry.DataNet(ctx, cohort.DatanetId)
	if err != nil {
		return err
	}
	cohort.Outcomes = nil
	var accepted []Acceptance
	var rejected []uint64
	var checkable []types.Contribution
	pot := math.ZeroInt()
	for item, rank := range cohort.Items {
		gold := cohort.OpenedGold(rank)
		outcome := p.outcome(item)
		outcome.Gold = gold != types.GOLD_KIND_UNSPECIFIED
		outcome.Accepted = outcome.Accepts >= cohort.Needed && outcome.Score > 0 && !gold.Bad()
		cohort.Outcomes = append(cohort.Outcomes, outcome)
		contribution, err := k.registry.Contribution(ctx, rank)
		if err != nil {
			return err
		}
		if outcome.Gold {
			if err := k.registry.LeaveBounty(ctx, &contribution); err != nil {
				return err
			}
		} else {
			checkable = append(checkable, contribution)
		}
		fee, err := k.settleFee(ctx, params.Review, cohort, &contribution, gold)
		if err != nil {
			return err
		}
		pot = pot.Add(fee)
		if outcome.Accepted {
			accepted = append(accepted, Acceptance{Rank: rank, Score: outcome.Score})
			continue
		}
		reason := p.reason(item)
		if gold.Bad() {
			reason = "gold: " + strings.ToLower(strings.TrimPrefix(gold.String(), "GOLD_KIND_"))
		}
		if err := k.registry.Return(ctx, contribution, types.CONTRIBUTION_STATUS_REJECTED, reason); err != nil {
			return err
		}
		rejected = append(rejected, rank)
	}
	paid, err := k.payPanel(ctx, params, datanet.Id, &cohort, p, pot)
	if err != nil {
		return err
	}
	event := types.EventCohortDecided{Cohort: cohort.Id, DatanetId: datanet.Id, Kind: cohort.Kind, Rejected: rejected,
		Paid: paid}
	if event.Accepted, event.Version, err = k.acceptAll(ctx, params, datanet.Id, accepted); err != nil {
		return err
	}
	confirming, err := k.confirm(ctx, params, &cohort, event.Accepted)
	if err != nil {
		return err
	}
	if err := k.finish(ctx, params, cohort); err != nil {
		return err
	}
	if err := modulekit.Emit(ctx, &event); err != nil {
		return err
	}
	checkable = slices.DeleteFunc(checkable,
		func(c types.Contribution) bool { return slices.Contains(confirming, c.Rank) })
	return k.checkByChance(ctx, params, cohort, checkable)
}

// settleFee takes the review fee of an item for the panel. For gold that the
// owner planted and vouched for it takes the gas of the panel only, divided among
// the items, and returns the rest. Duplicates pay: who plants them may sit on the
// panel.
func (k Keeper) settleFee(ctx context.Context, params types.ReviewParams, cohort types.Cohort,
	contribution *types.Contribution, gold types.GoldKind) (math.Int, error) {
	fee := contribution.ReviewFee
	contribution.ReviewFee = math.ZeroInt()
	if err := k.registry.SetContribution(ctx, *contribution); err != nil {
		return fee, err
	}
	if gold == types.GOLD_KIND_ALTERED || gold == types.GOLD_KIND_SOUND {
		gas := math.MinInt(fee, params.GasRefund.MulRaw(int64(len(cohort.Seats))).QuoRaw(int64(len(cohort.Items))))
		return gas, k.funds.Pay(ctx, contribution.Contributor, fee.Sub(gas))
	}
	return fee, nil
}

// acceptAll makes a version with contributions and pays their bounties; none make none.
func (k Keeper) acceptAll(ctx context.Context, params types.Params, datanetID uint64, accepted []Acceptance) ([]uint64,
	uint64, error) {
	if len(accepted) == 0 {
		return nil, 0, nil
	}
	version, err := k.registry.Accept(ctx, params, datanetID, accepted)
	ranks := make([]uint64, len(accepted))
	for i, a := range accepted {
		ranks[i] = a.Rank
	}
	return ranks, version, err
}
