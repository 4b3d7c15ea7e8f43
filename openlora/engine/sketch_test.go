package engine_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/slm/adapter/adaptertest"
	"github.com/openledger/openledger/slm/base"
	"github.com/openledger/openledger/slm/chat"
)

// TestQueriesDependOnTheCallAlone: two engines with different numbers of threads compute the same query. Another
// answer, question or adapter has another query, and an adapter that is not loaded has none.
func TestQueriesDependOnTheCallAlone(t *testing.T) {
	first, err := engine.NewEmbedded("", chat.Options{Threads: 1})
	require.NoError(t, err)
	defer first.Close()
	second, err := engine.NewEmbedded("", chat.Options{Threads: 2})
	require.NoError(t, err)
	defer second.Close()
	var adapters []*engine.Adapter
	for i, name := range []string{"one", "two"} {
		file := filepath.Join(t.TempDir(), name)
		made := adaptertest.Random(t, base.Config(), 4, 0.5, uint64(i+1))
		require.NoError(t, made.WriteFile(file, base.Config(), base.Name))
		adapters = append(adapters, &engine.Adapter{Name: name, File: file})
		require.NoError(t, first.Load(t.Context(), adapters[i]))
	}
	require.NoError(t, second.Load(t.Context(), adapters[0]))
	asked := []api.Message{{Role: "user", Content: "What directs the growth of the hair?"}}
	const answer = "The dermal papilla, by signals."
	query, err := first.Sketch(t.Context(), adapters[0], asked, answer)
	require.NoError(t, err)
	again, err := second.Sketch(t.Context(), adapters[0], asked, answer)
	require.NoError(t, err)
	require.Equal(t, query, again)
	for _, other := range []struct {
		adapter  *engine.Adapter
		question string
		answer   string
	}{{adapters[1], asked[0].Content, answer}, {adapters[0], "What else?", answer}, {adapters[0], asked[0].Content, "No."}} {
		found, err := first.Sketch(t.Context(), other.adapter, []api.Message{{Role: "user", Content: other.question}},
			other.answer)
		require.NoError(t, err)
		require.NotEqual(t, query, found)
	}
	_, err = second.Sketch(t.Context(), adapters[1], asked, answer)
	require.ErrorContains(t, err, "not loaded")
	_, err = first.Sketch(t.Context(), adapters[0], asked, "")
	require.Error(t, err, "nothing was said")
}
