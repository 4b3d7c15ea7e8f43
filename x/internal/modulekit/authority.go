package modulekit

import (
	"context"

	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// CheckAuthority returns an error of the module's code refused unless signer may govern: that is the authority of the
// consensus parameters if they name one, else the module's own, the governance account.
func CheckAuthority(ctx context.Context, own, signer string, refused error) error {
	if err := sdk.ValidateAuthority(sdk.UnwrapSDKContext(ctx), own, signer); err != nil {
		return errorsmod.Wrapf(refused, "%s does not govern this module, submit a proposal: %s", signer, err)
	}
	return nil
}

// Governs reports whether CheckAuthority lets signer govern.
func Governs(ctx context.Context, own, signer string) bool {
	return sdk.ValidateAuthority(sdk.UnwrapSDKContext(ctx), own, signer) == nil
}
