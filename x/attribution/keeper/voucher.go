package keeper

import (
	"bytes"

	"github.com/hdevalence/ed25519consensus"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// claim is the part of a batch that belongs to one session.
type claim struct {
	ctx      sdk.Context
	provider sdk.AccAddress
	voucher  types.SessionClaim
	receipts []poa.Receipt
	session  types.Session
	version  modelstypes.ModelVersion
	price    poa.Price
	id       poa.Hash

	head         poa.Hash    // after the last call
	last         poa.Outcome // of the last call
	fees         math.Int
	acknowledged bool // the last call
}

func (s *submission) newClaim(voucher types.SessionClaim, receipts []poa.Receipt) (*claim, error) {
	session, err := s.keeper.GetSession(s.ctx, voucher.SessionId)
	if err != nil {
		return nil, err
	}
	if session.Provider != s.msg.Provider {
		return nil, errorsmod.Wrapf(types.ErrUnauthorized, "the session is with %s", session.Provider)
	}
	deadline, err := s.keeper.claimDeadline(s.ctx, session)
	if err != nil {
		return nil, err
	}
	if session.Status == types.SESSION_STATUS_CLOSED || session.Status == types.SESSION_STATUS_CLOSING &&
		!s.ctx.BlockTime().Before(deadline) {
		return nil, errorsmod.Wrap(types.ErrSessionClosed, "the claim window has ended")
	}
	version, err := s.keeper.models.GetModelVersion(s.ctx, session.ModelId, session.ModelVersion)
	if err != nil {
		return nil, err
	}
	c := &claim{ctx: s.ctx, provider: s.provider, voucher: voucher, receipts: receipts, session: session, version: version,
		fees: math.ZeroInt()}
	if c.id, err = poa.HashFromBytes(session.Id); err != nil {
		return nil, err
	}
	if c.head, err = poa.HashFromBytes(session.Head); err != nil {
		return nil, err
	}
	if c.price, err = session.Price.Packed(); err != nil {
		return nil, err
	}
	c.last, err = session.Last.Packed()
	return c, err
}

func (c *claim) lastCall() uint64 { return c.session.Calls + uint64(len(c.receipts)) }

// acknowledgedAt reports whether the call at an index is acknowledged: only the last may not be.
func (c *claim) acknowledgedAt(index int) bool { return c.acknowledged || index < len(c.receipts)-1 }

// check walks the calls, recomputes the hash chain, and checks that the voucher
// covers it and the money.
func (c *claim) check() error {
	var fees poa.Amount // of calls that are not in c.fees
	for i := range c.receipts {
		receipt := &c.receipts[i]
		if want := c.session.Calls + 1 + uint64(i); receipt.N != want {
			return errorsmod.Wrapf(types.ErrCallOrder,
				"call %d where %d is next: calls are recorded once, in order, without holes", receipt.N, want)
		}
		c.head = poa.NextHash(c.head, receipt.Call, c.last) // UnmarshalReceipts has derived the call
		c.last = receipt.Outcome()
		if receipt.Gap {
			continue
		}
		if err := c.checkFee(receipt); err != nil {
			return errorsmod.Wrapf(err, "call %d", receipt.N)
		}
		sum, err := fees.Add(receipt.Fee)
		if err != nil { // above 128 bits
			c.fees, sum = c.fees.Add(rewardstypes.IntOf(fees)), receipt.Fee
		}
		fees = sum
	}
	c.fees = c.fees.Add(rewardstypes.IntOf(fees))
	if err := c.checkVoucher(); err != nil {
		return err
	}
	if c.fees.GT(c.session.Deposit) {
		return errorsmod.Wrapf(types.ErrDeposit, "fees of %saopen, %saopen is left", c.fees, c.session.Deposit)
	}
	if !c.acknowledged && c.session.Unacknowledged {
		return errorsmod.Wrap(types.ErrUnacknowledged,
			"one answer of this session was paid without acknowledgement already: wait for the next voucher or the close")
	}
	return nil
}

// checkFee: royalty in full, compute at most as quoted, and no more than the
// client's maximum for the call.
func (c *claim) checkFee(receipt *poa.Receipt) error {
	quoted, err := c.price.Compute(receipt.InputTokens, receipt.OutputTokens)
	if err != nil {
		return errorsmod.Wrap(types.ErrInvalidReceipt, err.Error())
	}
	compute, err := receipt.Fee.Sub(c.price.Royalty)
	if err != nil {
		return errorsmod.Wrapf(types.ErrInvalidReceipt, "fee of %saopen is below the royalty of %saopen", receipt.Fee,
			c.price.Royalty)
	}
	if compute.Cmp(quoted) > 0 {
		return errorsmod.Wrapf(types.ErrOvercharge, "compute of %saopen, %d input and %d output tokens cost %saopen", compute,
			receipt.InputTokens, receipt.OutputTokens, quoted)
	}
	if receipt.Fee.Cmp(receipt.MaxFee) > 0 {
		return errorsmod.Wrapf(types.ErrOvercharge, "fee of %saopen is above the maximum of the call, %saopen", receipt.Fee,
			receipt.MaxFee)
	}
	return nil
}

// checkVoucher: the session key signed the head of the last call, or of the one
// after it, which acknowledges the last; or the payer's close did.
func (c *claim) checkVoucher() error {
	// A call without an outcome leaves nothing to acknowledge.
	c.acknowledged = c.receipts[len(c.receipts)-1].Gap
	if len(c.voucher.Signature) == 0 {
		return c.checkClose()
	}
	calls, head := c.lastCall(), c.head
	if len(c.voucher.PendingCall) != 0 {
		pending, err := poa.HashFromBytes(c.voucher.PendingCall)
		if err != nil {
			return errorsmod.Wrap(types.ErrVoucher, err.Error())
		}
		calls, head = calls+1, poa.NextHash(head, pending, c.last)
		c.acknowledged = true
	}
	if c.voucher.Calls != calls {
		return errorsmod.Wrapf(types.ErrVoucher, "the voucher is for call %d, the batch needs one for %d", c.voucher.Calls,
			calls)
	}
	if spent := c.session.Spent.Add(c.fees); spent.GT(c.voucher.CumulativeMax) {
		return errorsmod.Wrapf(types.ErrOvercharge, "%saopen in all, the voucher allows %saopen", spent,
			c.voucher.CumulativeMax)
	}
	most, err := rewardstypes.AmountOf(c.voucher.CumulativeMax)
	if err != nil {
		return errorsmod.Wrap(types.ErrVoucher, err.Error())
	}
	signed := poa.Voucher{
		ChainID: c.ctx.ChainID(), Session: c.id, Provider: c.provider, ModelID: c.session.ModelId,
		ModelVersion: c.session.ModelVersion,
		Price:        c.price, N: calls, Head: head, CumulativeMax: most,
	}
	if !ed25519consensus.Verify(c.session.SessionKey, signed.SignBytes(), c.voucher.Signature) {
		return errorsmod.Wrap(types.ErrVoucher, "the signature is not of the session key over these calls")
	}
	return nil
}

// checkClose: the closing leaf of the payer's own transaction commits to every
// call and acknowledges the last. It sets no limit beyond each call's maximum.
func (c *claim) checkClose() error {
	if len(c.session.CloseHead) == 0 {
		return errorsmod.Wrap(types.ErrVoucher, "no signature, and the payer's close acknowledges nothing: send a voucher")
	}
	head := poa.NextHash(c.head, poa.AckCall, c.last)
	if c.session.CloseCalls != c.lastCall()+1 || !bytes.Equal(c.session.CloseHead, head[:]) {
		return errorsmod.Wrapf(types.ErrVoucher,
			"the payer closed at call %d with another head: these are not the calls that were acknowledged",
			c.session.CloseCalls)
	}
	c.acknowledged = true
	return nil
}
