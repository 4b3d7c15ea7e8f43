package keeper_test

import (
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/openledger/openledger/testutil/chain"
	"github.com/openledger/openledger/x/attribution/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// follow watches a batch and checks that its status changes by the table alone.
func (l *ledger) follow(id uint64) {
	status := types.BATCH_STATUS_UNSPECIFIED
	inner := l.Watch
	l.Watch = func(height int64, response *abci.ResponseFinalizeBlock) {
		if inner != nil {
			inner(height, response)
		}
		batch, err := l.App.AttributionKeeper.Batches.Get(l.Ctx(), id)
		if err != nil {
			batch.Status = types.BATCH_STATUS_UNSPECIFIED
		}
		if batch.Status != status {
			require.NoError(l.t, types.CheckBatchTransition(status, batch.Status))
		}
		status = batch.Status
	}
}

// TestRefusedBatches: of a batch that validators refuse, payers of a rejected one have all fees back; of an expired one
// the provider has the compute and the bounty pool the rest. Nothing is burned, no contributor is paid, and the bond is
// free in the end.
func TestRefusedBatches(t *testing.T) {
	const yes, no, silent = types.VerdictValid, types.VerdictInvalid, types.VerdictUnknown
	for name, test := range map[string]struct {
		votes  chain.Voter
		status types.BatchStatus
	}{
		"rejected by half": {say(yes, yes, no, no), types.BATCH_STATUS_REFUNDED},
		"rejected by all":  {say(no, no, no, no), types.BATCH_STATUS_REFUNDED},
		"expired":          {say(yes, yes, silent, silent), types.BATCH_STATUS_LAPSED},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLedger(t, func(p *types.Params) { p.AttestTicks = 3 })
			pool := func() math.Int { return l.Balance(authtypes.NewModuleAddress(rewardstypes.BountyPoolName)) }
			c := l.Open(chain.Open(100))
			c.Ask(answer())
			held := l.held()
			_, id := c.Submit(c.Attested(c.Acknowledged()))
			l.follow(id)
			fees := l.batch(id).Fees
			wealth, provided, bounties, totals := l.wealth(l.Payer), l.Earned(l.Provider), pool(), l.totals()
			l.Voter = test.votes
			l.Blocks(6)
			require.True(t, l.batch(id).Status.Undecided(), l.batch(id).Status)
			l.Skip(l.params().ResubmitWindow)
			l.Blocks(2)
			require.Equal(t, test.status, l.batch(id).Status)

			refunded, paid := l.wealth(l.Payer).Sub(wealth), l.Earned(l.Provider).Sub(provided)
			if test.status == types.BATCH_STATUS_REFUNDED {
				same(t, fees, refunded)
				require.True(t, paid.IsZero())
			} else {
				require.True(t, refunded.IsZero() && paid.IsPositive())
				same(t, fees, paid.Add(pool().Sub(bounties)))
			}
			now := l.totals()
			same(t, totals.Burned, now.Burned)
			same(t, totals.Bonus, now.Bonus)
			same(t, totals.Contributors, now.Contributors)
			same(t, held.Sub(fees), l.held())

			l.closeWindow()
			provider, err := l.App.ModelsKeeper.GetProvider(l.Ctx(), l.Provider.Address)
			require.NoError(t, err)
			require.True(t, provider.Liability.IsZero())
			require.Zero(t, provider.OpenBatches)
			_, err = l.App.AttributionKeeper.GetBatch(l.Ctx(), id)
			require.ErrorIs(t, err, types.ErrBatchNotFound)
		})
	}
}
