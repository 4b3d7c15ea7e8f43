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
	// contributors is the number of contributors whose data the answers use.
	contributors = 2_000
	// singleGas and sendGas are the gas of transactions of which a block holds many.
	singleGas, sendGas = 700_000, 200_000
)

// attested makes receipts whose proofs validators verify beside consensus, so that a block holds many.
type attested struct {
	workload *volume.Workload
	lanes    []*volume.Lane
}

func newAttested(t chain.TB) submissions {
	w := volume.New(t, volume.Options{Contributors: contributors, Edit: func(p *attributiontypes.Params) {
		// With one transaction per receipt, many batches are open at the same time.
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

// decide makes blocks in which validators decide about what was submitted.
func (a *attested) decide() { a.workload.Blocks(3) }
