package chain

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// TestRefusalsOfASimulation: the code that the node adds decides, not the text of the refused message.
func TestRefusalsOfASimulation(t *testing.T) {
	refused := func(text string) error { return refusedBySimulation(status.Error(codes.Unknown, text)) }
	require.ErrorIs(
		t, refused("session 07: the signature is not of the session key: voucher does not authorise the calls: codespace "+
			"attribution code 18 with gas used: '81'"), attributiontypes.ErrVoucher)
	require.NotErrorIs(
		t, refused(`memo "codespace attribution code 18": insufficient funds: codespace sdk code 5 with gas used: '9'`),
		attributiontypes.ErrVoucher)
	var refusal *RefusedError
	require.ErrorAs(t, refused("something else"), &refusal)
	require.Equal(t, "undefined", refusal.Codespace)
	for _, code := range []codes.Code{codes.Unavailable, codes.DeadlineExceeded, codes.Canceled} {
		require.False(t, errors.As(refusedBySimulation(status.Error(code, "codespace attribution code 18")), &refusal))
	}
}
