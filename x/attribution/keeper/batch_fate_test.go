package keeper_test

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/testutil/chain"
	"github.com/openledger/openledger/x/attribution/types"
)

// fates watches all batches of a ledger.
type fates struct {
	*ledger
	status map[uint64]types.BatchStatus // of those in state
	last   map[uint64]types.BatchStatus // before a batch was closed
	seen   map[types.BatchTransition]bool
}

func watchFates(l *ledger) *fates {
	f := &fates{ledger: l, status: make(map[uint64]types.BatchStatus), last: make(map[uint64]types.BatchStatus),
		seen: make(map[types.BatchTransition]bool)}
	l.Watch = func(int64, *abci.ResponseFinalizeBlock) { f.look() }
	return f
}

// look compares the batches with those of the block before: each status came by the table. A second refusal is settled
// in the same step, so that one status in between may not be seen.
func (f *fates) look() {
	now := make(map[uint64]types.BatchStatus)
	require.NoError(f.t, f.App.AttributionKeeper.Batches.Walk(f.Ctx(), nil, func(id uint64, b types.Batch) (bool, error) {
		now[id] = b.Status
		return false, nil
	}))
	for id := range now {
		f.changed(id, f.status[id], now[id])
	}
	for id := range f.status {
		if _, stands := now[id]; !stands {
			f.changed(id, f.status[id], types.BATCH_STATUS_UNSPECIFIED)
			f.last[id] = f.status[id]
		}
	}
	f.status = now
}

func (f *fates) changed(id uint64, from, to types.BatchStatus) {
	if from == to {
		return
	}
	f.seen[types.BatchTransition{From: from, To: to}] = true
	if types.CheckBatchTransition(from, to) == nil {
		return
	}
	between := slices.ContainsFunc(types.BatchTransitions, func(step types.BatchTransition) bool {
		return step.From == from && types.CheckBatchTransition(step.To, to) == nil
	})
	require.True(f.t, between && from == types.BATCH_STATUS_RESUBMITTED, "batch %d from %s to %s", id, from, to)
}

// TestBatchesOfAnyFate: validators agree, differ or are silent; providers resubmit; somebody disputes without a proof.
// In whatever order: every status came by the table of transitions, payers have lost the fees of what was decided and
// those of what lapsed, and nothing of what was refused; the bond is free, the module holds what it held, and the only
// coins that are missing are the bonds of the disputes and what it costs to ask validators.
func TestBatchesOfAnyFate(t *testing.T) {
	const yes, no, silent = types.VerdictValid, types.VerdictInvalid, types.VerdictUnknown
	moods := []chain.Voter{say(yes, yes, yes, yes), say(yes, yes, yes, no), say(yes, yes, no, no),
		say(yes, yes, silent, silent), say(silent, silent, silent, silent)}
	seen := make(map[types.BatchTransition]bool)
	for seed := range int64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewSource(seed))
			f := watchFates(newLedger(t, func(p *types.Params) { p.AttestTicks = 3 }))
			held, wealth, supply, totals := f.held(), f.wealth(f.Payer), f.supply(), f.totals()
			provider, err := f.App.ModelsKeeper.GetProvider(f.Ctx(), f.Provider.Address)
			require.NoError(t, err)
			fees, sent, lost := make(map[uint64]math.Int), int64(0), math.ZeroInt()
			var ids []uint64
			var open []*chain.Conversation
			for range 40 {
				f.Voter = moods[random.Intn(len(moods))]
				switch n := random.Intn(6); {
				case n <= 1:
					c := f.Open(chain.Open(20))
					c.Ask([]string{answer(), chain.Texts[0][1], chain.Texts[1][0]}[random.Intn(3)])
					msg := c.Acknowledged()
					if random.Intn(4) > 0 {
						msg = c.Attested(msg)
						lost = lost.Add(f.params().SubmissionFee)
					}
					_, id := c.Submit(msg)
					open, ids, sent = append(open, c), append(ids, id), sent+2 // to open and to close
					fees[id] = f.batch(id).Fees
				case n == 2 && len(ids) > 0:
					// Refused unless it was rejected or has expired, and the first time.
					result := f.Block(chain.Tx{Signer: f.Provider, Msgs: []sdk.Msg{
						&types.MsgResubmitBatch{Provider: f.Provider.String(), BatchId: ids[random.Intn(len(ids))]}}})
					if result[0].Code == 0 {
						lost = lost.Add(f.params().SubmissionFee)
					}
				case n == 3 && len(ids) > 0:
					d := newDispute(f.Bob, ids[random.Intn(len(ids))], fmt.Appendf(nil, "no proof %d", random.Int()))
					f.Send(f.Bob, d.commit())
					f.Block(chain.Tx{Signer: f.Bob, Msgs: []sdk.Msg{d.reveal()}})
					lost = lost.Add(f.params().DisputeBond)
				case n == 4:
					f.Skip(f.params().ResubmitWindow / 2)
				default:
					f.Blocks(1 + random.Intn(4))
				}
				require.NoError(t, f.App.AttributionKeeper.CheckInvariants(f.Ctx()))
			}
			f.Blocks(10)
			f.Skip(f.params().ResubmitWindow)
			f.Blocks(10)
			for _, c := range open {
				f.Send(f.Payer, &types.MsgCloseSession{Signer: f.Payer.String(), SessionId: c.Session.Id})
			}
			f.Skip(f.params().ClaimWindow)
			f.closeWindow()
			require.Empty(t, f.status, "every batch is closed")
			paid := math.ZeroInt()
			for _, id := range ids {
				if f.last[id] != types.BATCH_STATUS_REFUNDED {
					paid = paid.Add(fees[id])
				}
			}
			same(t, wealth.Sub(paid).Sub(chain.Fee().MulRaw(sent)), f.wealth(f.Payer))
			same(t, held, f.held())
			same(t, lost, f.destroyed(supply, totals))
			after, err := f.App.ModelsKeeper.GetProvider(f.Ctx(), f.Provider.Address)
			require.NoError(t, err)
			same(t, provider.Bond, after.Bond)
			require.True(t, after.Liability.IsZero())
			require.Zero(t, after.OpenBatches)
			for step := range f.seen {
				seen[step] = true
			}
		})
	}
	for _, step := range []types.BatchTransition{
		{From: types.BATCH_STATUS_OPEN, To: types.BATCH_STATUS_FINAL},
		{From: types.BATCH_STATUS_OPEN, To: types.BATCH_STATUS_REJECTED},
		{From: types.BATCH_STATUS_OPEN, To: types.BATCH_STATUS_EXPIRED},
		{From: types.BATCH_STATUS_REJECTED, To: types.BATCH_STATUS_REFUNDED},
		{From: types.BATCH_STATUS_EXPIRED, To: types.BATCH_STATUS_LAPSED},
		{From: types.BATCH_STATUS_RESUBMITTED, To: types.BATCH_STATUS_FINAL},
	} {
		require.True(t, seen[step], "no batch went from %s to %s: the seeds test too little", step.From, step.To)
	}
}
