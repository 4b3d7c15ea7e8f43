package keeper_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/testutil/datanettest"
	"github.com/openledger/openledger/testutil/solo"
	"github.com/openledger/openledger/x/datanet/types"
)

func TestRecall(t *testing.T) {
	r := datanettest.NewReviews(t, 9)
	own, others := r.Seed(), r.Decide(r.Alice, datanettest.Text(800), datanettest.Accepting)
	waiting := r.Fresh(r.Alice, 1)[0]
	datanettest.Refuse(r.Fixture, r.Msgs.RecallContribution, datanettest.RecallMsg(r.Alice.String(), waiting),
		types.ErrContributionStatus)
	datanettest.Refuse(r.Fixture, r.Msgs.RecallContribution, datanettest.RecallMsg(r.Bob.String(), own),
		types.ErrUnauthorized)

	deposit := r.Contribution(own).Deposit
	datanettest.Must(r.Fixture, r.Msgs.RecallContribution, datanettest.RecallMsg(r.Alice.String(), own))
	c := r.Contribution(own)
	require.Equal(t, types.CONTRIBUTION_STATUS_RECALLED, c.Status)
	require.Equal(t, "private letters", c.Reason)
	require.Equal(t, deposit, c.Deposit, "to recall frees no deposit: it still blocks")
	require.False(t, c.DecayAt.IsZero())

	datanettest.Must(r.Fixture, r.Msgs.RecallContribution, datanettest.RecallMsg(r.Owner.String(), others))
	datanettest.Refuse(r.Fixture, r.Msgs.RecallContribution, datanettest.RecallMsg(solo.Authority(), others),
		types.ErrRecall)
	require.True(t, r.Contribution(others).Earning(), "it is paid until the delay is over")
	r.After(14*24*time.Hour - time.Second)
	require.True(t, r.Contribution(others).Earning())
	r.After(time.Second)
	r.EndBlock()
	require.Equal(t, types.CONTRIBUTION_STATUS_RECALLED, r.Contribution(others).Status)
	require.EqualValues(t, 2, r.Datanet(r.ID).Record.Stopped)
}
