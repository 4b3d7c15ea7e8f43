package model

import (
	"fmt"
	"slices"

	"github.com/openledger/openledger/slm/kernel"
)

// Sequence is the work of a Forward call for one conversation.
type Sequence struct {
	Cache     *Cache   // the earlier tokens; it grows by Tokens
	Tokens    []int    // at least one
	Adapter   *Adapter // nil means the base alone
	Positions []int    // indices of the tokens in Tokens after which the next token's logits are requested
}

// Forward appends tokens to conversations and returns logits [positions of all sequences in their order, vocabulary].
// Sequences must have different caches. If Forward returns an error, no cache has changed.
func (m *Model) Forward(sequences []Sequence) (kernel.Matrix, error) {
	rows, wanted, err := m.check(sequences)
	if err != nil {
		return kernel.Matrix{}, err
	}
	// Sequences with the same adapter are neighbours, so that each adapter needs one product.
	order := make([]int, len(sequences))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return firstWith(sequences, a) - firstWith(sequences, b)
	})
	w := m.workspaces.Get().(*workspace)
	defer m.workspaces.Put(w)
	b := m.newBatch(w, sequences, order, rows)
	for i := range m.Layers {
		m.attention(b, i)
		m.feedForward(b, i)
	}
	last := w.take(wanted, m.config.HiddenSize)
	row := 0
	for i := range sequences {
		for _, position := range sequences[i].Positions {
			kernel.RMSNorm(last.Row(row), b.x.Row(b.starts[i]+position), m.Norm, float32(m.config.NormEps))
			row++
		}
	}
	for i := range sequences {
		sequences[i].Cache.length += len(sequences[i].Tokens)
	}
	logits := kernel.NewMatrix(wanted, m.config.VocabSize)
	kernel.Linear(m.pool, logits, last, m.Head)
	return logits, nil
}

// check returns the number of tokens and of requested positions.
func (m *Model) check(sequences []Sequence) (rows, wanted int, err error) {
	caches := map[*Cache]bool{}
	for _, s := range sequences {
		if s.Cache == nil || caches[s.Cache] {
			return 0, 0, fmt.Errorf("each sequence needs a cache of its own")
		}
		caches[s.Cache] = true
		if len(s.Tokens) == 0 {
			return 0, 0, fmt.Errorf("a sequence has no token; give at least one, such as the token that begins a text")
		}
		if n := s.Cache.length + len(s.Tokens); n > m.config.MaxPositions {
			return 0, 0, fmt.Errorf("the text has %d tokens; the model reads at most %d: shorten it", n, m.config.MaxPositions)
		}
		for _, token := range s.Tokens {
			if token < 0 || token >= m.config.VocabSize {
				return 0, 0, fmt.Errorf("token %d is not in the vocabulary of %d: use the model's own tokenizer", token,
					m.config.VocabSize)
			}
		}
		for _, position := range s.Positions {
			if position < 0 || position >= len(s.Tokens) {
				return 0, 0, fmt.Errorf("logits are wanted after token %d of %d", position, len(s.Tokens))
			}
		}
		if s.Adapter != nil && s.Adapter.shape != shapeOf(m.config) {
			return 0, 0, fmt.Errorf("the adapter is for a model of another shape: use the adapter's own base")
		}
		if s.Cache.shape != m.cacheShape() {
			return 0, 0, fmt.Errorf("the cache is of a model of another shape: use NewCache of this model")
		}
		rows += len(s.Tokens)
		wanted += len(s.Positions)
	}
	return rows, wanted, nil
}

// firstWith returns the first sequence that has the adapter of sequence i.
func firstWith(sequences []Sequence, i int) int {
	return slices.IndexFunc(sequences, func(s Sequence) bool { return s.Adapter == sequences[i].Adapter })
}

// batch is a forward pass in progress. Matrices have one row for each token.
type batch struct {
	*workspace
	sequences []Sequence
	starts    []int // the first row of each sequence
	x, norm   kernel.Matrix
	q, k, v   kernel.Matrix
	heads     kernel.Matrix // the result of attention
	gate, up  kernel.Matrix
	cos, sin  kernel.Matrix
	tasks     []attentionTask
}

func (m *Model) newBatch(w *workspace, sequences []Sequence, order []int, rows int) *batch {
	c := m.config
	query, keys := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	w.begin(rows * (3*c.HiddenSize + 2*query + 2*keys + 2*c.IntermediateSize + c.HeadDim + 1024))
	b := &batch{
		workspace: w, sequences: sequences, starts: make([]int, len(sequences)),
		x: w.take(rows, c.HiddenSize), norm: w.take(rows, c.HiddenSize),
		q: w.take(rows, query), k: w.take(rows, keys), v: w.take(rows, keys), heads: w.take(rows, query),
		gate: w.take(rows, c.IntermediateSize), up: w.take(rows, c.IntermediateSize),
		cos: w.take(rows, c.HeadDim/2), sin: w.take(rows, c.HeadDim/2),
	}
	row := 0
	for _, i := range order {
		s := &sequences[i]
		s.Cache.reserve(len(s.Tokens))
		b.starts[i] = row
		for j, token := range s.Tokens {
			m.Embeddings.Row(b.x.Row(row+j), token)
			m.Rope.Angles(s.Cache.length+j, b.cos.Row(row+j), b.sin.Row(row+j))
		}
		b.tasks = append(b.tasks, m.attentionTasks(i, len(s.Tokens))...)
		end := row + len(s.Tokens)
		w.add(s.Adapter, row, end)
		row = end
	}
	return b
}

// project writes projections of x, with bias and adapters.
func (m *Model) project(b *batch, layer int, changes ...change) {
	for _, c := range changes {
		p := &m.Layers[layer].Projections[c.place]
		kernel.Linear(m.pool, c.y, c.x, p.Weights)
		if p.Bias != nil {
			m.pool.Rows(c.y.Rows, func(i int) { kernel.Add(c.y.Row(i), p.Bias) })
		}
	}
	m.adapt(b.workspace, layer, changes...)
}

// feedForward adds a layer's gated feed-forward part to x.
func (m *Model) feedForward(b *batch, layer int) {
	l := &m.Layers[layer]
	eps := float32(m.config.NormEps)
	m.pool.Rows(b.x.Rows, func(i int) { kernel.RMSNorm(b.norm.Row(i), b.x.Row(i), l.MLPNorm, eps) })
	m.project(b, layer, change{b.gate, b.norm, Gate}, change{b.up, b.norm, Up})
	m.pool.Rows(b.x.Rows, func(i int) { kernel.SiLUMul(b.gate.Row(i), b.gate.Row(i), b.up.Row(i)) })
	m.project(b, layer, change{b.norm, b.gate, Down})
	m.pool.Rows(b.x.Rows, func(i int) { kernel.Add(b.x.Row(i), b.norm.Row(i)) })
}
