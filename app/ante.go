package app

import (
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/x/auth/ante"
)

// newAnteHandler checks signatures, fees and unordered transactions: the decorators of ante.NewAnteHandler in its
// order, with two that bound what a node works for nothing, and simulations that count the fee.
func newAnteHandler(app *App) sdk.AnteHandler {
	accounts, sign := app.AccountKeeper, app.txConfig.SignModeHandler()
	return sdk.ChainAnteDecorators(
		ante.NewSetUpContextDecorator(),
		simulationMeter{},
		ante.NewExtensionOptionsDecorator(nil),
		ante.NewValidateBasicDecorator(),
		minGasPrice{app.RewardsKeeper},
		ante.NewTxTimeoutHeightDecorator(),
		ante.NewValidateMemoDecorator(accounts),
		ante.NewConsumeGasForTxSizeDecorator(accounts),
		feeInSimulation{ante.NewDeductFeeDecorator(accounts, app.BankKeeper, app.FeeGrantKeeper, nil)},
		ante.NewSetPubKeyDecorator(accounts),
		ante.NewValidateSigCountDecorator(accounts),
		ante.NewSigGasConsumeDecorator(accounts, ante.DefaultSigVerificationGasConsumer),
		ante.NewSigVerificationDecorator(accounts, sign,
			ante.WithUnorderedTxGasCost(ante.DefaultUnorderedTxGasCost),
			ante.WithMaxUnorderedTxTimeoutDuration(ante.DefaultMaxTimeoutDuration)),
		ante.NewIncrementSequenceDecorator(accounts),
	)
}
