package app

import (
	sdkmath "cosmossdk.io/math"

	errorsmod "cosmossdk.io/errors"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	rewardskeeper "github.com/openledger/openledger/x/rewards/keeper"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// simulationMeter ends a simulation where no block could hold the transaction. The SDK simulates with an infinite
// meter, so that handlers, which charge for work before they do it, would never be stopped: anybody could keep a public
// node busy for minutes by one request, for which nobody pays.
type simulationMeter struct{}

// AnteHandle implements sdk.AnteDecorator.
func (simulationMeter) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool,
	next sdk.AnteHandler) (sdk.Context, error) {
	if simulate {
		ctx = ctx.WithGasMeter(storetypes.NewGasMeter(simulationGas(ctx)))
	}
	return next(ctx, tx, simulate)
}

// simulationGas is the gas of a block. Where governance has left blocks without a limit it is that of a new chain.
func simulationGas(ctx sdk.Context) uint64 {
	if block := ctx.ConsensusParams().Block; block != nil && block.MaxGas > 0 {
		return uint64(block.MaxGas)
	}
	return uint64(ConsensusParams().Block.MaxGas)
}

// feeInSimulation has a simulation without a fee deduct one of 1 aopen. Deducting takes gas whatever the fee is: an
// estimate without it is too low by some 17,000, a third of a light message.
type feeInSimulation struct{ deduct sdk.AnteDecorator }

// AnteHandle implements sdk.AnteDecorator.
func (f feeInSimulation) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool,
	next sdk.AnteHandler) (sdk.Context, error) {
	fees, ok := tx.(sdk.FeeTx)
	if !simulate || !ok || !fees.GetFee().IsZero() {
		return f.deduct.AnteHandle(ctx, tx, simulate, next)
	}
	return f.deduct.AnteHandle(ctx, withFee{fees}, simulate,
		func(ctx sdk.Context, _ sdk.Tx, simulate bool) (sdk.Context, error) {
			return next(ctx, tx, simulate)
		})
}

// withFee is a transaction that pays the least fee.
type withFee struct{ sdk.FeeTx }

// GetFee implements sdk.FeeTx.
func (withFee) GetFee() sdk.Coins { return sdk.NewCoins(sdk.NewInt64Coin(rewardstypes.Denom, 1)) }

// minGasPrice refuses transactions that pay less for their gas than x/rewards requires, in blocks and in mempools. A
// check in mempools alone would not bind proposers, who could fill blocks for nothing. It does not matter whether the
// signer or a fee granter pays.
type minGasPrice struct{ rewards rewardskeeper.Keeper }

// AnteHandle implements sdk.AnteDecorator. Transactions of the genesis pay nothing, and simulations, which find out how
// much gas is to be paid for, offer no price yet.
func (m minGasPrice) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	if simulate || ctx.BlockHeight() == 0 {
		return next(ctx, tx, simulate)
	}
	fees, ok := tx.(sdk.FeeTx)
	if !ok {
		return ctx, errorsmod.Wrap(sdkerrors.ErrTxDecode, "a transaction must say what it pays")
	}
	params, err := m.rewards.Params.Get(ctx)
	if err != nil {
		return ctx, err
	}
	least := params.MinGasPrice.Mul(sdkmath.NewIntFromUint64(fees.GetGas()))
	if offered := fees.GetFee().AmountOf(rewardstypes.Denom); offered.LT(least) {
		return ctx, errorsmod.Wrapf(sdkerrors.ErrInsufficientFee,
			"%d gas cost at least %s%s, %s a unit, and the transaction offers %s",
			fees.GetGas(), least, rewardstypes.Denom, params.MinGasPrice, offered)
	}
	return next(ctx, tx, simulate)
}
