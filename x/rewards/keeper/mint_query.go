package keeper

import (
	"context"

	"cosmossdk.io/math"

	minttypes "github.com/cosmos/cosmos-sdk/x/mint/types"

	"github.com/openledger/openledger/x/rewards/types"
)

// mintQueryServer answers the queries of x/mint, which this chain does not
// have, from the emission: wallets compute staking returns from them.
type mintQueryServer struct{ Keeper }

var _ minttypes.QueryServer = mintQueryServer{}

// NewMintQueryServer returns the read-only service.
func NewMintQueryServer(k Keeper) minttypes.QueryServer { return mintQueryServer{k} }

// blocksPerYear at one block a second.
const blocksPerYear = millisecondsPerYear / 1_000

// provisions returns what stakers receive in a year, and the supply.
func (k Keeper) provisions(ctx context.Context) (annual, supply math.LegacyDec, err error) {
	params, err := k.Params.Get(ctx)
	if err != nil {
		return annual, supply, err
	}
	reserve, err := k.Reserve.Get(ctx)
	if err != nil {
		return annual, supply, err
	}
	year := emissionRoundedDown(reserve, params.EmissionPpmPerYear, millisecondsPerYear)
	stakers := year.Sub(year.MulRaw(int64(params.EmissionBountyPpm)).QuoRaw(types.PPM))
	return math.LegacyNewDecFromInt(stakers), math.LegacyNewDecFromInt(k.bank.GetSupply(ctx, types.Denom).Amount), nil
}

// Params implements minttypes.QueryServer: a rate that never changes with bonding.
func (s mintQueryServer) Params(ctx context.Context,
	_ *minttypes.QueryParamsRequest) (*minttypes.QueryParamsResponse, error) {
	inflation, err := s.inflation(ctx)
	if err != nil {
		return nil, err
	}
	params := minttypes.DefaultParams()
	params.MintDenom = types.Denom
	params.InflationRateChange = math.LegacyZeroDec()
	params.InflationMax, params.InflationMin = inflation, inflation
	params.BlocksPerYear = blocksPerYear
	params.MaxSupply = types.MaxSupply
	return &minttypes.QueryParamsResponse{Params: params}, nil
}

// Inflation implements minttypes.QueryServer.
func (s mintQueryServer) Inflation(ctx context.Context,
	_ *minttypes.QueryInflationRequest) (*minttypes.QueryInflationResponse, error) {
	inflation, err := s.inflation(ctx)
	return &minttypes.QueryInflationResponse{Inflation: inflation}, err
}

// AnnualProvisions implements minttypes.QueryServer.
func (s mintQueryServer) AnnualProvisions(ctx context.Context,
	_ *minttypes.QueryAnnualProvisionsRequest) (*minttypes.QueryAnnualProvisionsResponse, error) {
	annual, _, err := s.provisions(ctx)
	return &minttypes.QueryAnnualProvisionsResponse{AnnualProvisions: annual}, err
}

func (s mintQueryServer) inflation(ctx context.Context) (math.LegacyDec, error) {
	annual, supply, err := s.provisions(ctx)
	if err != nil || !supply.IsPositive() {
		return math.LegacyZeroDec(), err
	}
	return annual.Quo(supply), nil
}
