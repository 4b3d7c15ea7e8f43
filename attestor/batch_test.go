package attestor

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNowhere: what was looked for at no place at all says so, without a word about an error that there is not.
func TestNowhere(t *testing.T) {
	require.EqualError(t, nowhere("not found", nil), "not found")
	gone := errors.New("gone")
	require.EqualError(t, nowhere("not found", []error{gone}), "not found: gone")
	require.ErrorIs(t, nowhere("not found", []error{gone}), gone)
}
