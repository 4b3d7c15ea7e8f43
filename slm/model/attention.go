package model

import (
	"math"
	"sync"

	"github.com/openledger/openledger/slm/kernel"
)

// queryRows is the number of tokens whose queries are computed at a time.
const queryRows = 32

// attentionTask is attention of tokens from to to-1 of a sequence, for the query heads of one key head.
type attentionTask struct {
	sequence, head, from, to int
}

func (m *Model) attentionTasks(sequence, tokens int) []attentionTask {
	var tasks []attentionTask
	for from := 0; from < tokens; from += queryRows {
		for head := range m.config.KVHeads {
			tasks = append(tasks, attentionTask{sequence, head, from, min(from+queryRows, tokens)})
		}
	}
	return tasks
}

// attention adds a layer's attention to x.
func (m *Model) attention(b *batch, layer int) {
	l := &m.Layers[layer]
	eps := float32(m.config.NormEps)
	m.pool.Rows(b.x.Rows, func(i int) { kernel.RMSNorm(b.norm.Row(i), b.x.Row(i), l.AttentionNorm, eps) })
	m.project(b, layer, change{b.q, b.norm, Query}, change{b.k, b.norm, Key}, change{b.v, b.norm, Value})
	m.pool.Rows(b.x.Rows, func(i int) {
		m.TurnHeads(b.q.Row(i), l.QueryNorm, b.cos.Row(i), b.sin.Row(i))
		m.TurnHeads(b.k.Row(i), l.KeyNorm, b.cos.Row(i), b.sin.Row(i))
	})
	for i := range b.sequences {
		m.remember(b, i, layer)
	}
	if b.x.Rows == 1 && b.sequences[0].Cache.length < 256 {
		for _, task := range b.tasks {
			m.attend(b, layer, task)
		}
	} else {
		m.pool.Run(len(b.tasks), func(i int) { m.attend(b, layer, b.tasks[i]) })
	}
	m.project(b, layer, change{b.norm, b.heads, Output})
	m.pool.Rows(b.x.Rows, func(i int) { kernel.Add(b.x.Row(i), b.norm.Row(i)) })
}

// TurnHeads normalises each head of a token's queries or keys, if norm is not nil, and rotates it by the token's
// angles.
func (m *Model) TurnHeads(heads, norm, cos, sin []float32) {
	dim := m.config.HeadDim
	for len(heads) > 0 {
		if norm != nil {
			kernel.RMSNorm(heads[:dim], heads[:dim], norm, float32(m.config.NormEps))
		}
		kernel.Rotate(heads[:dim], cos, sin, m.config.RopeInterleaved)
		heads = heads[dim:]
	}
}

// remember writes a sequence's new keys and values to its cache.
func (m *Model) remember(b *batch, sequence, layer int) {
	s, dim := &b.sequences[sequence], m.config.HeadDim
	for i := range s.Tokens {
		at := s.Cache.length + i
		k, v := b.k.Row(b.starts[sequence]+i), b.v.Row(b.starts[sequence]+i)
		for head := range m.config.KVHeads {
			copy(s.Cache.keys(at/BlockTokens, layer, head).Row(at%BlockTokens), k[head*dim:])
			copy(s.Cache.values(at/BlockTokens, layer, head).Row(at%BlockTokens), v[head*dim:])
		}
	}
}

// scratches is memory that tasks borrow.
var scratches = sync.Pool{New: func() any { return new([]float32) }}

// attend writes the task's part of b.heads. Masked positions get the probability 0, and adding 0 times a number changes
// no bit, so results do not depend on which queries are computed together.
func (m *Model) attend(b *batch, layer int, t attentionTask) {
	s, dim := &b.sequences[t.sequence], m.config.HeadDim
	share := m.config.Heads / m.config.KVHeads // query heads a key head
	start := b.starts[t.sequence] + t.from
	first := s.Cache.length + t.from // position of the first query
	rows, end := (t.to-t.from)*share, s.Cache.length+t.to
	begin := 0 // first position that any query sees, at the beginning of a block
	if window := m.config.SlidingWindow; window > 0 {
		begin = max(0, first-window+1) / BlockTokens * BlockTokens
	}
	blocks := (end - begin + BlockTokens - 1) / BlockTokens
	width := blocks * BlockTokens

	held := scratches.Get().(*[]float32)
	defer scratches.Put(held)
	if need := rows * (2*dim + width); cap(*held) < need {
		*held = make([]float32, need)
	}
	memory := (*held)[:rows*(2*dim+width)]
	queries := kernel.MatrixOf(memory, rows, dim)
	out := kernel.MatrixOf(memory[rows*dim:], rows, dim)
	scores := kernel.MatrixOf(memory[2*rows*dim:], rows, width)

	for i := range t.to - t.from {
		copy(queries.Data[i*share*dim:(i+1)*share*dim], b.q.Row(start + i)[t.head*share*dim:])
	}
	for block := range blocks {
		part := scores.ColRange(block*BlockTokens, (block+1)*BlockTokens)
		kernel.MulT(part, queries, s.Cache.keys(begin/BlockTokens+block, layer, t.head))
	}
	scale := float32(1 / math.Sqrt(float64(dim)))
	for i := range rows {
		position := first + i/share
		m.maskedSoftmax(scores.Row(i), position-begin, scale)
	}
	out.Zero()
	for block := range blocks {
		part := scores.ColRange(block*BlockTokens, (block+1)*BlockTokens)
		kernel.MulAdd(out, part, s.Cache.values(begin/BlockTokens+block, layer, t.head))
	}
	for i := range t.to - t.from {
		copy(b.heads.Row(start + i)[t.head*share*dim:(t.head+1)*share*dim], out.Data[i*share*dim:])
	}
}

// maskedSoftmax turns scores into probabilities of the positions up to last that the window shows, and 0 elsewhere.
func (m *Model) maskedSoftmax(scores []float32, last int, scale float32) {
	from := 0
	if window := m.config.SlidingWindow; window > 0 {
		from = max(0, last-window+1)
	}
	seen := scores[from : last+1]
	kernel.Scale(seen, scale)
	kernel.Softmax(seen)
	clear(scores[:from])
	clear(scores[last+1:])
}
