package modulekit_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/internal/modulekit"
)

// TestAnAddressHasOneSpelling: bech32 also allows capital letters, which would be another text in state.
func TestAnAddressHasOneSpelling(t *testing.T) {
	kind, address := errors.New("invalid address"), sdk.AccAddress("an account, 20 bytes").String()
	require.NoError(t, modulekit.CheckAddress(kind, "payer", address))
	for wrong, why := range map[string]string{
		strings.ToUpper(address): "write it as " + address,
		address[1:]:              `payer "` + address[1:] + `"`,
		"":                       `payer ""`,
	} {
		err := modulekit.CheckAddress(kind, "payer", wrong)
		require.ErrorIs(t, err, kind)
		require.ErrorContains(t, err, why)
	}
}
