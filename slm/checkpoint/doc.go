// Package checkpoint opens language models as they lie on disk: Hugging Face folders (config.json and safetensors, in
// one file or sharded) and GGUF files, of the architectures Llama, Mistral, Qwen2 and Qwen3.
//
// [Open] maps weights and converts nothing: a tensor's Data is a part of the file. Linear weights have the shape
// [out, in], embeddings [vocabulary, hidden]; both are row-major and little endian. Names are those of Hugging Face
// checkpoints for every format (model.layers.0.self_attn.q_proj.weight, …).
//
// Files come from strangers. Every tensor that the configuration calls for must be there with the shape that it calls
// for, no other may be, and nothing is allocated by a number in a file before that number was checked. What is not
// supported is refused by its name, with what to do.
package checkpoint
