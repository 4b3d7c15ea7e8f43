package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// language is what the engine's tests know of a language: the sources about a lighthouse and about a glacier, a
// question about the first, and one that no source answers.
type language struct {
	name               string
	lighthouse, ice    string
	question, elsewise string
}

func readLanguage(t *testing.T, name string) language {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "openlora", "engine", "testdata", "languages", name+".txt"))
	require.NoError(t, err)
	var sources, related, unrelated []string
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSpace(line)
		if question, ok := strings.CutPrefix(line, "> "); ok {
			related = append(related, question)
		} else if question, ok := strings.CutPrefix(line, "? "); ok {
			unrelated = append(unrelated, question)
		} else if line != "" && line[0] != '>' && line[0] != '?' {
			sources = append(sources, line)
		}
	}
	return language{name, sources[1], sources[3], related[2], unrelated[0]}
}

// TestAuthorsOfEveryLanguageArePaid: what is quoted in a language is attributed to its author, recomputed by the chain
// and paid; a question about something else is answered by a fixed sentence, for which nobody pays and nobody is paid.
func TestAuthorsOfEveryLanguageArePaid(t *testing.T) {
	s := newScenario(t)
	var languages []language
	var bobs, alices []string
	for _, name := range []string{"en", "zh", "ja", "ko", "th", "ar", "hi", "de", "el"} {
		l := readLanguage(t, name)
		languages = append(languages, l)
		bobs = append(bobs, l.lighthouse)
		if poa.CheckSegment([]byte(l.ice), poa.SegmentRules{}) == nil {
			alices = append(alices, l.ice)
		}
	}
	alice, bob := s.Contribute(s.Alice, alices...), s.Contribute(s.Bob, bobs...)
	s.Accept()
	s.AwaitHeld()
	s.Publish(modelstypes.ATTRIBUTION_METHOD_SPAN)
	p := serveGateway(t, s, nodeOf(s), filepath.Join(t.TempDir(), "outbox.db"), engine.Extractive{})

	for i, l := range languages {
		c := s.Open(chain.Open(20))
		asks := clientOf(t, c, p.url)
		answer, err := asks.Ask(t.Context(), l.question, nil)
		require.NoError(t, err, l.name)
		require.False(t, answer.Proof.Gap, "%s: %s", l.name, answer.Text)
		require.Equal(t, bob.Rank, answer.Proof.Sources[0].Contribution, l.name)
		require.Greater(t, answer.Proof.Sources[0].WeightPPM, uint32(850_000), l.name)
		require.EqualValues(t, i, answer.Proof.Spans[0].Segment, l.name)
		require.NoError(t, asks.Acknowledge(t.Context()))
		p.submit(t)

		c.Refresh(c.Session.Id)
		id := c.Session.LastBatch
		require.NotZero(t, id, l.name)
		for _, account := range []struct {
			name string
			chain.Contribution
			paid bool
		}{{"alice", alice, false}, {"bob", bob, true}} {
			credits, err := batchCredits(s, id, account.Contributor.String())
			require.NoError(t, err)
			earned := int64(0)
			for _, credited := range credits.Accounts {
				earned += credited.Contributed.Int64()
			}
			require.Equal(t, account.paid, earned > 0, "%s: %s is credited %d aopen", l.name, account.name, earned)
		}

		// Something else: by the stream and again, whoever asks twice.
		spent := asks.State.Spent
		silent, err := asks.Ask(t.Context(), l.elsewise, nil)
		require.NoError(t, err, l.name)
		require.Equal(t, engine.Silence(l.elsewise), silent.Text)
		require.True(t, silent.Proof.Gap)
		require.Equal(t, "0", silent.Proof.Fee)
		require.Empty(t, silent.Proof.Sources)
		require.Equal(t, spent, asks.State.Spent)
		require.Equal(t, poa.Outcome{}, asks.State.Last)
		call := p.stored(t, c, asks.State.N)
		require.True(t, call.Gap)
		require.Equal(t, poa.Outcome{}, call.Outcome)
	}
}

// TestSilenceCostsNothing: neither royalty nor compute, not even a transaction of the provider; the session goes on,
// also for a client that lost the answer.
func TestSilenceCostsNothing(t *testing.T) {
	s := newScenario(t)
	node := nodeOf(s)
	p := serveGateway(t, s, node, filepath.Join(t.TempDir(), "outbox.db"), engine.Extractive{})
	c := s.Open(chain.Open(20))
	asks := clientOf(t, c, p.url)
	const elsewise, about = "Who won the last football world championship?",
		"How does the dermal papilla direct the growth of the hair?"
	for _, cut := range []int{-1, 0, 1, 2} { // the connection ends after so many writes
		p.cut = cut
		answer, err := asks.Ask(t.Context(), elsewise, nil)
		require.NoError(t, err, "after %d writes", cut)
		require.True(t, answer.Proof.Gap)
		require.Equal(t, engine.Silence(elsewise), answer.Text)
		require.NoError(t, asks.Acknowledge(t.Context()), "there is nothing to acknowledge")
		p.submit(t)
	}
	require.EqualValues(t, 4, asks.State.N)
	c.Refresh(c.Session.Id)
	require.Zero(t, c.Session.Calls, "no batch of calls that earn nothing")

	answer, err := asks.Ask(t.Context(), about, nil)
	require.NoError(t, err)
	require.False(t, answer.Proof.Gap)
	require.NoError(t, asks.Acknowledge(t.Context()))
	p.submit(t)
	c.Refresh(c.Session.Id)
	require.EqualValues(t, 5, c.Session.Calls, "they go with the next answer")
	require.Equal(t, answer.Proof.Fee, c.Session.Spent.String())
	require.Equal(t, attributiontypes.SESSION_STATUS_OPEN, c.Session.Status)

	// Not streamed, and asked for again.
	p.alter = unstreamed(t)
	_, err = asks.Ask(t.Context(), elsewise, nil)
	p.alter = nil
	if err != nil { // the response was not a stream
		found, err := asks.Recover(t.Context())
		require.NoError(t, err)
		require.True(t, found.Proof.Gap)
	}
	require.Equal(t, answer.Proof.Fee, asks.State.Spent.String())
}
