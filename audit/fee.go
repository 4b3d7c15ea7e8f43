package audit

import (
	"fmt"

	"github.com/hdevalence/ed25519consensus"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// checkFee compares the fee with the session's price: royalty in full, compute
// at most as quoted, and no more than the client's maximum for the call.
func (a *audit) checkFee() {
	price, err := a.state.Price.Packed()
	if err != nil {
		a.truth("fee", false, "", fmt.Sprintf("price of the session: %v", err))
		return
	}
	r := a.claimed
	quoted, err := price.Compute(r.InputTokens, r.OutputTokens)
	if err != nil {
		a.truth("fee", false, "", fmt.Sprintf("price of %d input and %d output tokens: %v", r.InputTokens, r.OutputTokens,
			err))
		return
	}
	fee, most := rewardstypes.IntOf(r.Fee), rewardstypes.IntOf(quoted)
	compute := fee.Sub(a.state.Price.Royalty)
	ok := !compute.IsNegative() && compute.LTE(most) && r.Fee.Cmp(r.MaxFee) <= 0
	text := fmt.Sprintf(
		"fee of %s OPEN is a royalty of %s and compute of %s; %d input and %d output tokens cost %s at the session's "+
			"price, the payer allowed %s",
		open(fee), open(a.state.Price.Royalty), open(compute), r.InputTokens, r.OutputTokens, open(most),
		open(rewardstypes.IntOf(r.MaxFee)))
	a.truth("fee", ok, text, text)
	a.truth("tokens", a.answer.Count == r.OutputTokens,
		fmt.Sprintf("call %d bills %d output tokens, its answer has as many", r.N, r.OutputTokens),
		fmt.Sprintf("call %d bills %d output tokens, its answer has %d", r.N, r.OutputTokens, a.answer.Count))
}

// checkVoucher recomputes the hash chain of the session's calls and checks that
// the payer signed its end. The chain starts with the session: what earlier
// batches hold is not known here.
func (a *audit) checkVoucher() {
	part := a.batch.Sessions[a.part]
	switch {
	case a.submitted.file:
		a.skip("voucher", "voucher: the files do not hold it")
		return
	case a.part >= len(a.submitted.Sessions):
		a.truth("voucher", false, "", fmt.Sprintf("the submission has %d vouchers, the batch %d sessions",
			len(a.submitted.Sessions), len(a.batch.Sessions)))
		return
	case part.FirstCall != 1:
		a.skip("voucher", fmt.Sprintf("voucher: it covers all calls from 1, and those before %d are in batch %d and earlier",
			part.FirstCall, part.PreviousBatch))
		return
	}
	var head poa.Hash
	var last poa.Outcome
	for _, receipt := range a.receipts {
		if receipt.Session == uint32(a.part) {
			head, last = poa.NextHash(head, receipt.CallHash(), last), receipt.Outcome()
		}
	}
	claim := a.submitted.Sessions[a.part]
	if len(claim.Signature) == 0 {
		a.truth("voucher", a.closedWith(part.LastCall, poa.NextHash(head, poa.AckCall, last)),
			fmt.Sprintf("the payer's close acknowledged calls 1 to %d", part.LastCall),
			fmt.Sprintf("no signature, and the payer's close is not over calls 1 to %d", part.LastCall))
		return
	}
	err := a.verifySignature(claim, part.LastCall, head, last)
	a.truth("voucher", err == nil, fmt.Sprintf("the session key signed calls 1 to %d, at most %s OPEN", claim.Calls,
		open(claim.CumulativeMax)),
		fmt.Sprintf("voucher for call %d: %v", claim.Calls, err))
}

func (a *audit) closedWith(lastCall uint64, head poa.Hash) bool {
	return a.state.CloseCalls == lastCall+1 && string(a.state.CloseHead) == string(head[:])
}

func (a *audit) verifySignature(claim attributiontypes.SessionClaim, calls uint64, head poa.Hash,
	last poa.Outcome) error {
	if len(claim.PendingCall) != 0 {
		pending, err := poa.HashFromBytes(claim.PendingCall)
		if err != nil {
			return err
		}
		calls, head = calls+1, poa.NextHash(head, pending, last)
	}
	if claim.CumulativeMax.IsNil() {
		return fmt.Errorf("it has no maximum")
	}
	if claim.Calls != calls {
		return fmt.Errorf("the batch needs one for call %d", calls)
	}
	session, err := poa.HashFromBytes(a.session)
	if err != nil {
		return err
	}
	provider, err := sdk.AccAddressFromBech32(a.batch.Provider)
	if err != nil {
		return err
	}
	price, err := a.state.Price.Packed()
	if err != nil {
		return err
	}
	most, err := rewardstypes.AmountOf(claim.CumulativeMax)
	if err != nil {
		return err
	}
	signed := poa.Voucher{
		ChainID: a.source.ChainID(), Session: session, Provider: provider, ModelID: a.state.ModelId,
		ModelVersion: a.state.ModelVersion,
		Price:        price, N: calls, Head: head, CumulativeMax: most,
	}
	if len(a.state.SessionKey) != 32 || !ed25519consensus.Verify(a.state.SessionKey, signed.SignBytes(), claim.Signature) {
		return fmt.Errorf("the signature is not of the session key over head %s on chain %q", short(head.String()),
			a.source.ChainID())
	}
	return nil
}

// open prints aopen as OPEN without rounding.
func open(amount math.Int) string {
	if amount.IsNil() {
		return "0"
	}
	return trimZeros(math.LegacyNewDecFromIntWithPrec(amount, math.LegacyPrecision).String())
}
