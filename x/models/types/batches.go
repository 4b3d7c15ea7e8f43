package types

// RecordedBatch is what a provider's record keeps of a new batch of receipts.
type RecordedBatch struct {
	// Seq is the provider's own number for it, ID the chain's.
	Seq, ID uint64
	// Open batches wait for validators.
	Open bool
	// Recurring holds the recurring texts, with the batch counted in.
	Recurring []RecurringText
}
