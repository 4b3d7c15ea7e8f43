package engine_test

import (
	"context"
	"fmt"
	"log"

	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/engine"
	"github.com/openledger/openledger/slm/kernel"
	"github.com/openledger/openledger/slm/model"
)

func Example() {
	if err := ask("/models/SmolLM2-135M-Instruct"); err != nil {
		log.Print(err)
	}
}

// ask streams an answer of the model in a folder.
func ask(folder string) error {
	c, err := checkpoint.Open(folder)
	if err != nil {
		return err
	}
	defer c.Close()
	pool := kernel.NewPool(0) // one thread a processor
	defer pool.Close()
	m, err := model.New(c, pool)
	if err != nil {
		return err
	}
	var vocabulary engine.Vocabulary // the model's own tokenizer
	e, err := engine.New(m, vocabulary, engine.Options{})
	if err != nil {
		return err
	}
	defer e.Close()
	request := engine.Request{
		Prompt: []int{1, 4093, 905}, MaxTokens: 64, Temperature: 0.7, TopP: 0.9, Seed: 1, Logprobs: -1,
	}
	result, err := e.Generate(context.Background(), request, func(c engine.Chunk) error {
		_, err := fmt.Print(c.Text)
		return err
	})
	if err != nil {
		return err
	}
	fmt.Println(result.Finish)
	return nil
}

func ExampleJSONSchema() {
	_, err := engine.JSONSchema(
		[]byte(`{"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}`))
	fmt.Println(err)
	_, err = engine.JSONSchema([]byte(`{"type": "string", "pattern": "[a-z]+"}`))
	fmt.Println(err)
	// Output:
	// <nil>
	// the keyword "pattern" of JSON Schema is not supported: leave it out
}
