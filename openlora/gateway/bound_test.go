package gateway

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/poa"
)

// TestAnswersEndWhereTheMoneyDoes: what the client gets has no more tokens than it pays for, in whatever pieces the engine gives it.
func TestAnswersEndWhereTheMoneyDoes(t *testing.T) {
	sent := ""
	b := bound{most: 3, send: func(piece string) error { sent += piece; return nil }}
	for _, piece := range []string{"one ", "two", "", " thr", "ee"} {
		require.NoError(t, b.emit(piece))
	}
	require.ErrorIs(t, b.emit(" four"), errFull)
	require.ErrorIs(t, b.emit("!"), errFull, "nothing comes after the end")
	require.Equal(t, "one two three", b.text.String())
	require.Equal(t, sent, b.text.String())
	require.Len(t, poa.TokenIDs([]byte(sent)), 3)

	at := bound{most: 2, send: func(string) error { return nil }}
	require.ErrorIs(t, at.emit("two words, and more"), errFull, "an engine that gives all in one piece")
	require.Equal(t, "two words", at.text.String())

	gone := bound{most: 2, send: func(string) error { return errors.New("broken pipe") }}
	require.ErrorContains(t, gone.emit("one"), "broken pipe")
}
