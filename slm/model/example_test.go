package model_test

import (
	"fmt"

	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/model"
)

// Two conversations are read in one call; logits are asked for after the last token of the first, and after both tokens
// of the second.
func ExampleModel_Forward() {
	config := checkpoint.Config{
		Architecture: checkpoint.Llama, VocabSize: 16, HiddenSize: 8, IntermediateSize: 16, Layers: 1, Heads: 2, KVHeads: 1,
		HeadDim: 4, MaxPositions: 64, NormEps: 1e-5, RopeTheta: 10000, TieEmbeddings: true, BOS: -1,
	}
	weights := map[string]checkpoint.Tensor{} // of zeros; checkpoint.Open gives those of a model
	for _, layout := range config.Layouts() {
		t := checkpoint.Tensor{Name: layout.Name, DType: checkpoint.F32, Shape: layout.Shape}
		n, _ := t.Elements()
		t.Data = make([]byte, 4*n)
		weights[t.Name] = t
	}
	m, err := model.FromTensors(config, func(name string) (checkpoint.Tensor, bool) {
		t, ok := weights[name]
		return t, ok
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	first, second := m.NewCache(), m.NewCache()
	logits, err := m.Forward([]model.Sequence{
		{Cache: first, Tokens: []int{1, 5, 9}, Positions: []int{2}},
		{Cache: second, Tokens: []int{1, 7}, Positions: []int{0, 1}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(logits.Rows, "x", logits.Cols, "logits; caches hold", first.Len(), "and", second.Len(), "tokens")
	_, err = m.Forward([]model.Sequence{{Cache: first, Tokens: make([]int, 62)}})
	fmt.Println(err)
	// Output:
	// 3 x 16 logits; caches hold 3 and 2 tokens
	// the text has 65 tokens; the model reads at most 64: shorten it
}
