// Package interop tests slm against the programs that others use: transformers, tokenizers and torch, and llama.cpp.
// Its tests have the build tag interop and need the peers' folder; `make interop` fetches them and runs the tests. They
// are no part of `make test`.
package interop
