// Package gguf reads and writes GGUF files, the format of llama.cpp: metadata as typed keys and values, then
// descriptions of tensors, then their bytes, each at a multiple of the file's alignment.
//
// Version 3 and version 2, which has the same layout, are read, little endian only; version 3 is written.
//
// Files come from strangers. [Parse] checks every count, length and place before it keeps anything: tensors must lie
// one behind another with nothing but the padding of the alignment between them. Values and tensors are parts of the
// file's bytes: an array of a million strings costs no memory until it is read. What is kept takes at most 4 MB.
//
// A GGUF file lists dimensions from the one that lies together outwards. This package turns them round: Shape is
// row-major, [out, in] for a linear layer, as in Hugging Face checkpoints.
package gguf
