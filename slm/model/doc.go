// Package model runs Llama-like language models over the weights of a checkpoint, as they lie in its files.
//
// A Model is read only and serves any number of goroutines. What a conversation has said lies in its Cache; Forward
// takes tokens of many conversations at once, each with an adapter of its own or none, and returns logits for the
// positions that are asked for.
//
//	m, err := model.New(checkpoint, pool)
//	cache := m.NewCache()
//	logits, err := m.Forward([]model.Sequence{{Cache: cache, Tokens: prompt, Positions: []int{len(prompt) - 1}}})
//
// Logits have the same bits on every machine, with any number of threads, however a text is cut into calls, and
// whatever else is in a call. The tests hold their hashes.
package model
