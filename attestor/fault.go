//go:build faults

package attestor

import (
	"fmt"

	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// Fault makes an attestor misbehave, to test the chain around it. A misbehaving attestor loses pay, but no stake. Only
// programs that are built with the tag faults have faults.
type Fault string

// Faults.
const (
	NoFault Fault = ""
	// Lie turns verdicts around.
	Lie Fault = "lie"
	// Stall never returns a verdict.
	Stall Fault = "stall"
	// Panic panics instead of judging.
	Panic Fault = "panic"
	// Flood answers yes for items that do not exist, far beyond the window.
	Flood Fault = "flood"
	// Drop is a fault of the node: it proposes without the votes of almost a third of the power.
	Drop Fault = "drop"
)

// ParseFault reads a fault by its name.
func ParseFault(name string) (Fault, error) {
	switch f := Fault(name); f {
	case NoFault, Lie, Stall, Panic, Flood, Drop:
		return f, nil
	}
	return NoFault, fmt.Errorf("unknown fault %q: choose %s, %s, %s, %s or %s", name, Lie, Stall, Panic, Flood, Drop)
}

func (f Fault) stalls() bool { return f == Stall }

func (f Fault) panics() {
	if f == Panic {
		panic("the attestor was told to panic")
	}
}

func (f Fault) verdict(v attributiontypes.Verdict) attributiontypes.Verdict {
	switch {
	case f == Lie && v == attributiontypes.VerdictValid:
		return attributiontypes.VerdictInvalid
	case f == Lie && v == attributiontypes.VerdictInvalid:
		return attributiontypes.VerdictValid
	}
	return v
}

func (f Fault) snapshot(s *snapshot) {
	if f != Flood {
		return
	}
	for _, v := range []*verdicts{&s.batches, &s.versions} {
		v.given = make([]attributiontypes.Verdict, 200*attributiontypes.MaxWindow)
		for i := range v.given {
			v.given[i] = attributiontypes.Verdict(i%3 + 1) // verdict 3 does not exist on batches
		}
	}
}
