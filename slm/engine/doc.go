// Package engine answers with a language model: many conversations at a time, each with an adapter, settings and a seed
// of its own.
//
//	e, err := engine.New(model, vocabulary, engine.Options{})
//	defer e.Close()
//	result, err := e.Generate(ctx, engine.Request{Prompt: tokens, MaxTokens: 100}, func(c engine.Chunk) error {
//		fmt.Print(c.Text)
//		return nil
//	})
//
// An answer depends only on the model, the adapter and the request. It has the same bytes on every machine and with any
// number of threads. Other conversations and the prefix cache do not change it.
//
// # Sampling
//
// For each token: logits of tokens that were in the text are divided by the repetition penalty where they are positive
// and multiplied by it where they are not; tokens that the grammar forbids are left out; temperature 0 takes the
// greatest logit, the lowest token among equals. Otherwise weights are floor(2^40 · exp((logit-greatest)/temperature)),
// as whole numbers. TopK keeps the greatest weights, TopP then the fewest of them that have this part of their sum,
// MinP then those that have this part of the greatest. Of what is left, in order of tokens, the one is taken in whose
// part of the sum the random number lies: the first eight bytes, big endian, of SHA-256(seed, n) with the seed and the
// count n of tokens before it as eight bytes each.
package engine
