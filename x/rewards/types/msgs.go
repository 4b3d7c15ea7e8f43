package types

import (
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/internal/modulekit"
)

var (
	_ sdk.HasValidateBasic = (*MsgClaim)(nil)
	_ sdk.HasValidateBasic = (*MsgSetPayoutThreshold)(nil)
	_ sdk.HasValidateBasic = (*MsgFundBountyPool)(nil)
	_ sdk.HasValidateBasic = (*MsgRetryDeadLetter)(nil)
	_ sdk.HasValidateBasic = (*MsgUpdateParams)(nil)
)

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgClaim) ValidateBasic() error {
	if err := validateAddress("account", m.Account); err != nil {
		return err
	}
	if m.Recipient == "" {
		return nil
	}
	return validateAddress("recipient", m.Recipient)
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgSetPayoutThreshold) ValidateBasic() error {
	if err := validateAddress("account", m.Account); err != nil {
		return err
	}
	_, err := ParseThreshold(m.Threshold)
	return err
}

// ParseThreshold reads a payout threshold in aopen; empty is nil.
func ParseThreshold(text string) (*math.Int, error) {
	if text == "" {
		return nil, nil
	}
	threshold, ok := math.NewIntFromString(text)
	if !ok {
		return nil, errorsmod.Wrapf(ErrThreshold, "%q is not a number of aopen", text)
	}
	if err := validateAmount("threshold", threshold); err != nil || !threshold.IsPositive() {
		return nil, errorsmod.Wrapf(ErrThreshold, "%s is out of range: give a positive number of aopen", text)
	}
	return &threshold, nil
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgFundBountyPool) ValidateBasic() error {
	if err := validateAddress("funder", m.Funder); err != nil {
		return err
	}
	if m.Amount.Denom != Denom {
		return errorsmod.Wrapf(ErrInvalidAmount, "the bounty pool takes %s, not %q", Denom, m.Amount.Denom)
	}
	if err := validateAmount("amount", m.Amount.Amount); err != nil {
		return err
	}
	if !m.Amount.Amount.IsPositive() {
		return errorsmod.Wrap(ErrInvalidAmount, "amount must be positive")
	}
	return nil
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgRetryDeadLetter) ValidateBasic() error { return validateAddress("sender", m.Sender) }

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgUpdateParams) ValidateBasic() error {
	if err := validateAddress("authority", m.Authority); err != nil {
		return err
	}
	return m.Params.Validate()
}

func validateAddress(name, address string) error {
	return modulekit.CheckAddress(ErrInvalidAddress, name, address)
}
