package earnings

import (
	"errors"
	"fmt"
	"slices"

	sdkmath "cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// ErrUnreadable reports that data from elsewhere cannot come from an index of earnings.
var ErrUnreadable = errors.New("this cannot come from an index of earnings")

// Check returns an error that wraps ErrUnreadable if a history cannot come from an index, because amounts are missing
// or a field has an unknown word. Call it first for the history of a gateway, which is a stranger.
func (h History) Check() error {
	t := h.Totals
	if err := requireAmounts(t.Earned, t.Contributed, t.Bonus, t.PaidOut); err != nil {
		return err
	}
	if len(h.Entries) == 0 && h.Next != "" {
		return fmt.Errorf("%w: an empty page names a next one", ErrUnreadable)
	}
	for _, entry := range h.Entries {
		if err := entry.check(); err != nil {
			return fmt.Errorf("%w, in block %d", err, entry.Height)
		}
	}
	return nil
}

func (e Entry) check() error {
	if err := requireAmounts(e.Amount); err != nil {
		return err
	}
	if e.Recipient != "" {
		if _, err := sdk.AccAddressFromBech32(e.Recipient); err != nil {
			return fmt.Errorf("%w: recipient %q is not an address", ErrUnreadable, e.Recipient)
		}
	}
	if e.Kind == KindPayout || e.Kind == KindClaim {
		return nil
	}
	if e.Kind != KindBatch || e.Contributed == nil || e.Bonus == nil || e.BonusAsked == nil {
		return fmt.Errorf("%w: an entry of unknown kind %q, or without its amounts", ErrUnreadable, e.Kind)
	}
	amounts := []sdkmath.Int{*e.Contributed, *e.Bonus, *e.BonusAsked}
	for _, part := range e.Parts {
		if !knownRole(part.Role) {
			return fmt.Errorf("%w: role %q is unknown", ErrUnreadable, part.Role)
		}
		amounts = append(amounts, part.Amount)
	}
	return requireAmounts(amounts...)
}

// Check is like History.Check, for days.
func (d Days) Check() error {
	for _, day := range d.Days {
		err := requireAmounts(day.Contributors, day.Datanets, day.Lineage, day.Providers, day.Bonus, day.PaidOut)
		if err != nil {
			return fmt.Errorf("%w, on day %q", err, day.Date)
		}
	}
	return nil
}

func requireAmounts(amounts ...sdkmath.Int) error {
	if slices.ContainsFunc(amounts, sdkmath.Int.IsNil) {
		return fmt.Errorf("%w: an amount is missing", ErrUnreadable)
	}
	return nil
}

func knownRole(role string) bool {
	for _, known := range roles {
		if role == known {
			return true
		}
	}
	return false
}
