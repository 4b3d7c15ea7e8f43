package keeper

import (
	"context"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/keeper/internal/timer"
	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// RecallContribution implements types.MsgServer.
func (s msgServer) RecallContribution(ctx context.Context,
	msg *types.MsgRecallContribution) (*types.MsgRecallContributionResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	return &types.MsgRecallContributionResponse{}, s.recall(ctx, params, msg)
}

// recall stops a contribution. A recall by its contributor takes effect at once, and the deposit goes on decaying, so
// that recalling squatted text does not free its deposit. A recall by anybody else takes effect later.
func (k Keeper) recall(ctx context.Context, params types.Params, msg *types.MsgRecallContribution) error {
	c, err := k.GetContribution(ctx, msg.Rank)
	if err != nil {
		return err
	}
	if !c.Earning() {
		return errorsmod.Wrapf(types.ErrContributionStatus, "contribution %d is %s: only accepted ones can be recalled",
			c.Rank, c.Status)
	}
	datanet, err := k.GetDataNet(ctx, c.DatanetId)
	if err != nil {
		return err
	}
	governs := modulekit.Governs(ctx, k.authority, msg.Signer)
	switch {
	case msg.Signer == c.Contributor:
		return k.stop(ctx, c, types.CONTRIBUTION_STATUS_RECALLED, msg.Reason)
	case msg.Signer == datanet.Owner, governs:
	default:
		return errorsmod.Wrapf(types.ErrUnauthorized,
			"contribution %d is recalled by %s, the owner of its DataNet, %s, or governance", c.Rank, c.Contributor,
			datanet.Owner)
	}
	if c.Recall != nil {
		return errorsmod.Wrapf(types.ErrRecall, "contribution %d is being recalled by %s: %s", c.Rank, c.Recall.By,
			c.Recall.Reason)
	}
	deposit := math.ZeroInt()
	if !governs {
		if c.RecallRefused {
			return errorsmod.Wrapf(types.ErrRecall, "a panel has kept contribution %d: ask governance", c.Rank)
		}
		// The cost of defending it for the contributor.
		deposit = math.MaxInt(params.Review.MinFee, c.FeePaid).MulRaw(int64(params.Review.AppealFees))
		if err := k.funds.Take(ctx, sdk.MustAccAddressFromBech32(msg.Signer), deposit); err != nil {
			return errorsmod.Wrap(err, "deposit of the recall")
		}
	}
	at := sdk.UnwrapSDKContext(ctx).BlockTime().UTC().Add(params.Standing.RecallDelay)
	c.Recall = &types.Recall{By: msg.Signer, Reason: msg.Reason, At: at, Deposit: deposit}
	if err := k.Timers.Set(ctx, timer.Recall, c.Rank, at); err != nil {
		return err
	}
	if err := k.Contributions.Set(ctx, c.Rank, c); err != nil {
		return err
	}
	return modulekit.Emit(ctx, &types.EventRecallPending{Rank: c.Rank, Reason: msg.Reason})
}

// recallDue carries out a recall against which nobody appealed.
func (k Keeper) recallDue(ctx context.Context, rank uint64) error {
	c, err := k.GetContribution(ctx, rank)
	if err != nil || c.Recall == nil || !c.Earning() {
		return err
	}
	return k.stop(ctx, c, types.CONTRIBUTION_STATUS_RECALLED, c.Recall.Reason)
}

// deferRecall leaves a recall to a cohort, whose decision takes the place of the timer. It changes c, which the caller
// stores.
func (k Keeper) deferRecall(ctx context.Context, c *types.Contribution, cohort uint64) error {
	c.Recall.Appeal = cohort
	return k.Timers.Clear(ctx, timer.Recall, c.Rank)
}

// decideRecall carries out a recall or drops it. If it is dropped, the contributor gets the deposit of the account that
// asked for it, and only governance may recall it again.
func (k Keeper) decideRecall(ctx context.Context, c types.Contribution, keep bool) error {
	if c.Recall == nil || !c.Earning() {
		return nil // something else has stopped it meanwhile
	}
	if !keep {
		return k.stop(ctx, c, types.CONTRIBUTION_STATUS_RECALLED, c.Recall.Reason)
	}
	if err := k.funds.Pay(ctx, c.Contributor, c.Recall.Deposit); err != nil {
		return err
	}
	c.Recall, c.RecallRefused = nil, true
	return k.Contributions.Set(ctx, c.Rank, c)
}

// resumeRecall sets a recall that no panel decided to take effect at its original time, or now if that has passed.
func (k Keeper) resumeRecall(ctx context.Context, c types.Contribution) error {
	if c.Recall == nil || !c.Earning() {
		return nil
	}
	now := sdk.UnwrapSDKContext(ctx).BlockTime()
	if now.After(c.Recall.At) {
		c.Recall.At = now.UTC()
	}
	c.Recall.Appeal = 0
	if err := k.Timers.Set(ctx, timer.Recall, c.Rank, c.Recall.At); err != nil {
		return err
	}
	return k.Contributions.Set(ctx, c.Rank, c)
}

// dropRecall ends a recall that is under way and returns its deposit. It
// changes c, which the caller stores.
func (k Keeper) dropRecall(ctx context.Context, c *types.Contribution) error {
	if c.Recall == nil {
		return nil
	}
	if err := k.funds.Pay(ctx, c.Recall.By, c.Recall.Deposit); err != nil {
		return err
	}
	c.Recall = nil
	return k.Timers.Clear(ctx, timer.Recall, c.Rank)
}
