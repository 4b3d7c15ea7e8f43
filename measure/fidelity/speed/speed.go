// Package speed measures package poa's index at the size of ten million tokens, beside two alternatives in the same
// run.
package speed

import (
	"bytes"
	"fmt"
	"math/rand"
	"runtime"
	"slices"
	"time"

	"github.com/openledger/openledger/measure/fidelity/bm25"
	"github.com/openledger/openledger/measure/fidelity/corpus"
	"github.com/openledger/openledger/measure/fidelity/measure"
	"github.com/openledger/openledger/poa"
)

// The size of the measurement.
const (
	// Tokens are indexed, if this machine has as much Go source.
	Tokens = 10_000_000
	// segmentTokens is the length of a segment, documentSegments the number of segments of a contribution.
	segmentTokens    = 200
	documentSegments = 50
	// answerTokens is the length of an answer, three fifths of it quoted.
	answerTokens = 500
	answers      = 60
)

// Result holds the figures of one run.
type Result struct {
	// Tokens were indexed in this run.
	Tokens int
	// TokensPerSecond is the rate of poa.Index.Add on one processor, BytesPerToken the size of the index.
	TokensPerSecond, BytesPerToken float64
	// AttributeMicros is the median time of poa.Index.Attribute for an answer of 500 tokens, in µs, after one pass to warm
	// up.
	AttributeMicros float64
	// MeaningMicros is the same for method MEANING: the words of the answer are looked up in the table of meaning, its
	// stretches find segments, and it is compared with these and with eight that were retrieved, whose text is interpreted
	// anew.
	MeaningMicros float64
	// GramMicros and BM25Micros are the same for the earliest owner of each 5-gram in a hash map and for a BM25 ranking of
	// the answer.
	GramMicros, BM25Micros float64
	// GramTokensPerSecond is the rate of filling that hash map.
	GramTokensPerSecond float64
}

// Measure indexes Go source.
func Measure(seed int64, progress func(string, ...any)) (Result, error) {
	segments, texts, rest, vocabulary, words := load()
	if len(segments) == 0 || len(rest) < 2*answerTokens {
		return Result{}, fmt.Errorf("no Go source found to measure speed on")
	}
	canonical := make([]poa.Segment, len(segments))
	n := 0
	for i, s := range segments {
		canonical[i] = poa.Segment{Rank: uint64(i / documentSegments), Index: uint32(i % documentSegments),
			Tokens: vocabulary.Canonical(s)}
		n += len(s)
	}
	r := Result{Tokens: n}
	progress("speed: indexing %d tokens", n)
	index := poa.NewIndex(poa.ProtocolStatistics())
	start := time.Now()
	for i := range canonical {
		if err := index.Add(canonical[i]); err != nil {
			return r, err
		}
	}
	index.Compact()
	r.TokensPerSecond = float64(n) / time.Since(start).Seconds()
	r.BytesPerToken = float64(index.Bytes()) / float64(n)
	progress("speed: alternatives")
	start = time.Now()
	owners := earliestGrams(segments)
	r.GramTokensPerSecond = float64(n) / time.Since(start).Seconds()
	ranking := bm25.New(segments)

	quoted := make([][]uint32, answers)
	rng := rand.New(rand.NewSource(seed))
	for i := range quoted {
		quoted[i] = answer(rng, segments, rest)
	}
	progress("speed: answers of %d tokens", answerTokens)
	var err error
	r.AttributeMicros = median(quoted, func(a []uint32) func() {
		ids := vocabulary.Canonical(a)
		return func() { _, _ = index.Attribute(poa.Answer{Tokens: ids}) }
	})
	if r.MeaningMicros, err = meaningMicros(seed, index, canonical, texts, quoted, words); err != nil {
		return r, err
	}
	r.GramMicros = median(quoted, func(a []uint32) func() { return func() { own(owners, a) } })
	r.BM25Micros = median(quoted, func(a []uint32) func() { return func() { ranking.Top(a, 8) } })
	runtime.KeepAlive(index)
	return r, nil
}

// meaningMicros is the median time of method MEANING for answers of so many tokens each, which are written as sentences
// of 20 words.
func meaningMicros(seed int64, index *poa.Index, segments []poa.Segment, texts [][]byte, answers [][]uint32,
	words [][]byte) (float64, error) {
	search, err := poa.NewSearch(segments, func(place int) []byte { return texts[place] })
	if err != nil {
		return 0, err
	}
	interpret := func(places []int) []poa.Segment {
		out := make([]poa.Segment, len(places))
		for i, place := range places {
			out[i] = segments[place]
			out[i].Interpret(texts[place])
		}
		return out
	}
	rng := rand.New(rand.NewSource(seed))
	micros := median(answers, func(a []uint32) func() {
		var text []byte
		for i, d := range a {
			if text = append(text, words[d]...); i%20 == 19 {
				text = append(text, '.')
			}
			text = append(text, ' ')
		}
		retrieved := search.Found(poa.TokenIDs(text), nil)
		retrieved = retrieved[:min(poa.MaxWindowSegments, len(retrieved))]
		for len(retrieved) < poa.MaxWindowSegments {
			if place := rng.Intn(len(segments)); !slices.Contains(retrieved, place) {
				retrieved = append(retrieved, place)
			}
		}
		return func() {
			answer := poa.InterpretAnswer(text)
			if _, failed := index.AttributeMeaning(answer, interpret(retrieved),
				interpret(search.Found(answer.Tokens, retrieved))); failed != nil {
				err = failed
			}
		}
	})
	return micros, err
}

// load returns segments of 200 tokens of Go source with their text, other text to fill answers with, the vocabulary,
// and its words.
func load() (segments [][]uint32, texts [][]byte, rest []uint32, v *corpus.Vocabulary, words [][]byte) {
	v = corpus.NewVocabulary()
	n := 0
	corpus.EachGoFile(func(source []byte) bool {
		found := poa.Tokenize(source)
		tokens := make([]uint32, len(found))
		for i, t := range found {
			if tokens[i] = v.Intern(t.ID); int(tokens[i]) == len(words) {
				words = append(words, bytes.Clone(source[t.Start:t.End]))
			}
		}
		if n >= Tokens {
			rest = append(rest, tokens...)
			return len(rest) < 100_000
		}
		for len(tokens) > 0 && n < Tokens {
			length := min(segmentTokens, len(tokens))
			segments, texts = append(segments, tokens[:length]),
				append(texts, bytes.Clone(source[found[0].Start:found[length-1].End]))
			tokens, found = tokens[length:], found[length:]
			n += length
		}
		return true
	})
	if len(rest) == 0 && len(segments) > 1 { // less source than wanted: the last tenth is the filler
		cut := len(segments) * 9 / 10
		for _, s := range segments[cut:] {
			rest = append(rest, s...)
		}
		segments, texts = segments[:cut], texts[:cut]
	}
	return segments, texts, rest, v, words
}

// answer quotes runs of 12 to 25 tokens of three segments with other text between.
func answer(rng *rand.Rand, segments [][]uint32, rest []uint32) []uint32 {
	var sources [3][]uint32
	for i := range sources {
		for len(sources[i]) < 30 {
			sources[i] = segments[rng.Intn(len(segments))]
		}
	}
	var out []uint32
	for len(out) < answerTokens {
		text := rest
		if rng.Intn(5) < 3 {
			text = sources[rng.Intn(3)]
		}
		n := 12 + rng.Intn(14)
		from := rng.Intn(len(text) - n + 1)
		out = append(out, text[from:from+n]...)
	}
	return out[:answerTokens]
}

const gram = 5

func gramKey(tokens []uint32) [gram]uint32 { return [gram]uint32(tokens) }

func earliestGrams(segments [][]uint32) map[[gram]uint32]int32 {
	owners := make(map[[gram]uint32]int32)
	for s, text := range segments {
		for i := 0; i+gram <= len(text); i++ {
			k := gramKey(text[i : i+gram])
			if _, taken := owners[k]; !taken {
				owners[k] = int32(s)
			}
		}
	}
	return owners
}

func own(owners map[[gram]uint32]int32, a []uint32) []int32 {
	out := make([]int32, len(a))
	for i := range out {
		out[i] = -1
	}
	for i := 0; i+gram <= len(a); i++ {
		if s, ok := owners[gramKey(a[i:i+gram])]; ok {
			for k := i; k < i+gram; k++ {
				if out[k] < 0 || s < out[k] {
					out[k] = s
				}
			}
		}
	}
	return out
}

// median runs all answers once to warm up and then once with the clock, so that no answer finds its own data in the
// cache.
func median(answers [][]uint32, prepare func([]uint32) func()) float64 {
	runs := make([]func(), len(answers))
	for i, a := range answers {
		runs[i] = prepare(a)
		runs[i]()
	}
	micros := make([]float64, len(answers))
	for i, run := range runs {
		start := time.Now()
		run()
		micros[i] = float64(time.Since(start).Nanoseconds()) / 1000
	}
	return measure.Median(micros)
}
