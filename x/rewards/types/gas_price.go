package types

import (
	"context"

	"cosmossdk.io/math"
)

// DefaultMinGasPrice in aopen: a transfer costs about 0.0001 OPEN.
func DefaultMinGasPrice() math.Int { return math.NewIntWithDecimal(1, 9) }

// MaxMinGasPrice bounds what governance may ask for a unit of gas, in aopen: the proposal that lowers the price again
// costs less than an OPEN at it.
func MaxMinGasPrice() math.Int { return math.NewIntWithDecimal(1, 12) }

// GasPrice is what a client pays for a unit of gas, in aopen: what blocks ask for now, and never less than what nodes
// ask for by default.
func GasPrice(ctx context.Context, chain QueryClient) (math.Int, error) {
	response, err := chain.Params(ctx, &QueryParamsRequest{})
	if err != nil {
		return math.Int{}, err
	}
	return math.MaxInt(response.Params.MinGasPrice, DefaultMinGasPrice()), nil
}
