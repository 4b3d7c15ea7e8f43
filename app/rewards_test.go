package app_test

import (
	"testing"

	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// receiptOf is a receipt of model 7 with 100 OPEN of royalty and 10 of compute; what entries do not weigh is unattributed.
func receiptOf(entries ...rewardstypes.PayableEntry) rewardstypes.Payable {
	p := rewardstypes.Payable{
		Provider: numbered(100), Compute: chain.Open(10), Royalty: chain.Open(100), Acknowledged: true,
		Lineage: []rewardstypes.Share{{Address: numbered(101), PPM: rewardstypes.PPM}}, Entries: entries, UnattributedPPM: rewardstypes.PPM,
	}
	for _, entry := range entries {
		p.UnattributedPPM -= entry.WeightPPM
	}
	return p
}

func entryOf(rank uint64, contributor int, weight uint32) rewardstypes.PayableEntry {
	return rewardstypes.PayableEntry{Rank: rank, Contributor: numbered(contributor), WeightPPM: weight, QualityPPM: rewardstypes.PPM}
}

// prepared splits receipts and puts their fees where batches are paid from.
func prepared(t *testing.T, c *chain.Chain, from chain.Account, payables ...rewardstypes.Payable) rewardstypes.Prepared {
	t.Helper()
	prepared, err := c.App.RewardsKeeper.Prepare(c.Ctx(), rewardstypes.DefaultTerms(), payables)
	require.NoError(t, err)
	require.NoError(t, c.App.BankKeeper.SendCoinsFromAccountToModule(c.Ctx(), from.Address, attributiontypes.ModuleName, sdk.NewCoins(chain.Coin(prepared.Fees))))
	return prepared
}

func pay(t *testing.T, c *chain.Chain, from chain.Account, payables ...rewardstypes.Payable) rewardstypes.Prepared {
	t.Helper()
	p := prepared(t, c, from, payables...)
	require.NoError(t, c.App.RewardsKeeper.Enqueue(c.Ctx(), attributiontypes.ModuleName, 1, p))
	c.Block()
	return p
}

func earned(t *testing.T, c *chain.Chain, account int) sdkmath.Int {
	t.Helper()
	response, err := c.Earnings(numbered(account))
	require.NoError(t, err)
	return response.Earned.Amount
}

func TestRoyaltiesReachEachWhoHoldsOne(t *testing.T) {
	c, rich := slowRewards(t, 100, generousBonus)
	entry := entryOf(1, 1, rewardstypes.PPM)
	entry.Royalties = []rewardstypes.Share{{Address: numbered(2), PPM: 100_000}, {Address: numbered(3), PPM: 50_000}, {Address: numbered(2), PPM: 1}}
	p := pay(t, c, rich, receiptOf(entry))
	data := chain.Open(60)
	part := func(ppm int64) sdkmath.Int { return data.MulRaw(ppm).QuoRaw(rewardstypes.PPM) }
	require.Equal(t, part(100_000).Add(part(1)).String(), earned(t, c, 2).String())
	require.Equal(t, part(50_000).String(), earned(t, c, 3).String())
	require.Equal(t, part(849_999).Add(p.Bonus).String(), earned(t, c, 1).String())
}
