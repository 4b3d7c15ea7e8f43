// Package lora measures method LORA on the small base that ships. It trains adapters again on random halves of the
// contributions, and compares the method's scores with the change of the answers' loss.
package lora

import (
	"cmp"
	"context"
	"math/rand"
	"slices"

	"github.com/openledger/openledger/measure/fidelity/answers"
	"github.com/openledger/openledger/measure/fidelity/parallel"
	"github.com/openledger/openledger/openlora/training"
	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/slm/adapter"
	"github.com/openledger/openledger/slm/chat"
	"github.com/openledger/openledger/slm/influence"
	"github.com/openledger/openledger/slm/tokenizer"
	"github.com/openledger/openledger/slm/train"
)

// World holds documents, each a contribution, and answers about them in other words.
type World struct {
	Documents []Document
	Queries   []Query

	base  *chat.Model
	seed  uint64
	epoch int
}

// Document is a contribution. Adapters are trained on its texts.
type Document struct {
	Name  string
	Texts []string
}

// Query is an answer, with the documents that it is about.
type Query struct {
	Question, Answer string
	Sources          []int

	example train.Example
}

// Options say what a World is made of.
type Options struct {
	// Documents is the number of documents.
	Documents int
	// Passages makes each passage of the set a document.
	Passages bool
	// Epochs is the number of passes of a training over its texts.
	Epochs int
	// Seed decides the order of the texts in a training.
	Seed int64
}

// document returns the name of the document that a passage belongs to.
func (o Options) document(passage string) string {
	if o.Passages {
		return passage
	}
	return answers.Document(passage)
}

// New returns a World of the documents that most English answers of a set are about, with the answers that are only
// about these. Close it.
func New(set *answers.Set, o Options) (*World, error) {
	base, err := chat.Base(chat.Options{Threads: 1})
	if err != nil {
		return nil, err
	}
	w := &World{base: base, seed: uint64(o.Seed), epoch: o.Epochs}
	asked := map[string]int{}
	for i := range set.Items {
		if set.Items[i].Group() == answers.English {
			for _, name := range o.sourcesOf(&set.Items[i]) {
				asked[name]++
			}
		}
	}
	var names []string
	for _, p := range set.Passages {
		if name := o.document(p.ID); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(asked[b], asked[a]) })
	names = names[:min(o.Documents, len(names))]
	slices.Sort(names)
	w.Documents = make([]Document, len(names))
	for _, p := range set.Passages {
		if i := slices.Index(names, o.document(p.ID)); i >= 0 {
			w.Documents[i].Name = names[i]
			w.Documents[i].Texts = append(w.Documents[i].Texts, p.Text)
		}
	}
	for i := range set.Items {
		item := &set.Items[i]
		if item.Group() != answers.English || item.OffTopic {
			continue
		}
		q := Query{Question: item.Question, Answer: item.Text()}
		for _, name := range o.sourcesOf(item) {
			q.Sources = append(q.Sources, slices.Index(names, name))
		}
		if len(q.Sources) == 0 || slices.Contains(q.Sources, -1) {
			continue
		}
		if err := w.prepare(&q); err != nil {
			return nil, err
		}
		w.Queries = append(w.Queries, q)
	}
	return w, nil
}

// Close closes the base.
func (w *World) Close() error { return w.base.Close() }

func (o Options) sourcesOf(item *answers.Item) []string {
	var names []string
	for _, sentence := range item.Sentences {
		for _, id := range sentence.Sources {
			if name := o.document(id); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

func (w *World) prepare(q *Query) error {
	asked := []chat.Message{{Role: "user", Content: q.Question}}
	prompt, err := w.base.PromptAt(context.Background(), asked, influence.Now)
	if err != nil {
		return err
	}
	tokens := append(slices.Clone(prompt), w.base.Tokenizer.Encode(q.Answer)...)
	q.example = train.Example{Tokens: tokens[:min(len(tokens), w.base.Positions()+1)], From: len(prompt)}
	return nil
}

// example returns a text as an example of which all tokens are learned.
func (w *World) example(text string) train.Example {
	t := w.base.Tokenizer
	tokens := t.EncodeParts([]tokenizer.Part{{Text: t.BOS, Trusted: true}, {Text: text}, {Text: t.EOS, Trusted: true}})
	return train.Example{Tokens: tokens, From: 1}
}

// settings returns the settings of `openlorad train`.
func (w *World) settings() train.Settings {
	s := train.LoRASettings()
	s.Epochs, s.LearningRate, s.Accumulation, s.Seed = w.epoch, 3e-3, 1, w.seed
	return s
}

// trained returns an adapter that was trained on documents, with numbers rounded as `openlorad train` writes them.
func (w *World) trained(documents []Document) (influence.Adapter, error) {
	var examples []train.Example
	for _, d := range documents {
		for _, text := range d.Texts {
			examples = append(examples, w.example(text))
		}
	}
	t, err := train.New(w.base.Model, w.settings(), examples, nil)
	if err != nil {
		return influence.Adapter{}, err
	}
	if err := t.Run(context.Background(), nil); err != nil {
		return influence.Adapter{}, err
	}
	scale, changes := t.LowRank()
	var targets []adapter.Target
	for _, c := range changes {
		targets = append(targets, adapter.Target{Layer: c.Layer, Projection: c.Projection, A: c.A, B: c.B})
	}
	made, err := adapter.New(w.settings().Rank, scale, targets)
	if err != nil {
		return influence.Adapter{}, err
	}
	made.Interleaved = w.base.Model.Config().RopeInterleaved
	if made, err = made.As(training.ArtifactType); err != nil {
		return influence.Adapter{}, err
	}
	return influence.Open(w.base.Model, made)
}

// losses returns the losses of the answers, in nats.
func (w *World) losses(a influence.Adapter) ([]float64, error) {
	g, err := train.NewGradients(a.Base, a.Scale, a.Changes, w.base.Positions(), nil)
	if err != nil {
		return nil, err
	}
	out := make([]float64, len(w.Queries))
	for i := range w.Queries {
		if out[i], err = g.Loss(w.Queries[i].example); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Retraining holds the losses of answers after training on halves of the documents.
type Retraining struct {
	Subsets [][]int
	Losses  [][]float64 // by subset and answer, in nats
}

// Retrain trains an adapter on each of several random halves of the documents, and calls progress with the number of
// each that is done.
func (w *World) Retrain(subsets int, seed int64, progress func(done int)) (Retraining, error) {
	rng := rand.New(rand.NewSource(seed))
	r := Retraining{Losses: make([][]float64, subsets)}
	for range subsets {
		half := rng.Perm(len(w.Documents))[:len(w.Documents)/2]
		slices.Sort(half)
		r.Subsets = append(r.Subsets, half)
	}
	errs := make([]error, subsets)
	parallel.Do(subsets, func() func(int) {
		return func(i int) {
			var part []Document
			for _, d := range r.Subsets[i] {
				part = append(part, w.Documents[d])
			}
			a, err := w.trained(part)
			if err == nil {
				r.Losses[i], err = w.losses(a)
			}
			errs[i] = err
			progress(i)
		}
	})
	return r, cmp.Or(errs...)
}

// Effect returns the mean loss of an answer after training on halves without a document, less the mean on halves with
// it, in nats. It is 0 if all halves have it or none has.
func (r Retraining) Effect(query, document int) float64 {
	var sums, counts [2]float64
	for s, subset := range r.Subsets {
		in := 0
		if slices.Contains(subset, document) {
			in = 1
		}
		sums[in] += r.Losses[s][query]
		counts[in]++
	}
	if counts[0] == 0 || counts[1] == 0 {
		return 0
	}
	return sums[0]/counts[0] - sums[1]/counts[1]
}

// tokensOf returns the number of canonical tokens of each document.
func tokensOf(documents []Document) []uint32 {
	out := make([]uint32, len(documents))
	for i, d := range documents {
		for _, text := range d.Texts {
			out[i] += uint32(len(poa.SegmentTokens([]byte(text))))
		}
	}
	return out
}
