package keeper

import (
	"context"

	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/datanet/keeper/review"
	"github.com/openledger/openledger/x/datanet/types"
)

// ChallengeDuplicate implements types.MsgServer.
func (s msgServer) ChallengeDuplicate(ctx context.Context,
	msg *types.MsgChallengeDuplicate) (*types.MsgChallengeDuplicateResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	return &types.MsgChallengeDuplicateResponse{}, s.challengeDuplicate(ctx, params, msg)
}

// challengeDuplicate stops a segment that copies one of an earlier contribution. Nobody gains by it, and every loss can
// be reversed, because an account that registered another author's text first must not be paid for a challenge.
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
		Segment: msg.Segment.Index, Original: msg.Original, OriginalSegment: msg.OriginalSegment.Index,
		Bound: later.deposit(),
	}, types.CONTRIBUTION_STATUS_ALIAS, "copies contributions of lower rank")
}

// standsBefore checks that the contributor of the later text could have known the earlier one: validators held it, and
// a panel had accepted it or a model that earns had pinned it, before the later one was opened.
func (k Keeper) standsBefore(ctx context.Context, later types.Contribution, msg *types.MsgChallengeDuplicate) error {
	original, err := k.GetContribution(ctx, msg.Original)
	if err != nil {
		return err
	}
	if original.Rank >= later.Rank || original.Version() == 0 ||
		original.Status != types.CONTRIBUTION_STATUS_ACCEPTED && original.Status != types.CONTRIBUTION_STATUS_RECALLED {
		return errorsmod.Wrapf(types.ErrDuplicate, "contribution %d is %s, not an accepted one of lower rank than %d",
			original.Rank, original.Status, later.Rank)
	}
	// A segment that was resumed was shown to be its contributor's.
	if stop, known, err := k.SegmentStop(ctx, original.DatanetId, original.Rank,
		msg.OriginalSegment.Index); err != nil {
		return err
	} else if known && stop.ResumedHeight == 0 {
		return errorsmod.Wrapf(types.ErrDuplicate, "segment %d of contribution %d was stopped itself",
			msg.OriginalSegment.Index, original.Rank)
	}
	if readable, err := k.readableSince(ctx, original.Rank, later.RevealHeight); err != nil {
		return err
	} else if !readable {
		return errorsmod.Wrapf(types.ErrDuplicate,
			"validators did not hold the text of contribution %d when %d was opened, in block %d", original.Rank,
			later.Rank, later.RevealHeight)
	}
	if original.Cohort != 0 {
		return nil // what is readable was accepted before
	}
	version, err := k.GetVersion(ctx, original.DatanetId, msg.PinnedVersion)
	if err != nil {
		return errorsmod.Wrapf(types.ErrDuplicate,
			"the owner of DataNet %d accepted contribution %d: name a version with it that a model pins: %s",
			original.DatanetId, original.Rank, err)
	}
	if version.Version < original.Version() || version.PinnedHeight == 0 || version.PinnedHeight >= later.RevealHeight {
		return errorsmod.Wrapf(types.ErrDuplicate,
			"no model had pinned version %d of DataNet %d, with contribution %d, before block %d", version.Version,
			original.DatanetId, original.Rank, later.RevealHeight)
	}
	earned, royalties, err := k.rewards.DataNetEarned(ctx, original.DatanetId)
	if err != nil {
		return err
	}
	if !earned.Add(royalties).IsPositive() {
		return errorsmod.Wrapf(types.ErrDuplicate,
			"DataNet %d has earned nothing, and no panel accepted contribution %d", original.DatanetId, original.Rank)
	}
	return nil
}

// liable slashes the seats that accepted a duplicate of text that they could
// have compared it with, while they are liable.
func (k Keeper) liable(ctx context.Context, params types.Params, c types.Contribution, original uint64) error {
	if liable, err := k.windows.Open(ctx, c.DecidedAt.Add(params.Review.LiabilityWindow)); err != nil || !liable ||
		c.Cohort == 0 {
		return err
	}
	cohort, err := k.Review.GetCohort(ctx, c.Cohort)
	if errorsmod.IsOf(err, types.ErrCohortNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if readable, err := k.readableSince(ctx, original, cohort.Height); err != nil || !readable {
		return err
	}
	slashed, err := k.Review.SlashAccepting(ctx, params, c.Cohort, c.Rank, review.SlashDuplicate)
	if err != nil {
		return err
	}
	return k.funds.Burn(ctx, slashed)
}

// checkCopy checks that a segment of a contribution copies one of an earlier,
// accepted contribution of any DataNet, and does not pass its pay on to it.
func (k Keeper) checkCopy(ctx context.Context, params types.Params, later types.Contribution,
	segment types.SegmentProof, originalRank uint64, originalSegment types.SegmentProof) error {
	original, err := k.GetContribution(ctx, originalRank)
	if err != nil {
		return err
	}
	if original.Rank >= later.Rank || original.Version() == 0 {
		return errorsmod.Wrapf(types.ErrDuplicate, "contribution %d is not an accepted one of lower rank than %d",
			original.Rank, later.Rank)
	}
	for _, d := range later.Derivations {
		if d.Segment == segment.Index && d.Rank == original.Rank && d.Ppm >= poa.DuplicatePPM {
			return errorsmod.Wrapf(types.ErrDuplicate,
				"segment %d declares that it derives from contribution %d and passes on %d ppm", d.Segment, d.Rank,
				d.Ppm)
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
		return errorsmod.Wrapf(types.ErrDuplicate, "%d ppm of the segment is copied, a duplicate has %d", copied,
			poa.DuplicatePPM)
	}
	return nil
}

func verifySegment(c types.Contribution, segment types.SegmentProof) error {
	contributor := sdk.MustAccAddressFromBech32(c.Contributor)
	if err := segment.Verify(c.Root, contributor, c.Segments, c.Norm()); err != nil {
		return errorsmod.Wrapf(types.ErrDuplicate, "segment of contribution %d: %s", c.Rank, err)
	}
	return nil
}
