// Command washsim plays accounts that trade with themselves on the whole application, to see whether OPEN can be
// farmed. What it measures is in model.go; the last line of its output is one JSON object. It fails when somebody gets
// back what he spent, when coins are lost track of, or when an invariant of a keeper does not hold.
package main

import "github.com/openledger/openledger/measure/internal/program"

func main() { program.Main("washsim", parseOptions, run) }
