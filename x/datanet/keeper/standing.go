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
		if c.HeldHeight != 0 {
			if err := k.Stopped.Set(ctx, collections.Join3(c.DatanetId, c.AcceptedVersion, c.Rank)); err != nil {
				return err
			}
		}
		if err := k.changeDataNet(ctx, c.DatanetId, func(d *types.DataNet) { d.Record.Stopped++ }); err != nil {
			return err
		}
	}
	c.Status, c.Reason = status, reason
	if err := k.leaveAside(ctx, &c); err != nil {
		return err
	}
	if err := k.dropRecall(ctx, &c); err != nil {
		return err
	}
	if err := k.cancelVesting(ctx, &c); err != nil {
		return err
	}
	if err := k.keepDecaying(ctx, &c); err != nil {
		return err
	}
	if err := k.Contributions.Set(ctx, c.Rank, c); err != nil {
		return err
	}
	return emit(ctx, &types.EventContributionStopped{Rank: c.Rank, DatanetId: c.DatanetId, Status: status, Reason: reason})
}

// dropRecall ends a recall that is under way and returns its deposit. It
// changes c, which the caller stores.
func (k Keeper) dropRecall(ctx context.Context, c *types.Contribution) error {
	if c.Recall == nil {
		return nil
	}
	if err := k.pay(ctx, c.Recall.By, c.Recall.Deposit); err != nil {
		return err
	}
	c.Recall = nil
	return k.clearTimer(ctx, timerRecall, c.Rank)
}

// endDecay ends the decay of a deposit. It changes c, which the caller stores.
func (k Keeper) endDecay(ctx context.Context, c *types.Contribution) error {
	c.DecayAt = time.Time{}
	return k.clearTimer(ctx, timerDecay, c.Rank)
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

// challengeDuplicate stops a segment that copies one of an earlier contribution.
// Nobody gains by it, and nothing is lost that could not be given back: who
// registered somebody else's text first must not be paid for showing it.
func (k Keeper) challengeDuplicate(ctx context.Context, params types.Params, msg *types.MsgChallengeDuplicate) error {
	later, err := k.challenge(ctx, msg.Rank, msg.Segment)
	if err != nil {
		return err
	}
	if err := later.mustEarn(); err != nil {
		return err
	}
	c := later.contribution
	if err := k.standsBefore(ctx, c, msg); err != nil {
		return err
	}
	if err := k.checkCopy(ctx, params, c, msg.Segment, msg.Original, msg.OriginalSegment); err != nil {
		return err
	}
	if err := k.liable(ctx, params, c, msg.Original); err != nil {
		return err
	}
	if later.last() {
		c.Original = msg.Original
	}
	return k.stopSegment(ctx, c, types.SegmentStop{
		Segment: msg.Segment.Index, Original: msg.Original, OriginalSegment: msg.OriginalSegment.Index, Bound: later.deposit(),
	}, types.CONTRIBUTION_STATUS_ALIAS, "copies contributions of lower rank")
}

// standsBefore checks that who contributed the later text could have known the
// earlier one: validators held it, and a panel had accepted it or a model that
// earns had pinned it, before the later one was opened.
func (k Keeper) standsBefore(ctx context.Context, later types.Contribution, msg *types.MsgChallengeDuplicate) error {
	original, err := k.GetContribution(ctx, msg.Original)
	if err != nil {
		return err
	}
	if original.Rank >= later.Rank || original.Version() == 0 ||
		original.Status != types.CONTRIBUTION_STATUS_ACCEPTED && original.Status != types.CONTRIBUTION_STATUS_RECALLED {
		return errorsmod.Wrapf(types.ErrDuplicate, "contribution %d is %s, not an accepted one of lower rank than %d", original.Rank, original.Status, later.Rank)
	}
	// What was resumed was shown to be its contributor's.
	if stop, known, err := k.SegmentStop(ctx, original.DatanetId, original.Rank, msg.OriginalSegment.Index); err != nil {
		return err
	} else if known && stop.ResumedHeight == 0 {
		return errorsmod.Wrapf(types.ErrDuplicate, "segment %d of contribution %d was stopped itself", msg.OriginalSegment.Index, original.Rank)
	}
	if readable, err := k.readableSince(ctx, original.Rank, later.RevealHeight); err != nil {
		return err
	} else if !readable {
		return errorsmod.Wrapf(types.ErrDuplicate, "validators did not hold the text of contribution %d when %d was opened, in block %d", original.Rank, later.Rank, later.RevealHeight)
	}
	if original.Cohort != 0 {
		return nil // what is readable was accepted before
	}
	version, err := k.GetVersion(ctx, original.DatanetId, msg.PinnedVersion)
	if err != nil {
		return errorsmod.Wrapf(types.ErrDuplicate, "the owner of DataNet %d accepted contribution %d: name a version with it that a model pins: %s", original.DatanetId, original.Rank, err)
	}
	if version.Version < original.Version() || version.PinnedHeight == 0 || version.PinnedHeight >= later.RevealHeight {
		return errorsmod.Wrapf(types.ErrDuplicate, "no model had pinned version %d of DataNet %d, with contribution %d, before block %d", version.Version, original.DatanetId, original.Rank, later.RevealHeight)
	}
	earned, royalties, err := k.rewards.DataNetEarned(ctx, original.DatanetId)
	if err != nil {
		return err
	}
	if !earned.Add(royalties).IsPositive() {
		return errorsmod.Wrapf(types.ErrDuplicate, "DataNet %d has earned nothing, and no panel accepted contribution %d", original.DatanetId, original.Rank)
	}
	return nil
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

// provePriorArt stops a segment that stands in a public snapshot. Half of its
// part of the deposit goes to whoever showed it: to show one's own costs half.
// The other half is burned, or is the author's whose text it is.
func (k Keeper) provePriorArt(ctx context.Context, params types.Params, msg *types.MsgProvePriorArt) error {
	snapshot, err := k.Snapshots.Get(ctx, msg.Snapshot)
	if err != nil {
		return errorsmod.Wrapf(types.ErrSnapshot, "no snapshot %d: see `openledgerd query datanet snapshots`", msg.Snapshot)
	}
	shown, err := k.challenge(ctx, msg.Rank, msg.Segment)
	if err != nil {
		return err
	}
	// What was stopped for another reason may still be shown to be an author's, who then may claim it.
	if snapshot.Author == "" || shown.stop.Author != "" {
		if err := shown.mustEarn(); err != nil {
			return err
		}
	}
	c := shown.contribution
	if c.Contributor == snapshot.Author {
		return errorsmod.Wrapf(types.ErrSnapshot, "snapshot %d shows text of %s, who contributed it", snapshot.Id, snapshot.Author)
	}
	if err := msg.SnapshotSegment.Verify(snapshot.Root, nil, snapshot.Segments, snapshot.Norm()); err != nil {
		return errorsmod.Wrapf(types.ErrDuplicate, "segment of snapshot %d: %s", snapshot.Id, err)
	}
	if err := k.checkAlignment(ctx, params, msg.Segment.Text, msg.SnapshotSegment.Text); err != nil {
		return err
	}
	if shown.stopped {
		shown.stop.Snapshot, shown.stop.Author = snapshot.Id, snapshot.Author
		return k.setSegmentStop(ctx, shown.stop)
	}
	if shown.last() {
		c.Snapshot = snapshot.Id
	}
	share := shown.deposit()
	c.Deposit.Amount = c.Deposit.Amount.Sub(share)
	half := share.QuoRaw(2)
	if err := k.pay(ctx, msg.Prover, half); err != nil {
		return err
	}
	if snapshot.Author != "" {
		err = k.pay(ctx, snapshot.Author, share.Sub(half))
	} else {
		err = k.burn(ctx, share.Sub(half))
	}
	if err != nil {
		return err
	}
	return k.stopSegment(ctx, c, types.SegmentStop{
		Segment: msg.Segment.Index, Snapshot: snapshot.Id, Author: snapshot.Author, Bound: math.ZeroInt(),
	}, types.CONTRIBUTION_STATUS_COMMONS, "stands in snapshot "+snapshot.Name)
}

// claimText passes what a segment of somebody else earns on to its author, and
// pays a segment of the author's again that was stopped as a copy of it.
func (k Keeper) claimText(ctx context.Context, msg *types.MsgClaimText) (resumed bool, err error) {
	taken, err := k.GetContribution(ctx, msg.Rank)
	if err != nil {
		return false, err
	}
	stop, known, err := k.SegmentStop(ctx, taken.DatanetId, msg.Rank, msg.Segment)
	if err != nil {
		return false, err
	}
	if !known || stop.Author != msg.Author {
		return false, errorsmod.Wrapf(types.ErrUnauthorized, "no snapshot was shown by which segment %d of contribution %d is text of %s: prove prior art first", msg.Segment, msg.Rank, msg.Author)
	}
	own, err := k.GetContribution(ctx, msg.Contribution)
	if err != nil {
		return false, err
	}
	if own.Contributor != msg.Author || own.Version() == 0 {
		return false, errorsmod.Wrapf(types.ErrContributionStatus, "contribution %d is %s, of %s: name an accepted one of %s", own.Rank, own.Status, own.Contributor, msg.Author)
	}
	copied, known, err := k.SegmentStop(ctx, own.DatanetId, own.Rank, msg.OwnSegment)
	if err != nil {
		return false, err
	}
	resumed = known && copied.ResumedHeight == 0 && copied.Snapshot == 0 && copied.Original == msg.Rank && copied.OriginalSegment == msg.Segment
	if resumed {
		if err := k.resumeSegment(ctx, copied); err != nil {
			return false, err
		}
	}
	switch {
	case stop.Beneficiary == 0:
		stop.Beneficiary, stop.BeneficiaryHeight = own.Rank, sdk.UnwrapSDKContext(ctx).BlockHeight()+1
		if err := k.setSegmentStop(ctx, stop); err != nil {
			return false, err
		}
	case !resumed:
		return false, errorsmod.Wrapf(types.ErrContributionStatus, "contribution %d has the pay of segment %d of contribution %d already", stop.Beneficiary, msg.Segment, msg.Rank)
	}
	return resumed, emit(ctx, &types.EventTextClaimed{
		Author: msg.Author, Rank: msg.Rank, Segment: msg.Segment, Contribution: own.Rank, OwnSegment: msg.OwnSegment, Resumed: resumed,
	})
}

// checkCopy checks that a segment of a contribution copies one of an earlier,
// accepted contribution of any DataNet, and does not pass its pay on to it.
func (k Keeper) checkCopy(ctx context.Context, params types.Params, later types.Contribution, segment types.SegmentProof, originalRank uint64, originalSegment types.SegmentProof) error {
	original, err := k.GetContribution(ctx, originalRank)
	if err != nil {
		return err
	}
	if original.Rank >= later.Rank || original.Version() == 0 {
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
	if err := segment.Verify(c.Root, contributor, c.Segments, c.Norm()); err != nil {
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
		Id: id, Name: msg.Name, Uri: msg.Uri, Root: msg.Root, Segments: msg.Segments, Height: sdk.UnwrapSDKContext(ctx).BlockHeight(), Author: msg.Author,
		NormVersion: poa.NormVersion,
	})
}
