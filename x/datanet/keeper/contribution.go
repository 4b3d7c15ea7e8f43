package keeper

import (
	"bytes"
	"context"
	"time"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/datanet/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// commit takes the deposits and fixes the ranks of sealed contributions.
func (k Keeper) commit(ctx context.Context, params types.Params, contributor sdk.AccAddress, items []types.CommitItem) ([]uint64, error) {
	sum := math.ZeroInt()
	for i, item := range items {
		if item.Deposit.Amount.LT(params.MinDeposit) {
			return nil, errorsmod.Wrapf(types.ErrInvalidDeposit, "item %d: deposit %s is below the minimum %saopen", i, item.Deposit, params.MinDeposit)
		}
		sum = sum.Add(item.Deposit.Amount)
	}
	if sum.IsPositive() {
		if err := k.bank.SendCoinsFromAccountToModule(ctx, contributor, types.ModuleName, sdk.NewCoins(sdk.NewCoin(rewardstypes.Denom, sum))); err != nil {
			return nil, errorsmod.Wrap(err, "deposits")
		}
	}
	height := sdk.UnwrapSDKContext(ctx).BlockHeight()
	ranks := make([]uint64, len(items))
	for i, item := range items {
		rank, err := k.NextRank.Next(ctx)
		if err != nil {
			return nil, err
		}
		ranks[i] = rank
		if err := k.setCommit(ctx, types.Commit{
			Rank: rank, Contributor: contributor.String(), Hash: item.Hash, Deposit: item.Deposit, Height: height,
			RevealFrom: height + int64(params.RevealMinBlocks), RevealUntil: height + int64(params.RevealMaxBlocks),
			DepositPerToken: params.DepositPerToken, MinDeposit: params.MinDeposit,
		}); err != nil {
			return nil, err
		}
	}
	return ranks, nil
}

func (k Keeper) setCommit(ctx context.Context, commit types.Commit) error {
	if err := k.Commits.Set(ctx, commit.Rank, commit); err != nil {
		return err
	}
	if err := k.CommitsBy.Set(ctx, collections.Join(sdk.MustAccAddressFromBech32(commit.Contributor), commit.Rank)); err != nil {
		return err
	}
	return k.Expiries.Set(ctx, collections.Join(commit.RevealUntil, commit.Rank))
}

func (k Keeper) removeCommit(ctx context.Context, commit types.Commit) error {
	if err := k.Commits.Remove(ctx, commit.Rank); err != nil {
		return err
	}
	if err := k.CommitsBy.Remove(ctx, collections.Join(sdk.MustAccAddressFromBech32(commit.Contributor), commit.Rank)); err != nil {
		return err
	}
	return k.Expiries.Remove(ctx, collections.Join(commit.RevealUntil, commit.Rank))
}

// openCommit opens one commit. While its DataNet takes no contributions the place is
// lost, but the deposit returns: others decide about that, after the commit.
// This costs no more than to open it elsewhere and withdraw, and gives no
// seniority: what was sealed has no rank any more.
func (k Keeper) openCommit(ctx context.Context, params types.Params, contributor sdk.AccAddress, item types.RevealItem) (c types.Contribution, returned bool, err error) {
	commit, err := k.openableCommit(ctx, contributor, item)
	if err != nil {
		return c, false, err
	}
	datanet, err := k.GetDataNet(ctx, item.DatanetId)
	if err != nil {
		return c, false, err
	}
	refused := takesContributions(params, datanet)
	if refused == nil && datanet.ReviewPolicy == types.REVIEW_POLICY_PANEL {
		refused = k.checkOpen(ctx, params.Review, commit.Contributor)
	}
	switch {
	case refused == nil:
	case item.KeepPlace || !errorsmod.IsOf(refused, types.ErrDataNetClosed, types.ErrReviewLimit):
		return c, false, refused
	default:
		return c, true, k.returnCommit(ctx, commit, datanet.Id)
	}
	c, err = k.reveal(ctx, params, commit, datanet, item)
	return c, false, err
}

// returnCommit removes a commit and returns its deposit.
func (k Keeper) returnCommit(ctx context.Context, commit types.Commit, datanetID uint64) error {
	if err := k.removeCommit(ctx, commit); err != nil {
		return err
	}
	if err := k.returnDeposit(ctx, commit.Contributor, commit.Deposit); err != nil {
		return err
	}
	return emit(ctx, &types.EventCommitReturned{Rank: commit.Rank, Contributor: commit.Contributor, DatanetId: datanetID, Deposit: commit.Deposit})
}

// reveal submits the contribution of a commit for review. What the deposit is
// above the required one returns.
func (k Keeper) reveal(ctx context.Context, params types.Params, commit types.Commit, datanet types.DataNet, item types.RevealItem) (types.Contribution, error) {
	contributor := sdk.MustAccAddressFromBech32(commit.Contributor)
	required := commit.RequiredDeposit(item.Tokens)
	if commit.Deposit.Amount.LT(required) {
		return types.Contribution{}, errorsmod.Wrapf(types.ErrInvalidDeposit, "%d tokens need a deposit of %saopen, the commit has %s: commit again with more", item.Tokens, required, commit.Deposit)
	}
	fee := math.ZeroInt()
	if datanet.ReviewPolicy == types.REVIEW_POLICY_PANEL {
		fee = datanet.FeesAt(sdk.UnwrapSDKContext(ctx).BlockTime()).Of(item.Tokens)
		if len(item.Mark) == 0 {
			return types.Contribution{}, errorsmod.Wrapf(types.ErrInvalidContribution, "DataNet %d is reviewed by panels: give a mark of 32 random bytes", datanet.Id)
		}
	}
	textFee := params.TextFee(item.Bytes)
	if err := k.settleExcess(ctx, contributor, commit.Deposit.Amount.Sub(required), fee.Add(textFee)); err != nil {
		return types.Contribution{}, err
	}
	if err := k.burn(ctx, textFee); err != nil {
		return types.Contribution{}, err
	}
	if err := k.removeCommit(ctx, commit); err != nil {
		return types.Contribution{}, err
	}
	licence := item.Licence
	if licence == "" {
		licence = datanet.Licence
	}
	contribution := types.Contribution{
		Rank: commit.Rank, DatanetId: datanet.Id, Contributor: commit.Contributor, Root: item.Root,
		Segments: item.Segments, Tokens: item.Tokens, Bytes: item.Bytes, StatisticsRoot: item.StatisticsRoot,
		ContentHash: item.ContentHash, Uri: item.Uri, Title: item.Title, Licence: licence, NormVersion: poa.NormVersion,
		Derivations: item.Derivations,
		Deposit:     sdk.NewCoin(rewardstypes.Denom, required), Status: types.CONTRIBUTION_STATUS_SUBMITTED,
		CommitHeight: commit.Height, RevealHeight: sdk.UnwrapSDKContext(ctx).BlockHeight(),
		Mark: item.Mark, ReviewFee: fee, FeePaid: fee, AcceptedDeposit: math.ZeroInt(), BoundDeposit: math.ZeroInt(),
		Vesting: math.ZeroInt(), Reserved: math.ZeroInt(),
	}
	panel, err := k.apply(ctx, params, &contribution, item.Bounty)
	if err != nil {
		return types.Contribution{}, err
	}
	datanet.Pending++
	datanet.Record.Submitted++
	if err := k.DataNets.Set(ctx, datanet.Id, datanet); err != nil {
		return types.Contribution{}, err
	}
	if err := k.addContribution(ctx, contribution); err != nil || datanet.ReviewPolicy != types.REVIEW_POLICY_PANEL {
		return contribution, err
	}
	if contribution.Cohort, err = k.enqueue(ctx, params, datanet.Id, panel, contribution); err != nil {
		return types.Contribution{}, err
	}
	return contribution, k.Contributions.Set(ctx, contribution.Rank, contribution)
}

// takesContributions fails for a DataNet that is closed or has too much to decide.
func takesContributions(params types.Params, datanet types.DataNet) error {
	if datanet.Closed {
		return errorsmod.Wrapf(types.ErrDataNetClosed, "DataNet %d was closed by its owner", datanet.Id)
	}
	if datanet.Pending >= uint64(params.MaxPending) {
		return errorsmod.Wrapf(types.ErrDataNetClosed, "%d contributions wait for a decision, at most %d may: reveal later", datanet.Pending, params.MaxPending)
	}
	return nil
}

// settleExcess takes the fees of a reveal out of what the commit's deposit is above
// the required one, and the rest from the account; or returns what is left.
func (k Keeper) settleExcess(ctx context.Context, contributor sdk.AccAddress, excess, fee math.Int) error {
	if excess.GTE(fee) {
		return k.pay(ctx, contributor.String(), excess.Sub(fee))
	}
	return errorsmod.Wrapf(k.take(ctx, contributor, fee.Sub(excess)), "fees of %saopen for review and for the text", fee)
}

// openableCommit returns the commit of a reveal when it may be opened now.
func (k Keeper) openableCommit(ctx context.Context, contributor sdk.AccAddress, item types.RevealItem) (types.Commit, error) {
	commit, err := k.GetCommit(ctx, item.Rank)
	if err != nil {
		return commit, err
	}
	if commit.Contributor != contributor.String() {
		return commit, errorsmod.Wrapf(types.ErrUnauthorized, "commit %d belongs to %s", commit.Rank, commit.Contributor)
	}
	height := sdk.UnwrapSDKContext(ctx).BlockHeight()
	until, err := k.revealUntil(ctx, commit)
	if err != nil {
		return commit, err
	}
	if height < commit.RevealFrom || height > until {
		return commit, errorsmod.Wrapf(types.ErrRevealWindow, "commit %d may be revealed from block %d to %d, this is %d", commit.Rank, commit.RevealFrom, until, height)
	}
	root, err := poa.HashFromBytes(item.Root)
	if err != nil {
		return commit, errorsmod.Wrap(types.ErrInvalidContribution, err.Error())
	}
	if hash := poa.CommitHash(root, contributor, item.Salt); !bytes.Equal(hash[:], commit.Hash) {
		return commit, errorsmod.Wrapf(types.ErrRevealMismatch, "root and salt do not open commit %d", commit.Rank)
	}
	return commit, nil
}

// addContribution stores a new contribution with its indexes.
func (k Keeper) addContribution(ctx context.Context, contribution types.Contribution) error {
	if err := k.Contributions.Set(ctx, contribution.Rank, contribution); err != nil {
		return err
	}
	if err := k.ByDataNet.Set(ctx, collections.Join(contribution.DatanetId, contribution.Rank)); err != nil {
		return err
	}
	return k.ByContributor.Set(ctx, collections.Join(sdk.MustAccAddressFromBech32(contribution.Contributor), contribution.Rank))
}

// submitted returns a contribution of a DataNet that waits for a decision.
func (k Keeper) submitted(ctx context.Context, datanetID, rank uint64) (types.Contribution, error) {
	contribution, err := k.GetContribution(ctx, rank)
	if err != nil {
		return contribution, err
	}
	if contribution.DatanetId != datanetID {
		return contribution, errorsmod.Wrapf(types.ErrContributionNotFound, "contribution %d belongs to DataNet %d", rank, contribution.DatanetId)
	}
	return contribution, mustBeSubmitted(contribution)
}

func mustBeSubmitted(contribution types.Contribution) error {
	if contribution.Status != types.CONTRIBUTION_STATUS_SUBMITTED {
		return errorsmod.Wrapf(types.ErrContributionStatus, "contribution %d is %s: only submitted contributions can be decided or withdrawn", contribution.Rank, contribution.Status)
	}
	return nil
}

// accept adds submitted contributions to a new version, which has them once validators hold their text.
func (k Keeper) accept(ctx context.Context, params types.Params, datanet types.DataNet, accepted []acceptance) (uint64, error) {
	height := sdk.UnwrapSDKContext(ctx).BlockHeight()
	datanet.Version++
	for _, a := range accepted {
		contribution, err := k.submitted(ctx, datanet.Id, a.rank)
		if err != nil {
			return 0, err
		}
		contribution.Status = types.CONTRIBUTION_STATUS_ACCEPTED
		contribution.Score = a.score
		contribution.AcceptedVersion = datanet.Version
		if contribution.LedgerId, err = k.rewards.LedgerID(ctx, sdk.MustAccAddressFromBech32(contribution.Contributor)); err != nil {
			return 0, err
		}
		if err := k.Waiting.Set(ctx, collections.Join3(datanet.Id, datanet.Version, contribution.Rank)); err != nil {
			return 0, err
		}
		datanet.Contributions++
		datanet.Segments += uint64(contribution.Segments)
		datanet.Tokens += contribution.Tokens
		if err := k.accepted(ctx, params, &datanet, contribution); err != nil {
			return 0, err
		}
	}
	if err := k.Versions.Set(ctx, collections.Join(datanet.Id, datanet.Version), types.Version{
		DatanetId: datanet.Id, Version: datanet.Version, Contributions: datanet.Contributions,
		Segments: datanet.Segments, Tokens: datanet.Tokens, Height: height,
	}); err != nil {
		return 0, err
	}
	if err := k.queueHold(ctx, &datanet, height); err != nil {
		return 0, err
	}
	return datanet.Version, k.DataNets.Set(ctx, datanet.Id, datanet)
}

// accepted stores a contribution that has just been accepted: its deposit
// begins to decay, its bounty is paid.
func (k Keeper) accepted(ctx context.Context, params types.Params, datanet *types.DataNet, c types.Contribution) error {
	if err := k.decided(ctx, &c); err != nil {
		return err
	}
	datanet.Pending--
	contributor := collections.Join(datanet.Id, sdk.MustAccAddressFromBech32(c.Contributor))
	known, err := k.Contributors.Has(ctx, contributor)
	if err != nil {
		return err
	}
	if !known {
		datanet.Record.Contributors++
		if err := k.Contributors.Set(ctx, contributor); err != nil {
			return err
		}
	}
	if err := k.earnBounty(ctx, &c); err != nil {
		return err
	}
	c.AcceptedDeposit = c.Deposit.Amount
	if c.Deposit.IsPositive() {
		c.DecayAt = c.DecidedAt.Add(params.Standing.DecayInterval)
		if err := k.setTimer(ctx, timerDecay, c.Rank, c.DecayAt); err != nil {
			return err
		}
	}
	return k.Contributions.Set(ctx, c.Rank, c)
}

// decided notes when a contribution was decided, and that it no longer waits for a panel.
func (k Keeper) decided(ctx context.Context, c *types.Contribution) error {
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	c.DecidedHeight, c.DecidedAt = sdkCtx.BlockHeight(), sdkCtx.BlockTime().UTC()
	c.AppealableUntil = time.Time{}
	if c.Cohort == 0 {
		return nil
	}
	params, err := k.Params.Get(ctx)
	if err != nil {
		return err
	}
	c.AppealableUntil = c.DecidedAt.Add(params.Review.AppealWindow)
	return k.uncountOpen(ctx, c.Contributor)
}

func (k Keeper) ranges(ctx context.Context, id uint64) (contributions, statistics poa.MMR, err error) {
	first, err := k.ContributionsRange.Get(ctx, id)
	if err != nil {
		return contributions, statistics, err
	}
	second, err := k.StatisticsRange.Get(ctx, id)
	if err != nil {
		return contributions, statistics, err
	}
	if contributions, err = first.MMR(); err != nil {
		return contributions, statistics, err
	}
	statistics, err = second.MMR()
	return contributions, statistics, err
}

func (k Keeper) setRanges(ctx context.Context, id uint64, contributions, statistics poa.MMR) error {
	if err := k.ContributionsRange.Set(ctx, id, types.NewAccumulator(contributions)); err != nil {
		return err
	}
	return k.StatisticsRange.Set(ctx, id, types.NewAccumulator(statistics))
}

// release ends the review of a submitted contribution without acceptance and
// returns its deposit.
func (k Keeper) release(ctx context.Context, contribution types.Contribution, status types.ContributionStatus, reason string) error {
	if err := k.returnDeposit(ctx, contribution.Contributor, contribution.Deposit); err != nil {
		return err
	}
	contribution.Deposit.Amount = math.ZeroInt()
	contribution.Status = status
	contribution.Reason = reason
	if err := k.decided(ctx, &contribution); err != nil {
		return err
	}
	if err := k.unreserve(ctx, &contribution); err != nil {
		return err
	}
	if err := k.Contributions.Set(ctx, contribution.Rank, contribution); err != nil {
		return err
	}
	datanet, err := k.GetDataNet(ctx, contribution.DatanetId)
	if err != nil {
		return err
	}
	datanet.Pending--
	if status == types.CONTRIBUTION_STATUS_REJECTED {
		datanet.Record.Rejected++
	} else {
		datanet.Record.Returned++
	}
	return k.DataNets.Set(ctx, datanet.Id, datanet)
}

// returnDeposit sends a deposit back.
func (k Keeper) returnDeposit(ctx context.Context, to string, deposit sdk.Coin) error {
	return k.pay(ctx, to, deposit.Amount)
}
