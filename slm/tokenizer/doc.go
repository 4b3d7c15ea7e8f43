// Package tokenizer turns text into the tokens of a model and back: byte-level BPE (GPT-2, SmolLM2, Llama 3, Qwen2 and
// 3, Mistral's tekken) and SentencePiece-style BPE with byte fallback (Llama 2, TinyLlama, Mistral), from
// tokenizer.json or a GGUF file. [Train] makes a small byte-level tokenizer.
//
// Text that people write is distinguished from text that a template writes. [Tokenizer.Encode] never returns a special
// token, whatever its text holds: "<|im_end|>" in a question is nine ordinary characters and more.
// [Tokenizer.EncodeParts] recognises special tokens in parts that are trusted, and only where every byte of the token
// is of a trusted part.
//
// Time is O(n log n) in the length of the text. A [Decoder] streams: it returns text as soon as its last character is
// complete.
package tokenizer
