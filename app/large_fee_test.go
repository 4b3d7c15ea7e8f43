package app_test

import (
	"testing"

	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// TestFeesAbove64Bits: a receipt of more than 18.4 OPEN, of which fee, compute, royalty and each contributor's part
// take more than 64 bits, is recorded, paid and read to the last aopen, inline and attested.
func TestFeesAbove64Bits(t *testing.T) {
	word := sdkmath.NewIntFromUint64(^uint64(0))
	for name, start := range map[string]func(*testing.T) *chain.Scenario{
		"inline":   newScenario,
		"attested": func(t *testing.T) *chain.Scenario { return attested(t) },
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			params, err := s.App.RewardsKeeper.Params.Get(s.Ctx())
			require.NoError(t, err)
			params.BonusPerSecond = chain.Open(1_000) // all that is asked for
			require.NoError(t, s.App.RewardsKeeper.Params.Set(s.Ctx(), params))
			s.Send(s.Owner, &modelstypes.MsgPublishModelVersion{
				Owner: s.Owner.String(), ModelId: s.ModelID, Digest: append(make([]byte, 31), 1), Royalty: chain.Open(100),
				Manifest: []modelstypes.ManifestEntry{{DatanetId: s.DatanetID, Version: s.Version}},
				Method:   modelstypes.ATTRIBUTION_METHOD_SPAN,
			})
			s.Send(s.Provider, &modelstypes.MsgSetOffer{Provider: s.Provider.String(), ModelId: s.ModelID,
				InputPrice: chain.Open(500), OutputPrice: chain.Open(500)})
			c := s.Open(chain.Open(1_000))
			c.MaxFee = chain.Open(900)
			c.Ask(answer())
			alice, bob := s.Earned(s.Alice), s.Earned(s.Bob)
			msg := c.Acknowledged()
			if name == "attested" {
				msg = c.Attested(msg)
			}
			_, batch := c.Submit(msg)
			s.Blocks(3)
			require.Equal(t, attributiontypes.BATCH_STATUS_FINAL, batchOf(t, s, batch).Status)
			found, err := s.Receipt(c.ReceiptID(1))
			require.NoError(t, err)
			fee := c.Answers[0].Receipt.Fee
			require.Equal(t, sdkmath.NewIntFromBigInt(fee.Big()).String(), found.Payout.Fee.String())
			require.Equal(t, batchOf(t, s, batch).Fees.String(), found.Payout.Fee.String())
			parts, above := sdkmath.ZeroInt(), 0
			earned := map[string]sdkmath.Int{}
			for _, entry := range found.Payout.Entries {
				parts = parts.Add(entry.Amount).Add(entry.OwnerAmount)
				earned[entry.Contributor] = entry.Amount.Add(entry.Bonus)
				if entry.Amount.GT(word) {
					above++
				}
			}
			require.Equal(t, 2, above, "both contributors have more than 64 bits")
			payout := found.Payout
			for _, part := range []sdkmath.Int{payout.Provider, payout.Burned, payout.Lineage, payout.Validators,
				payout.BountyPool, payout.Retired} {
				parts = parts.Add(part)
			}
			require.Equal(t, payout.Fee.String(), parts.String())
			require.True(t, payout.Provider.GT(word))
			require.Equal(t, earned[s.Alice.String()].String(), s.Earned(s.Alice).Sub(alice).String())
			require.Equal(t, earned[s.Bob.String()].String(), s.Earned(s.Bob).Sub(bob).String())
			s.Import(s.Export()).Blocks(2)
		})
	}
}
