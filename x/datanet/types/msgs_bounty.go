package types

import (
	"time"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

const maxBountyDescription = 512

var (
	_ sdk.HasValidateBasic = (*MsgFundBounty)(nil)
	_ sdk.HasValidateBasic = (*MsgFundPoolBounty)(nil)
)

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgFundBounty) ValidateBasic() error {
	if err := validateAddress("funder", m.Funder); err != nil {
		return err
	}
	return validateBounty(m.Amount, m.Price, m.Deadline, m.Description)
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgFundPoolBounty) ValidateBasic() error {
	if err := validateAddress("authority", m.Authority); err != nil {
		return err
	}
	return validateBounty(m.Amount, m.Price, m.Deadline, m.Description)
}

func validateBounty(amount, price math.Int, deadline time.Time, description string) error {
	if err := validatePositive(ErrBounty, "amount", amount); err != nil {
		return err
	}
	if err := validatePositive(ErrBounty, "price", price); err != nil {
		return err
	}
	if price.GT(amount) {
		return errorsmod.Wrapf(ErrBounty, "a price of %saopen is above the amount of %saopen", price, amount)
	}
	if deadline.Year() < 1970 || deadline.Year() > 9999 {
		return errorsmod.Wrapf(ErrBounty, "deadline %s", deadline)
	}
	if err := validateText("description", description, 0, maxBountyDescription); err != nil {
		return errorsmod.Wrap(ErrBounty, err.Error())
	}
	return nil
}
