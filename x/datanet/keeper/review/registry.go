package review

import (
	"context"

	"github.com/openledger/openledger/x/datanet/types"
)

// Acceptance is a contribution with the score it is accepted with.
type Acceptance struct {
	Rank  uint64
	Score uint32
}

// Registry is what review needs of the module that it decides for: DataNets, contributions, and what follows for them
// from a decision. Review stores a contribution that it has changed itself by SetContribution. Methods that take a
// pointer change what it points at, and the caller stores it.
type Registry interface {
	// Active returns the parameters, or ErrPaused while the module is paused.
	Active(ctx context.Context) (types.Params, error)
	// DataNet returns a DataNet, or ErrDataNetNotFound.
	DataNet(ctx context.Context, id uint64) (types.DataNet, error)
	// OwnedDataNet returns a DataNet, or ErrUnauthorized when somebody else owns it.
	OwnedDataNet(ctx context.Context, id uint64, owner string) (types.DataNet, error)
	SetDataNet(ctx context.Context, datanet types.DataNet) error
	// ChangeDataNet changes a DataNet in state.
	ChangeDataNet(ctx context.Context, id uint64, change func(*types.DataNet)) error
	// Contribution returns a revealed contribution, or ErrContributionNotFound.
	Contribution(ctx context.Context, rank uint64) (types.Contribution, error)
	SetContribution(ctx context.Context, c types.Contribution) error

	// Accept adds submitted contributions to a new version of a DataNet, and returns its number.
	Accept(ctx context.Context, params types.Params, datanetID uint64, accepted []Acceptance) (uint64, error)
	// Return ends the cohort of a submitted contribution without acceptance and returns its deposit.
	Return(ctx context.Context, c types.Contribution, status types.ContributionStatus, reason string) error
	// Reverse turns a verdict into the other, and returns the version that a rejected contribution enters.
	Reverse(ctx context.Context, params types.Params, c types.Contribution, score uint32, reason string) (uint64, error)
	// Restore pays an overturned contribution again, with the score it had, from the next block on.
	Restore(ctx context.Context, c types.Contribution, reason string) error

	// DeferRecall has a cohort decide about a recall instead of its timer.
	DeferRecall(ctx context.Context, c *types.Contribution, cohort uint64) error
	// DecideRecall carries out a recall, or drops it.
	DecideRecall(ctx context.Context, c types.Contribution, keep bool) error
	// ResumeRecall has a recall take effect when it would have, when no panel decided about it.
	ResumeRecall(ctx context.Context, c types.Contribution) error

	// PoolBounty returns the bounty of the pool that a contribution has applied for, if it has.
	PoolBounty(ctx context.Context, c types.Contribution) (types.Bounty, bool, error)
	// FundConfirmation spends what a bounty of the pool has reserved for the confirmation of a contribution by a
	// cohort.
	FundConfirmation(ctx context.Context, rank, cohort uint64) error
	// CancelBounties has bounties of the pool pay nothing for items that no full panel confirmed.
	CancelBounties(ctx context.Context, ranks []uint64) error
	// LeaveBounty has gold earn no bounty, unless its funder pays for gold.
	LeaveBounty(ctx context.Context, c *types.Contribution) error

	// ReadableSince reports whether validators held the text of an accepted contribution before a block.
	ReadableSince(ctx context.Context, rank uint64, height int64) (bool, error)
	// CheckCopy fails with ErrDuplicate unless a segment copies one of an earlier, accepted contribution.
	CheckCopy(ctx context.Context, params types.Params, later types.Contribution, segment types.SegmentProof,
		original uint64, originalSegment types.SegmentProof) error
}
