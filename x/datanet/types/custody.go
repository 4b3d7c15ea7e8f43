package types

// MaxAsked is how many contributions validators are asked about at once.
const MaxAsked = 64

// maxDoublings is how often the interval between two questions about the same text can double.
const maxDoublings = 16

// HoldRetry says when validators are asked again about text that they did not hold.
type HoldRetry struct {
	// Blocks until the second time; the interval doubles with each refusal.
	Blocks uint32
	// Refusals after which nobody is asked any more.
	Refusals uint32
}

// After returns how many blocks lie between a refusal and the next question; 0 if there is none.
func (r HoldRetry) After(refusals uint32) int64 {
	if refusals >= r.Refusals {
		return 0
	}
	return int64(r.Blocks) << min(max(refusals, 1)-1, maxDoublings)
}

// Version returns the first version that has the contribution, 0 while validators do not hold its text: a version has
// what was accepted for it or before and is held.
func (c Contribution) Version() uint64 { return c.Pay().Version() }

// Version is Contribution.Version for the part of a contribution that decides about pay.
func (c ContributionPay) Version() uint64 {
	if c.HeldHeight == 0 {
		return 0
	}
	return c.AcceptedVersion
}

// Waits says that validators are to be asked about an accepted contribution with its version.
func (c Contribution) Waits() bool {
	return c.AcceptedVersion != 0 && c.HeldHeight == 0 && c.Hold == nil
}

// MayEnter says that a contribution that was set aside enters a version as soon as validators hold it. A contribution
// that was recalled or overturned meanwhile does not enter, because no model has used it. A contribution whose segments
// were all stopped as copies does enter, because they may be resumed.
func (c Contribution) MayEnter() bool {
	if c.Hold == nil {
		return false
	}
	switch c.Status {
	case CONTRIBUTION_STATUS_ACCEPTED, CONTRIBUTION_STATUS_WITHHELD, CONTRIBUTION_STATUS_ALIAS,
		CONTRIBUTION_STATUS_COMMONS:
		return true
	}
	return false
}
