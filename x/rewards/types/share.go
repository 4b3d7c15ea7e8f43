package types

import (
	sdk "github.com/cosmos/cosmos-sdk/types"
)

// PPM is one whole in parts per million.
const PPM = 1_000_000

// Share is an account's part of something, in parts per million.
type Share struct {
	Address sdk.AccAddress
	PPM     uint32
}
