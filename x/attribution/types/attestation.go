package types

import (
	"cmp"
	"slices"
)

const (
	// BatchesWindow is how many numbers the open batches span at most.
	BatchesWindow = 416
	// VersionsWindow is how many numbers the open DataNet versions span at most. Batches and versions have numbers of
	// their own, so that neither kind can use up those of the other, or hold back their base.
	VersionsWindow = 64
	// MaxWindow is how many items are open at once, at most.
	MaxWindow = BatchesWindow + VersionsWindow
	// FirstVersion is the first number of a version; batches begin at 1.
	FirstVersion uint64 = 1 << 62
	// MaxSetAside is how many of the open versions may ask again about what was set aside.
	MaxSetAside = 16
	// MaxSlots bounds the validators that ever attest.
	MaxSlots = 1 << 16
	// MaxPaidAttestors caps the validators paid in one end-blocker.
	MaxPaidAttestors = 1_000
)

// FirstAttestation is the state before the first item.
func FirstAttestation() Attestation {
	return Attestation{Base: 1, Next: 1, VersionBase: FirstVersion, VersionNext: FirstVersion}
}

// Window are the numbers of the open items: base ≤ n < next of batches, and of versions.
type Window struct {
	Base, Next, VersionBase, VersionNext uint64
	// Enabled says whether validators are asked at all.
	Enabled bool
}

// Empty says that nothing is open.
func (w Window) Empty() bool { return w.Base >= w.Next && w.VersionBase >= w.VersionNext }

// Numbers returns the window of a kind of items, from its lowest number to the next one to give.
func (a *Attestation) Numbers(kind ItemKind) (base, next *uint64) {
	if kind == ITEM_KIND_VERSION {
		return &a.VersionBase, &a.VersionNext
	}
	return &a.Base, &a.Next
}

// FirstHead is the state before the first batch.
func FirstHead() Head { return Head{NextBatch: 1, Attestation: FirstAttestation()} }

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
