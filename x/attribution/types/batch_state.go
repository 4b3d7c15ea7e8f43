package types

// BatchTransition is one way in which the status of a batch changes.
type BatchTransition struct {
	From, To BatchStatus
	Writer   string // the one function that writes it
}

// BatchTransitions is the state machine of a batch. UNSPECIFIED stands for a
// batch that is not in state: not submitted yet, or closed and removed.
var BatchTransitions = []BatchTransition{
	{BATCH_STATUS_UNSPECIFIED, BATCH_STATUS_FINAL, "submission.record: inline evidence is verified in the message"},
	{BATCH_STATUS_FINAL, BATCH_STATUS_DISPROVEN, "Keeper.convict: a lie in it was proven"},
	{BATCH_STATUS_FINAL, BATCH_STATUS_UNSPECIFIED, "Keeper.closeBatch: the dispute window has closed"},
	{BATCH_STATUS_DISPROVEN, BATCH_STATUS_UNSPECIFIED, "Keeper.closeBatch: the dispute window has closed"},
}
