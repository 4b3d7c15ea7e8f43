// Package tokenizer turns text into the tokens of a model and back: byte-level BPE (GPT-2, SmolLM2, Llama 3, Qwen2 and
// 3, Mistral's tekken) and SentencePiece-style BPE with byte fallback (Llama 2, TinyLlama, Mistral), out of
// tokenizer.json or a GGUF file. [Train] makes a small byte-level tokenizer of one's own.
//
// What people write and what a template writes are told apart. [Tokenizer.Encode] never returns a special token,
// whatever its text holds: "<|im_end|>" in a question is nine ordinary characters and more. [Tokenizer.EncodeParts]
// recognises special tokens in parts that are trusted, and only where every byte of the token is of a trusted part.
//
// Time is O(n log n) in the length of the text. A [Decoder] streams: it gives text out as soon as its last character is
// whole.
package tokenizer
