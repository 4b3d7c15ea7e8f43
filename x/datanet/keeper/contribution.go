package keeper

import (
	"context"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

// addContribution stores a new contribution with its indexes.
func (k Keeper) addContribution(ctx context.Context, contribution types.Contribution) error {
	if err := k.Contributions.Set(ctx, contribution.Rank, contribution); err != nil {
		return err
	}
	if err := k.ByDataNet.Set(ctx, collections.Join(contribution.DatanetId, contribution.Rank)); err != nil {
		return err
	}
	return k.ByContributor.Set(ctx, collections.Join(sdk.MustAccAddressFromBech32(contribution.Contributor),
		contribution.Rank))
}

// submitted returns a contribution of a DataNet that waits for a decision.
func (k Keeper) submitted(ctx context.Context, datanetID, rank uint64) (types.Contribution, error) {
	contribution, err := k.GetContribution(ctx, rank)
	if err != nil {
		return contribution, err
	}
	if contribution.DatanetId != datanetID {
		return contribution, errorsmod.Wrapf(types.ErrContributionNotFound, "contribution %d belongs to DataNet %d",
			rank, contribution.DatanetId)
	}
	return contribution, mustBeSubmitted(contribution)
}

func mustBeSubmitted(contribution types.Contribution) error {
	if contribution.Status != types.CONTRIBUTION_STATUS_SUBMITTED {
		return errorsmod.Wrapf(types.ErrContributionStatus,
			"contribution %d is %s: only submitted contributions can be decided or withdrawn", contribution.Rank,
			contribution.Status)
	}
	return nil
}
