package app_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"cosmossdk.io/collections"
	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

func newScenario(t *testing.T) *chain.Scenario {
	t.Helper()
	return chain.NewScenario(func(accounts []chain.Account) *chain.Chain { return chain.New(t, accounts) })
}

// answer quotes both contributors, with words of its own in between.
func answer() string {
	return "In short: " + chain.Texts[0][0] + " On the other hand, and this matters more: " + chain.Texts[1][1]
}

func TestAnswerPaysContributorsInTheSameBlock(t *testing.T) {
	s := newScenario(t)
	c := s.Open(chain.Open(100))
	c.Ask(answer())

	supplyBefore, err := s.Supply()
	require.NoError(t, err)
	aliceBefore, bobBefore := s.Earned(s.Alice), s.Earned(s.Bob)
	_, batch := c.Submit(c.Acknowledged())
	require.EqualValues(t, 1, batch)

	found, err := s.Receipt(c.ReceiptID(1))
	require.NoError(t, err)
	receipt, payout := found.Receipt, found.Payout
	require.Len(t, receipt.Entries, 2)
	sum := receipt.UnattributedPpm
	for _, entry := range receipt.Entries {
		sum += entry.WeightPpm
	}
	require.EqualValues(t, 1_000_000, sum)
	require.True(t, receipt.Acknowledged)
	require.Equal(t, s.Height(), receipt.Height)

	// What was promised is what was earned, in the block of the receipt.
	earned := map[string]sdkmath.Int{s.Alice.String(): s.Earned(s.Alice).Sub(aliceBefore),
		s.Bob.String(): s.Earned(s.Bob).Sub(bobBefore)}
	total := sdkmath.ZeroInt()
	for _, entry := range payout.Entries {
		require.Equal(t, entry.Amount.Add(entry.Bonus).String(), earned[entry.Contributor].String())
		require.True(t, entry.Amount.IsPositive())
		total = total.Add(entry.Amount).Add(entry.OwnerAmount)
	}
	require.Equal(
		t, payout.Fee, total.Add(payout.Provider).Add(payout.Burned).Add(payout.Lineage).Add(payout.Validators).Add(
			payout.BountyPool).Add(payout.Retired))
	require.Equal(t, payout.Fee, payout.Compute.Add(payout.Royalty))
	require.Equal(t, chain.Royalty, payout.Royalty)

	supplyAfter, err := s.Supply()
	require.NoError(t, err)
	require.Equal(t, supplyBefore.Totals.Burned.Add(payout.Burned), supplyAfter.Totals.Burned)
	require.Equal(t, supplyBefore.Totals.Bonus.Add(payout.Bonus), supplyAfter.Totals.Bonus)
	require.True(t, payout.Bonus.IsPositive())
	require.True(t, payout.Bonus.LT(payout.Burned))
}

func TestAutomaticPayoutReachesTheBank(t *testing.T) {
	s := newScenario(t)
	c := s.Open(chain.Open(100))
	c.Ask(answer())
	before := s.Balance(s.Alice.Address)
	c.Submit(c.Acknowledged())
	s.Blocks(2)
	require.Equal(t, s.Earned(s.Alice).String(), s.Balance(s.Alice.Address).Sub(before).String())
}

func TestSeveralBatchesGapsAndClose(t *testing.T) {
	s := newScenario(t)
	c := s.Open(chain.Open(100))
	c.Ask(answer())
	c.Submit(c.Acknowledged())
	c.Gap(poa.AckCall)
	c.Ask(chain.Texts[0][1])
	c.Gap(poa.Call{QueryHash: poa.LeafHash([]byte("failed")), MaxFee: poa.NewAmount(5)}.Hash())
	c.Ask(chain.Texts[1][0])
	c.Submit(c.Acknowledged())
	require.EqualValues(t, 5, c.Session.Calls)

	// The closing leaf acknowledges an answer that has no voucher after it.
	c.Gap(poa.AckCall)
	c.Ask(chain.Texts[0][0])
	calls, head := c.CloseHead()
	s.Send(s.Payer, &attributiontypes.MsgCloseSession{Signer: s.Payer.String(), SessionId: c.Session.Id, Calls: calls,
		Head: head})
	c.Submit(c.Claimed())
	found, err := s.Receipt(c.ReceiptID(7))
	require.NoError(t, err)
	require.True(t, found.Receipt.Acknowledged)
	require.True(t, found.Payout.Bonus.IsPositive())

	params, err := s.App.AttributionKeeper.Params.Get(s.Ctx())
	require.NoError(t, err)
	balance := s.Balance(s.Payer.Address)
	deposit := c.Session.Deposit
	require.True(t, deposit.IsPositive())
	s.Skip(params.ClaimWindow + 2*chain.BlockTime)
	s.Blocks(3)
	require.Equal(t, deposit.String(), s.Balance(s.Payer.Address).Sub(balance).String(),
		"the rest of the deposit returns to the payer")
}

func TestUnacknowledgedAnswerPaysNoData(t *testing.T) {
	s := newScenario(t)
	c := s.Open(chain.Open(100))
	c.Ask(answer())
	before := s.Earned(s.Alice)
	c.Submit(c.Unacknowledged())
	require.Equal(t, before.String(), s.Earned(s.Alice).String())
	found, err := s.Receipt(c.ReceiptID(1))
	require.NoError(t, err)
	require.False(t, found.Receipt.Acknowledged)
	require.True(t, found.Payout.Bonus.IsZero())
	require.True(t, found.Payout.BountyPool.IsPositive())
	require.True(t, found.Payout.Provider.IsPositive())

	c.Ask(answer())
	s.Refuse(s.Provider, attributiontypes.ErrUnacknowledged, c.Unacknowledged())
}

func TestResubmissionPaysOnce(t *testing.T) {
	s := newScenario(t)
	c := s.Open(chain.Open(100))
	c.Ask(answer())
	msg := c.Acknowledged()
	c.Submit(msg)
	earned := s.Earned(s.Alice)
	result := s.Send(s.Provider, msg)
	var response attributiontypes.MsgSubmitReceiptsResponse
	require.NoError(t, chain.Decode(result, &response))
	require.EqualValues(t, 1, response.BatchId)
	require.Equal(t, earned.String(), s.Earned(s.Alice).String())
}

func TestReceiptIsProvedAfterPruning(t *testing.T) {
	s := newScenario(t)
	c := s.Open(chain.Open(100))
	c.Ask(answer())
	c.Ask(chain.Texts[1][0])
	_, batch := c.Submit(c.Acknowledged())
	header, err := s.App.AttributionKeeper.Batches.Get(s.Ctx(), batch)
	require.NoError(t, err)
	var records []poa.Record
	for page := range header.Pages {
		packed, err := s.App.AttributionKeeper.Pages.Get(s.Ctx(), collections.Join(batch, page))
		require.NoError(t, err)
		unpacked, err := poa.UnpackRecords(packed)
		require.NoError(t, err)
		records = append(records, unpacked...)
	}
	root, err := poa.HashFromBytes(header.Root)
	require.NoError(t, err)
	proof, err := attributiontypes.BuildReceiptProof(records, 1, []poa.Hash{root}, header.Leaf)
	require.NoError(t, err)

	liable, err := s.App.ModelsKeeper.GetProvider(s.Ctx(), s.Provider.Address)
	require.NoError(t, err)
	require.Equal(t, header.Liability.String(), liable.Liability.String())

	params, err := s.App.AttributionKeeper.Params.Get(s.Ctx())
	require.NoError(t, err)
	s.Skip(params.DisputeWindow + 2*chain.BlockTime)
	s.Blocks(3)
	_, err = s.Receipt(c.ReceiptID(2))
	require.ErrorContains(t, err, "NotFound")
	verified, err := s.VerifyReceipt(proof)
	require.NoError(t, err)
	require.Equal(t, c.ReceiptID(2), verified.Receipt.Id)
	proof.Index = 0
	_, err = s.VerifyReceipt(proof)
	require.Error(t, err)

	liable, err = s.App.ModelsKeeper.GetProvider(s.Ctx(), s.Provider.Address)
	require.NoError(t, err)
	require.True(t, liable.Liability.IsZero(), "the bond is free when the window has passed")
}

func TestExportImportGivesTheSameState(t *testing.T) {
	s := newScenario(t)
	c := s.Open(chain.Open(100))
	c.Ask(answer())
	c.Submit(c.Acknowledged())
	// Something of everything that waits: a sealed commit, an open session, a batch in its window.
	s.Contribute(
		s.Stranger, "A comedo forms when the outlet of a follicle is plugged by cells that stick together, and it is "+
			"called open when the plug reaches the surface of the skin.")
	exported := s.Export()
	imported := s.Import(exported)
	var want, got map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(exported.AppState, &want))
	require.NoError(t, json.Unmarshal(imported.Export().AppState, &got))
	for _, module := range []string{"datanet", "models", "attribution"} {
		require.JSONEq(t, string(want[module]), string(got[module]), module)
	}

	// Both go on in the same way.
	c.Gap(poa.AckCall)
	c.Ask(chain.Texts[1][0])
	msg := c.Acknowledged()
	s.Send(s.Provider, msg)
	imported.Send(s.Provider, msg)
	require.Equal(t, s.Earned(s.Bob).String(), imported.Earned(s.Bob).String())
}

func TestRestartContinues(t *testing.T) {
	s := newScenario(t)
	c := s.Open(chain.Open(100))
	c.Ask(answer())
	s.Restart()
	c.Submit(c.Acknowledged())
	s.Restart()
	s.Blocks(2)
	_, err := s.Receipt(c.ReceiptID(1))
	require.NoError(t, err)
}

func TestTwoRunsGiveTheSameAppHash(t *testing.T) {
	var hashes []string
	for range 2 {
		s := newScenario(t)
		c := s.Open(chain.Open(100))
		for i := range 20 {
			c.Ask(chain.Texts[i%2][i/2%2])
			c.Submit(c.Acknowledged())
			c.Gap(poa.AckCall)
		}
		hashes = append(hashes, fmt.Sprintf("%X", s.App.LastCommitID().Hash))
	}
	require.Equal(t, hashes[0], hashes[1])
}

func TestSupplyFallsByTheMarginOfWhatIsBurned(t *testing.T) {
	s := newScenario(t)
	c := s.Open(chain.Open(100))
	c.Ask(answer())
	c.Submit(c.Acknowledged())
	supply, err := s.Supply()
	require.NoError(t, err)
	require.True(t, supply.Supply.LTE(rewardstypes.MaxSupply))
	// bonus ≤ 2/3 of burned
	require.True(t, supply.Totals.Bonus.MulRaw(3).LTE(supply.Totals.Burned.MulRaw(2)))
}
