package keeper

import (
	"context"
	"slices"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// ProposeDerivations implements types.MsgServer.
func (s msgServer) ProposeDerivations(ctx context.Context,
	msg *types.MsgProposeDerivations) (*types.MsgProposeDerivationsResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	return &types.MsgProposeDerivationsResponse{}, s.proposeDerivations(ctx, params, msg)
}

// proposeDerivations replaces the derivations of a contribution if they do not follow from its text. Validators are
// asked at once. The deposit doubles with each wrong table, so that nobody can keep a contribution out for long with
// wrong tables.
func (k Keeper) proposeDerivations(ctx context.Context, params types.Params, msg *types.MsgProposeDerivations) error {
	c, err := k.GetContribution(ctx, msg.Rank)
	if err != nil {
		return err
	}
	if !c.MayEnter() || c.Hold.Asked || c.Hold.AskHeight != 0 || c.Hold.Reason != types.HOLD_VERDICT_DERIVATIONS {
		return errorsmod.Wrapf(types.ErrContributionStatus,
			"contribution %d is %s: derivations are replaced only where validators found others, and not while they are "+
				"being asked", c.Rank, c.Status)
	}
	if err := types.ValidateDerivations(c.Rank, c.Segments, msg.Derivations); err != nil {
		return err
	}
	held, err := k.countHeld(ctx, c.DatanetId)
	if err != nil {
		return err
	}
	if msg.Sources < c.Hold.Sources || msg.Sources > held {
		return errorsmod.Wrapf(types.ErrDerivation,
			"computed from the first %d contributions that validators hold: want at least the %d they were asked about, and "+
				"at most the %d there are", msg.Sources, c.Hold.Sources, held)
	}
	if slices.Equal(c.Derivations, msg.Derivations) && msg.Sources == c.Hold.Sources {
		return errorsmod.Wrapf(types.ErrDerivation,
			"validators have found that these are not the derivations of contribution %d", c.Rank)
	}
	for _, d := range msg.Derivations {
		source, err := k.GetContributionPay(ctx, d.Rank)
		if err != nil {
			return errorsmod.Wrap(types.ErrDerivation, err.Error())
		}
		if source.DatanetId != c.DatanetId || source.HeldHeight == 0 {
			return errorsmod.Wrapf(types.ErrDerivation, "contribution %d is in no version of DataNet %d", d.Rank,
				c.DatanetId)
		}
	}
	deposit := params.DerivationDeposit.MulRaw(1 << min(c.Hold.Wrong, maxWrong))
	if err := k.funds.Take(ctx, sdk.MustAccAddressFromBech32(msg.Proposer), deposit); err != nil {
		return errorsmod.Wrapf(err, "deposit of %saopen", deposit)
	}
	c.Derivations = msg.Derivations
	c.Hold.Proposer, c.Hold.Deposit, c.Hold.Sources, c.Hold.Refusals = msg.Proposer, deposit, msg.Sources, 0
	if err := k.queueSetAside(ctx, &c); err != nil {
		return err
	}
	if err := k.Contributions.Set(ctx, c.Rank, c); err != nil {
		return err
	}
	return modulekit.Emit(ctx, &types.EventDerivationsProposed{Rank: c.Rank, Proposer: msg.Proposer, Deposit: deposit})
}

// maxWrong bounds how often the deposit of a table doubles.
const maxWrong = 10

// dropProposal burns the deposit of a table that was wrong. It changes c, which the caller stores.
func (k Keeper) dropProposal(ctx context.Context, c *types.Contribution) error {
	hold := c.Hold
	if hold.Proposer == "" {
		return nil
	}
	deposit := hold.Deposit
	hold.Proposer, hold.Deposit = "", math.ZeroInt()
	hold.Wrong++
	return k.funds.Burn(ctx, deposit)
}

// returnProposal returns the deposit of a table that was right. It changes c, which the caller stores.
func (k Keeper) returnProposal(ctx context.Context, c *types.Contribution) error {
	hold := c.Hold
	if hold.Proposer == "" {
		return nil
	}
	to, deposit := hold.Proposer, hold.Deposit
	hold.Proposer, hold.Deposit = "", math.ZeroInt()
	return k.funds.Pay(ctx, to, deposit)
}
