package types

import (
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
)

var (
	_ sdk.HasValidateBasic = (*MsgAskHeld)(nil)
	_ sdk.HasValidateBasic = (*MsgProposeDerivations)(nil)
)

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgAskHeld) ValidateBasic() error { return validateAddress("sender", m.Sender) }

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgProposeDerivations) ValidateBasic() error {
	if err := validateAddress("proposer", m.Proposer); err != nil {
		return err
	}
	return ValidateDerivations(m.Rank, poa.MaxFileSegments, m.Derivations)
}
