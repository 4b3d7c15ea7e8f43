// Package adapter reads and writes LoRA adapters: PEFT folders (adapter_config.json and adapter_model.safetensors, as
// LLaMA-Factory, Axolotl and Unsloth write them), single files that hold both of these, and GGUF files of llama.cpp; it
// stacks adapters of one base, and merges them into weights.
//
// An adapter changes projections: y = W·x becomes W·x + scale·B·(A·x), with A [rank, in] and B [out, rank], row-major.
// A folder's scale is lora_alpha/r, or lora_alpha/√r with use_rslora; a GGUF file's is adapter.lora.alpha/rank.
//
// Files come from strangers: every size is checked before anything is kept, weights are mapped, and what is not
// supported (DoRA, fan_in_fan_out, modules_to_save, pickles, …) is refused, and the error names it. See [Adapter.For]
// for the order of rows in adapters of GGUF files.
package adapter
