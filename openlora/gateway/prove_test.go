package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/outbox"
	"github.com/openledger/openledger/poa"
)

// planted is an index of segments that were made to stop an answer: each has a quotation of its own, which anchors it,
// and one common word for the rest.
func planted(t *testing.T, segments int) (index *poa.Index, quotes []string) {
	t.Helper()
	index = poa.NewIndex(poa.ProtocolStatistics())
	for i := range segments {
		quote := ""
		for j := range 6 {
			quote += fmt.Sprintf("q%dx%d ", i, j)
		}
		quotes = append(quotes, quote)
		text := quote + strings.Repeat("the ", poa.MaxSegmentTokens-6)
		require.NoError(t, index.Add(poa.NewSegment(uint64(i+1), 0, []byte(text))))
	}
	return index, quotes
}

func TestAnAnswerAboveTheBoundOfWorkIsPaidUpToIt(t *testing.T) {
	index, quotes := planted(t, 12)
	attribute := func(text string) (poa.Attribution, error) { return index.Attribute(poa.NewAnswer([]byte(text))) }
	text := strings.Join(quotes, strings.Repeat("the ", 8)) + strings.Repeat("the ", 3500)
	_, err := attribute(text)
	require.ErrorIs(t, err, poa.ErrWork)

	said := assistant(text, engine.FinishStop)
	attribution, err := provable(&said, attribute)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(text, said.message.Content))
	require.Equal(t, engine.FinishLength, said.finish)
	require.NotEmpty(t, attribution.Rows, "the authors of what was said are paid")

	// It is the answer that everybody else attributes, and one token more is too much.
	again, err := attribute(said.message.Content)
	require.NoError(t, err)
	require.Equal(t, again.Root(), attribution.Root())
	n := len(poa.TokenIDs([]byte(said.message.Content)))
	require.Greater(t, n, 100)
	_, err = attribute(text[:poa.Tokenize([]byte(text))[n].End])
	require.ErrorIs(t, err, poa.ErrWork)
}

func TestProvableBeginnings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"one", "zwei,", "trois…", "四つ", "«пять»", "6.7"}), 1, 60).Draw(t,
			"words")
		text := strings.Join(words, rapid.SampledFrom([]string{" ", "\n", "  "}).Draw(t, "between"))
		total := len(poa.TokenIDs([]byte(text)))
		most := rapid.IntRange(0, total+1).Draw(t, "most")
		tooMany := rapid.SampledFrom([]error{poa.ErrWork, outbox.ErrEvidence}).Draw(t, "why")
		attribute := func(text string) (poa.Attribution, error) {
			if n := len(poa.TokenIDs([]byte(text))); n > most {
				return poa.Attribution{}, fmt.Errorf("%d tokens: %w", n, tooMany)
			}
			return poa.Attribution{TotalBits: uint64(len(text))}, nil
		}
		said := assistant(text, engine.FinishStop)
		attribution, err := provable(&said, attribute)
		if most == 0 {
			var known *httpError
			require.ErrorAs(t, err, &known)
			require.Equal(t, "answer_unprovable", known.code)
			require.Equal(t, text, said.message.Content)
			return
		}
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(text, said.message.Content))
		require.Equal(t, min(most, total), len(poa.TokenIDs([]byte(said.message.Content))))
		require.Equal(t, uint64(len(said.message.Content)), attribution.TotalBits)
		require.Equal(t, most < total, said.finish == engine.FinishLength)
		require.Equal(t, most >= total, said.message.Content == text)
	})
}

func TestToolCallsThatCannotBeProvedAreGivenUpBeforeWords(t *testing.T) {
	attribute := func(text string) (poa.Attribution, error) {
		if strings.Contains(text, "lookup") {
			return poa.Attribution{}, poa.ErrWork
		}
		return poa.Attribution{}, nil
	}
	call := api.ToolCall{}
	call.Function.Name, call.Function.Arguments = "lookup", `{"a":1}`
	said := assistant("I look it up.", "tool_calls")
	said.message.ToolCalls = []api.ToolCall{call}
	_, err := provable(&said, attribute)
	require.NoError(t, err)
	require.Equal(t, "I look it up.", said.message.Answered())
	require.Equal(t, engine.FinishLength, said.finish)

	said = assistant("", "tool_calls")
	said.message.ToolCalls = []api.ToolCall{call}
	_, err = provable(&said, attribute)
	var known *httpError
	require.ErrorAs(t, err, &known)
	require.Equal(t, http.StatusBadGateway, known.status)
}

func TestOtherFailuresAreNotTakenForWork(t *testing.T) {
	broken := errors.New("disk on fire")
	said := assistant("some words", engine.FinishStop)
	_, err := provable(&said, func(string) (poa.Attribution, error) { return poa.Attribution{}, broken })
	require.ErrorIs(t, err, broken)
	require.Equal(t, "some words", said.message.Content)

	calls := 0
	_, err = provable(&said, func(string) (poa.Attribution, error) {
		if calls++; calls == 1 {
			return poa.Attribution{}, poa.ErrWork
		}
		return poa.Attribution{}, broken
	})
	require.ErrorIs(t, err, broken)
}
