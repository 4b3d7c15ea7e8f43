package session

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/api"
)

func TestTheAnswerIsWhatTheProviderSignsFor(t *testing.T) {
	for _, c := range []struct {
		sent             string
		tokens           uint32
		answer, unproved string
	}{
		{"One two three.", 3, "One two three.", ""},
		{"One two three.", 2, "One two", " three."},
		{"One two three.", 1, "One", " two three."},
		{"One two three.", 4, "One two three.", ""}, // refused later: more is billed than there is
		{"One two three.", 0, "One two three.", ""}, // a gap
		{"四つの世界", 2, "四つ", "の世界"},
		{"", 3, "", ""},
	} {
		a := Answer{Text: c.sent, Proof: api.Answer{OutputTokens: c.tokens}}
		a.cut()
		require.Equal(t, c.answer, a.Text, c.sent)
		require.Equal(t, c.unproved, a.Unproved, c.sent)
	}
}
