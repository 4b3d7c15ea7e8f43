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
	require.True(t, b.cut())
	require.Equal(t, "one two three", b.text.String())
	require.Equal(t, sent, b.text.String())
	require.Len(t, poa.TokenIDs([]byte(sent)), 3)

	first := bound{most: 1, send: func(string) error { return nil }}
	require.ErrorIs(t, first.emit("two words"), errFull)
	require.False(t, first.cut(), "nothing was given")
}

// TestAnAnswerGoesOnWithoutItsClient: who has gone can ask again for the whole answer, and pays for it.
func TestAnAnswerGoesOnWithoutItsClient(t *testing.T) {
	b := bound{most: 10, send: func(string) error { return errors.New("broken pipe") }}
	require.NoError(t, b.emit("one "))
	require.NoError(t, b.emit("two"))
	require.Equal(t, "one two", b.text.String())
}
