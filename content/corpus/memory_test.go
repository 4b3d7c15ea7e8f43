//go:build !race

package corpus_test

// memoryBound is the most memory, in bytes, that an import of a folder may take, whatever is in the folder.
const memoryBound = 512 << 20
