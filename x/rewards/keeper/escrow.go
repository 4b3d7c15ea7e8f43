package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/rewards/types"
)

// Escrow takes the fees of a batch from a module account, which hands them over in the end-blocker, and keeps its
// credits until a verdict: Release pays them, Refund and Lapse do not. Amounts are frozen as they are in Enqueue.
func (k Keeper) Escrow(ctx context.Context, fromModule string, batchID uint64, p types.Prepared) error {
	if err := k.owe(ctx, fromModule, p.Fees); err != nil {
		return err
	}
	escrowed, err := k.newCreditList(ctx, batchID, p)
	if err != nil {
		return err
	}
	return k.Escrowed.Set(ctx, batchID, escrowed)
}

func (k Keeper) getEscrowed(ctx context.Context, id uint64) (types.Intake, error) {
	escrowed, err := k.Escrowed.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		err = errorsmod.Wrapf(types.ErrNotHeld, "batch %d", id)
	}
	return escrowed, err
}

// EscrowedFees returns the fees of the list of a batch that is in escrow, and whether there is one.
func (k Keeper) EscrowedFees(ctx context.Context, batchID uint64) (fees math.Int, escrowed bool, err error) {
	intake, err := k.Escrowed.Get(ctx, batchID)
	if errors.Is(err, collections.ErrNotFound) {
		return math.ZeroInt(), false, nil
	}
	return intake.List.Fees, err == nil, err
}

// Release pays a list in escrow as if it arrived now, but for the validators' share, which it returns: that stays in
// escrow until SettleAttestPay or ForfeitAttestPay, and counts as fee when it is divided.
func (k Keeper) Release(ctx context.Context, id uint64) (math.Int, error) {
	escrowed, err := k.getEscrowed(ctx, id)
	if err != nil {
		return math.Int{}, err
	}
	share := escrowed.Validators
	escrowed.Validators, escrowed.List.Fees = math.ZeroInt(), escrowed.List.Fees.Sub(share)
	escrowed.List.Height = sdk.UnwrapSDKContext(ctx).BlockHeight()
	return share, errors.Join(k.Escrowed.Remove(ctx, id), add(ctx, k.AttestEscrow, share),
		k.Arrived.Set(ctx, id, escrowed))
}

// Refund drops a list in escrow and credits its fees to their payers. The refunds must sum to the fees.
func (k Keeper) Refund(ctx context.Context, id uint64, refunds []types.Refund) error {
	escrowed, err := k.getEscrowed(ctx, id)
	if err != nil {
		return err
	}
	sum := math.ZeroInt()
	for _, refund := range refunds {
		sum = sum.Add(refund.Amount)
		if err := k.creditNow(ctx, refund.Payer, refund.Amount, math.ZeroInt()); err != nil {
			return err
		}
	}
	if !sum.Equal(escrowed.List.Fees) {
		return errorsmod.Wrapf(types.ErrInvalidAmount, "refunds of %s for fees of %s", sum, escrowed.List.Fees)
	}
	if err := k.countRefund(ctx, sum); err != nil {
		return err
	}
	return k.dropEscrowed(ctx, escrowed)
}

// Lapse drops a list in escrow, pays its provider for compute and leaves the rest to the bounty pool. That includes the
// part of the commons, because no verdict found that it belongs to the commons. It returns the provider's pay.
func (k Keeper) Lapse(ctx context.Context, id uint64, provider sdk.AccAddress) (math.Int, error) {
	escrowed, err := k.getEscrowed(ctx, id)
	if err != nil {
		return math.Int{}, err
	}
	rest := escrowed.List.Fees.Sub(escrowed.Providers)
	if err := k.creditNow(ctx, provider, escrowed.Providers, escrowed.Providers); err != nil {
		return math.Int{}, err
	}
	totals, err := k.Totals.Get(ctx)
	if err != nil {
		return math.Int{}, err
	}
	totals.Fees = totals.Fees.Add(escrowed.List.Fees)
	totals.Providers = totals.Providers.Add(escrowed.Providers)
	totals.BountyPool = totals.BountyPool.Add(rest)
	return escrowed.Providers, errors.Join(k.Totals.Set(ctx, totals), add(ctx, k.PendingBounty, rest),
		k.dropEscrowed(ctx, escrowed))
}

func (k Keeper) dropEscrowed(ctx context.Context, escrowed types.Intake) error {
	return errors.Join(k.removeCredits(ctx, escrowed.List), k.Escrowed.Remove(ctx, escrowed.List.BatchId))
}

// SettleAttestPay divides the validators' share of a batch: earned stays in escrow for PayOperators, the rest goes to
// the bounty pool.
func (k Keeper) SettleAttestPay(ctx context.Context, share, earned math.Int) error {
	rest := share.Sub(earned)
	if earned.IsNegative() || rest.IsNegative() {
		return errorsmod.Wrapf(types.ErrInvalidAmount, "%s earned of a share of %s", earned, share)
	}
	totals, err := k.Totals.Get(ctx)
	if err != nil {
		return err
	}
	totals.Fees = totals.Fees.Add(share)
	totals.Validators = totals.Validators.Add(earned)
	totals.BountyPool = totals.BountyPool.Add(rest)
	return errors.Join(k.Totals.Set(ctx, totals), add(ctx, k.AttestEscrow, rest.Neg()), add(ctx, k.PendingBounty, rest))
}

// ForfeitAttestPay burns the validators' share of a batch that was disproven.
func (k Keeper) ForfeitAttestPay(ctx context.Context, share math.Int) error {
	totals, err := k.Totals.Get(ctx)
	if err != nil {
		return err
	}
	totals.Fees = totals.Fees.Add(share)
	return errors.Join(k.Totals.Set(ctx, totals), add(ctx, k.AttestEscrow, share.Neg()), add(ctx, k.PendingBurn, share))
}

// AttestEscrowed returns what is in escrow for validators' verdicts.
func (k Keeper) AttestEscrowed(ctx context.Context) (math.Int, error) {
	return get(ctx, k.AttestEscrow)
}
