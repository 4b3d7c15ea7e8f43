package engine_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/slm/adapter/adaptertest"
	"github.com/openledger/openledger/slm/base"
	"github.com/openledger/openledger/slm/chat"
	"github.com/openledger/openledger/slm/influence"
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

// TestScoresAreThoseOfReceipts: the scores that the influence table is computed from are those that receipts pay by.
func TestScoresAreThoseOfReceipts(t *testing.T) {
	require.EqualValues(t, poa.SketchSize, influence.Size)
	require.EqualValues(t, poa.LoraNoiseGroup, influence.NoiseGroup)
	require.EqualValues(t, poa.KappaBits, influence.Kappa)
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) (s influence.Sketch) {
			s.Exponent = rapid.Int8().Draw(t, "exponent of the "+name)
			bytes := rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(t, name)
			for i := range s.Packed {
				s.Packed[i] = bytes[i%len(bytes)]
			}
			return s
		}
		q, sketch := influence.Query{Sketch: draw("query")}, draw("sketch")
		if rapid.Bool().Draw(t, "alike") {
			q.Packed = sketch.Packed
		}
		tokens := rapid.Uint32Range(0, poa.MaxInfluenceTokens).Draw(t, "tokens")
		n := rapid.IntRange(1, poa.MaxInfluenceRows).Draw(t, "contributions")
		paid := &poa.LoraQuery{Sketch: poa.Sketch(q.Sketch)}
		require.Equal(t, paid.Score(&poa.InfluenceRow{Tokens: tokens, Sketch: poa.Sketch(sketch)}, n),
			q.Score(&sketch, tokens, n))
	})
}
