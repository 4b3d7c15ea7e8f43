package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// TestPauseSwitches: each module refuses its messages while it is paused, and
// goes on where it was.
func TestPauseSwitches(t *testing.T) {
	s := newScenario(t)
	c := s.Open(chain.Open(10))
	c.Ask(answer())
	msg := c.Acknowledged()
	ctx := s.Ctx()

	attribution, err := s.App.AttributionKeeper.Params.Get(ctx)
	require.NoError(t, err)
	datanet, err := s.App.DatanetKeeper.Params.Get(ctx)
	require.NoError(t, err)
	models, err := s.App.ModelsKeeper.Params.Get(ctx)
	require.NoError(t, err)
	rewards, err := s.App.RewardsKeeper.Params.Get(ctx)
	require.NoError(t, err)
	set := func(paused bool) {
		attribution.Paused, datanet.Paused, models.Paused, rewards.Paused = paused, paused, paused, paused
		require.NoError(t, s.App.AttributionKeeper.Params.Set(s.Ctx(), attribution))
		require.NoError(t, s.App.DatanetKeeper.Params.Set(s.Ctx(), datanet))
		require.NoError(t, s.App.ModelsKeeper.Params.Set(s.Ctx(), models))
		require.NoError(t, s.App.RewardsKeeper.Params.Set(s.Ctx(), rewards))
	}
	set(true)
	s.Block()
	s.Refuse(s.Provider, attributiontypes.ErrPaused, msg)
	s.Refuse(s.Owner, datanettypes.ErrPaused, &datanettypes.MsgAcceptContributions{Owner: s.Owner.String(), DatanetId: s.DatanetID, Ranks: []uint64{1}})
	s.Refuse(s.Provider, modelstypes.ErrPaused, &modelstypes.MsgRemoveOffer{Provider: s.Provider.String(), ModelId: s.ModelID})
	s.Refuse(s.Alice, rewardstypes.ErrPaused, &rewardstypes.MsgClaim{Account: s.Alice.String()})
	before, err := s.Supply()
	require.NoError(t, err)
	s.Blocks(3)
	after, err := s.Supply()
	require.NoError(t, err)
	require.Equal(t, before.Totals, after.Totals, "nothing is minted while rewards are paused")

	set(false)
	c.Submit(msg)
	require.True(t, s.Earned(s.Alice).IsPositive())
}

func TestProviderEndsASessionAtOnce(t *testing.T) {
	s := newScenario(t)
	c := s.Open(chain.Open(10))
	before := s.Balance(s.Payer.Address)
	s.Send(s.Provider, &attributiontypes.MsgCloseSession{Signer: s.Provider.String(), SessionId: c.Session.Id})
	s.Blocks(2)
	require.Equal(t, before.Add(chain.Open(10)).String(), s.Balance(s.Payer.Address).String())
}
