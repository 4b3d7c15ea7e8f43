package engine_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/terms"
	"github.com/openledger/openledger/poa"
)

var passages = [][]byte{
	[]byte("The club hair is pushed out of the follicle by the shaft that grows after it. Weather is not part of this at all, of course."),
	[]byte("# Title\nA follicle rests for about three months before it sheds the old hair, e.g. after an illness. It is a slow affair."),
}

func answer(t *testing.T, question string, maxTokens int) string {
	t.Helper()
	var streamed strings.Builder
	text, err := engine.Extractive{}.Answer(context.Background(), engine.Request{
		Messages: []api.Message{{Role: "user", Content: question}}, Passages: passages, MaxTokens: maxTokens,
		Rarity: func(terms.Term) int64 { return 8 << 16 },
	}, func(piece string) error {
		streamed.WriteString(piece)
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, text, streamed.String())
	return text
}

func TestExtractiveQuotesVerbatimAndRepeats(t *testing.T) {
	first := answer(t, "When does a follicle shed the old hair?", 0)
	require.Contains(t, first, "A follicle rests for about three months before it sheds the old hair, e.g. after an illness.")
	require.NotContains(t, first, "#")
	require.Equal(t, first, answer(t, "When does a follicle shed the old hair?", 0))
}

func TestExtractiveKeepsToItsLimit(t *testing.T) {
	require.LessOrEqual(t, len(poa.Tokenize([]byte(answer(t, "follicle hair", 30)))), 30)
}

func TestExtractiveWithoutSources(t *testing.T) {
	text, err := engine.Extractive{}.Answer(context.Background(), engine.Request{
		Messages: []api.Message{{Role: "user", Content: "Anything?"}}, Rarity: func(terms.Term) int64 { return 0 },
	}, func(string) error { return nil })
	require.NoError(t, err)
	require.NotEmpty(t, text)
}
