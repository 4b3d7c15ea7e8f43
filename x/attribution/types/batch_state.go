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
	{BATCH_STATUS_UNSPECIFIED, BATCH_STATUS_OPEN, "submission.record: validators are asked"},

	{BATCH_STATUS_OPEN, BATCH_STATUS_FINAL, "Keeper.approve: more than two thirds say yes"},
	{BATCH_STATUS_OPEN, BATCH_STATUS_REJECTED, "Keeper.refuse: a third says no"},
	{BATCH_STATUS_OPEN, BATCH_STATUS_EXPIRED, "Keeper.refuse: no verdict in time"},
	{BATCH_STATUS_REJECTED, BATCH_STATUS_RESUBMITTED, "Keeper.resubmit"},
	{BATCH_STATUS_EXPIRED, BATCH_STATUS_RESUBMITTED, "Keeper.resubmit"},
	{BATCH_STATUS_RESUBMITTED, BATCH_STATUS_FINAL, "Keeper.approve"},
	{BATCH_STATUS_RESUBMITTED, BATCH_STATUS_REJECTED, "Keeper.refuse, and in the same step"},
	{BATCH_STATUS_RESUBMITTED, BATCH_STATUS_EXPIRED, "Keeper.refuse, and in the same step"},
	{BATCH_STATUS_REJECTED, BATCH_STATUS_REFUNDED, "Keeper.settleRefused: not resubmitted in time, or rejected again"},
	{BATCH_STATUS_EXPIRED, BATCH_STATUS_LAPSED, "Keeper.settleRefused: not resubmitted in time, or expired again"},

	{BATCH_STATUS_OPEN, BATCH_STATUS_DISPROVEN, "Keeper.convict: a lie in it was proven"},
	{BATCH_STATUS_REJECTED, BATCH_STATUS_DISPROVEN, "Keeper.convict"},
	{BATCH_STATUS_EXPIRED, BATCH_STATUS_DISPROVEN, "Keeper.convict"},
	{BATCH_STATUS_RESUBMITTED, BATCH_STATUS_DISPROVEN, "Keeper.convict"},
	{BATCH_STATUS_FINAL, BATCH_STATUS_DISPROVEN, "Keeper.convict"},
	{BATCH_STATUS_REFUNDED, BATCH_STATUS_DISPROVEN, "Keeper.convict"},
	{BATCH_STATUS_LAPSED, BATCH_STATUS_DISPROVEN, "Keeper.convict"},

	{BATCH_STATUS_FINAL, BATCH_STATUS_UNSPECIFIED, "Keeper.closeBatch: the dispute window has closed"},
	{BATCH_STATUS_DISPROVEN, BATCH_STATUS_UNSPECIFIED, "Keeper.closeBatch"},
	{BATCH_STATUS_REFUNDED, BATCH_STATUS_UNSPECIFIED, "Keeper.closeBatch"},
	{BATCH_STATUS_LAPSED, BATCH_STATUS_UNSPECIFIED, "Keeper.closeBatch"},
}
