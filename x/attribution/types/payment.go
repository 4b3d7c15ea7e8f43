package types

import (
	"slices"

	"cosmossdk.io/math"

	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// Payment says what became of the fees of a batch. A proven lie takes back nothing that was paid, and refunds what was
// not decided.
func (b Batch) Payment() Payment {
	status, disproven := b.Status, b.Status == BATCH_STATUS_DISPROVEN
	if disproven {
		status = b.DisprovenFrom
	}
	switch {
	case disproven && status.Undecided(), status == BATCH_STATUS_REFUNDED:
		return PAYMENT_REFUNDED
	case status.Waits():
		return PAYMENT_PENDING
	case status.Undecided():
		return PAYMENT_REFUSED
	case status == BATCH_STATUS_LAPSED:
		return PAYMENT_COMPUTE
	case status == BATCH_STATUS_FINAL:
		return PAYMENT_PAID
	}
	return PAYMENT_UNSPECIFIED
}

// Paid returns what remains of a receipt's split by the payment of its batch. Fee, compute and royalty stay: they say
// what was billed.
func (b Batch) Paid(split rewardstypes.Payout) rewardstypes.Payout {
	switch b.Payment() {
	case PAYMENT_PENDING:
		return split
	case PAYMENT_PAID:
		// Validators who attested a lie lose their share of it; that of inline batches went to all of them at once.
		if b.Status == BATCH_STATUS_DISPROVEN && b.BundleBytes != 0 {
			split.Burned, split.Validators = split.Burned.Add(split.Validators), math.ZeroInt()
		}
		return split
	case PAYMENT_COMPUTE:
		provider := split.Provider
		split = unpaid(split)
		split.Provider, split.BountyPool = provider, split.Fee.Sub(provider)
		return split
	default:
		return unpaid(split)
	}
}

// unpaid is a split of which nobody gets anything.
func unpaid(split rewardstypes.Payout) rewardstypes.Payout {
	zero := math.ZeroInt()
	split.Provider, split.Burned, split.Retired, split.Lineage, split.Validators, split.BountyPool, split.Bonus = zero,
		zero, zero, zero, zero, zero, zero
	split.Entries = slices.Clone(split.Entries)
	for i := range split.Entries {
		entry := &split.Entries[i]
		entry.Amount, entry.OwnerAmount, entry.Bonus = zero, zero, zero
	}
	return split
}
