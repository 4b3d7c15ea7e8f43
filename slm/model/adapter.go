package model

import (
	"fmt"
	"slices"

	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/kernel"
)

// Adapter is a set of low-rank changes (LoRA) of a model's projections. It is read only. A conversation chooses its
// adapter by a pointer.
type Adapter struct {
	shape  shape
	layers [][projections]*lowRank
	bytes  int
}

// shape holds the sizes that an adapter's matrices must fit.
type shape struct{ layers, hidden, intermediate, heads, keyHeads, headDim int }

func shapeOf(c checkpoint.Config) shape {
	return shape{c.Layers, c.HiddenSize, c.IntermediateSize, c.Heads, c.KVHeads, c.HeadDim}
}

// lowRank adds scale · B·(A·x) to a projection of x.
type lowRank struct {
	a, b  *kernel.Weights // [rank, in], [out, rank]
	scale float32
}

// LowRank is the change of one projection.
type LowRank struct {
	Layer      int
	Projection string            // one of checkpoint.Projections
	A, B       checkpoint.Tensor // [rank, in] and [out, rank]
}

// NewAdapter returns the adapter with these changes, each times scale, for models of the configuration. The tensors'
// data are not copied.
func NewAdapter(config checkpoint.Config, scale float32, changes []LowRank) (*Adapter, error) {
	a := &Adapter{shape: shapeOf(config), layers: make([][projections]*lowRank, config.Layers)}
	for _, change := range changes {
		if change.Layer < 0 || change.Layer >= config.Layers {
			return nil, fmt.Errorf("the adapter changes layer %d; the model has %d layers: use the adapter's own base",
				change.Layer, config.Layers)
		}
		place := slices.Index(checkpoint.Projections[:], change.Projection)
		if place < 0 {
			return nil, fmt.Errorf("the adapter changes %s; the model adapts %v", change.Projection, checkpoint.Projections)
		}
		if a.layers[change.Layer][place] != nil {
			return nil, fmt.Errorf("the adapter changes %s of layer %d twice", change.Projection, change.Layer)
		}
		out, in, _ := config.ProjectionShape(change.Projection)
		rank := 0
		if len(change.A.Shape) == 2 {
			rank = change.A.Shape[0]
		}
		if !slices.Equal(change.A.Shape, []int{rank, in}) || !slices.Equal(change.B.Shape, []int{out, rank}) || rank < 1 {
			return nil, fmt.Errorf("the adapter's %s of layer %d has the shapes %v and %v; the model needs [r, %d] and [%d, r]",
				change.Projection, change.Layer, change.A.Shape, change.B.Shape, in, out)
		}
		low := &lowRank{scale: scale}
		var err error
		if low.a, err = weightsOf(change.A, rank, in); err != nil {
			return nil, err
		}
		if low.b, err = weightsOf(change.B, out, rank); err != nil {
			return nil, err
		}
		a.layers[change.Layer][place] = low
		a.bytes += low.a.Bytes() + low.b.Bytes()
	}
	return a, nil
}

// Bytes returns the size of the adapter's weights, in bytes.
func (a *Adapter) Bytes() int { return a.bytes }

// at returns the change of a projection, or nil.
func (a *Adapter) at(layer, place int) *lowRank {
	if a == nil {
		return nil
	}
	return a.layers[layer][place]
}

// group is the rows from to to-1 of a batch, at most groupRows of them, which have the same adapter.
type group struct {
	adapter  *Adapter
	from, to int
}

// groupRows is the largest number of rows of a group.
const groupRows = 24

// change is a projection of x to y that adapters change.
type change struct {
	y, x  kernel.Matrix
	place int
}

// adapt adds the changes of each group's adapter to some projections. The base's products are already computed for all
// rows at once. What is left are two small products for each group and projection; one thread computes both.
func (m *Model) adapt(w *workspace, layer int, changes ...change) {
	if len(w.pieces) == 0 {
		return
	}
	m.pool.Run(len(w.pieces), func(i int) {
		g := w.pieces[i]
		held := scratches.Get().(*[]float32)
		defer scratches.Put(held)
		for _, c := range changes {
			low := g.adapter.at(layer, c.place)
			if low == nil {
				continue
			}
			if need := kernel.LowRankScratch(g.to-g.from, low.a, low.b); cap(*held) < need {
				*held = make([]float32, need)
			}
			kernel.AddLowRank(c.y.RowRange(g.from, g.to), c.x.RowRange(g.from, g.to), low.a, low.b, low.scale,
				(*held)[:cap(*held)])
		}
	})
}
