package types

import errorsmod "cosmossdk.io/errors"

// BatchTransition is one allowed change of a batch's status.
type BatchTransition struct {
	From, To BatchStatus
	Writer   string // the only function that makes this change
}

// BatchTransitions is the state machine of a batch. UNSPECIFIED stands for a batch that is not in state, because it is
// not submitted yet or was removed. CheckBatchTransition checks every change: Batch.ChangeStatus calls it for a new
// status, and Keeper.closeBatch for the removal.
var BatchTransitions = []BatchTransition{
	{BATCH_STATUS_UNSPECIFIED, BATCH_STATUS_FINAL,
		"submission.decideNowOrAsk: inline evidence is verified in the message"},
	{BATCH_STATUS_UNSPECIFIED, BATCH_STATUS_OPEN, "submission.decideNowOrAsk: validators are asked"},

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

	{BATCH_STATUS_OPEN, BATCH_STATUS_DISPROVEN, "Keeper.disprove: a lie in it was proven"},
	{BATCH_STATUS_REJECTED, BATCH_STATUS_DISPROVEN, "Keeper.disprove"},
	{BATCH_STATUS_EXPIRED, BATCH_STATUS_DISPROVEN, "Keeper.disprove"},
	{BATCH_STATUS_RESUBMITTED, BATCH_STATUS_DISPROVEN, "Keeper.disprove"},
	{BATCH_STATUS_FINAL, BATCH_STATUS_DISPROVEN, "Keeper.disprove"},
	{BATCH_STATUS_REFUNDED, BATCH_STATUS_DISPROVEN, "Keeper.disprove"},
	{BATCH_STATUS_LAPSED, BATCH_STATUS_DISPROVEN, "Keeper.disprove"},

	{BATCH_STATUS_FINAL, BATCH_STATUS_UNSPECIFIED, "Keeper.closeBatch: the dispute window has closed"},
	{BATCH_STATUS_DISPROVEN, BATCH_STATUS_UNSPECIFIED, "Keeper.closeBatch"},
	{BATCH_STATUS_REFUNDED, BATCH_STATUS_UNSPECIFIED, "Keeper.closeBatch"},
	{BATCH_STATUS_LAPSED, BATCH_STATUS_UNSPECIFIED, "Keeper.closeBatch"},
}

// CheckBatchTransition returns ErrInvariant if the status of a batch must not change in this way.
func CheckBatchTransition(from, to BatchStatus) error {
	for _, transition := range BatchTransitions {
		if transition.From == from && transition.To == to {
			return nil
		}
	}
	return errorsmod.Wrapf(ErrInvariant, "a batch that is %s cannot become %s", from, to)
}

// ChangeStatus changes the status of a batch. It returns ErrInvariant and changes nothing if BatchTransitions do not
// allow the change.
func (b *Batch) ChangeStatus(to BatchStatus) error {
	if err := CheckBatchTransition(b.Status, to); err != nil {
		return err
	}
	b.Status = to
	return nil
}
