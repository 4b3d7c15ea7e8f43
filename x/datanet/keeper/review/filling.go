package review

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/keeper/internal/timer"
	"github.com/openledger/openledger/x/datanet/types"
)

// Enqueue puts a contribution into the cohort of its DataNet and electorate that is
// filling, and returns the cohort.
func (k Keeper) Enqueue(ctx context.Context, params types.Params, datanetID, electorate uint64,
	contribution types.Contribution) (uint64, error) {
	if most := params.Review.MaxItemTokens(); contribution.Tokens > most {
		return 0, errorsmod.Wrapf(types.ErrInvalidContribution,
			"%d tokens are more than a panel reads of one contribution, %d: contribute it in parts",
			contribution.Tokens, most)
	}
	if err := k.countOpen(ctx, params.Review, contribution.Contributor); err != nil {
		return 0, err
	}
	cohort, err := k.fillingCohort(ctx, params.Review, datanetID, electorate, contribution.Tokens)
	if err != nil {
		return 0, err
	}
	cohort.Items = append(cohort.Items, contribution.Rank)
	cohort.Tokens, cohort.Fees = cohort.Tokens+contribution.Tokens, cohort.Fees.Add(contribution.FeePaid)
	if full(params, cohort) || len(cohort.Items) >= int(params.Review.MaxCohortItems) {
		if err := k.stopFilling(ctx, &cohort); err != nil {
			return 0, err
		}
	}
	return cohort.Id, k.hurryIf(ctx, full(params, cohort), cohort)
}

// fillingCohort returns the cohort of a DataNet and electorate that takes items, a new one if there is none with room.
func (k Keeper) fillingCohort(ctx context.Context, params types.ReviewParams, datanetID, electorate,
	tokens uint64) (types.Cohort, error) {
	id, err := k.Filling.Get(ctx, collections.Join(datanetID, electorate))
	if err == nil {
		cohort, err := k.Cohorts.Get(ctx, id)
		if err != nil || cohort.Tokens+tokens <= params.MaxCohortTokens {
			return cohort, err
		}
		if err := k.stopFilling(ctx, &cohort); err != nil {
			return cohort, err
		}
		if err := k.Cohorts.Set(ctx, cohort.Id, cohort); err != nil {
			return cohort, err
		}
	} else if !errors.Is(err, collections.ErrNotFound) {
		return types.Cohort{}, err
	}
	cohort, err := k.newCohort(ctx, types.Cohort{
		DatanetId: datanetID, Panel: electorate, Kind: types.COHORT_KIND_REVIEW, Phase: types.COHORT_PHASE_FILLING,
		Filling: true,
	}, params.FillWindow)
	if err != nil {
		return cohort, err
	}
	return cohort, k.Filling.Set(ctx, collections.Join(datanetID, electorate), cohort.Id)
}

// stopFilling has the next contribution open another cohort. The caller stores the cohort.
func (k Keeper) stopFilling(ctx context.Context, cohort *types.Cohort) error {
	if !cohort.Filling {
		return nil
	}
	cohort.Filling = false
	return k.Filling.Remove(ctx, collections.Join(cohort.DatanetId, cohort.Panel))
}

// hurryIf ends the phase of a cohort with this block when nothing more can
// happen in it, and stores the cohort. The end-blocker does the work: the gas of
// a message must not depend on whether it is the last one.
func (k Keeper) hurryIf(ctx context.Context, complete bool, cohort types.Cohort) error {
	if complete {
		cohort.Deadline = sdk.UnwrapSDKContext(ctx).BlockTime().UTC()
		if err := k.timers.Set(ctx, timer.Cohort, cohort.Id, cohort.Deadline); err != nil {
			return err
		}
	}
	return k.Cohorts.Set(ctx, cohort.Id, cohort)
}

// full reports whether a cohort that is filling need not wait for more.
func full(params types.Params, cohort types.Cohort) bool {
	enough := len(cohort.Items) >= int(params.Review.CohortItems) || cohort.Tokens >= params.Review.CohortTokens
	return enough && cohort.EnoughGold(params.Review)
}

// endFilling starts the cohort of what there is. Without enough gold it waits
// once more, without new items, and then returns all.
func (k Keeper) endFilling(ctx context.Context, params types.Params, cohort types.Cohort) error {
	if cohort.EnoughGold(params.Review) {
		return k.startDrawing(ctx, params, &cohort)
	}
	if cohort.Extended {
		return k.giveUp(ctx, params, cohort)
	}
	if err := k.stopFilling(ctx, &cohort); err != nil {
		return err
	}
	cohort.Extended = true
	return k.enter(ctx, &cohort, types.COHORT_PHASE_FILLING, params.Review.FillWindow)
}
