package app_test

import (
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/testutil/chain"
	attributionkeeper "github.com/openledger/openledger/x/attribution/keeper"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

func batchCredits(s *chain.Scenario, id uint64, address string) (*attributiontypes.QueryBatchCreditsResponse, error) {
	return attributionkeeper.NewQueryServer(s.App.AttributionKeeper).BatchCredits(s.Ctx(),
		&attributiontypes.QueryBatchCreditsRequest{BatchId: id, Address: address})
}

// sumCredits returns what a batch credits, and as bonus; every account's parts sum to it.
func sumCredits(t *testing.T, s *chain.Scenario, id uint64) (amount, bonus sdkmath.Int) {
	t.Helper()
	response, err := batchCredits(s, id, "")
	require.NoError(t, err)
	amount, bonus = sdkmath.ZeroInt(), sdkmath.ZeroInt()
	for _, account := range response.Accounts {
		parts, extra := sdkmath.ZeroInt(), sdkmath.ZeroInt()
		for _, part := range account.Parts {
			parts, extra = parts.Add(part.Amount), extra.Add(part.Bonus)
		}
		require.Equal(t, []string{account.Amount.String(), account.Bonus.String()}, []string{parts.String(), extra.String()})
		amount, bonus = amount.Add(account.Amount), bonus.Add(account.Bonus)
	}
	return amount, bonus
}

func TestBatchCreditsAreThoseOfItsReceipts(t *testing.T) {
	s := newScenario(t)
	c := s.Open(chain.Open(100))
	c.Ask(answer())
	c.Ask(chain.Texts[1][0])
	_, id := c.Submit(c.Acknowledged())
	want, bonus := sdkmath.ZeroInt(), sdkmath.ZeroInt()
	for n := uint64(1); n <= 2; n++ {
		found, err := s.Receipt(c.ReceiptID(n))
		require.NoError(t, err)
		p := found.Payout
		want = want.Add(p.Fee).Sub(p.Burned).Sub(p.Validators).Sub(p.BountyPool).Sub(p.Retired)
		bonus = bonus.Add(p.Bonus)
	}
	amount, asked := sumCredits(t, s, id)
	require.Equal(t, []string{want.String(), bonus.String()}, []string{amount.String(), asked.String()})

	all, err := batchCredits(s, id, "")
	require.NoError(t, err)
	require.Equal(t, attributiontypes.PAYMENT_PAID, all.Payment)
	require.Equal(t, []int64{s.Height(), s.Height()}, []int64{all.Height, all.SettledHeight})
	for _, account := range all.Accounts {
		one, err := batchCredits(s, id, account.Address)
		require.NoError(t, err)
		require.Equal(t, []attributiontypes.AccountCredit{account}, one.Accounts)
	}
	nobody, err := batchCredits(s, id, s.Payer.String())
	require.NoError(t, err)
	require.Empty(t, nobody.Accounts)
	_, err = batchCredits(s, 99, "")
	require.Equal(t, codes.NotFound, status.Code(err))
	_, err = batchCredits(s, id, "open1x")
	require.Equal(t, codes.InvalidArgument, status.Code(err))
}

func TestBatchCreditsFollowTheVerdict(t *testing.T) {
	s := attested(t)
	s.Voter = say(valid, valid, invalid, invalid)
	_, id := ask(s)
	open, err := batchCredits(s, id, "")
	require.NoError(t, err)
	require.Equal(t, attributiontypes.PAYMENT_PENDING, open.Payment)
	require.Zero(t, open.SettledHeight)
	amount, _ := sumCredits(t, s, id)
	require.True(t, amount.IsPositive())
	s.Blocks(2)
	refused, err := batchCredits(s, id, "")
	require.NoError(t, err)
	require.Equal(t, attributiontypes.PAYMENT_REFUSED, refused.Payment)
	require.Empty(t, refused.Accounts, "nobody is paid from a refused batch")
}
