package engine_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/terms"
	"github.com/openledger/openledger/poa"
)

// net is a small DataNet: one segment for each contribution, whose ranks count from 1.
type net struct {
	index    *terms.Index
	sources  []string
	segments []poa.Segment
	most     int  // tokens of an answer, 1024 if zero
	together bool // all sources are one contribution
}

func (n *net) add(sources ...string) {
	if n.index == nil {
		n.index = terms.NewIndex()
	}
	for _, source := range sources {
		n.index.Add(source)
		n.sources = append(n.sources, source)
		n.segments = append(n.segments, poa.NewSegment(uint64(len(n.sources)), 0, []byte(source)))
	}
}

// ask returns the answer with what the engine says about it.
func (n *net) ask(t *testing.T, question string) (string, error) {
	t.Helper()
	request := engine.Request{Messages: []api.Message{{Role: "user", Content: question}}, Rarity: n.index.Rarity,
		MaxTokens: cmp.Or(n.most, 1024)}
	found := n.index.Rank(question, 6)
	for _, i := range found {
		request.Passages = append(request.Passages, []byte(n.sources[i]))
	}
	if n.together {
		request.Around = func(passage int) []byte {
			i := found[passage]
			return []byte(strings.Join(n.sources[max(i, 1)-1:min(i+2, len(n.sources))], "\n\n"))
		}
	}
	reply, err := engine.Extractive{}.Answer(context.Background(), request, func(string) error { return nil })
	return reply.Text, err
}

// paid returns what the answer owes a source, and what it owes nobody, in ppm.
func (n *net) paid(t *testing.T, answer string, source int) (right, nobody uint32) {
	t.Helper()
	attribution, err := poa.Attribute(poa.Answer{Tokens: poa.TokenIDs([]byte(answer))}, n.segments,
		poa.ProtocolStatistics())
	require.NoError(t, err)
	for _, entry := range attribution.Entries {
		if entry.Rank == uint64(source+1) {
			right = entry.WeightPPM
		}
	}
	return right, attribution.UnattributedPPM
}

// texts of a language: sources, questions that one of them answers, and questions that none does.
type texts struct {
	name      string
	sources   []string
	related   []related
	unrelated []string
	// The same in other words, and about something else in words of the sources.
	harder []related
	closer []string
}

type related struct {
	question string
	source   int
}

func readLanguages(t *testing.T) []texts {
	t.Helper()
	files, err := filepath.Glob("testdata/languages/*.txt")
	require.NoError(t, err)
	var out []texts
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		language := texts{name: strings.TrimSuffix(filepath.Base(file), ".txt")}
		for line := range strings.Lines(string(content)) {
			line = strings.TrimSpace(line)
			if question, ok := strings.CutPrefix(line, ">> "); ok {
				var source int
				var rest string
				_, err := fmt.Sscanf(question, "%d", &source)
				require.NoError(t, err)
				_, rest, _ = strings.Cut(question, " ")
				language.harder = append(language.harder, related{rest, source - 1})
			} else if question, ok := strings.CutPrefix(line, "?? "); ok {
				language.closer = append(language.closer, question)
			} else if question, ok := strings.CutPrefix(line, "> "); ok {
				language.related = append(language.related, related{question, len(language.sources) - 1})
			} else if question, ok := strings.CutPrefix(line, "? "); ok {
				language.unrelated = append(language.unrelated, question)
			} else if line != "" {
				language.sources = append(language.sources, line)
			}
		}
		require.Len(t, language.sources, 6, language.name)
		require.Len(t, language.related, 12, language.name)
		require.Len(t, language.unrelated, 8, language.name)
		require.Len(t, language.harder, 4, language.name)
		require.Len(t, language.closer, 4, language.name)
		out = append(out, language)
	}
	require.Len(t, out, 11)
	return out
}

// figures are sums over questions.
type figures struct {
	asked, first, other int    // the right source stands first, another one does
	right, nobody       uint64 // what the answers with the right source first owe it, and nobody, in ppm
	unrelated, silent   int
}

func (f *figures) ask(t *testing.T, n *net, name string, r related, from int) {
	t.Helper()
	f.asked++
	answer, err := n.ask(t, r.question)
	if errors.Is(err, engine.ErrSilent) {
		t.Logf("%s: not answered: %s", name, r.question)
		return
	}
	require.NoError(t, err)
	if !quotesFirst(answer, n.sources[from+r.source]) {
		f.other++
		t.Logf("%s: another source first: %s: %s", name, r.question, answer)
		return
	}
	f.first++
	right, nobody := n.paid(t, answer, from+r.source)
	f.right, f.nobody = f.right+uint64(right), f.nobody+uint64(nobody)
}

func (f *figures) askNothing(t *testing.T, n *net, name, question string) {
	t.Helper()
	f.unrelated++
	answer, err := n.ask(t, question)
	if errors.Is(err, engine.ErrSilent) {
		require.Equal(t, engine.Silence(question), answer)
		f.silent++
		return
	}
	require.NoError(t, err)
	t.Logf("%s: answered: %s: %s", name, question, answer)
}

func (f figures) String() string {
	n := max(1, float64(f.first)) * 1e4
	return fmt.Sprintf(
		"right source first %d of %d, another %d; silent %d of %d; paid to the right source %.2f %%, to nobody %.2f %%",
		f.first, f.asked, f.other, f.silent, f.unrelated, float64(f.right)/n, float64(f.nobody)/n)
}

// quotesFirst reports whether an answer begins with a sentence of a source, behind an opening.
func quotesFirst(answer, source string) bool {
	answer = strings.TrimPrefix(answer, "In short: ")
	start := []rune(answer)
	return strings.Contains(source, string(start[:min(12, len(start))]))
}

// TestLanguages: questions in each of eleven languages, to a DataNet of its own and to one of all of them together.
// What holds for English must hold for Thai: the bounds are the same, and leave room for one question of twelve and one
// of eight.
func TestLanguages(t *testing.T) {
	languages := readLanguages(t)
	var all net
	for _, language := range languages {
		all.add(language.sources...)
	}
	var harder, closer figures
	for i, language := range languages {
		var own net
		own.add(language.sources...)
		for _, place := range []struct {
			name string
			net  *net
			from int
		}{{"own", &own, 0}, {"all", &all, 6 * i}} {
			name := language.name + " " + place.name
			var f figures
			for _, r := range language.related {
				f.ask(t, place.net, name, r, place.from)
			}
			for _, question := range language.unrelated {
				f.askNothing(t, place.net, name, question)
			}
			t.Logf("%s: %s", name, f)
			require.GreaterOrEqual(t, f.first, 11, name)
			require.Zero(t, f.other, name)
			require.GreaterOrEqual(t, f.silent, 7, name)
			require.GreaterOrEqual(t, f.right, uint64(f.first)*900_000, "%s: nine tenths are owed to the author who is quoted",
				name)
			for _, r := range language.harder {
				harder.ask(t, place.net, name, r, place.from)
			}
			for _, question := range language.closer {
				closer.askNothing(t, place.net, name, question)
			}
		}
	}
	t.Logf("in other words: %s", harder)
	t.Logf("about something else, in words of the sources: %s", closer)
	// These are measured, not promised: the engine knows no synonyms, and no meaning behind words.
	require.GreaterOrEqual(t, harder.first, harder.asked*2/5)
	require.LessOrEqual(t, harder.other, harder.asked/20)
	require.GreaterOrEqual(t, closer.silent, closer.unrelated*3/4)
}
