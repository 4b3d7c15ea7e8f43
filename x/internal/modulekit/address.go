package modulekit

import (
	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// CheckAddress returns an error of the code kind unless address, in the field name, is the bech32 form of an account.
// State compares addresses as text, so each must have one spelling.
func CheckAddress(kind error, name, address string) error {
	account, err := sdk.AccAddressFromBech32(address)
	if err != nil {
		return errorsmod.Wrapf(kind, "%s %q: %s", name, address, err)
	}
	if account.String() != address {
		return errorsmod.Wrapf(kind, "%s %q: write it as %s", name, address, account)
	}
	return nil
}
