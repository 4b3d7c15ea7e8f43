package keeper

import (
	"crypto/sha256"
	"errors"
	"slices"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// submission is a batch that is being recorded.
type submission struct {
	keeper   Keeper
	ctx      sdk.Context
	params   types.Params
	provider sdk.AccAddress
	msg      *types.MsgSubmitReceipts

	receipts []poa.Receipt
	entries  int // of all receipts
	evidence poa.Evidence
	claims   []*claim
	source   *source
	stored   modelstypes.Provider // as it was before the batch
}

// submit records a batch. Nothing changes unless every receipt is right.
func (k Keeper) submit(ctx sdk.Context, params types.Params, msg *types.MsgSubmitReceipts) (uint64, error) {
	s := &submission{keeper: k, ctx: ctx, params: params, provider: sdk.MustAccAddressFromBech32(msg.Provider), msg: msg}
	payload, err := s.payloadHash()
	if err != nil {
		return 0, err
	}
	if id, done, err := s.recorded(payload); done || err != nil {
		return id, err
	}
	if err := s.decode(); err != nil {
		return 0, err
	}
	if err := s.checkCalls(); err != nil {
		return 0, err
	}
	if err := s.checkEntries(); err != nil {
		return 0, err
	}
	if !s.msg.Attested() {
		if err := s.checkEvidence(); err != nil {
			return 0, err
		}
	}
	return s.record(payload)
}

// payloadHash covers everything in the message except its sender and its number.
func (s *submission) payloadHash() ([]byte, error) {
	encoded, err := (&types.MsgSubmitReceipts{
		Sessions: s.msg.Sessions, Receipts: s.msg.Receipts, Evidence: s.msg.Evidence, BundleRoot: s.msg.BundleRoot,
		BundleBytes: s.msg.BundleBytes,
		BundleWork:  s.msg.BundleWork, StopsHeight: s.msg.StopsHeight,
	}).Marshal()
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(encoded)
	return hash[:], nil
}

// recorded returns the batch of an earlier submission of the same bytes under
// the same number. Numbers only grow, so that one counter for each provider is
// enough to keep them unique for ever.
func (s *submission) recorded(payload []byte) (id uint64, done bool, err error) {
	provider, err := s.keeper.models.GetProvider(s.ctx, s.provider)
	if errors.Is(err, modelstypes.ErrProviderNotFound) {
		return 0, false, nil // no session is with them
	}
	s.stored = provider
	if err != nil || s.msg.ProviderSeq > provider.LastSeq {
		return 0, false, err
	}
	batch, err := s.keeper.batchBySeq(s.ctx, s.provider, provider.LastBatch, s.msg.ProviderSeq, 0)
	switch {
	case errors.Is(err, types.ErrBatchNotFound):
		return 0, false, errorsmod.Wrapf(types.ErrSequenceUsed,
			"number %d is not above the last one, %d: its receipts were recorded and their window has closed, or it was skipped",
			s.msg.ProviderSeq, provider.LastSeq)
	case err != nil:
		return 0, false, err
	case string(batch.PayloadHash) != string(payload):
		return 0, false, errorsmod.Wrapf(types.ErrSequenceUsed,
			"number %d was used for other receipts, batch %d: use the next number", s.msg.ProviderSeq, batch.Id)
	}
	return batch.Id, true, nil
}

// decode checks sizes and charges gas before the work that they cause.
func (s *submission) decode() error {
	if len(s.msg.Sessions) > int(s.params.MaxSessions) {
		return errorsmod.Wrapf(types.ErrOversize, "%d sessions, at most %d: send several batches", len(s.msg.Sessions),
			s.params.MaxSessions)
	}
	if len(s.msg.Evidence) > int(s.params.MaxEvidenceBytes) {
		return errorsmod.Wrapf(types.ErrOversize, "evidence of %d bytes, at most %d: send several batches",
			len(s.msg.Evidence), s.params.MaxEvidenceBytes)
	}
	s.charge(s.params.GasPerByte, uint64(len(s.msg.Receipts)+len(s.msg.Evidence)), "bytes of receipts and evidence")
	s.charge(s.params.GasPerSignature, uint64(len(s.msg.Sessions)), "vouchers")
	var err error
	if s.receipts, err = poa.UnmarshalReceipts(s.msg.Receipts, int(s.params.MaxReceipts)); err != nil {
		if errors.Is(err, poa.ErrOversize) {
			return errorsmod.Wrapf(types.ErrOversize, "%s: send several batches", err)
		}
		return errorsmod.Wrap(types.ErrInvalidReceipt, err.Error())
	}
	if len(s.receipts) == 0 {
		return errorsmod.Wrap(types.ErrInvalidBatch, "no receipts")
	}
	for i := range s.receipts {
		s.entries += len(s.receipts[i].Entries)
	}
	s.charge(s.params.GasPerReceipt, uint64(len(s.receipts)), "receipts")
	s.charge(s.params.GasPerEntry, uint64(s.entries), "entries")
	if s.msg.Attested() {
		return s.checkAnnouncement()
	}
	if s.evidence, err = poa.UnmarshalEvidence(s.msg.Evidence); err != nil {
		return errorsmod.Wrap(types.ErrEvidence, err.Error())
	}
	s.charge(s.params.GasPerKiloWork, poa.WorkUnits(s.evidence)/1000+1, "verification of evidence")
	return nil
}

// checkAnnouncement refuses announced sizes that no bundle of these receipts can have.
func (s *submission) checkAnnouncement() error {
	if !slices.ContainsFunc(s.receipts, func(r poa.Receipt) bool { return !r.Gap }) {
		return errorsmod.Wrap(types.ErrInvalidBatch,
			"no call has an answer, so that validators have nothing to recompute: send the batch inline")
	}
	if most := poa.MaxBundleSize(s.receipts, len(s.msg.Receipts)); s.msg.BundleBytes > most {
		return errorsmod.Wrapf(types.ErrInvalidBatch, "a bundle of %d bytes is announced, these receipts have at most %d",
			s.msg.BundleBytes, most)
	}
	return nil
}

func (s *submission) charge(price, n uint64, what string) { charge(s.ctx, price, n, what) }

// charge consumes gas for n units. If the product overflows, it consumes the largest possible amount.
func charge(ctx sdk.Context, price, n uint64, what string) {
	gas := storetypes.Gas(price * n)
	if n != 0 && gas/n != price {
		gas = ^storetypes.Gas(0)
	}
	ctx.GasMeter().ConsumeGas(gas, what)
}

// checkCalls checks every session of the batch: order, voucher, fees.
func (s *submission) checkCalls() error {
	next := 0
	for i, voucher := range s.msg.Sessions {
		first := next
		for next < len(s.receipts) && s.receipts[next].Session == uint32(i) {
			next++
		}
		if first == next {
			return errorsmod.Wrapf(types.ErrInvalidBatch,
				"session %d of the batch has no calls, or calls are not sorted by session", i)
		}
		c, err := s.newClaim(voucher, s.receipts[first:next])
		if err != nil {
			return errorsmod.Wrapf(err, "session %x", voucher.SessionId)
		}
		if err := c.check(); err != nil {
			return errorsmod.Wrapf(err, "session %x", voucher.SessionId)
		}
		s.claims = append(s.claims, c)
	}
	if next != len(s.receipts) {
		return errorsmod.Wrapf(types.ErrInvalidBatch,
			"receipt %d refers to session %d, there are %d: sort receipts by session", next, s.receipts[next].Session,
			len(s.msg.Sessions))
	}
	return nil
}

// checkEntries checks that every receipt pays contributions of its model's manifest.
func (s *submission) checkEntries() error {
	versions := make([]modelstypes.ModelVersion, len(s.claims))
	for i, c := range s.claims {
		versions[i] = c.version
	}
	s.source = newSource(s.ctx, s.keeper, s.ctx.BlockHeight(), versions...)
	if err := s.setStopsHeight(); err != nil {
		return err
	}
	for i := range s.receipts {
		s.source.versionOf = append(s.source.versionOf, versions[s.receipts[i].Session])
	}
	for _, c := range s.claims {
		for i := range c.receipts {
			receipt := &c.receipts[i] // shares memory with s.receipts
			if receipt.Gap {
				continue
			}
			receipt.Method = uint8(c.version.Method)
			if err := s.checkInfluence(c, receipt); err != nil {
				return errorsmod.Wrapf(err, "call %d", receipt.N)
			}
			for _, entry := range receipt.Entries {
				if err := s.source.allow(entry.Rank, c.version); err != nil {
					return errorsmod.Wrapf(err, "call %d", receipt.N)
				}
			}
		}
	}
	return nil
}

// checkInfluence refuses entries by influence of a model that does not owe by it, and receipts by method LORA with
// inline evidence: what they owe follows from the influence file, which validators hold.
func (s *submission) checkInfluence(c *claim, receipt *poa.Receipt) error {
	if receipt.Method == poa.MethodLora {
		if s.msg.Attested() {
			return nil
		}
		return errorsmod.Wrapf(types.ErrAttestedOnly,
			"model %d owes by method LORA, which evidence alone does not prove: send the batch with the root of its bundle",
			c.version.ModelId)
	}
	for _, entry := range receipt.Entries {
		if entry.LoraPPM != 0 {
			return errorsmod.Wrapf(types.ErrInvalidReceipt,
				"contribution %d has %d ppm by influence, model %d owes by method %d", entry.Rank, entry.LoraPPM,
				c.version.ModelId, receipt.Method)
		}
	}
	return nil
}

// setStopsHeight sets the height at which the batch was weighed, so that it is judged by what was stopped then.
// Segments may be stopped between that height and the block of the batch, which the provider cannot know. A batch that
// was weighed more than StopsLag blocks ago must be weighed again.
func (s *submission) setStopsHeight() error {
	at, now := s.msg.StopsHeight, s.ctx.BlockHeight()
	switch {
	case at == 0:
		return nil
	case at > now:
		return errorsmod.Wrapf(types.ErrStops, "weighed as of block %d, this is %d", at, now)
	case now-at > int64(s.params.StopsLag):
		return errorsmod.Wrapf(
			types.ErrStops, "weighed as of block %d, this is %d: weigh again, by stops at most %d blocks old", at, now,
			s.params.StopsLag)
	}
	s.source.stopsHeight = at
	return nil
}

// checkEvidence recomputes every receipt.
func (s *submission) checkEvidence() error {
	answer := 0
	for _, c := range s.claims {
		for _, receipt := range c.receipts {
			if receipt.Gap {
				continue
			}
			if answer == len(s.evidence.Answers) {
				return errorsmod.Wrap(types.ErrEvidence, "fewer answers than receipts")
			}
			if count := s.evidence.Answers[answer].Count; count != receipt.OutputTokens {
				return errorsmod.Wrapf(types.ErrTokenCount, "call %d bills %d output tokens, its answer has %d", receipt.N,
					receipt.OutputTokens, count)
			}
			answer++
		}
	}
	charged := poa.Work{Limit: poa.WorkUnits(s.evidence)}
	if err := charged.VerifyEvidence(s.receipts, s.evidence, s.source, s.keeper.statistics); err != nil {
		return errorsmod.Wrap(types.ErrEvidence, err.Error())
	}
	return nil
}

// record pays the receipts and stores batch, records and sessions.
func (s *submission) record(payload []byte) (uint64, error) {
	k, ctx := s.keeper, s.ctx
	terms, err := k.rewards.Terms(ctx)
	if err != nil {
		return 0, err
	}
	recurring, err := s.reduce(terms)
	if err != nil {
		return 0, err
	}
	payables, records, err := s.results()
	if err != nil {
		return 0, err
	}
	prepared, err := k.rewards.Prepare(ctx, terms, payables)
	if err != nil {
		return 0, err
	}
	s.charge(s.params.GasPerAccount, uint64(prepared.Accounts()), "accounts credited")
	head, err := k.head(ctx)
	if err != nil {
		return 0, err
	}
	id := head.NextBatch
	head.NextBatch++
	liability := prepared.Fees.Add(prepared.Bonus).MulRaw(2)
	provider, err := k.models.RecordBatch(ctx, s.provider, liability, modelstypes.RecordedBatch{
		Seq: s.msg.ProviderSeq, ID: id, Open: s.msg.Attested(), Recurring: modelstypes.FollowRecurring(recurring),
	})
	if err != nil {
		return 0, err
	}
	batch := types.Batch{
		Id: id, Provider: s.msg.Provider, ProviderSeq: s.msg.ProviderSeq, PayloadHash: payload,
		Receipts: uint32(len(records)), Gaps: uint32(len(s.receipts) - len(records)),
		Fees: prepared.Fees, Burned: prepared.Burned, Bonus: prepared.Bonus, Liability: liability, Terms: terms,
		PoaVersion: poa.Version, Height: ctx.BlockHeight(), AttestShare: math.ZeroInt(), PreviousBatch: provider.LastBatch,
		StopsHeight: s.source.stopsHeight,
	}
	fee, err := s.decideNowOrAsk(&batch, &head, prepared, provider.OpenBatches)
	if err != nil {
		return 0, err
	}
	if err := s.storeRecords(&batch, &head, records); err != nil {
		return 0, err
	}
	if err := s.storeSessions(&batch); err != nil {
		return 0, err
	}
	if err := s.storeReductions(&batch); err != nil {
		return 0, err
	}
	if err := k.Head.Set(ctx, head); err != nil {
		return 0, err
	}
	if err := k.addBatch(ctx, batch); err != nil {
		return 0, err
	}
	root, err := poa.HashFromBytes(batch.Root)
	if err != nil {
		return 0, err
	}
	return id, ctx.EventManager().EmitTypedEvent(&types.EventReceiptsSubmitted{
		BatchId: id, Provider: batch.Provider, ProviderSeq: batch.ProviderSeq, Root: root.String(),
		Receipts: batch.Receipts, Fees: batch.Fees, Burned: batch.Burned, Bonus: batch.Bonus, SubmissionFee: fee,
	})
}

// decideNowOrAsk pays a batch with verified evidence, and opens an item for validators for any other. It returns the
// amount that this burned.
func (s *submission) decideNowOrAsk(batch *types.Batch, head *types.Head, prepared rewardstypes.Prepared,
	open uint32) (math.Int, error) {
	k, ctx := s.keeper, s.ctx
	if !s.msg.Attested() {
		root := s.evidence.Root()
		batch.EvidenceRoot = root[:]
		if err := batch.ChangeStatus(types.BATCH_STATUS_FINAL); err != nil {
			return math.Int{}, err
		}
		batch.SettledHeight = ctx.BlockHeight()
		batch.Deadline = ctx.BlockTime().Add(s.params.DisputeWindow).UTC()
		return math.ZeroInt(), k.rewards.Enqueue(ctx, types.ModuleName, batch.Id, prepared)
	}
	batch.EvidenceRoot, batch.BundleBytes, batch.BundleWork = s.msg.BundleRoot, s.msg.BundleBytes, s.msg.BundleWork
	if err := batch.ChangeStatus(types.BATCH_STATUS_OPEN); err != nil {
		return math.Int{}, err
	}
	batch.Deadline = noDeadline
	if err := k.rewards.Escrow(ctx, types.ModuleName, batch.Id, prepared); err != nil {
		return math.Int{}, err
	}
	return k.askBatch(ctx, s.params, head, batch, open, s.msg.MaxFee)
}

// results returns what each receipt pays and how it is recorded; gaps are
// neither paid nor recorded.
func (s *submission) results() ([]rewardstypes.Payable, []poa.Record, error) {
	payables := make([]rewardstypes.Payable, 0, len(s.receipts))
	records := make([]poa.Record, 0, len(s.receipts))
	entries := make([]rewardstypes.PayableEntry, 0, s.entries) // of all receipts, in one piece
	for _, c := range s.claims {
		for i := range c.receipts {
			receipt := &c.receipts[i]
			if receipt.Gap {
				continue
			}
			record := poa.Record{
				Session: c.id, N: receipt.N, Commitment: receipt.Commitment(),
				InputTokens: receipt.InputTokens, OutputTokens: receipt.OutputTokens, Fee: receipt.Fee,
				Entries: receipt.Entries, UnattributedPPM: receipt.UnattributedPPM,
				Acknowledged: c.acknowledgedAt(i),
				ModelID:      c.session.ModelId, ModelVersion: c.session.ModelVersion, Method: uint8(c.version.Method),
			}
			payable, err := s.keeper.payable(s.source, s.provider, record, c.session.Price.Royalty, entries)
			if err != nil {
				return nil, nil, err
			}
			entries = entries[:len(entries)+len(payable.Entries)]
			payables, records = append(payables, payable), append(records, record)
		}
	}
	return payables, records, nil
}

// payable is what x/rewards needs to pay a record of the batch that the source is for. Its entries are appended to the
// given ones.
func (k Keeper) payable(from *source, provider sdk.AccAddress, record poa.Record, royalty math.Int,
	before []rewardstypes.PayableEntry) (rewardstypes.Payable, error) {
	lineage, err := from.lineage(record.ModelID)
	if err != nil {
		return rewardstypes.Payable{}, err
	}
	payable := rewardstypes.Payable{
		Model: record.ModelID, Provider: provider, Compute: rewardstypes.IntOf(record.Fee).Sub(royalty), Royalty: royalty,
		Acknowledged: record.Acknowledged, Lineage: lineage, UnattributedPPM: record.UnattributedPPM,
	}
	entries := before
	for _, entry := range record.Entries {
		part, err := from.entry(versionOf(record), entry)
		if err != nil {
			return rewardstypes.Payable{}, err
		}
		entries = append(entries, part)
	}
	payable.Entries = entries[len(before):len(entries):len(entries)]
	return payable, nil
}

// storeRecords stores the records in pages and the batch's root in the range of
// all batches.
func (s *submission) storeRecords(batch *types.Batch, head *types.Head, records []poa.Record) error {
	leaves := make([]poa.Hash, len(records))
	for i, record := range records {
		leaves[i] = record.Leaf()
	}
	root := poa.MerkleRoot(leaves)
	batch.Root = root[:]
	for _, page := range poa.PackRecords(records, types.PageBytes) {
		if err := s.keeper.Pages.Set(s.ctx, collections.Join(batch.Id, batch.Pages), page); err != nil {
			return err
		}
		batch.Pages++
	}
	mountain, err := head.Accumulator.MMR()
	if err != nil {
		return err
	}
	batch.Leaf = mountain.Count
	mountain.Append(root)
	head.Accumulator = types.NewAccumulator(mountain)
	return nil
}

// storeSessions advances every session.
func (s *submission) storeSessions(batch *types.Batch) error {
	index := uint32(0)
	for _, c := range s.claims {
		session := c.session
		recorded := uint32(0)
		for _, receipt := range c.receipts {
			if !receipt.Gap {
				recorded++
			}
		}
		batch.Sessions = append(batch.Sessions, types.SessionRange{
			SessionId: session.Id, FirstCall: session.Calls + 1, LastCall: c.lastCall(),
			FirstIndex: index, Receipts: recorded, PreviousBatch: session.LastBatch, Fees: c.fees,
		})
		index += recorded
		session.Deposit = session.Deposit.Sub(c.fees)
		session.Spent = session.Spent.Add(c.fees)
		session.Calls, session.Head = c.lastCall(), append([]byte(nil), c.head[:]...)
		session.Last = types.NewOutcome(c.last)
		session.Unacknowledged = session.Unacknowledged || !c.acknowledged
		session.LastBatch = batch.Id
		session.Batches++
		deadline := session.Deadline
		if session.Status == types.SESSION_STATUS_OPEN {
			deadline = s.ctx.BlockTime().Add(s.params.IdleExpiry)
		}
		if err := s.keeper.moveDeadline(s.ctx, session, deadline); err != nil {
			return err
		}
	}
	return nil
}
