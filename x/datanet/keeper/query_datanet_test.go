package keeper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/testutil/datanettest"
	"github.com/openledger/openledger/x/datanet/types"
)

func TestSummary(t *testing.T) {
	r := datanettest.NewReviews(t, 9)
	r.Seed()
	r.FundBounty(datanettest.Open(250), datanettest.Open(100), r.ID)
	out, err := r.Queries.Summary(r.Ctx, &types.QuerySummaryRequest{DatanetId: r.ID})
	require.NoError(t, err)
	require.EqualValues(t, 666_666, out.AcceptancePpm, "two of three")
	require.EqualValues(t, 1_000_000, out.AgreementPpm)
	require.EqualValues(t, 9, out.DataValidators)
	require.Equal(t, datanettest.Bond.MulRaw(9), out.Stake)
	require.Equal(t, datanettest.Open(250), out.Bounties)
	require.EqualValues(t, 70, out.Earned.Int64())
}
