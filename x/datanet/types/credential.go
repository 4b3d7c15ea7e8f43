package types

import "time"

// CredentialsAt returns the policy of a DataNet in force at a time.
func (d DataNet) CredentialsAt(now time.Time) CredentialPolicy {
	if next := d.NextCredentials; next.Kind != CREDENTIAL_KIND_UNSPECIFIED && !now.Before(next.From) {
		return next
	}
	return d.Credentials
}

// Granter returns who grants credentials at a time, "" if none are asked for.
func (d DataNet) Granter(now time.Time) string { return d.CredentialsAt(now).Granter(d.Owner) }

// Granter returns who grants credentials under a policy, "" if none are asked for.
func (p CredentialPolicy) Granter(owner string) string {
	switch p.Kind {
	case CREDENTIAL_KIND_ALLOWLIST:
		return owner
	case CREDENTIAL_KIND_ISSUER:
		return p.Issuer
	}
	return ""
}

// Good reports whether a credential admits its account under a policy at a time.
func (c Credential) Good(policy CredentialPolicy, now time.Time) bool {
	return c.Policy == policy.Number && !now.Before(c.From) && (c.Until == nil || now.Before(*c.Until))
}

// PaidAt reports whether receipts of batches that are submitted at a height pay the contribution. A contribution in no
// version is not paid.
func (c Contribution) PaidAt(height int64) bool { return c.Pay().PaidAt(height) }

// PaidAt is Contribution.PaidAt for the part of a contribution that decides about pay.
func (c ContributionPay) PaidAt(height int64) bool {
	return c.HeldHeight != 0 && (c.StoppedHeight == 0 || height < c.StoppedHeight || c.ResumedHeight != 0 &&
		height >= c.ResumedHeight)
}

// Pay returns what of a contribution decides about pay.
func (c Contribution) Pay() ContributionPay {
	return ContributionPay{
		Rank: c.Rank, DatanetId: c.DatanetId, Contributor: c.Contributor, Status: c.Status, Score: c.Score,
		AcceptedVersion: c.AcceptedVersion, StoppedHeight: c.StoppedHeight, ResumedHeight: c.ResumedHeight,
		LedgerId: c.LedgerId,
		Stops:    c.Stops, HeldHeight: c.HeldHeight,
	}
}

// Earning reports whether a contribution is accepted and nothing has stopped it.
func (c Contribution) Earning() bool { return c.Status == CONTRIBUTION_STATUS_ACCEPTED }
