package review

import (
	"bytes"
	"context"
	"slices"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// SealGold implements types.MsgServer.
func (m Messages) SealGold(ctx context.Context, msg *types.MsgSealGold) (*types.MsgSealGoldResponse, error) {
	params, err := m.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	if err := m.k.sealGold(ctx, params, msg); err != nil {
		return nil, err
	}
	return &types.MsgSealGoldResponse{}, modulekit.Emit(ctx, &types.EventGoldSealed{Cohort: msg.Cohort, Kind: msg.Kind,
		Count: uint32(len(msg.Hashes))})
}

// OpenGold implements types.MsgServer.
func (m Messages) OpenGold(ctx context.Context, msg *types.MsgOpenGold) (*types.MsgOpenGoldResponse, error) {
	params, err := m.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	kind, err := m.k.openGold(ctx, params, msg)
	if err != nil {
		return nil, err
	}
	return &types.MsgOpenGoldResponse{}, modulekit.Emit(ctx, &types.EventGoldOpened{Cohort: msg.Cohort, Rank: msg.Rank,
		Kind: kind})
}

// sealGold declares gold in a cohort that is filling.
func (k Keeper) sealGold(ctx context.Context, params types.Params, msg *types.MsgSealGold) error {
	cohort, err := k.cohortIn(ctx, msg.Cohort, types.COHORT_PHASE_FILLING)
	if err != nil {
		return err
	}
	datanet, err := k.registry.DataNet(ctx, cohort.DatanetId)
	if err != nil {
		return err
	}
	if msg.Kind != types.GOLD_KIND_DUPLICATE && msg.Planter != datanet.Owner {
		return errorsmod.Wrapf(types.ErrUnauthorized,
			"only the owner of DataNet %d, %s, vouches for gold that the chain cannot check", datanet.Id, datanet.Owner)
	}
	if err := checkGoldCount(params.Review, cohort, msg, datanet.Owner); err != nil {
		return err
	}
	deposit := params.Review.GoldDeposit(datanet.FeeAt(sdk.UnwrapSDKContext(ctx).BlockTime()), cohort)
	if err := k.funds.Take(ctx, sdk.MustAccAddressFromBech32(msg.Planter),
		deposit.MulRaw(int64(len(msg.Hashes)))); err != nil {
		return errorsmod.Wrap(err, "gold deposit")
	}
	for _, hash := range msg.Hashes {
		for _, gold := range cohort.Gold {
			if bytes.Equal(gold.Hash, hash) {
				return errorsmod.Wrapf(types.ErrGold, "%x is sealed already", hash)
			}
		}
		cohort.Gold = append(cohort.Gold, types.Gold{Planter: msg.Planter, Kind: msg.Kind, Hash: hash,
			Deposit: deposit})
	}
	if full(params, cohort) {
		if err := k.stopFilling(ctx, &cohort); err != nil {
			return err
		}
	}
	return k.hurryIf(ctx, full(params, cohort), cohort)
}

// maxForeignGold bounds what one account but the owner may seal for a cohort.
const maxForeignGold = 2

// checkGoldCount keeps room for the owner's gold, without which there is no review.
func checkGoldCount(params types.ReviewParams, cohort types.Cohort, msg *types.MsgSealGold, owner string) error {
	own := cohort.GoldOf(owner)
	if msg.Planter == owner {
		if own+len(msg.Hashes) > int(params.MaxGold) {
			return errorsmod.Wrapf(types.ErrGold, "you have sealed %d gold items for cohort %d, at most %d may be", own,
				cohort.Id, params.MaxGold)
		}
		return nil
	}
	if mine := cohort.GoldOf(msg.Planter); mine+len(msg.Hashes) > maxForeignGold {
		return errorsmod.Wrapf(types.ErrGold, "you have sealed %d gold items for cohort %d, at most %d may be", mine,
			cohort.Id, maxForeignGold)
	}
	if foreign := len(cohort.Gold) - own; foreign+len(msg.Hashes) > int(params.MaxGold)/2 {
		return errorsmod.Wrapf(types.ErrGold,
			"others than the owner have sealed %d gold items for cohort %d, at most %d may be", foreign, cohort.Id,
			params.MaxGold/2)
	}
	return nil
}

// openGold says which item was gold and returns its deposit. A duplicate is
// checked here. The phase ends once all gold is open.
func (k Keeper) openGold(ctx context.Context, params types.Params, msg *types.MsgOpenGold) (types.GoldKind, error) {
	cohort, err := k.cohortIn(ctx, msg.Cohort, types.COHORT_PHASE_GOLD)
	if err != nil {
		return 0, err
	}
	at := k.sealedGold(cohort, msg)
	if at < 0 {
		return 0, errorsmod.Wrapf(types.ErrRevealMismatch, "rank and salt open no gold of %s in cohort %d", msg.Planter,
			cohort.Id)
	}
	gold := &cohort.Gold[at]
	if gold.Rank != 0 {
		return 0, errorsmod.Wrapf(types.ErrGold, "contribution %d is open already", msg.Rank)
	}
	if !slices.Contains(cohort.Items, msg.Rank) {
		return 0, errorsmod.Wrapf(types.ErrGold, "contribution %d is not in cohort %d", msg.Rank, cohort.Id)
	}
	// Somebody else may have opened the same item: both knew, and it counts once.
	if err := k.checkGold(ctx, params, cohort, gold.Kind, msg); err != nil {
		return 0, err
	}
	if err := k.funds.Pay(ctx, gold.Planter, gold.Deposit); err != nil {
		return 0, err
	}
	gold.Rank, gold.Deposit = msg.Rank, math.ZeroInt()
	return gold.Kind, k.hurryIf(ctx, cohort.AllGoldOpen(), cohort)
}

// sealedGold returns the place of the gold that a message opens, or -1.
func (k Keeper) sealedGold(cohort types.Cohort, msg *types.MsgOpenGold) int {
	planter := sdk.MustAccAddressFromBech32(msg.Planter)
	return slices.IndexFunc(cohort.Gold, func(gold types.Gold) bool {
		return gold.Planter == msg.Planter && bytes.Equal(gold.Hash,
			types.GoldHash(cohort.Id, msg.Rank, gold.Kind, planter, msg.Salt))
	})
}

// checkGold checks that gold is what its kind says: a copy, which the chain
// sees, or an item whose contributor agreed to its being gold.
func (k Keeper) checkGold(ctx context.Context, params types.Params, cohort types.Cohort, kind types.GoldKind,
	msg *types.MsgOpenGold) error {
	later, err := k.registry.Contribution(ctx, msg.Rank)
	if err != nil {
		return err
	}
	if kind != types.GOLD_KIND_DUPLICATE {
		if mark := types.GoldMark(sdk.MustAccAddressFromBech32(msg.Planter), msg.Salt); !bytes.Equal(mark, later.Mark) {
			return errorsmod.Wrapf(types.ErrGold, "the contributor of %d has not marked it as gold of %s", msg.Rank,
				msg.Planter)
		}
		return nil
	}
	if msg.Segment == nil {
		return errorsmod.Wrap(types.ErrGold, "show both segments of the duplicate")
	}
	if readable, err := k.registry.ReadableSince(ctx, msg.Original, cohort.Height); err != nil {
		return err
	} else if !readable {
		return errorsmod.Wrapf(types.ErrGold, "validators did not hold the text of contribution %d when voting began",
			msg.Original)
	}
	return k.registry.CheckCopy(ctx, params, later, *msg.Segment, msg.Original, *msg.OriginalSegment)
}
