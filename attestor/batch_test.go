package attestor

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNowhere checks the error for content that was found nowhere: it wraps the errors of the attempts, and adds
// nothing to the message if there was no attempt.
func TestNowhere(t *testing.T) {
	require.EqualError(t, nowhere("not found", nil), "not found")
	gone := errors.New("gone")
	require.EqualError(t, nowhere("not found", []error{gone}), "not found: gone")
	require.ErrorIs(t, nowhere("not found", []error{gone}), gone)
}
