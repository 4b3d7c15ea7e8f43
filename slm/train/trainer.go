package train

import (
	"context"
	"fmt"

	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/kernel"
	"github.com/openledger/openledger/slm/model"
)

// Trainer trains a model. It is not safe for concurrent use.
type Trainer struct {
	network  *network
	settings Settings
	data     *data
	pool     *kernel.Pool
	base     *model.Model
	examples []Example
	identity string // digest, once it was asked for

	steps  int // of all epochs
	done   int // steps
	tokens int // that have gone through the model

	epoch      int // whose steps are in plan
	plan       []step
	planStart  int // the first step of plan
	epochSteps []int
}

// Report describes a step.
type Report struct {
	Step, Steps  int     // Step counts from 1
	Epoch        float64 // of the examples that were learned from
	Loss         float64 // in nats a learned token, before the step; never NaN
	LearningRate float64
	GradNorm     float64 // before clipping
	Tokens       int     // that have gone through the model since the start
	Learned      int     // tokens that were learned in this step
	// EvalLoss is the loss of the evaluation split after the step, in nats a token; nil if it was not evaluated.
	EvalLoss *float64
}

// New returns a trainer that has done no step. For settings with a rank it trains an adapter of base, which does not
// change and must stay open; otherwise it trains a copy of base in F32. pool runs the work; nil means the calling
// goroutine.
func New(base *model.Model, s Settings, examples []Example, pool *kernel.Pool) (*Trainer, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	config := base.Config()
	if s.ContextTokens > config.MaxPositions {
		return nil, fmt.Errorf("contextTokens is %d; the model reads at most %d", s.ContextTokens, config.MaxPositions)
	}
	d, err := newData(&s, config.VocabSize, examples)
	if err != nil {
		return nil, err
	}
	t := &Trainer{settings: s, data: d, pool: pool, base: base, examples: examples, epoch: -1}
	if s.Rank > 0 {
		t.network = newAdapterNetwork(base, &s, pool)
	} else if t.network, err = newFullNetwork(base, pool); err != nil {
		return nil, err
	}
	for epoch := range s.Epochs {
		t.epochSteps = append(t.epochSteps, len(d.epoch(&s, epoch)))
		t.steps += t.epochSteps[epoch]
	}
	return t, nil
}

// Steps returns the number of all steps and the number of done steps.
func (t *Trainer) Steps() (all, done int) { return t.steps, t.done }

// Parameters returns the number of trained numbers.
func (t *Trainer) Parameters() int {
	n := 0
	for _, p := range t.network.parameters {
		n += len(p.values)
	}
	return n
}

// Run does the remaining steps. If ctx ends, it stops between two micro-batches and drops the unfinished step, so that
// a later call can continue. report, if not nil, is called after each step; its error ends Run.
func (t *Trainer) Run(ctx context.Context, report func(Report) error) error {
	for t.done < t.steps {
		r, err := t.Step(ctx)
		if err != nil {
			return err
		}
		if report != nil {
			if err := report(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// Step does one step. If ctx ends before it is done, nothing has changed.
func (t *Trainer) Step(ctx context.Context) (Report, error) {
	if t.done >= t.steps {
		return Report{}, fmt.Errorf("all %d steps are done", t.steps)
	}
	step, epoch := t.next()
	learned := 0
	for _, m := range step {
		for _, p := range m {
			learned += p.learned()
		}
	}
	var loss float64
	tokens := 0
	for _, m := range step {
		if err := ctx.Err(); err != nil {
			t.forgetGradients()
			return Report{}, err
		}
		a := t.network.newActivations(m, t.settings.ActivationBytes)
		t.network.forward(a)
		dx := t.network.memory.take(len(a.tokens), t.network.config.HiddenSize)
		loss = t.network.loss(loss, a, dx, 1/float32(learned))
		t.network.backward(a, dx)
		tokens += len(a.tokens)
	}
	t.network.tieGradients()
	norm := gradNorm(t.pool, t.network.parameters)
	if norm-norm != 0 || loss-loss != 0 {
		t.forgetGradients()
		return Report{}, fmt.Errorf("the gradient of step %d is no number: lower the learning rate, or check the base",
			t.done+1)
	}
	scale := 1.0
	if clip := t.settings.ClipNorm; clip > 0 && norm > clip {
		scale = clip / norm
	}
	rate := t.settings.rate(t.done, t.steps)
	newAdamW(&t.settings, rate, t.done, scale).updateAll(t.pool, t.network.parameters)
	t.done++
	t.tokens += tokens
	r := Report{
		Step: t.done, Steps: t.steps, Epoch: epoch, Loss: loss / float64(learned), LearningRate: rate, GradNorm: norm,
		Tokens: t.tokens, Learned: learned,
	}
	every := t.settings.EvalEvery
	if len(t.data.evaluate) > 0 && (t.done == t.steps || every > 0 && t.done%every == 0) {
		loss, err := t.Evaluate(ctx)
		if err != nil {
			return r, err
		}
		r.EvalLoss = &loss
	}
	return r, nil
}

// next returns the next step and how many epochs are done after it.
func (t *Trainer) next() (step, float64) {
	epoch, start := 0, 0
	for t.done >= start+t.epochSteps[epoch] {
		start += t.epochSteps[epoch]
		epoch++
	}
	if t.epoch != epoch {
		t.epoch, t.plan, t.planStart = epoch, t.data.epoch(&t.settings, epoch), start
	}
	at := t.done - t.planStart
	return t.plan[at], float64(epoch) + float64(at+1)/float64(len(t.plan))
}

func (t *Trainer) forgetGradients() {
	for _, p := range t.network.parameters {
		clear(p.grad)
	}
	t.network.headGrad.Zero()
}

// tieGradients adds the head's gradient to that of embeddings that it is tied to.
func (n *network) tieGradients() {
	if n.embeddings != nil && n.head == nil {
		kernel.Add(n.embeddings.grad, n.headGrad.Data)
		n.headGrad.Zero()
	}
}

// Evaluate returns the loss of the evaluation split in nats a learned token, NaN if there is none.
func (t *Trainer) Evaluate(ctx context.Context) (float64, error) {
	var sum float64
	learned := 0
	for _, m := range t.settings.micros(t.data.evaluate) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		a := t.network.newActivations(m, 0)
		t.network.forward(a)
		sum = t.network.loss(sum, a, kernel.Matrix{}, 1)
		learned += len(a.targets)
	}
	return sum / float64(learned), nil
}

// Model returns base, or, if the whole model is trained, the model with its current weights. Steps change it.
func (t *Trainer) Model() *model.Model { return t.network.Model }

// LowRank returns the adapter's changes, in the order of layers and projections, and their scale. Tensors share the
// trainer's memory: steps change them. If the base rotates interleaved pairs (GGUF), rows of B of q and k are in the
// base's order.
func (t *Trainer) LowRank() (scale float32, changes []model.LowRank) {
	for l := range t.network.layers {
		for place, name := range checkpoint.Projections {
			if p := t.network.layers[l].projections[place]; p.a != nil {
				scale = p.scale
				changes = append(changes, model.LowRank{Layer: l, Projection: name, A: p.a.tensor(), B: p.b.tensor()})
			}
		}
	}
	return scale, changes
}

// Adapter returns the adapter for package model. Steps change it. It is an error if the whole model is trained.
func (t *Trainer) Adapter() (*model.Adapter, error) {
	if t.settings.Rank == 0 {
		return nil, fmt.Errorf("the whole model is trained, not an adapter: use Model")
	}
	scale, changes := t.LowRank()
	return model.NewAdapter(t.network.config, scale, changes)
}

// Tensors returns the whole model's tensors, for checkpoint.Write. Steps change them. It is nil for an adapter.
func (t *Trainer) Tensors() []checkpoint.Tensor {
	if t.settings.Rank > 0 {
		return nil
	}
	var tensors []checkpoint.Tensor
	for _, p := range t.network.parameters {
		tensors = append(tensors, p.tensor())
	}
	return tensors
}
