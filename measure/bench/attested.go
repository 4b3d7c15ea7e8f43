package main

import (
	sdkmath "cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/openledger/openledger/testutil/chain"
	"github.com/openledger/openledger/testutil/volume"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

const (
	// contributors whose data the answers draw from.
	contributors = 2_000
	// Gas of transactions of which many fit a block.
	singleGas, sendGas = 700_000, 200_000
)

// attested are receipts whose proofs validators verify beside consensus: a block takes in many.
type attested struct {
	workload *volume.Workload
	lanes    []*volume.Lane
}

func newAttested(t chain.TB) submissions {
	w := volume.New(t, volume.Options{Contributors: contributors, Edit: func(p *attributiontypes.Params) {
		// One transaction per receipt makes as many open batches.
		p.MaxOpenPerProvider, p.BundleBytesPerBlock, p.BundleWorkPerBlock = attributiontypes.MaxWindow, 1<<30, 1<<40
	}})
	w.SkipInvariants = true
	return &attested{workload: w, lanes: w.Open(1, chain.Open(100_000))}
}

func (a *attested) chain() *chain.Chain { return a.workload.Chain }

func (a *attested) describe() string {
	return "answers of 8 entries over 2,000 contributors, one session, evidence in a bundle"
}

func (a *attested) batch(n int, ahead uint64) []byte {
	tx := chain.Tx{Signer: a.workload.Provider, Msgs: []sdk.Msg{a.workload.Full(n, a.lanes...)}}
	if n == 1 {
		tx.Gas = singleGas
	}
	return a.workload.Sign(tx, ahead)
}

func (a *attested) send(ahead uint64) []byte {
	w := a.workload
	amount := sdk.NewCoins(chain.Coin(sdkmath.OneInt()))
	return w.Sign(
		chain.Tx{Signer: w.Payer, Gas: sendGas, Msgs: []sdk.Msg{
			banktypes.NewMsgSend(w.Payer.Address, w.Owner.Address, amount)}}, ahead)
}

// decide has validators settle what was submitted.
func (a *attested) decide() { a.workload.Blocks(3) }
