package types

import (
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"
)

// DefaultGenesis is the state of a new chain.
func DefaultGenesis() *GenesisState {
	return &GenesisState{Params: DefaultParams(), NextBatchId: 1, Attestation: FirstAttestation()}
}

// Validate reports a state that cannot have come about.
func (g GenesisState) Validate() error {
	if err := g.Params.Validate(); err != nil {
		return err
	}
	if g.NextBatchId < 1 {
		return errorsmod.Wrap(ErrInvalidGenesis, "next_batch_id starts at 1")
	}
	sessions := make(map[string]bool, len(g.Sessions))
	for _, session := range g.Sessions {
		if err := validateSessionID(session.Id); err != nil {
			return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
		}
		if sessions[string(session.Id)] {
			return errorsmod.Wrapf(ErrInvalidGenesis, "session %x stands twice", session.Id)
		}
		sessions[string(session.Id)] = true
		for _, address := range []string{session.Payer, session.Provider} {
			if err := validateAddress("session", address); err != nil {
				return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
			}
		}
		if err := validateAmount("deposit", session.Deposit); err != nil {
			return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
		}
		if len(session.Head) != hashSize {
			return errorsmod.Wrapf(ErrInvalidGenesis, "session %x has a head of %d bytes", session.Id, len(session.Head))
		}
		if len(session.Fence) != 0 && len(session.Fence) != hashSize {
			return errorsmod.Wrapf(ErrInvalidGenesis, "session %x has a fence of %d bytes", session.Id, len(session.Fence))
		}
		if session.Queued.After(session.Deadline) && session.Status != SESSION_STATUS_CLOSED {
			return errorsmod.Wrapf(ErrInvalidGenesis, "session %x is queued for %s, after its deadline %s", session.Id,
				session.Queued, session.Deadline)
		}
	}
	return g.validateBatches(sessions)
}

func (g GenesisState) validateBatches(sessions map[string]bool) error {
	pages := make(map[uint64]uint32, len(g.Batches))
	last := uint64(0)
	for _, batch := range g.Batches {
		if batch.Id <= last || batch.Id >= g.NextBatchId {
			return errorsmod.Wrapf(ErrInvalidGenesis, "batch %d is out of order or not below the next id %d", batch.Id,
				g.NextBatchId)
		}
		last = batch.Id
		if batch.PreviousBatch >= batch.Id {
			return errorsmod.Wrapf(ErrInvalidGenesis, "batch %d comes after batch %d of its provider", batch.Id,
				batch.PreviousBatch)
		}
		if err := validateAddress("provider", batch.Provider); err != nil {
			return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
		}
		if err := validateAmount("liability", batch.Liability); err != nil {
			return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
		}
		for _, part := range batch.Sessions {
			if !sessions[string(part.SessionId)] {
				return errorsmod.Wrapf(ErrInvalidGenesis, "batch %d holds receipts of unknown session %x", batch.Id, part.SessionId)
			}
		}
		if (batch.Status == BATCH_STATUS_DISPROVEN) != (batch.DisprovenFrom != BATCH_STATUS_UNSPECIFIED) ||
			batch.DisprovenFrom == BATCH_STATUS_DISPROVEN {
			return errorsmod.Wrapf(ErrInvalidGenesis, "batch %d is %s and was disproven from %s", batch.Id, batch.Status,
				batch.DisprovenFrom)
		}
		pages[batch.Id] = batch.Pages
	}
	for _, page := range g.Pages {
		if page.Page >= pages[page.BatchId] {
			return errorsmod.Wrapf(ErrInvalidGenesis, "page %d of batch %d does not exist", page.Page, page.BatchId)
		}
	}
	if err := validateReductions(g.Reductions, pages); err != nil {
		return err
	}
	if err := g.validateDisputes(); err != nil {
		return err
	}
	if err := g.validateAttestation(); err != nil {
		return err
	}
	if _, err := g.Accumulator.MMR(); err != nil {
		return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
	}
	return nil
}

func (g GenesisState) validateDisputes() error {
	last, numbers := "", make(map[uint64]bool, len(g.Disputes)+len(g.Convictions))
	for i, dispute := range g.Disputes {
		if len(dispute.Commitment) != hashSize || i > 0 && string(dispute.Commitment) <= last {
			return errorsmod.Wrapf(ErrInvalidGenesis, "dispute %x is out of order or not a hash", dispute.Commitment)
		}
		last = string(dispute.Commitment)
		if err := validateAddress("challenger", dispute.Challenger); err != nil {
			return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
		}
		if err := validateAmount("bond", dispute.Bond); err != nil {
			return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
		}
		if dispute.Height < 0 || dispute.RevealUntil <= dispute.Height {
			return errorsmod.Wrapf(ErrInvalidGenesis, "dispute %x is committed at %d and revealed until %d", dispute.Commitment,
				dispute.Height, dispute.RevealUntil)
		}
		if numbers[dispute.Number] {
			return errorsmod.Wrapf(ErrInvalidGenesis, "dispute number %d stands twice", dispute.Number)
		}
		numbers[dispute.Number] = true
	}
	for i, conviction := range g.Convictions {
		if conviction.BatchId >= g.NextBatchId || i > 0 && conviction.BatchId <= g.Convictions[i-1].BatchId {
			return errorsmod.Wrapf(ErrInvalidGenesis, "conviction of batch %d is out of order or of no batch",
				conviction.BatchId)
		}
		if numbers[conviction.Number] {
			return errorsmod.Wrapf(ErrInvalidGenesis, "dispute number %d stands twice", conviction.Number)
		}
		numbers[conviction.Number] = true
		if err := conviction.validate(); err != nil {
			return errorsmod.Wrapf(ErrInvalidGenesis, "conviction of batch %d: %s", conviction.BatchId, err)
		}
	}
	return nil
}

func (c Conviction) validate() error {
	for _, address := range []string{c.Provider, c.Challenger} {
		if err := validateAddress("conviction", address); err != nil {
			return err
		}
	}
	if len(c.Losses) > maxLosses {
		return errorsmod.Wrapf(ErrInvalidGenesis, "%d losses, at most %d", len(c.Losses), maxLosses)
	}
	for _, loss := range c.Losses {
		if err := validateAddress("contributor", loss.Contributor); err != nil {
			return err
		}
		if err := validateAmount("loss", loss.Amount); err != nil {
			return err
		}
	}
	return validateAmount("slashed", c.Slashed)
}

func (g GenesisState) validateAttestation() error {
	a := g.Attestation
	if a.Base < 1 || a.Next < a.Base || a.Next-a.Base > BatchesWindow || a.Next >= FirstVersion {
		return errorsmod.Wrapf(ErrInvalidGenesis, "batches %d to %d are not a window of at most %d", a.Base, a.Next,
			BatchesWindow)
	}
	if a.Surge > MaxSurge {
		return errorsmod.Wrapf(ErrInvalidGenesis, "a surge of %d, at most %d", a.Surge, MaxSurge)
	}
	if a.VersionBase < FirstVersion || a.VersionNext < a.VersionBase || a.VersionNext-a.VersionBase > VersionsWindow {
		return errorsmod.Wrapf(ErrInvalidGenesis, "versions %d to %d are not a window of at most %d", a.VersionBase,
			a.VersionNext, VersionsWindow)
	}
	last, batches, setAside := uint64(0), uint32(0), uint32(0)
	for _, item := range g.Items {
		base, next := a.Numbers(item.Kind)
		if item.Number <= last || item.Number < *base || item.Number >= *next {
			return errorsmod.Wrapf(ErrInvalidGenesis, "item %d is out of order or outside the window", item.Number)
		}
		last = item.Number
		switch {
		case item.Kind == ITEM_KIND_VERSION && item.DatanetId != 0 && item.Version != 0:
			if item.Rank != 0 {
				setAside++
			}
		case item.Kind == ITEM_KIND_BATCH && item.BatchId != 0:
			batches++
		default:
			return errorsmod.Wrapf(ErrInvalidGenesis, "item %d asks about nothing", item.Number)
		}
	}
	if batches != a.Batches || setAside != a.SetAside {
		return errorsmod.Wrapf(ErrInvalidGenesis,
			"%d batches and %d contributions that were set aside are asked about, the counters say %d and %d",
			batches, setAside, a.Batches, a.SetAside)
	}
	for i, attestor := range g.Attestors {
		if attestor.Slot != uint32(i) || i >= MaxSlots {
			return errorsmod.Wrapf(ErrInvalidGenesis, "attestor of slot %d stands at place %d", attestor.Slot, i)
		}
		for _, amount := range []math.Int{attestor.Due, attestor.Earned, attestor.Forfeited} {
			if err := validateAmount("attestor", amount); err != nil {
				return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
			}
		}
	}
	for i, powers := range g.Powers {
		if powers.Total <= 0 || powers.Batches == 0 || i > 0 && powers.Height <= g.Powers[i-1].Height {
			return errorsmod.Wrapf(ErrInvalidGenesis, "powers of height %d are out of order, or not used", powers.Height)
		}
	}
	return nil
}
