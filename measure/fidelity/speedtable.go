package main

import (
	"github.com/openledger/openledger/measure/fidelity/speed"
)

// measureSpeed prints the times over ten million tokens.
func measureSpeed(o options) (speed.Result, error) {
	nothing := speed.Result{
		TokensPerSecond: float64(missing), BytesPerToken: float64(missing), AttributeMicros: float64(missing),
		MeaningMicros: float64(missing),
	}
	t := newTable("Speed on Go source, one processor", "what", "build, tokens/s", "memory, bytes/token",
		"500-token answer, us (median)")
	r, err := speed.Measure(o.seed, progress)
	if err != nil {
		t.note("%v", err)
		t.print()
		return nothing, nil
	}
	t.add("poa.Index", cell(r.TokensPerSecond), cell(r.BytesPerToken), cell(r.AttributeMicros))
	t.add("the same by method MEANING", "-", "-", cell(r.MeaningMicros))
	t.add("earliest 5-gram, hash map", cell(r.GramTokensPerSecond), "-", cell(r.GramMicros))
	t.add("BM25 top 8 (ranking only)", "-", "-", cell(r.BM25Micros))
	t.note("%d tokens in segments of 200. Memory is the growth of the heap.", r.Tokens)
	t.print()
	return r, nil
}
