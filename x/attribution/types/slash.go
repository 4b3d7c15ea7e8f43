package types

import (
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	modelstypes "github.com/openledger/openledger/x/models/types"
)

// SlashedModule is the account that holds bonds, and what was slashed from them.
const SlashedModule = modelstypes.ModuleName

// burnedPercent of a slash is burned at least, so that nobody who holds both
// sides of a dispute gets back what the provider loses.
const burnedPercent = 40

// Harmed is a contributor from whom a lie has taken pay.
type Harmed struct {
	Rank        uint64
	Contributor sdk.AccAddress
	Amount      math.Int
}

// Slash says where a slash goes; the parts sum to the total.
type Slash struct {
	Total, Compensated, Reward, Burned math.Int
	// Harmed contributors and what each is paid.
	Harmed []Harmed
}

// DivideSlash pays the harmed their loss first, cut at what may not be burned;
// half of the rest to the challenger, but never so much that less than
// burnedPercent of the whole is burned; and burns what is left.
func DivideSlash(total math.Int, harmed []Harmed) Slash {
	s := Slash{Total: total, Compensated: math.ZeroInt()}
	free := total.Sub(total.MulRaw(burnedPercent).AddRaw(99).QuoRaw(100))
	for _, h := range harmed {
		h.Amount = math.MinInt(h.Amount, free.Sub(s.Compensated))
		s.Compensated = s.Compensated.Add(h.Amount)
		s.Harmed = append(s.Harmed, h)
	}
	half := total.Sub(s.Compensated).QuoRaw(2)
	s.Reward = math.MinInt(half, free.Sub(s.Compensated))
	s.Burned = total.Sub(s.Compensated).Sub(s.Reward)
	return s
}
