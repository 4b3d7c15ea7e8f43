package keeper

import (
	"context"

	"github.com/openledger/openledger/x/datanet/keeper/review"
	"github.com/openledger/openledger/x/datanet/types"
)

// registry is the module as review sees it.
type registry struct{ k *Keeper }

var _ review.Registry = registry{}

// Active implements review.Registry.
func (r registry) Active(ctx context.Context) (types.Params, error) { return r.k.active(ctx) }

// DataNet implements review.Registry.
func (r registry) DataNet(ctx context.Context, id uint64) (types.DataNet, error) {
	return r.k.GetDataNet(ctx, id)
}

// OwnedDataNet implements review.Registry.
func (r registry) OwnedDataNet(ctx context.Context, id uint64, owner string) (types.DataNet, error) {
	return r.k.ownedDataNet(ctx, id, owner)
}

// SetDataNet implements review.Registry.
func (r registry) SetDataNet(ctx context.Context, datanet types.DataNet) error {
	return r.k.DataNets.Set(ctx, datanet.Id, datanet)
}

// ChangeDataNet implements review.Registry.
func (r registry) ChangeDataNet(ctx context.Context, id uint64, change func(*types.DataNet)) error {
	return r.k.changeDataNet(ctx, id, change)
}

// Contribution implements review.Registry.
func (r registry) Contribution(ctx context.Context, rank uint64) (types.Contribution, error) {
	return r.k.GetContribution(ctx, rank)
}

// SetContribution implements review.Registry.
func (r registry) SetContribution(ctx context.Context, c types.Contribution) error {
	return r.k.Contributions.Set(ctx, c.Rank, c)
}

// Accept implements review.Registry.
func (r registry) Accept(ctx context.Context, params types.Params, datanetID uint64,
	accepted []review.Acceptance) (uint64, error) {
	datanet, err := r.k.GetDataNet(ctx, datanetID)
	if err != nil {
		return 0, err
	}
	return r.k.accept(ctx, params, datanet, accepted)
}

// Return implements review.Registry.
func (r registry) Return(ctx context.Context, c types.Contribution, status types.ContributionStatus,
	reason string) error {
	return r.k.release(ctx, c, status, reason)
}

// Reverse implements review.Registry.
func (r registry) Reverse(ctx context.Context, params types.Params, c types.Contribution, score uint32,
	reason string) (uint64, error) {
	return r.k.reverse(ctx, params, c, score, reason)
}

// Restore implements review.Registry.
func (r registry) Restore(ctx context.Context, c types.Contribution, reason string) error {
	return r.k.restore(ctx, c, reason)
}

// DeferRecall implements review.Registry.
func (r registry) DeferRecall(ctx context.Context, c *types.Contribution, cohort uint64) error {
	return r.k.deferRecall(ctx, c, cohort)
}

// DecideRecall implements review.Registry.
func (r registry) DecideRecall(ctx context.Context, c types.Contribution, keep bool) error {
	return r.k.decideRecall(ctx, c, keep)
}

// ResumeRecall implements review.Registry.
func (r registry) ResumeRecall(ctx context.Context, c types.Contribution) error {
	return r.k.resumeRecall(ctx, c)
}

// PoolBounty implements review.Registry.
func (r registry) PoolBounty(ctx context.Context, c types.Contribution) (types.Bounty, bool, error) {
	return r.k.poolBounty(ctx, c)
}

// FundConfirmation implements review.Registry.
func (r registry) FundConfirmation(ctx context.Context, rank, cohort uint64) error {
	return r.k.fundConfirmation(ctx, rank, cohort)
}

// CancelBounties implements review.Registry.
func (r registry) CancelBounties(ctx context.Context, ranks []uint64) error {
	return r.k.cancelBounties(ctx, ranks)
}

// LeaveBounty implements review.Registry.
func (r registry) LeaveBounty(ctx context.Context, c *types.Contribution) error {
	return r.k.leaveBounty(ctx, c)
}

// ReadableSince implements review.Registry.
func (r registry) ReadableSince(ctx context.Context, rank uint64, height int64) (bool, error) {
	return r.k.readableSince(ctx, rank, height)
}

// CheckCopy implements review.Registry.
func (r registry) CheckCopy(
	ctx context.Context, params types.Params, later types.Contribution, segment types.SegmentProof,
	original uint64, originalSegment types.SegmentProof,
) error {
	return r.k.checkCopy(ctx, params, later, segment, original, originalSegment)
}
