package gateway

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openledger/openledger/poa"
)

// TestAnswersEndWhereTheMoneyDoes: what the client gets has no more tokens than it pays for, in whatever pieces the
// engine gives it.
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

// TestPiecesDoNotMatter: the answer is cut where it would be in one piece.
func TestPiecesDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOfN(rapid.OneOf(
			rapid.StringOf(rapid.RuneFrom([]rune("ab1 .-éไท日本"))),
			rapid.SampledFrom([]string{"", "\xe0", "\xb8\x81", "\xe6\x97", "\xff"}),
		), 1, 12).Draw(t, "pieces")
		most := rapid.IntRange(1, 12).Draw(t, "most")
		b := bound{most: most, send: func(string) error { return nil }}
		for _, piece := range pieces {
			if b.emit(piece) != nil {
				break
			}
		}
		whole := strings.Join(pieces, "")
		tokens := poa.TokenIDs([]byte(whole))
		require.Equal(t, len(tokens) > most, b.full)
		require.True(t, strings.HasPrefix(whole, b.text.String()))
		if b.full {
			require.Len(t, poa.TokenIDs([]byte(b.text.String())), most)
			return
		}
		require.Equal(t, whole, b.text.String())
	})
}
