package keeper_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/testutil/datanettest"
	"github.com/openledger/openledger/x/datanet/types"
)

func TestDepositsAreEarnedOrDecay(t *testing.T) {
	r := datanettest.NewReviews(t, 9)
	rank := r.Seed()
	deposit := r.Contribution(rank).Deposit.Amount
	require.Equal(t, datanettest.Open(1), deposit)
	release := &types.MsgReleaseDeposits{Contributor: r.Alice.String(), Ranks: []uint64{rank}}
	require.True(t, datanettest.Must(r.Fixture, r.Msgs.ReleaseDeposits, release).Released.IsZero())
	foreign := *release
	foreign.Contributor = r.Bob.String()
	datanettest.Refuse(r.Fixture, r.Msgs.ReleaseDeposits, &foreign, types.ErrUnauthorized)

	pool, month := r.Pool(), 30*24*time.Hour
	r.After(month)
	r.EndBlock()
	decay := deposit.QuoRaw(50)
	require.Equal(t, decay.MulRaw(2), r.Pool().Sub(pool), "2 % a month, of the sound gold too")
	require.Equal(t, deposit.Sub(decay), r.Contribution(rank).Deposit.Amount)

	r.Rewards.Earned[r.Alice.String()] = deposit.QuoRaw(10)
	before := r.Bank.Of(r.Ctx, r.Alice)
	require.Equal(t, deposit.QuoRaw(10), datanettest.Must(r.Fixture, r.Msgs.ReleaseDeposits, release).Released)
	require.True(t, datanettest.Must(r.Fixture, r.Msgs.ReleaseDeposits, release).Released.IsZero(),
		"what is earned releases once")
	require.Equal(t, deposit.QuoRaw(10), r.Bank.Of(r.Ctx, r.Alice).Sub(before))
	r.Rewards.Earned[r.Alice.String()] = deposit.MulRaw(2)
	r.After(month)
	r.EndBlock()
	require.True(t, r.Contribution(rank).Deposit.IsZero(), "the rest is released before it decays")
	require.True(t, r.Contribution(rank).DecayAt.IsZero())

	squat := r.Decide(r.Bob, datanettest.Text(920), datanettest.Accepting)
	pool = r.Pool()
	for range 60 {
		r.After(month)
	}
	r.EndBlock()
	require.True(t, r.Contribution(squat).Deposit.IsZero())
	require.True(t, r.Pool().Sub(pool).GTE(deposit), "all of it decays in 50 months")
}
