package modulekit_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/x/internal/modulekit"
)

var (
	errInvalid = errors.New("invalid")
	errPaused  = errors.New("paused")
)

// checked is a message that says whether it is valid.
type checked struct{ err error }

func (m checked) ValidateBasic() error { return m.err }

// TestBegin: an invalid message fails before the state of the module is read.
func TestBegin(t *testing.T) {
	active := func(context.Context) (int, error) { return 7, nil }
	params, err := modulekit.Begin(t.Context(), checked{}, active)
	require.NoError(t, err)
	require.Equal(t, 7, params)

	paused := func(context.Context) (int, error) { return 0, errPaused }
	_, err = modulekit.Begin(t.Context(), checked{}, paused)
	require.ErrorIs(t, err, errPaused)
	_, err = modulekit.Begin(t.Context(), checked{errInvalid}, paused)
	require.ErrorIs(t, err, errInvalid)
}
