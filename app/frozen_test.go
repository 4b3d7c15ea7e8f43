package app_test

import (
	"testing"

	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// TestChangesWhileABatchWaitsMoveNothing: what a batch pays is what it would have paid in the block of its submission,
// whatever terms, owners, royalties, quality and standing become before validators have answered.
func TestChangesWhileABatchWaitsMoveNothing(t *testing.T) {
	pay := func(change func(s *chain.Scenario)) map[string]string {
		s := attested(t)
		s.Voter = say() // nobody answers yet
		_, batch := ask(s)
		s.Blocks(1)
		change(s)
		require.Equal(t, attributiontypes.BATCH_STATUS_OPEN, batchOf(t, s, batch).Status)
		before := map[string]sdkmath.Int{}
		everybody := []chain.Account{s.Alice, s.Bob, s.Owner, s.Stranger, s.Provider, s.Payer}
		for _, account := range everybody {
			before[account.Name] = s.Earned(account)
		}
		totals, err := s.App.RewardsKeeper.Totals.Get(s.Ctx())
		require.NoError(t, err)
		s.Voter = chain.AllSay(valid)
		s.Blocks(3)
		require.Equal(t, attributiontypes.BATCH_STATUS_FINAL, batchOf(t, s, batch).Status)
		earned := map[string]string{}
		for _, account := range everybody {
			earned[account.Name] = s.Earned(account).Sub(before[account.Name]).String()
		}
		after, err := s.App.RewardsKeeper.Totals.Get(s.Ctx())
		require.NoError(t, err)
		earned["burned"] = after.Burned.Sub(totals.Burned).String()
		earned["bonus"] = after.Bonus.Sub(totals.Bonus).String()
		return earned
	}
	want := pay(func(*chain.Scenario) {})
	for _, name := range []string{"alice", "bob", "owner", "provider", "burned", "bonus"} {
		require.NotEqual(t, "0", want[name], name)
	}
	require.Equal(t, "0", want["stranger"])
	for name, change := range map[string]func(s *chain.Scenario){
		"terms": func(s *chain.Scenario) {
			params, err := s.App.RewardsKeeper.Params.Get(s.Ctx())
			require.NoError(t, err)
			params.Terms = rewardstypes.Terms{DataPpm: 100_000, LineagePpm: 100_000, ValidatorsPpm: 100_000, BurnPpm: 700_000,
				BonusPpm: 100_000}
			require.NoError(t, params.Validate())
			require.NoError(t, s.App.RewardsKeeper.Params.Set(s.Ctx(), params))
		},
		"owner and royalty of the DataNet": func(s *chain.Scenario) {
			datanet, err := s.App.DatanetKeeper.GetDataNet(s.Ctx(), s.DatanetID)
			require.NoError(t, err)
			s.Send(s.Owner, &datanettypes.MsgUpdateDataNet{
				Owner: s.Owner.String(), DatanetId: s.DatanetID, Name: datanet.Name, RoyaltyFloor: datanet.RoyaltyFloor,
				OwnerPpm: 200_000,
				NewOwner: s.Stranger.String(), ReviewFee: sdkmath.ZeroInt(),
			})
		},
		"owner of the model": func(s *chain.Scenario) {
			s.Send(s.Owner, &modelstypes.MsgUpdateModel{Owner: s.Owner.String(), ModelId: s.ModelID,
				NewOwner: s.Stranger.String()})
		},
		"prices": func(s *chain.Scenario) {
			s.Send(s.Provider, &modelstypes.MsgSetOffer{Provider: s.Provider.String(), ModelId: s.ModelID,
				InputPrice: chain.Open(1), OutputPrice: chain.Open(1)})
		},
		"quality": func(s *chain.Scenario) {
			for _, contribution := range s.Contributions {
				found, err := s.App.DatanetKeeper.GetContribution(s.Ctx(), contribution.Rank)
				require.NoError(t, err)
				found.Score = 100
				require.NoError(t, s.App.DatanetKeeper.Contributions.Set(s.Ctx(), contribution.Rank, found))
			}
		},
		"recall": func(s *chain.Scenario) {
			s.Send(s.Alice, &datanettypes.MsgRecallContribution{Signer: s.Alice.String(), Rank: s.Contributions[0].Rank,
				Reason: "it names a patient"})
		},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, want, pay(change)) })
	}
}
