// Package checkpoint opens language models on disk: Hugging Face folders (config.json and safetensors, in one file or
// sharded) and GGUF files, of the architectures Llama, Mistral, Qwen2 and Qwen3.
//
// [Open] maps weights and converts nothing: a tensor's Data is a part of the file. Linear weights have the shape
// [out, in], embeddings [vocabulary, hidden]; both are row-major and little endian. Names are those of Hugging Face
// checkpoints for every format (model.layers.0.self_attn.q_proj.weight, …).
//
// Files come from strangers. Every tensor that the configuration requires must be there with the required shape, and no
// other tensor may be there. No memory is allocated by a number in a file before that number is checked. The error for
// something unsupported names it and says what to do.
package checkpoint
