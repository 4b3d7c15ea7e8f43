//go:build race

package corpus_test

// memoryBound is four times that of other builds: the race detector takes several times the memory.
const memoryBound = 4 * 512 << 20
