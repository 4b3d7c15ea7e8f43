package keeper

import (
	"context"
	"time"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/datanet/types"
)

// stop ends the pay of an accepted contribution from the next block on. It
// stays in its versions: its text keeps blocking, so that no copy of it is
// enriched. The caller has dealt with the deposit.
func (k Keeper) stop(ctx context.Context, c types.Contribution, status types.ContributionStatus, reason string) error {
	if c.Earning() {
		c.StoppedHeight, c.ResumedHeight = sdk.UnwrapSDKContext(ctx).BlockHeight()+1, 0
		if err := k.Stopped.Set(ctx, collections.Join3(c.DatanetId, c.AcceptedVersion, c.Rank)); err != nil {
			return err
		}
		if err := k.changeDataNet(ctx, c.DatanetId, func(d *types.DataNet) { d.Record.Stopped++ }); err != nil {
			return err
		}
	}
	c.Status, c.Reason = status, reason
	if c.Recall != nil {
		if err := k.pay(ctx, c.Recall.By, c.Recall.Deposit); err != nil {
			return err
		}
		c.Recall = nil
		if err := k.clearTimer(ctx, timerRecall, c.Rank); err != nil {
			return err
		}
	}
	if err := k.cancelVesting(ctx, &c); err != nil {
		return err
	}
	if !c.Deposit.IsPositive() {
		c.DecayAt = time.Time{}
		if err := k.clearTimer(ctx, timerDecay, c.Rank); err != nil {
			return err
		}
	}
	if err := k.Contributions.Set(ctx, c.Rank, c); err != nil {
		return err
	}
	return emit(ctx, &types.EventContributionStopped{Rank: c.Rank, DatanetId: c.DatanetId, Status: status, Reason: reason})
}

// recall stops a contribution: at once by its contributor, whose deposit goes
// on decaying, so that recalling does not free what squats; later by anybody else.
func (k Keeper) recall(ctx context.Context, params types.Params, msg *types.MsgRecallContribution) error {
	c, err := k.GetContribution(ctx, msg.Rank)
	if err != nil {
		return err
	}
	if !c.Earning() {
		return errorsmod.Wrapf(types.ErrContributionStatus, "contribution %d is %s: only accepted ones can be recalled", c.Rank, c.Status)
	}
	datanet, err := k.GetDataNet(ctx, c.DatanetId)
	if err != nil {
		return err
	}
	switch msg.Signer {
	case c.Contributor:
		return k.stop(ctx, c, types.CONTRIBUTION_STATUS_RECALLED, msg.Reason)
	case datanet.Owner, k.authority:
	default:
		return errorsmod.Wrapf(types.ErrUnauthorized, "contribution %d is recalled by %s, the owner of its DataNet, %s, or governance", c.Rank, c.Contributor, datanet.Owner)
	}
	if c.Recall != nil {
		return errorsmod.Wrapf(types.ErrRecall, "contribution %d is being recalled by %s: %s", c.Rank, c.Recall.By, c.Recall.Reason)
	}
	deposit := math.ZeroInt()
	if msg.Signer != k.authority {
		if c.RecallRefused {
			return errorsmod.Wrapf(types.ErrRecall, "a panel has kept contribution %d: ask governance", c.Rank)
		}
		// What it would cost the contributor to defend it.
		deposit = math.MaxInt(params.Review.MinFee, c.FeePaid).MulRaw(int64(params.Review.AppealFees))
		if err := k.take(ctx, sdk.MustAccAddressFromBech32(msg.Signer), deposit); err != nil {
			return errorsmod.Wrap(err, "deposit of the recall")
		}
	}
	at := sdk.UnwrapSDKContext(ctx).BlockTime().UTC().Add(params.Standing.RecallDelay)
	c.Recall = &types.Recall{By: msg.Signer, Reason: msg.Reason, At: at, Deposit: deposit}
	if err := k.setTimer(ctx, timerRecall, c.Rank, at); err != nil {
		return err
	}
	if err := k.Contributions.Set(ctx, c.Rank, c); err != nil {
		return err
	}
	return emit(ctx, &types.EventRecallPending{Rank: c.Rank, Reason: msg.Reason})
}

// recallDue carries out a recall against which nobody appealed.
func (k Keeper) recallDue(ctx context.Context, rank uint64) error {
	c, err := k.GetContribution(ctx, rank)
	if err != nil || c.Recall == nil || !c.Earning() {
		return err
	}
	return k.stop(ctx, c, types.CONTRIBUTION_STATUS_RECALLED, c.Recall.Reason)
}

// decideRecall carries out a recall, or drops it: then the deposit of who asked
// for it is the contributor's, and only governance may recall it again.
func (k Keeper) decideRecall(ctx context.Context, c types.Contribution, keep bool) error {
	if c.Recall == nil || !c.Earning() {
		return nil // something else has stopped it meanwhile
	}
	if !keep {
		return k.stop(ctx, c, types.CONTRIBUTION_STATUS_RECALLED, c.Recall.Reason)
	}
	if err := k.pay(ctx, c.Contributor, c.Recall.Deposit); err != nil {
		return err
	}
	c.Recall, c.RecallRefused = nil, true
	return k.Contributions.Set(ctx, c.Rank, c)
}

// resumeRecall has a recall take effect when it would have, if no panel decided
// about it.
func (k Keeper) resumeRecall(ctx context.Context, c types.Contribution) error {
	if c.Recall == nil || !c.Earning() {
		return nil
	}
	now := sdk.UnwrapSDKContext(ctx).BlockTime()
	if now.After(c.Recall.At) {
		c.Recall.At = now.UTC()
	}
	c.Recall.Appeal = 0
	if err := k.setTimer(ctx, timerRecall, c.Rank, c.Recall.At); err != nil {
		return err
	}
	return k.Contributions.Set(ctx, c.Rank, c)
}

// challengeDuplicate makes the later of two contributions an unpaid alias.
func (k Keeper) challengeDuplicate(ctx context.Context, params types.Params, msg *types.MsgChallengeDuplicate) error {
	c, err := k.stoppable(ctx, msg.Rank)
	if err != nil {
		return err
	}
	if err := k.checkCopy(ctx, params, c, msg.Segment, msg.Original, msg.OriginalSegment); err != nil {
		return err
	}
	if err := k.liable(ctx, params, c, msg.Original); err != nil {
		return err
	}
	c.Original = msg.Original
	return k.stopForBounty(ctx, c, msg.Challenger, types.CONTRIBUTION_STATUS_ALIAS, "copies a segment of a contribution of lower rank")
}

// liable slashes the seats that accepted a duplicate of text that they could
// have compared it with, while they are liable.
func (k Keeper) liable(ctx context.Context, params types.Params, c types.Contribution, original uint64) error {
	if liable, err := k.open(ctx, c.DecidedAt.Add(params.Review.LiabilityWindow)); err != nil || !liable || c.Cohort == 0 {
		return err
	}
	cohort, err := k.GetCohort(ctx, c.Cohort)
	if errorsmod.IsOf(err, types.ErrCohortNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if readable, err := k.readableSince(ctx, original, cohort.Height); err != nil || !readable {
		return err
	}
	slashed, err := k.slashVotes(ctx, params, c.Cohort, c.Rank, params.Review.DuplicatePpm, slashDuplicate, func(vote types.Vote) bool { return vote.Accept })
	if err != nil {
		return err
	}
	return k.burn(ctx, slashed)
}

// provePriorArt makes a contribution that stands in a public snapshot commons.
func (k Keeper) provePriorArt(ctx context.Context, params types.Params, msg *types.MsgProvePriorArt) error {
	c, err := k.stoppable(ctx, msg.Rank)
	if err != nil {
		return err
	}
	snapshot, err := k.Snapshots.Get(ctx, msg.Snapshot)
	if err != nil {
		return errorsmod.Wrapf(types.ErrSnapshot, "no snapshot %d: see `openledgerd query datanet snapshots`", msg.Snapshot)
	}
	if err := verifySegment(c, msg.Segment); err != nil {
		return err
	}
	if err := msg.SnapshotSegment.Verify(snapshot.Root, nil, snapshot.Segments); err != nil {
		return errorsmod.Wrapf(types.ErrDuplicate, "segment of snapshot %d: %s", snapshot.Id, err)
	}
	if err := k.checkAlignment(ctx, params, msg.Segment.Text, msg.SnapshotSegment.Text); err != nil {
		return err
	}
	c.Snapshot = snapshot.Id
	return k.stopForBounty(ctx, c, msg.Prover, types.CONTRIBUTION_STATUS_COMMONS, "stands in snapshot "+snapshot.Name)
}

// stoppable returns a contribution that has been accepted and has not been
// proven a copy.
func (k Keeper) stoppable(ctx context.Context, rank uint64) (types.Contribution, error) {
	c, err := k.GetContribution(ctx, rank)
	if err == nil && c.Status != types.CONTRIBUTION_STATUS_ACCEPTED && c.Status != types.CONTRIBUTION_STATUS_RECALLED {
		err = errorsmod.Wrapf(types.ErrContributionStatus, "contribution %d is %s: only accepted and recalled ones can be challenged", rank, c.Status)
	}
	return c, err
}

// stopForBounty stops a contribution. Half of its deposit goes to whoever
// showed why, half is burned: to challenge oneself costs half.
func (k Keeper) stopForBounty(ctx context.Context, c types.Contribution, to string, status types.ContributionStatus, reason string) error {
	half := c.Deposit.Amount.QuoRaw(2)
	if err := k.pay(ctx, to, half); err != nil {
		return err
	}
	if err := k.burn(ctx, c.Deposit.Amount.Sub(half)); err != nil {
		return err
	}
	c.Deposit.Amount = math.ZeroInt()
	return k.stop(ctx, c, status, reason)
}

// checkCopy checks that a segment of a contribution copies one of an earlier,
// accepted contribution of any DataNet, and does not pass its pay on to it.
func (k Keeper) checkCopy(ctx context.Context, params types.Params, later types.Contribution, segment types.SegmentProof, originalRank uint64, originalSegment types.SegmentProof) error {
	original, err := k.GetContribution(ctx, originalRank)
	if err != nil {
		return err
	}
	if original.Rank >= later.Rank || original.AcceptedVersion == 0 {
		return errorsmod.Wrapf(types.ErrDuplicate, "contribution %d is not an accepted one of lower rank than %d", original.Rank, later.Rank)
	}
	for _, d := range later.Derivations {
		if d.Segment == segment.Index && d.Rank == original.Rank && d.Ppm >= poa.DuplicatePPM {
			return errorsmod.Wrapf(types.ErrDuplicate, "segment %d declares that it derives from contribution %d and passes on %d ppm", d.Segment, d.Rank, d.Ppm)
		}
	}
	if err := verifySegment(later, segment); err != nil {
		return err
	}
	if err := verifySegment(original, originalSegment); err != nil {
		return err
	}
	return k.checkAlignment(ctx, params, segment.Text, originalSegment.Text)
}

func verifySegment(c types.Contribution, segment types.SegmentProof) error {
	contributor := sdk.MustAccAddressFromBech32(c.Contributor)
	if err := segment.Verify(c.Root, contributor, c.Segments); err != nil {
		return errorsmod.Wrapf(types.ErrDuplicate, "segment of contribution %d: %s", c.Rank, err)
	}
	return nil
}

// checkAlignment is the duplicate test of package poa.
func (k Keeper) checkAlignment(ctx context.Context, params types.Params, later, earlier []byte) error {
	a, b := poa.NewSegment(0, 0, later), poa.NewSegment(0, 0, earlier)
	gas := params.Standing.GasPerAlignment + params.Standing.GasPerPair*poa.EqualPairs(a.Tokens, b.Tokens)
	sdk.UnwrapSDKContext(ctx).GasMeter().ConsumeGas(gas, "alignment of two segments")
	copied, err := poa.CopiedPPM(a.Tokens, b.Tokens, k.statistics)
	if err != nil {
		return errorsmod.Wrap(types.ErrDuplicate, err.Error())
	}
	if copied < poa.DuplicatePPM {
		return errorsmod.Wrapf(types.ErrDuplicate, "%d ppm of the segment is copied, a duplicate has %d", copied, poa.DuplicatePPM)
	}
	return nil
}

// acceptSnapshot makes public text prior art.
func (k Keeper) acceptSnapshot(ctx context.Context, msg *types.MsgAcceptSnapshot) (uint64, error) {
	id, err := k.NextSnapshot.Next(ctx)
	if err != nil {
		return 0, err
	}
	return id, k.Snapshots.Set(ctx, id, types.Snapshot{
		Id: id, Name: msg.Name, Uri: msg.Uri, Root: msg.Root, Segments: msg.Segments, Height: sdk.UnwrapSDKContext(ctx).BlockHeight(),
	})
}
