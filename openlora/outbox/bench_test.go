package outbox_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/outbox"
	"github.com/openledger/openledger/openlora/retrieval"
	"github.com/openledger/openledger/poa"
)

// manyTexts is the text of a model with many contributions of a segment each.
type manyTexts struct {
	noText
	index    *poa.Index
	segments []poa.SegmentProof
	texts    []string
}

func newTexts(t testing.TB, random *rand.Rand, segments, words int) *manyTexts {
	t.Helper()
	vocabulary := make([]string, 5000)
	for i := range vocabulary {
		letters := make([]byte, 3+random.IntN(8))
		for j := range letters {
			letters[j] = byte('a' + random.IntN(26))
		}
		vocabulary[i] = string(letters)
	}
	m := &manyTexts{index: poa.NewIndex(poa.ProtocolStatistics())}
	for rank := range segments {
		chosen := make([]string, words)
		for i := range chosen {
			chosen[i] = vocabulary[int(random.ExpFloat64()*500)%len(vocabulary)]
		}
		text := strings.Join(chosen, " ")
		m.texts = append(m.texts, text)
		m.segments = append(m.segments, poa.SegmentProof{Rank: uint64(rank), Content: []byte(text)})
		require.NoError(t, m.index.Add(poa.Segment{Rank: uint64(rank), Tokens: poa.TokenIDs([]byte(text))}))
	}
	return m
}

// answer quotes three segments, with words of its own between.
func (m *manyTexts) answer(random *rand.Rand) string {
	var out []string
	for range 3 {
		words := strings.Fields(m.texts[random.IntN(len(m.texts))])
		from := random.IntN(len(words) - 40)
		out = append(out, words[from:from+40]...)
		for range 20 {
			out = append(out, fmt.Sprintf("own%d", random.IntN(100000)))
		}
	}
	return strings.Join(out, " ")
}

func (m *manyTexts) Attribute(text []byte, _ []retrieval.Ref, _ *poa.LoraQuery) (poa.Attribution, error) {
	return m.index.Attribute(poa.Answer{Tokens: poa.TokenIDs(text)})
}

func (m *manyTexts) Proof(rank uint64, _ uint32) (poa.SegmentProof, error) {
	return m.segments[rank], nil
}

// BenchmarkReceipts does what a gateway does for each answer behind its engine: it attributes the answer, checks that
// it can be proved, stores it, and submits batches. Figures per second are of CPU time.
func BenchmarkReceipts(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	texts := newTexts(b, random, 5000, 150)
	box, err := outbox.Open(filepath.Join(b.TempDir(), "outbox.db"))
	require.NoError(b, err)
	defer box.Close()
	node := &fakeNode{}
	s := sender(box, node)
	s.MaxReceipts = 50
	s.Library = func(uint64, uint32) (outbox.Library, error) { return texts, nil }
	answers := make([]string, 200)
	for i := range answers {
		answers[i] = texts.answer(random)
	}
	state := outbox.Session{ID: session, ModelID: 1, ModelVersion: 1}
	began := cpu(b)
	for i := 0; b.Loop(); i++ {
		text := answers[i%len(answers)]
		key := poa.LeafHash([]byte(text))
		attribution, err := texts.Attribute([]byte(text), nil, nil)
		require.NoError(b, err)
		require.NoError(b, outbox.CheckEvidence(key, text, attribution, texts.Proof))
		call := poa.Call{QueryHash: key, MaxFee: poa.NewAmount(9)}.Hash()
		state.N++
		state.Head = poa.NextHash(state.Head, call, state.Last)
		state.Last = poa.Outcome{AnswerRoot: poa.TextRoot(key, []byte(text), poa.MethodSPAN), InputTokens: 1,
			OutputTokens: uint32(len(poa.TokenIDs([]byte(text)))), Fee: poa.NewAmount(5)}
		state.Voucher = outbox.Voucher{N: state.N, Call: call, Signature: []byte{1}}
		require.NoError(b, box.Advance(state, outbox.Call{N: state.N, Hash: call, CallKey: key, QueryHash: key,
			MaxFee: poa.NewAmount(9), Outcome: state.Last, Answer: text,
			Attribution: &attribution, Signature: state.Voucher.Signature}))
		if state.N%20 == 0 {
			require.NoError(b, s.Round(context.Background()))
		}
	}
	b.ReportMetric(float64(b.N)/(cpu(b)-began).Seconds(), "receipts/cpu-s")
	require.NotEmpty(b, node.sent)
}

// cpu is the time that the process has computed.
func cpu(t testing.TB) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
