package review

import (
	"bytes"
	"context"
	"errors"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

// CommitBallot implements types.MsgServer.
func (m Messages) CommitBallot(ctx context.Context, msg *types.MsgCommitBallot) (*types.MsgCommitBallotResponse,
	error) {
	if _, err := m.begin(ctx, msg); err != nil {
		return nil, err
	}
	return &types.MsgCommitBallotResponse{}, m.k.commitBallot(ctx, msg)
}

// RevealBallot implements types.MsgServer.
func (m Messages) RevealBallot(ctx context.Context, msg *types.MsgRevealBallot) (*types.MsgRevealBallotResponse,
	error) {
	if _, err := m.begin(ctx, msg); err != nil {
		return nil, err
	}
	return &types.MsgRevealBallotResponse{}, m.k.revealBallot(ctx, msg)
}

// ballots returns the ballots sealed for a cohort, by address.
func (k Keeper) ballots(ctx context.Context, cohort types.Cohort) ([]types.Ballot, error) {
	iterator, err := k.Ballots.Iterate(ctx, collections.NewPrefixedPairRange[uint64, sdk.AccAddress](cohort.Id))
	if err != nil {
		return nil, err
	}
	return iterator.Values()
}

func findBallot(ballots []types.Ballot, address string) (types.Ballot, bool) {
	for _, ballot := range ballots {
		if ballot.Address == address {
			return ballot, true
		}
	}
	return types.Ballot{}, false
}

// commitBallot seals the verdict of a seated validator. It may be replaced
// until the phase ends, which it does once every seat has sealed.
func (k Keeper) commitBallot(ctx context.Context, msg *types.MsgCommitBallot) error {
	cohort, err := k.seatedIn(ctx, msg.Cohort, types.COHORT_PHASE_COMMIT, msg.Validator)
	if err != nil {
		return err
	}
	address := sdk.MustAccAddressFromBech32(msg.Validator)
	ballot := types.Ballot{Cohort: cohort.Id, Address: msg.Validator, Hash: msg.Hash}
	if err := k.Ballots.Set(ctx, collections.Join(cohort.Id, address), ballot); err != nil {
		return err
	}
	ballots, err := k.ballots(ctx, cohort)
	if err != nil {
		return err
	}
	complete := true
	for _, seat := range cohort.Seats {
		_, sealed := findBallot(ballots, seat.Address)
		complete = complete && sealed
	}
	return k.hurryIf(ctx, complete, cohort)
}

// revealBallot opens a ballot. The phase ends once all are open.
func (k Keeper) revealBallot(ctx context.Context, msg *types.MsgRevealBallot) error {
	cohort, err := k.seatedIn(ctx, msg.Cohort, types.COHORT_PHASE_REVEAL, msg.Validator)
	if err != nil {
		return err
	}
	address := sdk.MustAccAddressFromBech32(msg.Validator)
	key := collections.Join(cohort.Id, address)
	ballot, err := k.Ballots.Get(ctx, key)
	if errors.Is(err, collections.ErrNotFound) {
		return errorsmod.Wrapf(types.ErrBallot, "%s has sealed no ballot for cohort %d in time", msg.Validator,
			cohort.Id)
	}
	if err != nil {
		return err
	}
	if len(ballot.Votes) > 0 {
		return errorsmod.Wrapf(types.ErrBallot, "the ballot of %s for cohort %d is open already", msg.Validator,
			cohort.Id)
	}
	if len(msg.Votes) != len(cohort.Items) {
		return errorsmod.Wrapf(types.ErrBallot, "%d votes for the %d items of cohort %d", len(msg.Votes),
			len(cohort.Items), cohort.Id)
	}
	if hash := types.BallotHash(cohort.Id, cohort.Round, address, msg.Votes, msg.Salt); !bytes.Equal(hash,
		ballot.Hash) {
		return errorsmod.Wrapf(types.ErrRevealMismatch, "votes and salt do not open the ballot of %s for cohort %d",
			msg.Validator, cohort.Id)
	}
	ballot.Votes = msg.Votes
	if err := k.Ballots.Set(ctx, key, ballot); err != nil {
		return err
	}
	ballots, err := k.ballots(ctx, cohort)
	if err != nil {
		return err
	}
	complete := true
	for _, ballot := range ballots {
		complete = complete && len(ballot.Votes) > 0
	}
	return k.hurryIf(ctx, complete, cohort)
}
