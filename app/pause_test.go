package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"

	"github.com/openledger/openledger/testutil/chain"
	attributionkeeper "github.com/openledger/openledger/x/attribution/keeper"
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
	s.Refuse(s.Owner, datanettypes.ErrPaused,
		&datanettypes.MsgAcceptContributions{Owner: s.Owner.String(), DatanetId: s.DatanetID, Ranks: []uint64{1}})
	s.Refuse(s.Provider, modelstypes.ErrPaused,
		&modelstypes.MsgRemoveOffer{Provider: s.Provider.String(), ModelId: s.ModelID})
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

// pause switches x/attribution off or on as governance does.
func pause(s *chain.Scenario, paused bool) {
	s.T.Helper()
	params, err := s.App.AttributionKeeper.Params.Get(s.Ctx())
	require.NoError(s.T, err)
	params.Paused = paused
	_, err = attributionkeeper.NewMsgServer(s.App.AttributionKeeper).UpdateParams(s.Ctx(),
		&attributiontypes.MsgUpdateParams{
			Authority: authtypes.NewModuleAddress(govtypes.ModuleName).String(), Params: params,
		})
	require.NoError(s.T, err)
}

// TestPauseCostsNobodyMoney: who cannot reveal, claim or dispute because of a pause can afterwards, and only then it is
// too late.
func TestPauseCostsNobodyMoney(t *testing.T) {
	s, c, batch := lie(t)
	k := s.App.AttributionKeeper
	params, err := k.Params.Get(s.Ctx())
	require.NoError(t, err)
	closing, idle := s.Open(chain.Open(10)), s.Open(chain.Open(10))
	closing.Ask(answer())
	calls, head := closing.CloseHead()
	s.Send(s.Payer, &attributiontypes.MsgCloseSession{Signer: s.Payer.String(), SessionId: closing.Session.Id,
		Calls: calls, Head: head})
	kept, lost := newDispute(t, s.Bob, batch, 0, earlier(t, s, c)), newDispute(t, s.Payer, batch, 0, earlier(t, s, c))
	s.Send(s.Bob, kept.commit())
	s.Send(s.Payer, lost.commit())

	pause(s, true)
	s.Skip(params.IdleExpiry + params.DisputeWindow)
	s.Blocks(int(params.DisputeRevealBlocks) + 2)
	s.Refuse(s.Bob, attributiontypes.ErrPaused, kept.reveal())
	unchanged := func() {
		t.Helper()
		for _, d := range []dispute{kept, lost} {
			known, err := k.Disputes.Has(s.Ctx(), d.commit().Commitment)
			require.NoError(t, err)
			require.True(t, known)
		}
		closing.Refresh(closing.Session.Id)
		require.Equal(t, attributiontypes.SESSION_STATUS_CLOSING, closing.Session.Status)
		idle.Refresh(idle.Session.Id)
		require.Equal(t, attributiontypes.SESSION_STATUS_OPEN, idle.Session.Status)
		require.Positive(t, batchOf(t, s, batch).Pages)
	}
	unchanged()

	pause(s, false)
	grace, err := k.Grace.Get(s.Ctx())
	require.NoError(t, err)
	require.Equal(t, s.Height()+int64(params.DisputeRevealBlocks), grace.RevealUntil)
	s.Blocks(2)
	unchanged()
	exported := s.Import(s.Export())
	again, err := exported.App.AttributionKeeper.Grace.Get(exported.Ctx())
	require.NoError(t, err)
	require.Equal(t, grace, again, "an export keeps what the pause has put off")

	closing.Submit(closing.Claimed())
	s.Blocks(int(grace.RevealUntil - s.Height() - 1))
	require.True(t, kept.verdict(s).Upheld, "in the last block of the grace")
	require.Equal(t, grace.RevealUntil, s.Height())
	bonds := s.Balance(authtypes.NewModuleAddress(attributiontypes.ModuleName))
	s.Fail(s.Payer, attributiontypes.ErrDisputeNotFound, lost.reveal())
	known, err := k.Disputes.Has(s.Ctx(), lost.commit().Commitment)
	require.NoError(t, err)
	require.False(t, known)
	require.Equal(t, params.DisputeBond, bonds.Sub(s.Balance(authtypes.NewModuleAddress(attributiontypes.ModuleName))))

	s.Skip(grace.SessionsUntil.Sub(s.Time()))
	closing.Refresh(closing.Session.Id)
	require.Equal(t, attributiontypes.SESSION_STATUS_CLOSED, closing.Session.Status)
	s.Skip(grace.BatchesUntil.Sub(s.Time()))
	_, err = k.GetBatch(s.Ctx(), batch)
	require.ErrorIs(t, err, attributiontypes.ErrBatchNotFound)
}

// TestVerdictsCountWhilePaused: what needs only validators goes on, and what follows from it for others waits.
func TestVerdictsCountWhilePaused(t *testing.T) {
	s := attested(t)
	_, final := ask(s)
	s.Blocks(2)
	_, approved := ask(s)
	pause(s, true)
	s.Blocks(2)
	require.Equal(t, attributiontypes.BATCH_STATUS_FINAL, batchOf(t, s, approved).Status)

	pause(s, false)
	_, rejected := ask(s)
	pause(s, true)
	s.Voter = say(invalid, invalid, valid, valid)
	s.Blocks(2)
	require.Equal(t, attributiontypes.BATCH_STATUS_REJECTED, batchOf(t, s, rejected).Status)
	params, err := s.App.AttributionKeeper.Params.Get(s.Ctx())
	require.NoError(t, err)
	s.Skip(params.ResubmitWindow + params.DisputeWindow)
	s.Blocks(2)
	require.Equal(t, attributiontypes.BATCH_STATUS_REJECTED, batchOf(t, s, rejected).Status, "it could not be resubmitted")
	require.Equal(t, attributiontypes.BATCH_STATUS_FINAL, batchOf(t, s, final).Status, "it could not be disputed")

	pause(s, false)
	s.Send(s.Provider, &attributiontypes.MsgResubmitBatch{Provider: s.Provider.String(), BatchId: rejected})
	s.Voter = chain.AllSay(valid)
	s.Blocks(2)
	require.Equal(t, attributiontypes.BATCH_STATUS_FINAL, batchOf(t, s, rejected).Status)
	s.Skip(params.DisputeWindow)
	_, err = s.App.AttributionKeeper.GetBatch(s.Ctx(), final)
	require.ErrorIs(t, err, attributiontypes.ErrBatchNotFound)
}

func TestProviderEndsASessionAtOnce(t *testing.T) {
	s := newScenario(t)
	c := s.Open(chain.Open(10))
	before := s.Balance(s.Payer.Address)
	s.Send(s.Provider, &attributiontypes.MsgCloseSession{Signer: s.Provider.String(), SessionId: c.Session.Id})
	s.Blocks(2)
	require.Equal(t, before.Add(chain.Open(10)).String(), s.Balance(s.Payer.Address).String())
}
