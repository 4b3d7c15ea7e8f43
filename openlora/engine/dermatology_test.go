package engine_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/content/segment"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/poa"
)

// TestDermatology asks the text of four specialists, by which the limits of the engine were chosen: its own questions,
// and others about medicine and the world that it cannot answer.
func TestDermatology(t *testing.T) {
	const dir = "../../examples/dermatology"
	n := net{together: true}
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Dir(path) == dir {
			return err
		}
		text, err := os.ReadFile(path)
		for _, s := range segment.Split(text) {
			n.add(string(s))
		}
		return err
	}))
	require.Greater(t, len(n.sources), 100)

	own, err := os.ReadFile(filepath.Join(dir, "questions.txt"))
	require.NoError(t, err)
	answered := 0
	for question := range strings.Lines(string(own)) {
		answer, err := n.ask(t, strings.TrimSpace(question))
		if errors.Is(err, engine.ErrSilent) {
			t.Logf("not answered: %s", question)
			continue
		}
		require.NoError(t, err, question)
		answered++
		require.Greater(t, len(poa.TokenIDs([]byte(answer))), 15, question)
		t.Logf("%s%s", question, answer)
	}
	require.GreaterOrEqual(t, answered, 6, "of 8")
	silent := 0
	unrelated := []string{
		"What is the capital of France?", "What is the recommended dose of isotretinoin for acne?",
		"how do i bake sourdough bread", "Who won the world cup in 1998?",
		"What is the difference between a mutex and a channel?", "How can I treat a headache?",
		"Explain the theory of relativity.", "What are the symptoms of diabetes?",
		"How many people live in Tokyo and what do they eat?", "What is the best treatment for a broken leg?",
		"Which blood test confirms thyroid disease?",
		"How does the stock market work in the United States?",
	}
	for _, question := range unrelated {
		answer, err := n.ask(t, question)
		if errors.Is(err, engine.ErrSilent) {
			silent++
			continue
		}
		require.NoError(t, err)
		t.Logf("%s\n%s", question, answer)
	}
	t.Logf("silent about %d of %d", silent, len(unrelated))
	require.GreaterOrEqual(t, silent, len(unrelated)-1)
	for _, question := range []string{"What is the capital of France?",
		"What is the recommended dose of isotretinoin for acne?"} {
		_, err := n.ask(t, question)
		require.ErrorIs(t, err, engine.ErrSilent)
	}
}
