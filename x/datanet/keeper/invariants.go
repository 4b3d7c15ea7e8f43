package keeper

import (
	"context"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	"github.com/openledger/openledger/x/datanet/types"
)

// counts is a recount of one DataNet.
type counts struct {
	contributions, segments, tokens, pending, rejected, returned, stopped, submitted uint64
	held, heldSegments, heldTokens                                                   uint64
}

// CheckInvariants recounts the module's state: what is owed is covered, counters
// and stake trees are right, ranges match their DataNets, and every commit is in the queue.
func (k Keeper) CheckInvariants(ctx context.Context) error {
	owed := math.ZeroInt()
	recount := make(map[uint64]*counts)
	err := k.Contributions.Walk(ctx, nil, func(_ uint64, c types.Contribution) (bool, error) {
		of := recount[c.DatanetId]
		if of == nil {
			of = new(counts)
			recount[c.DatanetId] = of
		}
		if err := k.checkStops(ctx, c); err != nil {
			return true, err
		}
		// What vests is counted with the bounties.
		owed = owed.Add(c.Deposit.Amount).Add(c.ReviewFee)
		if c.Hold != nil {
			owed = owed.Add(c.Hold.Deposit)
		}
		if err := k.checkCustody(ctx, c); err != nil {
			return true, err
		}
		of.submitted++
		switch c.Status {
		case types.CONTRIBUTION_STATUS_SUBMITTED:
			of.pending++
		case types.CONTRIBUTION_STATUS_REJECTED:
			of.rejected++
		case types.CONTRIBUTION_STATUS_RETURNED, types.CONTRIBUTION_STATUS_WITHDRAWN:
			of.returned++
		}
		if c.AcceptedVersion != 0 {
			of.contributions++
			of.segments += uint64(c.Segments)
			of.tokens += c.Tokens
			if c.HeldHeight != 0 {
				of.held++
				of.heldSegments += uint64(c.Segments)
				of.heldTokens += c.Tokens
			}
			if !c.Earning() {
				of.stopped++
			}
		}
		if c.Recall != nil {
			owed = owed.Add(c.Recall.Deposit)
		}
		if c.Earning() != (c.AcceptedVersion != 0 && (c.StoppedHeight == 0 || c.ResumedHeight > c.StoppedHeight ||
			c.ResumedHeight == c.StoppedHeight && c.ResumedHeight != 0)) {
			return true, errorsmod.Wrapf(types.ErrInvariant,
				"contribution %d is %s, accepted in version %d and stopped at %d", c.Rank, c.Status, c.AcceptedVersion,
				c.StoppedHeight)
		}
		return false, nil
	})
	if err != nil {
		return err
	}
	for _, check := range []func(context.Context) (math.Int, error){k.Review.CheckInvariants, k.checkBounties,
		k.checkFunds, k.checkTimers, k.checkCommits} {
		part, err := check(ctx)
		if err != nil {
			return err
		}
		owed = owed.Add(part)
	}
	if k.funds.Balance(ctx).LT(owed) {
		return errorsmod.Wrapf(types.ErrInvariant, "deposits of %s are owed, %s is held", owed, k.funds.Balance(ctx))
	}
	return k.checkDataNets(ctx, recount)
}

// checkStops: a contribution counts its stopped segments, no more of its
// deposit is bound than there is, and it is listed as stopped if anything of it is.
func (k Keeper) checkStops(ctx context.Context, c types.Contribution) error {
	stops, resumed := uint32(0), uint32(0)
	prefix := collections.NewSuperPrefixedTripleRange[uint64, uint64, uint64](c.DatanetId, c.Rank)
	err := k.SegmentStops.Walk(ctx, prefix, func(_ collections.Triple[uint64, uint64, uint64],
		stop types.SegmentStop) (bool, error) {
		stops++
		if stop.ResumedHeight != 0 {
			resumed++
		}
		return false, nil
	})
	if err != nil {
		return err
	}
	if stops != c.Stops || resumed != c.Resumed || c.BoundDeposit.GT(c.Deposit.Amount) {
		return errorsmod.Wrapf(types.ErrInvariant,
			"contribution %d: %d stops of which %d resumed, a recount gives %d and %d; %s of a deposit of %s is bound",
			c.Rank, c.Stops, c.Resumed, stops, resumed, c.BoundDeposit, c.Deposit)
	}
	if label := c.Status == types.CONTRIBUTION_STATUS_ALIAS || c.Status == types.CONTRIBUTION_STATUS_COMMONS; label &&
		!c.StoppedAll() || c.Earning() && c.StoppedAll() {
		return errorsmod.Wrapf(types.ErrInvariant, "contribution %d is %s with %d of %d segments stopped", c.Rank,
			c.Status, c.StoppedNow(), c.Segments)
	}
	listed, err := k.Stopped.Has(ctx, collections.Join3(c.DatanetId, c.AcceptedVersion, c.Rank))
	if want := c.HeldHeight != 0 && (!c.Earning() || c.StoppedNow() > 0); err == nil && listed != want {
		err = errorsmod.Wrapf(types.ErrInvariant, "contribution %d, %s, is listed as stopped: %t", c.Rank, c.Status,
			listed)
	}
	return err
}

// checkCommits returns the deposits of all commits; each is in the queue once.
func (k Keeper) checkCommits(ctx context.Context) (math.Int, error) {
	deposits, n := math.ZeroInt(), 0
	err := k.Commits.Walk(ctx, nil, func(rank uint64, commit types.Commit) (bool, error) {
		n++
		deposits = deposits.Add(commit.Deposit.Amount)
		queued, err := k.Expiries.Has(ctx, collections.Join(commit.RevealUntil, rank))
		if err == nil && !queued {
			err = errorsmod.Wrapf(types.ErrInvariant, "commit %d is not in the queue", rank)
		}
		return err != nil, err
	})
	if err != nil {
		return deposits, err
	}
	queued := 0
	err = k.Expiries.Walk(ctx, nil, func(collections.Pair[int64, uint64]) (bool, error) {
		queued++
		return false, nil
	})
	if err == nil && queued != n {
		err = errorsmod.Wrapf(types.ErrInvariant, "%d commits, %d in the queue", n, queued)
	}
	return deposits, err
}

func (k Keeper) checkDataNets(ctx context.Context, recount map[uint64]*counts) error {
	return k.DataNets.Walk(ctx, nil, func(id uint64, datanet types.DataNet) (bool, error) {
		want := recount[id]
		if want == nil {
			want = new(counts)
		}
		contributions, statistics, err := k.ranges(ctx, id)
		if err != nil {
			return true, err
		}
		got := counts{
			datanet.Contributions, datanet.Segments, datanet.Tokens, datanet.Pending,
			datanet.Record.Rejected, datanet.Record.Returned, datanet.Record.Stopped, datanet.Record.Submitted,
			contributions.Count, datanet.HeldSegments, datanet.HeldTokens,
		}
		if got != *want {
			return true, errorsmod.Wrapf(types.ErrInvariant, "DataNet %d counts %+v, a recount gives %+v", id, got,
				*want)
		}
		if statistics.Count != contributions.Count {
			return true, errorsmod.Wrapf(types.ErrInvariant, "DataNet %d: ranges of %d and %d leaves", id,
				contributions.Count, statistics.Count)
		}
		if err := k.checkCustodyQueue(ctx, datanet); err != nil || datanet.HeldVersion == 0 {
			return err != nil, err
		}
		if _, err := k.GetVersion(ctx, id, datanet.Version); err != nil {
			return true, err
		}
		held, err := k.GetVersion(ctx, id, datanet.HeldVersion)
		if err != nil {
			return true, err
		}
		// Something of the next version may have entered already.
		if root := contributions.Root(); held.Contributions == contributions.Count &&
			string(held.Root) != string(root[:]) || held.Contributions > contributions.Count {
			return true, errorsmod.Wrapf(types.ErrInvariant, "DataNet %d: root of version %d is not that of the range",
				id, held.Version)
		}
		return false, nil
	})
}

// checkTimers checks the queue of timers, which holds no money.
func (k Keeper) checkTimers(ctx context.Context) (math.Int, error) {
	return math.ZeroInt(), k.Timers.CheckInvariants(ctx)
}

// checkFunds returns what DataNets have set aside for checks.
func (k Keeper) checkFunds(ctx context.Context) (math.Int, error) {
	owed := math.ZeroInt()
	err := k.DataNets.Walk(ctx, nil, func(_ uint64, datanet types.DataNet) (bool, error) {
		owed = owed.Add(datanet.CheckFund)
		return false, nil
	})
	return owed, err
}
