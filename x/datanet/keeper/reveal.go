package keeper

import (
	"bytes"
	"context"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// RevealContributions implements types.MsgServer.
func (s msgServer) RevealContributions(ctx context.Context,
	msg *types.MsgRevealContributions) (*types.MsgRevealContributionsResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	if err := params.CheckItems(len(msg.Items)); err != nil {
		return nil, err
	}
	contributor := sdk.MustAccAddressFromBech32(msg.Contributor)
	response := &types.MsgRevealContributionsResponse{}
	for _, item := range msg.Items {
		contribution, returned, err := s.openCommit(ctx, params, contributor, item)
		if err != nil {
			return nil, err
		}
		if returned {
			response.Returned = append(response.Returned, item.Rank)
			continue
		}
		if err := modulekit.Emit(ctx, &types.EventContributionRevealed{
			Rank: contribution.Rank, DatanetId: contribution.DatanetId, Contributor: contribution.Contributor,
			Segments: contribution.Segments, Tokens: contribution.Tokens,
		}); err != nil {
			return nil, err
		}
	}
	return response, nil
}

// openCommit opens one commit. While its DataNet takes no contributions the place is lost, but the deposit returns,
// because others decide about that after the commit. This costs no more than to open it elsewhere and withdraw, and
// gives no seniority: what was sealed has no rank any more.
func (k Keeper) openCommit(ctx context.Context, params types.Params, contributor sdk.AccAddress,
	item types.RevealItem) (c types.Contribution, returned bool, err error) {
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
		refused = k.Review.CheckOpen(ctx, params.Review, commit.Contributor)
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

// openableCommit returns the commit of a reveal when it may be opened now.
func (k Keeper) openableCommit(ctx context.Context, contributor sdk.AccAddress, item types.RevealItem) (types.Commit,
	error) {
	commit, err := k.GetCommit(ctx, item.Rank)
	if err != nil {
		return commit, err
	}
	if commit.Contributor != contributor.String() {
		return commit, errorsmod.Wrapf(types.ErrUnauthorized, "commit %d belongs to %s", commit.Rank,
			commit.Contributor)
	}
	height := sdk.UnwrapSDKContext(ctx).BlockHeight()
	until, err := k.windows.RevealUntil(ctx, commit)
	if err != nil {
		return commit, err
	}
	if height < commit.RevealFrom || height > until {
		return commit, errorsmod.Wrapf(types.ErrRevealWindow,
			"commit %d may be revealed from block %d to %d, this is %d", commit.Rank, commit.RevealFrom, until, height)
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

// returnCommit removes a commit and returns its deposit.
func (k Keeper) returnCommit(ctx context.Context, commit types.Commit, datanetID uint64) error {
	if err := k.removeCommit(ctx, commit); err != nil {
		return err
	}
	if err := k.returnDeposit(ctx, commit.Contributor, commit.Deposit); err != nil {
		return err
	}
	return modulekit.Emit(ctx, &types.EventCommitReturned{Rank: commit.Rank, Contributor: commit.Contributor,
		DatanetId: datanetID, Deposit: commit.Deposit})
}

// reveal submits the contribution of a commit for review. The part of the deposit above the required one returns.
func (k Keeper) reveal(ctx context.Context, params types.Params, commit types.Commit, datanet types.DataNet,
	item types.RevealItem) (types.Contribution, error) {
	contributor := sdk.MustAccAddressFromBech32(commit.Contributor)
	required := commit.RequiredDeposit(item.Tokens)
	if commit.Deposit.Amount.LT(required) {
		return types.Contribution{}, errorsmod.Wrapf(types.ErrInvalidDeposit,
			"%d tokens need a deposit of %saopen, the commit has %s: commit again with more", item.Tokens, required,
			commit.Deposit)
	}
	fee := math.ZeroInt()
	if datanet.ReviewPolicy == types.REVIEW_POLICY_PANEL {
		fee = datanet.FeesAt(sdk.UnwrapSDKContext(ctx).BlockTime()).Of(item.Tokens)
		if len(item.Mark) == 0 {
			return types.Contribution{}, errorsmod.Wrapf(types.ErrInvalidContribution,
				"DataNet %d is reviewed by panels: give a mark of 32 random bytes", datanet.Id)
		}
	}
	textFee := params.TextFee(item.Bytes)
	if err := k.settleExcess(ctx, contributor, commit.Deposit.Amount.Sub(required), fee.Add(textFee)); err != nil {
		return types.Contribution{}, err
	}
	if err := k.funds.Burn(ctx, textFee); err != nil {
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
	electorate, err := k.apply(ctx, params, &contribution, item.Bounty)
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
	if contribution.Cohort, err = k.Review.Enqueue(ctx, params, datanet.Id, electorate, contribution); err != nil {
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
		return errorsmod.Wrapf(types.ErrDataNetClosed,
			"%d contributions wait for a decision, at most %d may: reveal later", datanet.Pending, params.MaxPending)
	}
	return nil
}

// settleExcess takes the fees of a reveal out of what the commit's deposit is above
// the required one, and the rest from the account; or returns what is left.
func (k Keeper) settleExcess(ctx context.Context, contributor sdk.AccAddress, excess, fee math.Int) error {
	if excess.GTE(fee) {
		return k.funds.Pay(ctx, contributor.String(), excess.Sub(fee))
	}
	return errorsmod.Wrapf(k.funds.Take(ctx, contributor, fee.Sub(excess)),
		"fees of %saopen for review and for the text", fee)
}
