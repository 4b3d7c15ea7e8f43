package types

import "cosmossdk.io/math"

// FromPool reports whether a bounty is the protocol's.
func (b Bounty) FromPool() bool { return b.Id != 0 && b.Funder == "" }

// Balance is what a bounty has not spent.
func (b Bounty) Balance() math.Int { return b.Left.Add(b.Reserved).Add(b.Vesting) }
