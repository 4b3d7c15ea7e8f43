package train

import (
	"math"
	"sync"

	"github.com/openledger/openledger/slm/kernel"
)

// queryRows is the number of tokens whose queries are computed at a time.
const queryRows = 32

// headPart is a text's keys and values of one key head, and the queries that use it.
type headPart struct {
	span
	head int
}

func (n *network) headParts(a *activations) []headPart {
	var parts []headPart
	for _, s := range a.spans {
		for head := range n.config.KVHeads {
			parts = append(parts, headPart{s, head})
		}
	}
	return parts
}

var attentionScratch = sync.Pool{New: func() any { return new([]float32) }}

// attentionMemory gives out matrices of one piece of memory.
type attentionMemory struct {
	held *[]float32
	used int
}

func newAttentionMemory(numbers int) *attentionMemory {
	held := attentionScratch.Get().(*[]float32)
	if cap(*held) < numbers {
		*held = make([]float32, numbers)
	}
	*held = (*held)[:cap(*held)]
	return &attentionMemory{held: held}
}

func (m *attentionMemory) take(rows, cols int) kernel.Matrix {
	m.used += rows * cols
	return kernel.MatrixOf((*m.held)[m.used-rows*cols:m.used], rows, cols)
}

func (m *attentionMemory) free() { attentionScratch.Put(m.held) }

// attention writes heads, from queries, keys and values.
func (n *network) attention(a *activations, s *saved) {
	parts, dim, share := n.headParts(a), n.config.HeadDim, n.config.Heads/n.config.KVHeads
	n.pool.Run(len(parts), func(task int) {
		p := parts[task]
		length := p.to - p.from
		memory := newAttentionMemory(queryRows * share * (2*dim + length))
		defer memory.free()
		k, v := p.rows(s.k, dim), p.rows(s.v, dim)
		for from := 0; from < length; from += queryRows {
			to := min(from+queryRows, length)
			memory.used = 0
			q, out := memory.take((to-from)*share, dim), memory.take((to-from)*share, dim)
			n.gather(q, s.q, p, from)
			probabilities := n.probabilities(memory.take((to-from)*share, to), q, k, from)
			out.Zero()
			kernel.MulAdd(out, probabilities, v.RowRange(0, to))
			n.scatter(s.heads, out, p, from)
		}
	})
}

// attentionBack writes the gradients of queries, keys and values before their rotation, given the gradient of heads.
func (n *network) attentionBack(a *activations, s *saved, dq, dk, dv, dheads kernel.Matrix) {
	parts, dim, share := n.headParts(a), n.config.HeadDim, n.config.Heads/n.config.KVHeads
	scale := float32(1 / math.Sqrt(float64(dim)))
	n.pool.Run(len(parts), func(task int) {
		p := parts[task]
		length := p.to - p.from
		memory := newAttentionMemory(queryRows * share * (3*dim + 2*length))
		defer memory.free()
		k, v := p.rows(s.k, dim), p.rows(s.v, dim)
		ownK, ownV := p.rows(dk, dim), p.rows(dv, dim)
		ownK.Zero()
		ownV.Zero()
		for from := 0; from < length; from += queryRows {
			to := min(from+queryRows, length)
			rows := (to - from) * share
			memory.used = 0
			q, dout, own := memory.take(rows, dim), memory.take(rows, dim), memory.take(rows, dim)
			n.gather(q, s.q, p, from)
			n.gather(dout, dheads, p, from)
			probabilities := n.probabilities(memory.take(rows, to), q, k, from)
			kernel.MulTAdd(ownV.RowRange(0, to), probabilities, dout)
			scores := memory.take(rows, to)
			kernel.MulT(scores, dout, v.RowRange(0, to))
			for i := range rows {
				// Where a position is masked, its probability is 0, and so is the gradient of its score.
				kernel.SoftmaxGrad(scores.Row(i), probabilities.Row(i), scale)
			}
			kernel.MulTAdd(ownK.RowRange(0, to), scores, q)
			own.Zero()
			kernel.MulAdd(own, scores, k.RowRange(0, to))
			n.scatter(dq, own, p, from)
		}
	})
}

// rows views the part's head of a matrix with key heads.
func (p headPart) rows(m kernel.Matrix, dim int) kernel.Matrix {
	return m.RowRange(p.from, p.to).ColRange(p.head*dim, (p.head+1)*dim)
}

// gather copies the part's query heads, beginning with token from, to rows of their own. The heads of a token follow
// each other.
func (n *network) gather(dst, m kernel.Matrix, p headPart, from int) {
	width := n.config.Heads / n.config.KVHeads * n.config.HeadDim
	for i := 0; i*width < len(dst.Data); i++ {
		copy(dst.Data[i*width:(i+1)*width], m.Row(p.from + from + i)[p.head*width:])
	}
}

// scatter is the inverse of gather.
func (n *network) scatter(m, src kernel.Matrix, p headPart, from int) {
	width := n.config.Heads / n.config.KVHeads * n.config.HeadDim
	for i := 0; i*width < len(src.Data); i++ {
		copy(m.Row(p.from + from + i)[p.head*width:(p.head+1)*width], src.Data[i*width:])
	}
}

// probabilities writes the attention probabilities of queries, beginning with token from. They are 0 where a position
// is masked.
func (n *network) probabilities(out, q, k kernel.Matrix, from int) kernel.Matrix {
	share := n.config.Heads / n.config.KVHeads
	scale := float32(1 / math.Sqrt(float64(n.config.HeadDim)))
	kernel.MulT(out, q, k.RowRange(0, out.Cols))
	for i := range out.Rows {
		row, last, first := out.Row(i), from+i/share, 0
		if window := n.config.SlidingWindow; window > 0 {
			first = max(0, last-window+1)
		}
		seen := row[first : last+1]
		kernel.Scale(seen, scale)
		kernel.Softmax(seen)
		clear(row[:first])
		clear(row[last+1:])
	}
	return out
}
