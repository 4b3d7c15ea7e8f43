// Package specialists holds the notes of two fields, for the demo of adapters.
package specialists

import "embed"

// Notes has a folder for each field, with a folder for each author and questions.txt.
//
//go:embed bees clocks
var Notes embed.FS
