//go:build !faults

package attestor

import attributiontypes "github.com/openledger/openledger/x/attribution/types"

// Fault makes an attestor misbehave in programs that are built with the tag faults. Without the tag there are no
// faults.
type Fault struct{}

func (Fault) stalls() bool { return false }

func (Fault) panics() {}

func (Fault) verdict(v attributiontypes.Verdict) attributiontypes.Verdict { return v }

func (Fault) snapshot(*snapshot) {}
