// Package model runs Llama-like language models on the weights of a checkpoint, in the types of its files.
//
// A Model is read only and serves any number of goroutines. The state of a conversation is in its Cache. Forward takes
// tokens of many conversations at once, each with an adapter of its own or none, and returns logits for the requested
// positions.
//
//	m, err := model.New(checkpoint, pool)
//	cache := m.NewCache()
//	logits, err := m.Forward([]model.Sequence{{Cache: cache, Tokens: prompt, Positions: []int{len(prompt) - 1}}})
//
// Logits have the same bits on every machine and with any number of threads. They do not depend on how a text is cut
// into calls, or on other conversations in a call. The tests compare their hashes.
package model
