package review

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

func (k Keeper) ElectorateSize(ctx context.Context, electorate uint64) (uint64, error) {
	active, err := k.ElectorateSizes.Get(ctx, electorate)
	if errors.Is(err, collections.ErrNotFound) {
		return 0, nil
	}
	return active, err
}

// ElectorateStake returns the stake of all active validators of an electorate.
func (k Keeper) ElectorateStake(ctx context.Context, electorate uint64) (math.Int, error) {
	root, err := k.stakeNode(ctx, collections.Join3(electorate, uint64(types.StakeLevels-1), uint64(0)))
	return root.Total(), err
}

// excluded returns who has no seat in a cohort, sorted: contributors of its items, and
// in an appeal the appellant and those who decided before.
func (k Keeper) excluded(ctx context.Context, cohort types.Cohort) ([][]byte, error) {
	texts := []string{cohort.Appellant}
	var first types.Cohort
	for _, rank := range cohort.Items {
		contribution, err := k.registry.Contribution(ctx, rank)
		if err != nil {
			return nil, err
		}
		texts = append(texts, contribution.Contributor)
		if cohort.Kind == types.COHORT_KIND_REVIEW {
			continue
		}
		if contribution.Recall != nil {
			texts = append(texts, contribution.Recall.By)
		}
		if contribution.Cohort == first.Id {
			continue
		}
		first, err = k.Cohorts.Get(ctx, contribution.Cohort)
		if errors.Is(err, collections.ErrNotFound) {
			continue // decided long ago
		}
		if err != nil {
			return nil, err
		}
		for _, seat := range first.Seats {
			texts = append(texts, seat.Address)
		}
	}
	slices.Sort(texts)
	var out [][]byte
	for _, text := range slices.Compact(texts) {
		if text != "" {
			out = append(out, sdk.MustAccAddressFromBech32(text))
		}
	}
	slices.SortFunc(out, bytes.Compare)
	return out, nil
}

// mayDecide returns how many active validators may have a seat in an appeal.
func (k Keeper) mayDecide(ctx context.Context, cohort types.Cohort) (uint64, error) {
	excluded, err := k.excluded(ctx, cohort)
	if err != nil {
		return 0, err
	}
	available, _, err := k.available(ctx, cohort.Panel, excluded)
	return available, err
}

// available returns how many active validators of an electorate belong to none of some accounts, and how much work it
// was to count: one for each account and for each of its bonds, of which it has at most maxBonds.
func (k Keeper) available(ctx context.Context, electorate uint64, without [][]byte) (uint64, int, error) {
	work := len(without)
	active, err := k.ElectorateSize(ctx, electorate)
	if err != nil {
		return 0, work, err
	}
	for _, account := range without {
		ids, err := k.bondsIn(ctx, electorate, account)
		if err != nil {
			return 0, work, err
		}
		work += len(ids)
		for _, id := range ids {
			v, err := k.Validators.Get(ctx, id)
			if err != nil {
				return 0, work, err
			}
			if v.Active {
				active--
			}
		}
	}
	return active, work, nil
}

// bondsIn returns the ids under which an account is a validator of an electorate.
func (k Keeper) bondsIn(ctx context.Context, electorate uint64, account sdk.AccAddress) ([]uint64, error) {
	if electorate == types.AllDataNets {
		iterator, err := k.ValidatorIDs.Iterate(ctx, collections.NewPrefixedPairRange[sdk.AccAddress, uint64](account))
		if err != nil {
			return nil, err
		}
		return iterator.Values()
	}
	id, err := k.ValidatorIDs.Get(ctx, collections.Join(account, electorate))
	if errors.Is(err, collections.ErrNotFound) {
		return nil, nil
	}
	return []uint64{id}, err
}
