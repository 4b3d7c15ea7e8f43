package influence

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"sync/atomic"

	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/kernel"
	"github.com/openledger/openledger/slm/model"
	"github.com/openledger/openledger/slm/train"
)

const (
	// Version is the version of what this package computes. Another order of sums or another formula is another version.
	Version = 3
	// Lambda is the damping: a multiple of the mean of those eigenvalues of the Gram matrix that can be other than 0.
	Lambda = 1
	// halfway is the part of the adapter that is on when gradients are taken: B is multiplied by it.
	halfway = 0.5

	// totalPPM is the whole, in parts per million.
	totalPPM = 1_000_000
	// MaxGroups is the largest number of groups.
	MaxGroups = 1 << 16
	// MaxEvaluated is the largest number of texts that the influence table is computed from.
	MaxEvaluated = 1 << 10
)

// Text is a text that the adapter was trained on, or a piece of one.
type Text struct {
	Example train.Example
	Group   int    // the contribution that it is a part of, from 0
	Passed  []Part // what it derives from other groups; the parts sum to at most a million
}

// Part is the part of a text that derives from a group.
type Part struct {
	Group int
	PPM   uint32
}

// Row is the influence of a group on the adapter.
type Row struct {
	Tokens   uint32 // as the caller counts them; Kappa bits for each is the largest score
	SharePPM uint32 // the share in the influence table, in parts per million
	Sketch   Sketch
}

// Adapter is a low-rank change of a base, in the form of train.Trainer.LowRank and model.NewAdapter.
type Adapter struct {
	Base    *model.Model
	Scale   float32
	Changes []model.LowRank
}

// gradients returns what computes gradients with half of the adapter on. The whole adapter has learned its texts, so
// what is left of their gradients says little about them.
func (a Adapter) gradients() (*train.Gradients, error) {
	changes := slices.Clone(a.Changes)
	for i := range changes {
		values, err := changes[i].B.Values()
		if err != nil {
			return nil, err
		}
		half := make([]float32, len(values))
		for j, x := range values {
			half[j] = x * halfway
		}
		changes[i].B.DType, changes[i].B.Data = checkpoint.F32, kernel.Bytes(half)
	}
	return train.NewGradients(a.Base, a.Scale, changes, a.Base.Config().MaxPositions, nil)
}

// Options are the options of Compute. They do not change its result.
type Options struct {
	// Threads is the number of threads that work at once, each with memory for a text's activations. 0 or less means one
	// for each processor.
	Threads int
	// Progress, if not nil, is called after each text. Several goroutines may call it at once.
	Progress func(done, all int)
}

// Compute returns one row for each group. tokens has the number of tokens of each group. The adapter is the one that is
// served, at the end of its training. Compute returns an error for texts of groups that do not exist, if no text has a
// gradient, and if ctx ends.
func Compute(ctx context.Context, a Adapter, texts []Text, tokens []uint32, o Options) ([]Row, error) {
	if err := validate(texts, len(tokens)); err != nil {
		return nil, err
	}
	pool := kernel.NewPool(o.Threads)
	defer pool.Close()
	vectors, learned, err := gradients(ctx, a, texts, pool, o.Progress)
	if err != nil {
		return nil, err
	}
	sketches, err := sums(vectors, texts, len(tokens), pool)
	if err != nil {
		return nil, err
	}
	asked := evaluation(vectors, learned)
	scale(sketches, asked, pool)
	rows := make([]Row, len(tokens))
	for i := range rows {
		rows[i].Tokens = tokens[i]
		rows[i].Sketch = newSketch(sketches[i])
	}
	fillTable(rows, asked, pool)
	return rows, ctx.Err()
}

func validate(texts []Text, groups int) error {
	switch {
	case groups == 0 || groups > MaxGroups:
		return fmt.Errorf("%d contributions; give 1 to %d", groups, MaxGroups)
	case len(texts) == 0:
		return errors.New("no text was trained on")
	}
	for i, text := range texts {
		if text.Group < 0 || text.Group >= groups {
			return fmt.Errorf("text %d is of group %d; there are %d", i, text.Group, groups)
		}
		sum := uint64(0)
		for _, part := range text.Passed {
			if part.Group < 0 || part.Group >= groups {
				return fmt.Errorf("text %d derives from group %d; there are %d", i, part.Group, groups)
			}
			sum += uint64(part.PPM)
		}
		if sum > totalPPM {
			return fmt.Errorf("the derived parts of text %d sum to %d ppm, at most %d are allowed", i, sum, totalPPM)
		}
	}
	return nil
}

// gradients returns the projected gradient of each text, and the number of its learned tokens.
func gradients(ctx context.Context, a Adapter, texts []Text, pool *kernel.Pool, progress func(done, all int)) (
	[]vector, []int, error,
) {
	vectors, learned := make([]vector, len(texts)), make([]int, len(texts))
	errs := make([]error, len(texts))
	free := make(chan *train.Gradients, pool.Threads())
	for range pool.Threads() {
		g, err := a.gradients()
		if err != nil {
			return nil, nil, err
		}
		free <- g
	}
	var done atomic.Int64
	pool.Run(len(texts), func(i int) {
		if errs[i] = ctx.Err(); errs[i] != nil {
			return
		}
		g := <-free
		defer func() { free <- g }()
		if vectors[i], learned[i], errs[i] = projected(g, texts[i].Example); errs[i] != nil {
			errs[i] = fmt.Errorf("text %d: %w", i, errs[i])
		} else if progress != nil {
			progress(int(done.Add(1)), len(texts))
		}
	})
	for _, err := range errs {
		if err != nil {
			return nil, nil, err
		}
	}
	return vectors, learned, nil
}

// projected returns the projected gradient of an example's learned tokens, and their number.
func projected(g *train.Gradients, e train.Example) (vector, int, error) {
	_, tensors, err := g.Of(e)
	if err != nil {
		return nil, 0, err
	}
	v := make(vector, Size)
	for _, tensor := range tensors {
		v.project(tensor)
	}
	return v, e.Learned(), nil
}

// sums returns the groups' sketches before scaling: the sums of (K + λI)⁻¹·g over their texts, which takes away what
// many gradients have in common. Let the rows of G be the gradients, and c the parts of the texts that are a group's.
// Then the sum is (GᵀG + λI)⁻¹·Gᵀ·c, which equals Gᵀ·(GGᵀ + λI)⁻¹·c. The smaller of both matrices is factored.
func sums(vectors []vector, texts []Text, groups int, pool *kernel.Pool) ([]vector, error) {
	k := newGram(pool, vectors)
	if err := k.damp(Lambda); err != nil {
		return nil, err
	}
	if err := k.factor(pool); err != nil {
		return nil, err
	}
	parts := partsOf(texts, groups)
	out := make([]vector, groups)
	pool.Rows(groups, func(i int) {
		out[i] = make(vector, len(vectors[0]))
		if len(vectors) > len(k) {
			for _, p := range parts[i] {
				out[i].addScaled(vectors[p.text], p.factor)
			}
			k.solve(out[i])
			return
		}
		c := make([]float64, len(vectors))
		for _, p := range parts[i] {
			c[p.text] += p.factor
		}
		k.solve(c)
		for text, factor := range c {
			out[i].addScaled(vectors[text], factor)
		}
	})
	return out, nil
}

// textPart is the part of a text that is a group's.
type textPart struct {
	text   int
	factor float64
}

// partsOf returns for each group its parts of texts, in the order of the texts.
func partsOf(texts []Text, groups int) [][]textPart {
	parts := make([][]textPart, groups)
	add := func(group, text int, ppm uint32) {
		parts[group] = append(parts[group], textPart{text, float64(ppm) / totalPPM})
	}
	for i, text := range texts {
		kept := uint32(totalPPM)
		for _, part := range text.Passed {
			add(part.Group, i, part.PPM)
			kept -= part.PPM
		}
		add(text.Group, i, kept)
	}
	return parts
}

// answer is a text of the training that is taken as an answer for the influence table.
type answer struct {
	direction vector // its gradient, of length 1
	learned   int    // tokens
}

// evaluation returns the texts that the influence table is computed from: all texts, or MaxEvaluated of them at equal
// distances. It leaves out those without a gradient.
func evaluation(vectors []vector, learned []int) []answer {
	var out []answer
	n := min(len(vectors), MaxEvaluated)
	for k := range n {
		i := k * len(vectors) / n
		norm := math.Sqrt(vectors[i].dot(vectors[i]))
		if !(norm > 0) || learned[i] == 0 {
			continue
		}
		a := answer{direction: make(vector, len(vectors[i])), learned: learned[i]}
		a.direction.addScaled(vectors[i], 1/norm)
		out = append(out, a)
	}
	return out
}

// scale multiplies sketches by the factor with which an average text gets one bit a token from all of them together.
func scale(sketches []vector, asked []answer, pool *kernel.Pool) {
	sums := make([]float64, len(asked))
	pool.Rows(len(asked), func(i int) {
		for j := range sketches {
			sums[i] += max(0, sketches[j].dot(asked[i].direction))
		}
	})
	total, tokens := 0.0, 0.0
	for i, a := range asked {
		total += float64(float64(a.learned) * sums[i])
		tokens += float64(a.learned)
	}
	if !(total > 0) {
		return
	}
	factor := tokens / total
	for i := range sketches {
		for j := range sketches[i] {
			sketches[i][j] = float64(sketches[i][j] * factor)
		}
	}
}

// tablePart is what one learned token divides among the groups.
const tablePart = 1 << 20

// fillTable sets the shares of the influence table.
func fillTable(rows []Row, asked []answer, pool *kernel.Pool) {
	shares, scores, squares := make([]uint64, len(rows)), make([]uint64, len(rows)), make([]uint64, len(rows))
	for i := range rows {
		squares[i] = rows[i].Sketch.squares()
	}
	all := uint64(0)
	for i := range asked {
		query := newQuery(asked[i].direction, asked[i].learned)
		own := query.squares()
		pool.Rows(len(rows), func(j int) {
			scores[j] = query.score(&rows[j].Sketch, rows[j].Tokens, noise(own, squares[j], len(rows)))
		})
		total := uint64(0)
		for _, score := range scores {
			total += score
		}
		parts := uint64(asked[i].learned) * tablePart
		all += parts
		for j := 0; j < len(rows) && total > 0; j++ {
			high, low := bits.Mul64(parts, scores[j])
			share, _ := bits.Div64(high, low, total)
			shares[j] += share
		}
	}
	for j := 0; j < len(rows) && all > 0; j++ {
		high, low := bits.Mul64(shares[j], totalPPM)
		share, _ := bits.Div64(high, low, all)
		rows[j].SharePPM = uint32(share)
	}
}
