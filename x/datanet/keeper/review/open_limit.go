package review

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

// countOpen counts a contribution of an account that waits for a panel.
func (k Keeper) countOpen(ctx context.Context, params types.ReviewParams, contributor string) error {
	if err := k.CheckOpen(ctx, params, contributor); err != nil {
		return err
	}
	return k.CountOpen(ctx, contributor)
}

// CheckOpen fails if an account already has the largest number of contributions that may wait for panels.
func (k Keeper) CheckOpen(ctx context.Context, params types.ReviewParams, contributor string) error {
	open, err := k.openBy(ctx, contributor)
	if err == nil && open >= uint64(params.MaxOpenPerContributor) {
		err = errorsmod.Wrapf(types.ErrReviewLimit,
			"%d of your contributions wait for panels, at most %d may: reveal later", open,
			params.MaxOpenPerContributor)
	}
	return err
}

func (k Keeper) openBy(ctx context.Context, contributor string) (uint64, error) {
	open, err := k.OpenBy.Get(ctx, sdk.MustAccAddressFromBech32(contributor))
	if errors.Is(err, collections.ErrNotFound) {
		return 0, nil
	}
	return open, err
}

func (k Keeper) CountOpen(ctx context.Context, contributor string) error {
	open, err := k.openBy(ctx, contributor)
	if err != nil {
		return err
	}
	return k.OpenBy.Set(ctx, sdk.MustAccAddressFromBech32(contributor), open+1)
}

// UncountOpen undoes countOpen when the contribution is decided.
func (k Keeper) UncountOpen(ctx context.Context, contributor string) error {
	address := sdk.MustAccAddressFromBech32(contributor)
	open, err := k.OpenBy.Get(ctx, address)
	if err != nil {
		return err
	}
	if open == 1 {
		return k.OpenBy.Remove(ctx, address)
	}
	return k.OpenBy.Set(ctx, address, open-1)
}
