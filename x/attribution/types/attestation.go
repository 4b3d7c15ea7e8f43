package types

import (
	"cmp"
	"slices"
)

const (
	// VersionsWindow is how many DataNet versions are open at once, and how many numbers batches leave free for them.
	VersionsWindow = 64
	// MaxSlots bounds the validators that ever attest.
	MaxSlots = 1 << 16
	// MaxPaidAttestors caps the validators paid in one end-blocker.
	MaxPaidAttestors = 1_000
)

// FirstAttestation is the state before the first item.
func FirstAttestation() Attestation { return Attestation{Base: 1, Next: 1} }

// FirstTip is the state before the first batch.
func FirstTip() Tip { return Tip{NextBatch: 1, Attestation: FirstAttestation()} }

// Waits says that validators are being asked about the batch.
func (s BatchStatus) Waits() bool { return s == BATCH_STATUS_OPEN || s == BATCH_STATUS_RESUBMITTED }

// Undecided says that nobody has been paid or refunded: the fees of the batch are held.
func (s BatchStatus) Undecided() bool {
	return s.Waits() || s == BATCH_STATUS_REJECTED || s == BATCH_STATUS_EXPIRED
}

// SortSlots sorts by slot.
func SortSlots(slots []SlotPower) {
	slices.SortFunc(slots, func(a, b SlotPower) int { return cmp.Compare(a.Slot, b.Slot) })
}
