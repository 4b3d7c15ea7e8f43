package review

import (
	"context"
	"errors"
	"math/big"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	"github.com/openledger/openledger/x/datanet/types"
)

// stakeKey names a node of a stake tree: the DataNet, or types.AllDataNets for the
// validators of all DataNets, the level from the leaves, and the place in it.
type stakeKey = collections.Triple[uint64, uint64, uint64]

// fanoutBits is the binary logarithm of types.StakeFanout.
const fanoutBits = 4

func (k Keeper) stakeNode(ctx context.Context, key stakeKey) (types.StakeNode, error) {
	node, err := k.Stake.Get(ctx, key)
	if errors.Is(err, collections.ErrNotFound) {
		return types.EmptyStakeNode(), nil
	}
	return node, err
}

// setStake sets the stake at a place of an electorate: one node for each level is
// written, whatever the number of validators.
func (k Keeper) setStake(ctx context.Context, electorate, place uint64, stake math.Int) error {
	if place >= types.MaxPlaces {
		return errorsmod.Wrapf(types.ErrInvalidBond, "electorate %d has no more places", electorate)
	}
	var delta math.Int
	for level := range uint64(types.StakeLevels) {
		key := collections.Join3(electorate, level, place>>(fanoutBits*(level+1)))
		child := place >> (fanoutBits * level) % types.StakeFanout
		node, err := k.stakeNode(ctx, key)
		if err != nil {
			return err
		}
		if level == 0 {
			if delta = stake.Sub(node[child]); delta.IsZero() {
				return nil
			}
			if err := k.countActive(ctx, electorate, node[child], stake); err != nil {
				return err
			}
		}
		node[child] = node[child].Add(delta)
		if err := k.Stake.Set(ctx, key, node); err != nil {
			return err
		}
	}
	return nil
}

// countActive counts the places of an electorate that have stake.
func (k Keeper) countActive(ctx context.Context, electorate uint64, before, after math.Int) error {
	if before.IsZero() == after.IsZero() {
		return nil
	}
	active, err := k.ElectorateSize(ctx, electorate)
	if err != nil {
		return err
	}
	if after.IsZero() {
		return k.ElectorateSizes.Set(ctx, electorate, active-1)
	}
	return k.ElectorateSizes.Set(ctx, electorate, active+1)
}

// drawPlace returns the place that a random number falls on, each place being
// as wide as its stake. ok is false when nobody has stake.
func (k Keeper) drawPlace(ctx context.Context, electorate uint64, random []byte) (place uint64, ok bool, err error) {
	total, err := k.ElectorateStake(ctx, electorate)
	if err != nil || !total.IsPositive() {
		return 0, false, err
	}
	left := math.NewIntFromBigInt(new(big.Int).Mod(new(big.Int).SetBytes(random), total.BigInt()))
	for level := uint64(types.StakeLevels); level > 0; level-- {
		node, err := k.stakeNode(ctx, collections.Join3(electorate, level-1, place))
		if err != nil {
			return 0, false, err
		}
		child := uint64(0)
		for left.GTE(node[child]) {
			left = left.Sub(node[child])
			if child++; child == types.StakeFanout {
				return 0, false, errorsmod.Wrapf(types.ErrInvariant, "stake of electorate %d does not add up", electorate)
			}
		}
		place = place<<fanoutBits + child
	}
	return place, true, nil
}
