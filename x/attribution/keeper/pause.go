package keeper

import (
	"context"
	"errors"
	"time"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/attribution/types"
)

// While the module is paused nobody can reveal, claim, close or resubmit. What costs somebody money because he has not
// acted must then neither happen, nor happen as soon as the pause ends: the message that ends it grants everybody a
// whole window from then on.

// lastGrace returns what the last pause has put off; all zero if there never was one.
func (k Keeper) lastGrace(ctx context.Context) (types.Grace, error) {
	grace, err := k.graceIfAny(ctx)
	if err != nil || grace == nil {
		return types.Grace{}, err
	}
	return *grace, nil
}

// graceIfAny is lastGrace for genesis and queries.
func (k Keeper) graceIfAny(ctx context.Context) (*types.Grace, error) {
	grace, err := k.Grace.Get(ctx)
	if errors.Is(err, collections.ErrNotFound) {
		return nil, nil
	}
	return &grace, err
}

// grantGrace grants what a dispute, a closing session and a batch of this block would have. Moving each deadline
// instead would be work without bound.
func (k Keeper) grantGrace(ctx sdk.Context, params types.Params) error {
	now := ctx.BlockTime().UTC()
	return k.Grace.Set(ctx, types.Grace{
		RevealUntil:   ctx.BlockHeight() + int64(params.DisputeRevealBlocks),
		SessionsUntil: now.Add(params.ClaimWindow),
		BatchesUntil:  now.Add(max(params.DisputeWindow, params.ResubmitWindow)),
	})
}

// claimDeadline of a closing session.
func (k Keeper) claimDeadline(ctx context.Context, session types.Session) (time.Time, error) {
	grace, err := k.lastGrace(ctx)
	return later(session.Deadline, grace.SessionsUntil), err
}

// batchDeadline is the end of a batch's resubmit or dispute window.
func (k Keeper) batchDeadline(ctx context.Context, batch types.Batch) (time.Time, error) {
	grace, err := k.lastGrace(ctx)
	return later(batch.Deadline, grace.BatchesUntil), err
}

// revealUntil is the last height at which a dispute is revealed.
func (k Keeper) revealUntil(ctx context.Context, dispute types.Dispute) (int64, error) {
	grace, err := k.lastGrace(ctx)
	return max(dispute.RevealUntil, grace.RevealUntil), err
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
