package chain

import (
	"slices"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	attributionkeeper "github.com/openledger/openledger/x/attribution/keeper"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	rewardskeeper "github.com/openledger/openledger/x/rewards/keeper"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

func queryServer(c *Chain) attributiontypes.QueryServer {
	return attributionkeeper.NewQueryServer(c.App.AttributionKeeper)
}

func rewardsServer(c *Chain) rewardstypes.QueryServer {
	return rewardskeeper.NewQueryServer(c.App.RewardsKeeper)
}

// Receipt returns a receipt and how it was paid.
func (c *Chain) Receipt(id string) (*attributiontypes.QueryReceiptResponse, error) {
	return queryServer(c).Receipt(c.Ctx(), &attributiontypes.QueryReceiptRequest{Id: id})
}

// Supply returns the counters of x/rewards.
func (c *Chain) Supply() (*rewardstypes.QuerySupplyResponse, error) {
	return rewardsServer(c).Supply(c.Ctx(), &rewardstypes.QuerySupplyRequest{})
}

// VerifyReceipt checks a proof of a receipt against the peaks in state.
func (c *Chain) VerifyReceipt(
	proof attributiontypes.ReceiptProof) (*attributiontypes.QueryVerifyReceiptResponse, error) {
	return queryServer(c).VerifyReceipt(c.Ctx(), &attributiontypes.QueryVerifyReceiptRequest{Proof: proof})
}

// ModuleAddress of a module account.
func (c *Chain) ModuleAddress(name string) string {
	return c.App.AccountKeeper.GetModuleAddress(name).String()
}

// Ledger lists the accounts of the ledger.
func (c *Chain) Ledger(page *query.PageRequest) (*rewardstypes.QueryLedgerResponse, error) {
	return rewardsServer(c).Ledger(c.Ctx(), &rewardstypes.QueryLedgerRequest{Pagination: page})
}

// Earnings of an account.
func (c *Chain) Earnings(account sdk.AccAddress) (*rewardstypes.QueryEarningsResponse, error) {
	return rewardsServer(c).Earnings(c.Ctx(), &rewardstypes.QueryEarningsRequest{Address: account.String()})
}

// Attestors lists validators' standings, in the order of slots.
func (c *Chain) Attestors() []attributiontypes.Attestor {
	c.T.Helper()
	response, err := queryServer(c).Attestors(c.Ctx(), &attributiontypes.QueryAttestorsRequest{})
	require.NoError(c.T, err)
	slices.SortFunc(response.Attestors, func(a, b attributiontypes.Attestor) int { return int(a.Slot) - int(b.Slot) })
	return response.Attestors
}

// OpenItems lists what validators are asked.
func (c *Chain) OpenItems() []attributiontypes.Item {
	c.T.Helper()
	response, err := queryServer(c).Items(c.Ctx(), &attributiontypes.QueryItemsRequest{})
	require.NoError(c.T, err)
	return response.Items
}
