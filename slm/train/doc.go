// Package train trains Llama-like language models, whole or by adapters of low rank (LoRA), with the same bytes on
// every machine.
//
//	t, err := train.New(base, train.LoRASettings(), examples, pool)
//	err = t.Run(ctx, func(r train.Report) error { fmt.Println(r.Step, r.Loss); return nil })
//	adapter, err := t.Adapter() // for package model; t.LowRank() are its tensors
//
// The result depends only on the base, the examples and the settings. It does not depend on the number of threads, on
// assembly or portable code, on the number of micro-batches of a step, on whether activations are kept or computed
// again, or on whether training was stopped, saved and resumed. The tests compare hashes of trained parameters.
//
// # Batches
//
// A micro-batch is a list of texts of any length, without padding. Each text only sees itself, even where texts are
// packed, and its positions begin at 0. A step is Accumulation micro-batches; its loss is the mean over all of its
// learned tokens, so a step has the same gradient however it is cut.
//
// # AdamW
//
// For a parameter p with gradient g, clipped by the norm of all gradients: m += (1-β1)(g-m), v += (1-β2)(g²-v),
// p -= rate·decay·p, p -= rate · (m / (1-β1^t)) / (sqrt(v / (1-β2^t)) + ε), in float32. Norms and biases do not decay.
package train
