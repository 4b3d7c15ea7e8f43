package keeper

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"

	"github.com/hdevalence/ed25519consensus"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// commitDispute takes the bond and stores the commitment.
func (k Keeper) commitDispute(ctx sdk.Context, params types.Params,
	msg *types.MsgCommitDispute) (types.Dispute, error) {
	known, err := k.Disputes.Has(ctx, msg.Commitment)
	if err != nil {
		return types.Dispute{}, err
	}
	if known {
		return types.Dispute{}, errorsmod.Wrapf(types.ErrInvalidDispute, "commitment %x stands already: choose another salt",
			msg.Commitment)
	}
	number, err := k.NextDispute.Next(ctx)
	if err != nil {
		return types.Dispute{}, err
	}
	dispute := types.Dispute{
		Commitment: msg.Commitment, Challenger: msg.Challenger, Bond: params.DisputeBond, Number: number,
		Height: ctx.BlockHeight(), RevealUntil: ctx.BlockHeight() + int64(params.DisputeRevealBlocks),
		PoaVersion: poa.Version,
	}
	if dispute.Bond.IsPositive() {
		challenger := sdk.MustAccAddressFromBech32(msg.Challenger)
		if err := k.bank.SendCoinsFromAccountToModule(ctx, challenger, types.ModuleName, coins(dispute.Bond)); err != nil {
			return types.Dispute{}, errorsmod.Wrapf(types.ErrInvalidDispute, "a dispute holds a bond of %saopen: %s",
				dispute.Bond, err)
		}
	}
	return dispute, k.addDispute(ctx, dispute)
}

func (k Keeper) addDispute(ctx sdk.Context, dispute types.Dispute) error {
	if err := k.Disputes.Set(ctx, dispute.Commitment, dispute); err != nil {
		return err
	}
	if err := k.DisputeOrder.Set(ctx, dispute.Number, dispute.Commitment); err != nil {
		return err
	}
	return k.DisputeDeadlines.Set(ctx, collections.Join(dispute.RevealUntil, dispute.Commitment))
}

func (k Keeper) removeDispute(ctx sdk.Context, dispute types.Dispute) error {
	if err := k.DisputeDeadlines.Remove(ctx, collections.Join(dispute.RevealUntil, dispute.Commitment)); err != nil {
		return err
	}
	if err := k.DisputeOrder.Remove(ctx, dispute.Number); err != nil {
		return err
	}
	return k.Disputes.Remove(ctx, dispute.Commitment)
}

// openDispute returns the dispute that a message reveals.
func (k Keeper) openDispute(ctx sdk.Context, msg *types.MsgRevealDispute) (types.Dispute, error) {
	challenger := sdk.MustAccAddressFromBech32(msg.Challenger)
	commitment := poa.DisputeCommitment(challenger, msg.BatchId, msg.Index, msg.Proof, msg.Salt)
	dispute, err := k.Disputes.Get(ctx, commitment[:])
	if errors.Is(err, collections.ErrNotFound) {
		return dispute, errorsmod.Wrapf(types.ErrDisputeNotFound,
			"%s has not committed to this proof, receipt and salt (%s): commit first, or the reveal window of %d blocks has "+
				"ended", msg.Challenger, commitment, k.revealBlocks(ctx))
	}
	if err != nil {
		return dispute, err
	}
	// The sweep is capped, so that a dispute may stand here for longer than it may be revealed.
	until, err := k.revealUntil(ctx, dispute)
	if err != nil {
		return dispute, err
	}
	if ctx.BlockHeight() > until {
		return dispute, errorsmod.Wrapf(types.ErrDisputeNotFound, "block %d was the last one to reveal it in", until)
	}
	if ctx.BlockHeight() <= dispute.Height {
		return dispute, errorsmod.Wrapf(types.ErrDisputeEarly, "committed in block %d: reveal in a later one", dispute.Height)
	}
	return dispute, nil
}

func (k Keeper) revealBlocks(ctx sdk.Context) uint32 {
	params, err := k.Params.Get(ctx)
	if err != nil {
		return 0
	}
	return params.DisputeRevealBlocks
}

// revealDispute judges a committed dispute. After an error the dispute stays committed. A proof that proves nothing is
// not an error: it gets a verdict.
func (k Keeper) revealDispute(ctx sdk.Context, params types.Params,
	msg *types.MsgRevealDispute) (*types.MsgRevealDisputeResponse, error) {
	dispute, err := k.openDispute(ctx, msg)
	if err != nil {
		return nil, err
	}
	batch, err := k.GetBatch(ctx, msg.BatchId)
	if err != nil {
		return nil, err
	}
	if err := underTheseRules(batch); err != nil {
		return nil, err
	}
	deadline, err := k.batchDeadline(ctx, batch)
	if err != nil {
		return nil, err
	}
	if !batch.Status.Undecided() && !ctx.BlockTime().Before(deadline) {
		return nil, errorsmod.Wrapf(types.ErrBatchNotFound, "the dispute window of batch %d has closed", batch.Id)
	}
	record, err := k.recordAt(ctx, batch, msg.Index)
	if err != nil {
		return nil, err
	}
	charge(ctx, params.GasPerByte, uint64(len(msg.Proof)), "bytes of the dispute")
	charge(ctx, params.GasPerKiloWork, poa.DisputeWorkUnits/1000+1, "verification of the dispute")
	if err := k.removeDispute(ctx, dispute); err != nil {
		return nil, err
	}
	v, err := k.verdict(ctx, batch, record, msg.Proof)
	if err != nil {
		return nil, err
	}
	switch {
	case v.refuted != nil:
		return k.reject(ctx, dispute, msg, types.DISPUTE_VERDICT_REFUTED, v.refuted)
	case batch.Status == types.BATCH_STATUS_DISPROVEN && dispute.Height >= batch.DisprovenHeight:
		return k.reject(ctx, dispute, msg, types.DISPUTE_VERDICT_TOO_LATE,
			errorsmod.Wrapf(types.ErrInvalidDispute, "a lie in batch %d was proven at height %d, before the commit", batch.Id,
				batch.DisprovenHeight))
	}
	losses, err := k.lost(ctx, batch, record, msg.Index, v.losses)
	if err != nil {
		return nil, err
	}
	return k.uphold(ctx, params, dispute, batch, types.ReceiptID(record.Session[:], record.N), v.kind, losses)
}

// recordAt returns the record of a batch by its index.
func (k Keeper) recordAt(ctx sdk.Context, batch types.Batch, index uint32) (poa.Record, error) {
	next := uint32(0)
	for page := range batch.Pages {
		packed, err := k.Pages.Get(ctx, collections.Join(batch.Id, page))
		if err != nil {
			return poa.Record{}, err
		}
		records, err := poa.UnpackRecords(packed)
		if err != nil {
			return poa.Record{}, err
		}
		if index < next+uint32(len(records)) {
			return records[index-next], nil
		}
		next += uint32(len(records))
	}
	return poa.Record{}, errorsmod.Wrapf(types.ErrReceiptNotFound, "batch %d has %d receipts, there is no index %d",
		batch.Id, batch.Receipts, index)
}

// verdict is the result of judging a proof.
type verdict struct {
	kind    string
	losses  []poa.Loss // what it shows to be lost
	refuted error      // why it proves nothing, nil if it proves the lie
}

// verdict judges a proof. An error means that the proof could not be judged through no fault of the challenger. The
// caller must then fail the transaction and must not burn the bond.
func (k Keeper) verdict(ctx sdk.Context, batch types.Batch, record poa.Record, encoded []byte) (verdict, error) {
	bundle, err := poa.HashFromBytes(batch.EvidenceRoot)
	if err != nil {
		return verdict{}, err
	}
	version, err := k.models.GetModelVersion(ctx, record.ModelID, record.ModelVersion)
	if err != nil {
		return verdict{}, err
	}
	session, err := k.GetSession(ctx, record.Session[:])
	if err != nil {
		return verdict{}, err
	}
	proof, err := poa.UnmarshalDispute(encoded)
	if err != nil {
		return refuted(verdict{}, err)
	}
	v := verdict{kind: proof.Kind()}
	if proof.WrongAnswer != nil && !signedBy(session, ctx.ChainID(), record, *proof.WrongAnswer) {
		v.refuted = errorsmod.Wrapf(types.ErrInvalidDispute, "the signature is not that of answer key %x on call %d",
			session.AnswerKey, record.N)
		return v, nil
	}
	from := newSource(ctx, k, batch.Height, version)
	from.stopsHeight = batch.StopsHeight
	training, err := trainingOf(version)
	if err != nil {
		return verdict{}, err
	}
	v.losses, err = proof.Verify(record, bundle, training, from, k.statistics)
	if from.failed != nil {
		return verdict{}, from.failed
	}
	return refuted(v, err)
}

// trainingOf returns the training record of a version, nil if it has none.
func trainingOf(version modelstypes.ModelVersion) (*poa.Training, error) {
	if version.Training == nil {
		return nil, nil
	}
	committed, err := version.Training.Committed()
	return &committed, err
}

// refuted adds to a verdict the reason for which package poa refuses a proof. Only a fault of the proof counts; every
// other failure is an error.
func refuted(v verdict, err error) (verdict, error) {
	if err != nil && !poa.Refutes(err) {
		return verdict{}, err
	}
	v.refuted = err
	return v, nil
}

// signedBy reports whether the provider of a session signed an outcome for a call.
func signedBy(session types.Session, chainID string, record poa.Record, signed poa.SignedOutcome) bool {
	statement := poa.SignedAnswer{ChainID: chainID, Session: record.Session, N: record.N, Outcome: signed.Outcome}
	return ed25519consensus.Verify(session.AnswerKey, statement.SignBytes(), signed.Signature[:])
}

// reject burns the bond. Only the event says why in words: the response is hashed.
func (k Keeper) reject(ctx sdk.Context, dispute types.Dispute, msg *types.MsgRevealDispute,
	verdict types.DisputeVerdict, reason error) (*types.MsgRevealDisputeResponse, error) {
	if err := k.burn(ctx, dispute.Bond); err != nil {
		return nil, err
	}
	return &types.MsgRevealDisputeResponse{Verdict: verdict, Slashed: math.ZeroInt(), Reward: math.ZeroInt()},
		ctx.EventManager().EmitTypedEvent(&types.EventDisputeRejected{
			Challenger: dispute.Challenger, BatchId: msg.BatchId, Index: msg.Index, Reason: reason.Error(), Burned: dispute.Bond,
		})
}

// uphold returns the bond, and convicts the provider if the batch was not disproven before. A batch is slashed once,
// and the earliest commit that proves a lie in it gets the reward.
func (k Keeper) uphold(ctx sdk.Context, params types.Params, dispute types.Dispute, batch types.Batch, receipt,
	kind string, losses []types.ProvenLoss) (*types.MsgRevealDisputeResponse, error) {
	if err := k.credit(ctx, dispute.Challenger, dispute.Bond); err != nil {
		return nil, err
	}
	response := &types.MsgRevealDisputeResponse{Upheld: true, Slashed: math.ZeroInt(), Reward: math.ZeroInt(),
		Verdict: types.DISPUTE_VERDICT_UPHELD}
	var err error
	if batch.Status == types.BATCH_STATUS_DISPROVEN {
		response.Verdict, response.Pending, err = k.amend(ctx, dispute, batch.Id, losses)
	} else {
		response.Slashed = batch.Liability
		response.Reward, response.Pending, err = k.convict(ctx, params, dispute, &batch, losses)
	}
	if err != nil {
		return nil, err
	}
	return response, ctx.EventManager().EmitTypedEvent(&types.EventDisputeUpheld{
		Challenger: dispute.Challenger, Provider: batch.Provider, BatchId: batch.Id, ReceiptId: receipt, Kind: kind,
		Slashed: response.Slashed,
	})
}

// credit credits an account of the ledger with coins of the module.
func (k Keeper) credit(ctx context.Context, to string, amount math.Int) error {
	if !amount.IsPositive() {
		return nil
	}
	return k.rewards.Credit(ctx, types.ModuleName, sdk.MustAccAddressFromBech32(to), amount)
}

// disprove ends a batch with a proven lie. If the batch is undecided, its payers get their fees back. Otherwise,
// validators that approved it lose their pay. Others keep what they were paid, and the slash makes up for it.
func (k Keeper) disprove(ctx sdk.Context, params types.Params, batch *types.Batch) error {
	batch.DisprovenFrom = batch.Status
	if batch.Status.Undecided() {
		if err := k.closeBatchItem(ctx, batch); err != nil {
			return err
		}
		if err := k.refund(ctx, batch); err != nil {
			return err
		}
		batch.SettledHeight = ctx.BlockHeight()
		return k.setStatus(ctx, batch, types.BATCH_STATUS_DISPROVEN, params)
	}
	if err := k.forfeitAttestPay(ctx, batch); err != nil {
		return err
	}
	if err := batch.ChangeStatus(types.BATCH_STATUS_DISPROVEN); err != nil {
		return err
	}
	return k.Batches.Set(ctx, batch.Id, *batch)
}

// lost returns what each harmed contributor would have been paid for a receipt,
// under the terms that the batch has frozen.
func (k Keeper) lost(ctx sdk.Context, batch types.Batch, record poa.Record, index uint32,
	losses []poa.Loss) ([]types.ProvenLoss, error) {
	if len(losses) == 0 {
		return nil, nil
	}
	version, err := k.models.GetModelVersion(ctx, record.ModelID, record.ModelVersion)
	if err != nil {
		return nil, err
	}
	session, err := k.GetSession(ctx, record.Session[:])
	if err != nil {
		return nil, err
	}
	should := record
	should.Entries, should.UnattributedPPM = nil, poa.TotalPPM
	for _, loss := range losses {
		if loss.PPM > 0 && loss.PPM <= should.UnattributedPPM {
			should.Entries = append(should.Entries,
				poa.Entry{Rank: loss.Rank, WeightPPM: loss.PPM, LoraPPM: loss.LoraPPM})
			should.UnattributedPPM -= loss.PPM
		}
	}
	provider := sdk.MustAccAddressFromBech32(batch.Provider)
	reductions, err := k.reductionsOf(ctx, batch.Id)
	if err != nil {
		return nil, err
	}
	from := newSource(ctx, k, batch.Height, version)
	from.reduced(reductions)
	// Entries that the batch left out have no reduction in it. Own text is not paid, so it must not count as a loss.
	if err := from.reduceOwn(provider, should); err != nil {
		return nil, err
	}
	payable, err := k.payable(from, provider, should, session.Price.Royalty, nil)
	if err != nil {
		return nil, err
	}
	payout, err := rewardstypes.Split(batch.Terms, payable)
	if err != nil {
		return nil, err
	}
	proven := make([]types.ProvenLoss, len(payout.Entries))
	for i, entry := range payout.Entries {
		proven[i] = types.ProvenLoss{Index: index, Rank: entry.Rank, Contributor: payable.Entries[i].Contributor.String(),
			Amount: entry.Amount.Add(entry.Bonus)}
	}
	return proven, nil
}

// sweepDisputes burns the bonds of disputes that were not revealed in time.
func (k Keeper) sweepDisputes(ctx sdk.Context, params types.Params) error {
	until := new(collections.Range[collections.Pair[int64, []byte]]).EndExclusive(
		collections.Join(ctx.BlockHeight(), []byte{}))
	var due [][]byte
	if err := k.DisputeDeadlines.Walk(ctx, until, func(key collections.Pair[int64, []byte]) (bool, error) {
		due = append(due, bytes.Clone(key.K2()))
		return len(due) == int(params.DisputesPerBlock), nil
	}); err != nil || len(due) == 0 {
		return err
	}
	event := types.EventDisputesExpired{Burned: math.ZeroInt()}
	for _, commitment := range due {
		dispute, err := k.Disputes.Get(ctx, commitment)
		if err != nil {
			return err
		}
		if err := k.removeDispute(ctx, dispute); err != nil {
			return err
		}
		event.Commitments = append(event.Commitments, hex.EncodeToString(commitment))
		if dispute.PoaVersion != poa.Version && dispute.Bond.IsPositive() {
			// The rules have changed since the commit, so perhaps nobody could reveal it.
			if err := k.rewards.Credit(ctx, types.ModuleName, sdk.MustAccAddressFromBech32(dispute.Challenger),
				dispute.Bond); err != nil {
				return err
			}
			continue
		}
		event.Burned = event.Burned.Add(dispute.Bond)
	}
	if err := k.burn(ctx, event.Burned); err != nil {
		return err
	}
	return ctx.EventManager().EmitTypedEvent(&event)
}

// burn burns coins of the module account.
func (k Keeper) burn(ctx sdk.Context, amount math.Int) error {
	if !amount.IsPositive() {
		return nil
	}
	return k.bank.BurnCoins(ctx, types.ModuleName, coins(amount))
}

func coins(amount math.Int) sdk.Coins { return sdk.NewCoins(sdk.NewCoin(rewardstypes.Denom, amount)) }
