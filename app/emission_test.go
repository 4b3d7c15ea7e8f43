package app_test

import (
	"testing"
	"time"

	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"

	"github.com/openledger/openledger/testutil/chain"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// govern has validators vote on parameters of x/rewards, and returns how the proposal ended.
func govern(t *testing.T, c *chain.Chain, proposer chain.Account,
	edit func(*rewardstypes.Params)) govv1.ProposalStatus {
	t.Helper()
	params, err := c.App.RewardsKeeper.Params.Get(c.Ctx())
	require.NoError(t, err)
	edit(&params)
	msg, err := govv1.NewMsgSubmitProposal([]sdk.Msg{
		&rewardstypes.MsgUpdateParams{Authority: authtypes.NewModuleAddress(govtypes.ModuleName).String(), Params: params},
	}, sdk.NewCoins(chain.Coin(chain.Open(1_000))), proposer.String(), "", "Emission for bounties",
		"New data is worth more than more stake.", false)
	require.NoError(t, err)
	result := c.Block(chain.Tx{Signer: proposer, Msgs: []sdk.Msg{msg}})[0]
	if result.Code != 0 {
		return govv1.StatusNil
	}
	var response govv1.MsgSubmitProposalResponse
	require.NoError(t, chain.Decode(result, &response))
	validator := chain.NewAccount("validator 0")
	c.Send(validator, govv1.NewMsgVote(validator.Address, response.ProposalId, govv1.OptionYes, ""))
	voting, err := c.App.GovKeeper.Params.Get(c.Ctx())
	require.NoError(t, err)
	c.Skip(*voting.VotingPeriod)
	c.Block()
	proposal, err := c.App.GovKeeper.Proposals.Get(c.Ctx(), response.ProposalId)
	require.NoError(t, err)
	return proposal.Status
}

func TestGovernanceGivesEmissionToBounties(t *testing.T) {
	c, rich := slowRewards(t, 100, nil)
	supply := func() *rewardstypes.QuerySupplyResponse {
		response, err := c.Supply()
		require.NoError(t, err)
		return response
	}
	require.True(t, supply().BountyPool.IsZero())
	spent := sdkmath.ZeroInt()
	for _, ppm := range []uint32{250_001, rewardstypes.PPM, 0} {
		require.Equal(t, govv1.StatusPassed, govern(t, c, rich, func(p *rewardstypes.Params) { p.EmissionBountyPpm = ppm }))
		for range 5 {
			before := supply()
			c.Block()
			after := supply()
			emitted := before.Reserve.Sub(after.Reserve)
			want := before.Reserve.MulRaw(80_000).QuoRaw(rewardstypes.PPM).QuoRaw(31_557_600) // 8 % a year, for a second
			require.Equal(t, want.String(), emitted.String())
			part := emitted.MulRaw(int64(ppm)).QuoRaw(rewardstypes.PPM)
			require.Equal(t, part.String(), after.BountyPool.Sub(before.BountyPool).String(), "%d ppm", ppm)
			require.Equal(t, emitted.String(), after.Supply.Sub(before.Supply).String())
			spent = spent.Add(part)
		}
	}
	pool := c.App.AccountKeeper.GetModuleAddress(rewardstypes.BountyPoolName)
	require.Equal(t, supply().BountyPool.String(), c.Balance(pool).String())
	require.True(t, supply().BountyPool.GT(spent), "the blocks of the votes gave theirs too")
	before := supply().BountyPool
	require.NotEqual(
		t, govv1.StatusPassed, govern(t, c, rich,
			func(p *rewardstypes.Params) { p.EmissionBountyPpm = rewardstypes.PPM + 1 }))
	require.Equal(t, before.String(), supply().BountyPool.String())
	params, err := c.App.RewardsKeeper.Params.Get(c.Ctx())
	require.NoError(t, err)
	require.Zero(t, params.EmissionBountyPpm)
	c.Refuse(rich, rewardstypes.ErrUnauthorized, &rewardstypes.MsgUpdateParams{Authority: rich.String(), Params: params})
}

func TestHaltAndJumpEmitForAMinuteAtMost(t *testing.T) {
	c, _ := slowRewards(t, 100, nil)
	for _, d := range []time.Duration{time.Minute, time.Hour, 30 * 24 * time.Hour, 10 * 365 * 24 * time.Hour} {
		before, err := c.Supply()
		require.NoError(t, err)
		c.Skip(d)
		after, err := c.Supply()
		require.NoError(t, err)
		want := before.Reserve.MulRaw(80_000).MulRaw(60_000).QuoRaw(rewardstypes.PPM).QuoRaw(31_557_600_000)
		require.Equal(t, want.String(), after.Totals.Emitted.Sub(before.Totals.Emitted).String(), "after %s", d)
	}
	// Blocks of one time, as after a halt in which clocks were set, emit nothing.
	before, err := c.Supply()
	require.NoError(t, err)
	c.Skip(0)
	after, err := c.Supply()
	require.NoError(t, err)
	require.Equal(t, before.Totals.Emitted.String(), after.Totals.Emitted.String())
}
