package poa

// Version of the rules in this package: tokeniser, statistics, alignment, weights and encodings. Receipts are
// recomputed with the version that their batch names.
const Version = 2
