// Command washsim lets accounts trade with themselves on the whole application, to see whether OPEN can be farmed. Its
// model is in model.go. The last line of its output is one JSON object. It fails if a coalition gets back what it
// spends, if others lose by it, if coins cannot be accounted for, or if an invariant of a keeper does not hold.
package main

import "github.com/openledger/openledger/measure/internal/program"

func main() { program.Main("washsim", parseOptions, run) }
