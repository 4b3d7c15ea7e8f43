package review_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/testutil/datanettest"
	"github.com/openledger/openledger/x/datanet/types"
)

func TestBondsAndUnbonding(t *testing.T) {
	r := datanettest.NewReviews(t, 1)
	who := r.Validators[0].String()
	bondMsg := func(amount int64) *types.MsgBondValidator {
		return &types.MsgBondValidator{Validator: r.Alice.String(), DatanetId: r.ID, Amount: datanettest.Open(amount)}
	}
	datanettest.Refuse(r.Fixture, r.Msgs.BondValidator, bondMsg(3_999), types.ErrInvalidBond)
	unknown := bondMsg(4_000)
	unknown.DatanetId = 9
	datanettest.Refuse(r.Fixture, r.Msgs.BondValidator, unknown, types.ErrDataNetNotFound)
	owned := bondMsg(4_000)
	owned.DatanetId = r.Create()
	datanettest.Refuse(r.Fixture, r.Msgs.BondValidator, owned, types.ErrReviewPolicy)
	unbond := func(amount int64) *types.MsgUnbondValidator {
		return &types.MsgUnbondValidator{Validator: who, DatanetId: r.ID, Amount: datanettest.Open(amount)}
	}
	datanettest.Refuse(r.Fixture, r.Msgs.UnbondValidator, unbond(1), types.ErrInvalidBond)
	datanettest.Refuse(r.Fixture, r.Msgs.UnbondValidator, unbond(4_001), types.ErrInvalidBond)
	datanettest.Must(r.Fixture, r.Msgs.BondValidator, &types.MsgBondValidator{Validator: who, DatanetId: r.ID,
		Amount: datanettest.Open(100)})
	before := r.Balance(who)
	for range 7 {
		r.After(time.Hour)
		datanettest.Must(r.Fixture, r.Msgs.UnbondValidator, unbond(1))
	}
	datanettest.Refuse(r.Fixture, r.Msgs.UnbondValidator, unbond(1), types.ErrInvalidBond)
	r.After(r.Params().Unbonding - 6*time.Hour)
	r.EndBlock()
	require.Equal(t, before.Add(datanettest.Open(1)), r.Balance(who), "the first part has matured")
	datanettest.Must(r.Fixture, r.Msgs.UnbondValidator, unbond(4_093))
	require.False(t, r.Validator(r.ID, who).Active)
	r.After(r.Params().Unbonding)
	r.EndBlock()
	require.Equal(t, before.Add(datanettest.Open(4_100)), r.Balance(who))
	require.True(t, r.ModuleBalance().IsZero())
}
