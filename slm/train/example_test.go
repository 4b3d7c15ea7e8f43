package train_test

import (
	"context"
	"fmt"
	"log"

	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/model"
	"github.com/openledger/openledger/slm/train"
)

// A small model is trained from nothing to count, and says what comes next.
func Example() {
	config := checkpoint.Config{
		Architecture: checkpoint.Llama, VocabSize: 16, HiddenSize: 32, IntermediateSize: 64, Layers: 2, Heads: 2, KVHeads: 1,
		HeadDim: 16, MaxPositions: 64, NormEps: 1e-5, RopeTheta: 10000, TieEmbeddings: true, BOS: -1,
	}
	tensors, err := train.Init(config, 1)
	if err != nil {
		log.Fatal(err)
	}
	byName := map[string]checkpoint.Tensor{}
	for _, t := range tensors {
		byName[t.Name] = t
	}
	base, err := model.FromTensors(config, func(name string) (checkpoint.Tensor, bool) {
		t, ok := byName[name]
		return t, ok
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	var examples []train.Example
	for first := range 16 {
		var e train.Example
		for i := range 12 {
			e.Tokens = append(e.Tokens, (first+i)%16)
		}
		examples = append(examples, e)
	}
	settings := train.FullSettings()
	settings.Epochs, settings.LearningRate, settings.Accumulation = 60, 1e-2, 1
	settings.ContextTokens, settings.BatchTokens = 32, 128
	trainer, err := train.New(base, settings, examples, nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := trainer.Run(context.Background(), nil); err != nil {
		log.Fatal(err)
	}
	m := trainer.Model()
	logits, err := m.Forward([]model.Sequence{{Cache: m.NewCache(), Tokens: []int{7, 8, 9}, Positions: []int{2}}})
	if err != nil {
		log.Fatal(err)
	}
	best := 0
	for token, v := range logits.Row(0) {
		if v > logits.Row(0)[best] {
			best = token
		}
	}
	fmt.Println("7 8 9", best)
	// Output: 7 8 9 10
}
