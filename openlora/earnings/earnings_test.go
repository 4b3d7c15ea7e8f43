package earnings_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	sdkmath "cosmossdk.io/math"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/app"
	nodechain "github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/earnings"
	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	attributionkeeper "github.com/openledger/openledger/x/attribution/keeper"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// source is the chain of a test as a Source. It answers from the state of the last block.
type source struct {
	chain  *chain.Chain
	events map[int64][]abci.Event
	last   int64
	lost   map[int64]error // errors of Events, by block
	asked  map[int64]int
}

func (s *source) Heights(context.Context) (int64, int64, error) { return 1, s.last, nil }

func (s *source) Events(_ context.Context, height int64) ([]abci.Event, error) {
	s.asked[height]++
	return s.events[height], s.lost[height]
}

// made returns the time of a block.
func made(height int64) time.Time { return time.Unix(1_700_000_000+height, 0).UTC() }

func (s *source) BlockTime(_ context.Context, height int64) (time.Time, error) {
	return made(height), nil
}

func (s *source) BatchCredits(_ context.Context, height int64,
	batch uint64) (*attributiontypes.QueryBatchCreditsResponse, error) {
	if height != s.chain.Height() {
		return nil, fmt.Errorf("asked for height %d at %d", height, s.chain.Height())
	}
	return attributionkeeper.NewQueryServer(s.chain.App.AttributionKeeper).BatchCredits(s.chain.Ctx(),
		&attributiontypes.QueryBatchCreditsRequest{BatchId: batch})
}

// followed is a scenario whose earnings are indexed block by block.
type followed struct {
	*chain.Scenario
	index *earnings.Index
	node  *source
}

func follow(t *testing.T, validators int, edit func(*rewardstypes.Params)) *followed {
	t.Helper()
	f := &followed{}
	f.Scenario = chain.NewScenario(func(accounts []chain.Account) *chain.Chain {
		c := chain.NewWithValidators(t, validators, accounts, func(a *app.App, state map[string]json.RawMessage) {
			var genesis rewardstypes.GenesisState
			a.AppCodec().MustUnmarshalJSON(state[rewardstypes.ModuleName], &genesis)
			if edit != nil {
				edit(&genesis.Params)
			}
			state[rewardstypes.ModuleName] = a.AppCodec().MustMarshalJSON(&genesis)
		}, chain.Attest(validators > 1))
		if validators > 1 {
			c.Voter = chain.AllSay(attributiontypes.VerdictValid)
		}
		node := &source{chain: c, events: make(map[int64][]abci.Event), lost: make(map[int64]error),
			asked: make(map[int64]int)}
		f.node = node
		var err error
		f.index, err = earnings.Open(filepath.Join(t.TempDir(), "earnings.db"), node, slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, f.index.Close()) })
		c.Watch = func(height int64, response *abci.ResponseFinalizeBlock) {
			node.events[height], node.last = nodechain.Ordered(response.TxResults, response.Events), height
			require.NoError(t, f.index.Follow(t.Context()))
		}
		return c
	})
	return f
}

func (f *followed) history(account sdk.AccAddress) earnings.History {
	f.T.Helper()
	history, err := f.index.History(account.String(), "", earnings.MaxLimit)
	require.NoError(f.T, err)
	require.Equal(f.T, f.Height(), history.Height)
	return history
}

// reconcile compares the history of every account of the ledger with what the ledger says it earned and contributed.
func (f *followed) reconcile() {
	f.T.Helper()
	response, err := f.Ledger(&query.PageRequest{Limit: 1_000})
	require.NoError(f.T, err)
	require.NotEmpty(f.T, response.Accounts)
	total := sdkmath.ZeroInt()
	for _, account := range response.Accounts {
		total = total.Add(account.Earned)
		address, err := sdk.AccAddressFromBech32(account.Address)
		require.NoError(f.T, err)
		history := f.history(address)
		require.Equal(f.T, account.Earned.String(), history.Totals.Earned.String(), account.Address)
		require.Equal(f.T, account.Contributed.String(), history.Totals.Contributed.String(), account.Address)
		earned, contributed := sdkmath.ZeroInt(), sdkmath.ZeroInt()
		for _, entry := range history.Entries {
			if entry.Kind != earnings.KindBatch {
				continue
			}
			require.False(f.T, entry.BonusUnknown)
			require.Equal(f.T, made(entry.Height), *entry.Time)
			earned = earned.Add(entry.Amount).Add(*entry.Bonus)
			contributed = contributed.Add(*entry.Contributed).Add(*entry.Bonus)
			parts := sdkmath.ZeroInt()
			for _, part := range entry.Parts {
				parts = parts.Add(part.Amount)
				require.Positive(f.T, part.Receipts)
			}
			require.Equal(f.T, entry.Amount.String(), parts.String())
		}
		require.Equal(f.T, account.Earned.String(), earned.String(), "the entries sum to the totals")
		require.Equal(f.T, account.Contributed.String(), contributed.String())
	}
	days, err := f.index.Days(earnings.MaxDays)
	require.NoError(f.T, err)
	require.Equal(f.T, f.Height(), days.Height)
	paid := sdkmath.ZeroInt()
	for _, day := range days.Days {
		paid = paid.Add(day.Contributors).Add(day.Datanets).Add(day.Lineage).Add(day.Providers).Add(day.Bonus)
	}
	require.Equal(f.T, total.String(), paid.String(), "the days sum to what all accounts earned")
}

func (f *followed) params(edit func(*rewardstypes.Params)) {
	f.T.Helper()
	params, err := f.App.RewardsKeeper.Params.Get(f.Ctx())
	require.NoError(f.T, err)
	edit(&params)
	require.NoError(f.T, f.App.RewardsKeeper.Params.Set(f.Ctx(), params))
}

func answer() string {
	return "In short: " + chain.Texts[0][0] + " On the other hand, and this matters more: " + chain.Texts[1][1]
}

// asked answers a call in a new session, and returns the batch to submit.
func (f *followed) asked(text string) (*chain.Conversation, *attributiontypes.MsgSubmitReceipts) {
	f.T.Helper()
	c := f.Open(chain.Open(10))
	c.Ask(text)
	return c, c.Acknowledged()
}

func TestHistoryIsWhatTheLedgerHolds(t *testing.T) {
	f := follow(t, 1, nil)
	c := f.Open(chain.Open(100))
	c.Ask(answer())
	c.Ask(chain.Texts[0][1])
	c.Submit(c.Acknowledged())
	f.reconcile()
	c.Gap(poa.AckCall)
	c.Ask(chain.Texts[1][0])
	c.Submit(c.Unacknowledged()) // pays only compute and model
	f.reconcile()

	// The new owner of the model is paid from then on; the owner of its DataNet is still paid.
	f.Send(f.Owner, &modelstypes.MsgUpdateModel{Owner: f.Owner.String(), ModelId: f.ModelID,
		NewOwner: f.Stranger.String()})
	other, batch := f.asked(answer())
	other.Submit(batch)
	f.reconcile()

	alice := f.history(f.Alice.Address)
	require.EqualValues(t, 2, alice.Totals.Batches)
	batches := alice.Entries[:0:0]
	for _, entry := range alice.Entries {
		if entry.Kind == earnings.KindBatch {
			batches = append(batches, entry)
		}
	}
	require.Equal(t, []uint64{3, 1}, []uint64{batches[0].Batch, batches[1].Batch}, "newest first")
	require.Equal(t, f.Height(), batches[0].Height)
	require.Equal(t, []earnings.Part{{
		Role: "contributor", Model: f.ModelID, DataNet: f.DatanetID, Receipts: 2, Amount: batches[1].Amount,
		BonusAsked: *batches[1].Bonus,
	}}, batches[1].Parts)
	owner := f.history(f.Owner.Address).Entries
	require.Equal(t, "datanet", owner[len(owner)-1].Parts[0].Role)
	require.Equal(t, "lineage", owner[len(owner)-1].Parts[1].Role)
}

func TestBonusOfScarceBlocksIsToldExactly(t *testing.T) {
	f := follow(t, 1, func(p *rewardstypes.Params) { p.BonusPerSecond = sdkmath.NewInt(1_234_567_890_123) })
	for range 3 {
		one, first := f.asked(answer())
		two, second := f.asked(chain.Texts[0][1])
		for _, result := range f.Block(chain.Tx{Signer: f.Provider, Msgs: []sdk.Msg{first}},
			chain.Tx{Signer: f.Provider, Msgs: []sdk.Msg{second}}) {
			require.Zero(t, result.Code, result.Log)
		}
		one.Recorded()
		two.Recorded()
		f.reconcile()
	}
	for _, entry := range f.history(f.Alice.Address).Entries {
		if entry.Kind == earnings.KindBatch {
			require.True(t, entry.Bonus.IsPositive() && entry.Bonus.LT(*entry.BonusAsked), "granted %s of %s", entry.Bonus,
				entry.BonusAsked)
		}
	}
	// Nothing at all is granted in a block without time.
	c, batch := f.asked(answer())
	f.params(func(p *rewardstypes.Params) { p.BonusPerSecond = sdkmath.ZeroInt() })
	c.Submit(batch)
	f.reconcile()
}

func TestPauseIsIndexedWhenItEnds(t *testing.T) {
	f := follow(t, 1, func(p *rewardstypes.Params) { p.BonusPerSecond = sdkmath.NewInt(1_234_567_890_123) })
	f.params(func(p *rewardstypes.Params) { p.Paused = true })
	for _, text := range []string{answer(), chain.Texts[1][0]} {
		c, batch := f.asked(text)
		c.Submit(batch)
	}
	f.Blocks(3)
	require.Empty(t, f.history(f.Alice.Address).Entries)
	f.params(func(p *rewardstypes.Params) { p.Paused = false })
	f.Blocks(2)
	f.reconcile()
	require.EqualValues(t, 1, f.history(f.Alice.Address).Totals.Batches)
}

func TestAttestedBatchesAreIndexedByTheirEnd(t *testing.T) {
	f := follow(t, 4, nil)
	attested := func(voter chain.Voter) {
		f.Voter = voter
		c, batch := f.asked(answer())
		c.Submit(c.Attested(batch))
		f.Blocks(3)
		f.reconcile()
	}
	attested(chain.AllSay(attributiontypes.VerdictValid))
	alice := f.history(f.Alice.Address)
	once, first := alice.Totals, alice.Entries[len(alice.Entries)-1]
	require.EqualValues(t, 1, once.Batches)
	require.Equal(t, first.SubmittedHeight+2, first.Height, "final two blocks after its submission")

	params, err := f.App.AttributionKeeper.Params.Get(f.Ctx())
	require.NoError(t, err)
	// Half of the validators say no: the payer gets the fees back. Nobody can tell: compute is paid.
	half := func(validator int, base, next uint64) ([]attributiontypes.Verdict, bool) {
		return chain.AllSay(
			[]attributiontypes.Verdict{attributiontypes.VerdictValid, attributiontypes.VerdictInvalid}[validator/2])(validator,
			base, next)
	}
	attested(half)
	f.Skip(params.ResubmitWindow + time.Minute)
	f.Blocks(2)
	require.EqualValues(t, attributiontypes.BATCH_STATUS_REFUNDED, f.status(2))
	f.reconcile()
	provider := f.history(f.Provider.Address).Totals.Earned
	attested(chain.AllSay(attributiontypes.VerdictUnknown))
	f.Skip(params.AttestLimit + time.Minute)
	f.Blocks(int(params.AttestTicks) + 2)
	f.Skip(params.ResubmitWindow + time.Minute)
	f.Blocks(2)
	require.EqualValues(t, attributiontypes.BATCH_STATUS_LAPSED, f.status(3))
	f.reconcile()
	require.True(t, f.history(f.Provider.Address).Totals.Earned.GT(provider))
	require.Equal(t, once.Earned.String(), f.history(f.Alice.Address).Totals.Earned.String())
}

func (f *followed) status(batch uint64) attributiontypes.BatchStatus {
	f.T.Helper()
	found, err := f.App.AttributionKeeper.GetBatch(f.Ctx(), batch)
	require.NoError(f.T, err)
	return found.Status
}

func TestPayoutsAndClaims(t *testing.T) {
	f := follow(t, 1, nil)
	before := f.Balance(f.Bob.Address)
	for _, text := range []string{answer(), chain.Texts[1][0]} {
		c, batch := f.asked(text)
		c.Submit(batch)
	}
	f.Blocks(1)
	paid := f.history(f.Bob.Address).Totals
	require.Equal(t, f.Balance(f.Bob.Address).Sub(before).String(), paid.PaidOut.String())
	require.Equal(t, paid.Earned.String(), paid.PaidOut.String(), "above the threshold all of it")

	f.params(func(p *rewardstypes.Params) { p.PayoutThreshold = chain.Open(1_000) })
	c, batch := f.asked(chain.Texts[1][0])
	c.Submit(batch)
	f.Send(f.Bob, &rewardstypes.MsgClaim{Account: f.Bob.String(), Recipient: f.Stranger.String()})
	history := f.history(f.Bob.Address)
	require.Equal(t, earnings.KindClaim, history.Entries[0].Kind)
	require.Equal(t, f.Stranger.String(), history.Entries[0].Recipient)
	require.Equal(t, history.Totals.Earned.String(), history.Totals.PaidOut.String())
	f.reconcile()
}

func TestHistoryIsServedInPages(t *testing.T) {
	f := follow(t, 1, nil)
	for range 5 {
		c, batch := f.asked(answer())
		c.Submit(batch)
	}
	all := f.history(f.Alice.Address).Entries
	require.Greater(t, len(all), 5)
	mux := http.NewServeMux()
	mux.Handle("GET /v1/openledger/accounts/{address}/earnings", f.index)
	mux.HandleFunc("GET /v1/openledger/earnings/days", f.index.ServeDays)
	get := func(address, query string) (int, earnings.History, string) {
		recorder := httptest.NewRecorder()
		mux.ServeHTTP(
			recorder, httptest.NewRequest(http.MethodGet, "/v1/openledger/accounts/"+address+"/earnings"+query, nil))
		var history earnings.History
		require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &history))
		return recorder.Code, history, recorder.Body.String()
	}
	var paged []earnings.Entry
	for next, more := "", true; more; {
		code, page, body := get(f.Alice.String(), "?limit=2&before="+next)
		require.Equal(t, http.StatusOK, code, body)
		require.LessOrEqual(t, len(page.Entries), 2)
		paged, next = append(paged, page.Entries...), page.Next
		more = next != ""
	}
	require.Equal(t, fmt.Sprint(all), fmt.Sprint(paged))
	code, nobody, _ := get(f.Payer.String(), "")
	require.Equal(t, http.StatusOK, code)
	require.Empty(t, nobody.Entries)
	require.Equal(t, "0", nobody.Totals.Earned.String())
	for _, wrong := range [][2]string{{"open1x", ""}, {f.Alice.String(), "?limit=101"}, {f.Alice.String(), "?limit=-1"},
		{f.Alice.String(), "?limit=x"}, {f.Alice.String(), "?before=zz"}, {f.Alice.String(), "?before=00"}} {
		code, _, body := get(wrong[0], wrong[1])
		require.Equal(t, http.StatusBadRequest, code, body)
	}

	byDay := func(query string) (int, earnings.Days) {
		recorder := httptest.NewRecorder()
		mux.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/v1/openledger/earnings/days"+query, nil))
		var days earnings.Days
		require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &days))
		return recorder.Code, days
	}
	code, days := byDay("")
	require.Equal(t, http.StatusOK, code)
	require.True(t, days.Complete)
	batches, receipts := uint64(0), uint64(0)
	for _, day := range days.Days {
		batches, receipts = batches+day.Batches, receipts+day.Receipts
	}
	require.EqualValues(t, []uint64{5, 5}, []uint64{batches, receipts})
	for _, wrong := range []string{"?limit=0", "?limit=367", "?limit=x", "?limit=-1"} {
		code, _ := byDay(wrong)
		require.Equal(t, http.StatusBadRequest, code, wrong)
	}
}

// TestErrorsOfTheServer: a stranger learns whose fault it is, and not why an index cannot be read.
func TestErrorsOfTheServer(t *testing.T) {
	index, err := earnings.Open(filepath.Join(t.TempDir(), "earnings.db"), nil, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	get := func(query string) (int, map[string]string) {
		recorder := httptest.NewRecorder()
		index.ServeDays(recorder, httptest.NewRequest(http.MethodGet, "/days"+query, nil))
		var body struct {
			Error map[string]string `json:"error"`
		}
		require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &body))
		return recorder.Code, body.Error
	}
	code, told := get("?limit=x")
	require.Equal(t, http.StatusBadRequest, code)
	require.Equal(t, map[string]string{"type": "invalid_request_error", "code": "invalid_value",
		"message": `invalid request: limit "x" is not a whole number`}, told)
	require.NoError(t, index.Close())
	code, told = get("")
	require.Equal(t, http.StatusInternalServerError, code)
	require.Equal(t, map[string]string{"type": "server_error", "code": "earnings_failed",
		"message": "the gateway could not read the earnings; its log says why"}, told)
}

// TestMissingBlocksAreReported: a node that lacks results of some blocks, or answers nonsense, does not stop the index,
// and the history says which blocks are missing. The index waits for a node that does not answer.
func TestMissingBlocksAreReported(t *testing.T) {
	f := follow(t, 1, nil)
	earn := func() {
		c, batch := f.asked(answer())
		c.Submit(batch)
	}
	earn()
	f.reconcile()
	require.True(t, f.history(f.Alice.Address).Complete)
	before := f.history(f.Alice.Address).Totals.Batches

	lost := f.Height() + 1
	for height := lost; height < lost+10; height++ {
		f.node.lost[height] = fmt.Errorf("%w: could not find results for height", nodechain.ErrNoResults)
	}
	earn()
	f.Blocks(int(lost + 10 - f.Height()))
	nonsense := f.Height() + 1
	f.node.events[nonsense] = nil
	f.node.lost[nonsense] = errors.New("cannot decode")
	follow := f.Watch
	f.Watch = func(height int64, response *abci.ResponseFinalizeBlock) {
		f.node.last = height
		_ = f.index.Follow(t.Context())
	}
	f.Blocks(3)
	f.Watch = follow
	f.Blocks(1)
	require.Equal(t, 3, f.node.asked[nonsense])
	earn()
	history := f.history(f.Alice.Address)
	require.False(t, history.Complete)
	require.Equal(t, before+1, history.Totals.Batches, "later blocks are indexed")
	require.Len(t, history.Missing, 2)
	require.Equal(t, []int64{lost, lost + 9}, []int64{history.Missing[0].From, history.Missing[0].To})
	require.Equal(t, []int64{nonsense, nonsense}, []int64{history.Missing[1].From, history.Missing[1].To})
	require.Contains(t, history.Missing[1].Why, "decode")

	away := f.Height() + 1
	f.node.lost[away] = status.Error(codes.Unavailable, "the node is starting")
	f.Watch = func(height int64, response *abci.ResponseFinalizeBlock) {
		f.node.events[height], f.node.last = nodechain.Ordered(response.TxResults, response.Events), height
		require.Error(t, f.index.Follow(t.Context()))
	}
	f.Blocks(8)
	delete(f.node.lost, away)
	require.NoError(t, f.index.Follow(t.Context()))
	require.Len(t, f.history(f.Alice.Address).Missing, 2)
}
