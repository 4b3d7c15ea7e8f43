package metrics_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"testing"

	sdkmath "cosmossdk.io/math"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"

	"github.com/openledger/openledger/app"
	"github.com/openledger/openledger/app/metrics"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// watch measures the node of a chain in a registry of its own.
func watch(t *testing.T, c *chain.Chain) (*metrics.Metrics, *prometheus.Registry) {
	t.Helper()
	registry := prometheus.NewRegistry()
	provider, err := metrics.Prometheus(registry)
	require.NoError(t, err)
	before := otel.GetMeterProvider()
	otel.SetMeterProvider(provider) // where steps are counted
	t.Cleanup(func() { otel.SetMeterProvider(before) })
	m, err := metrics.New(provider)
	require.NoError(t, err)
	c.Served = m.Watch(c.App)
	return m, registry
}

// collect returns the values of a registry, by name{label=value,…}. For a histogram it is the count.
func collect(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	require.NoError(t, err)
	figures := make(map[string]float64)
	for _, family := range families {
		for _, m := range family.Metric {
			name := family.GetName()
			if len(m.Label) > 0 {
				labels := make([]string, len(m.Label))
				for i, l := range m.Label {
					labels[i] = l.GetName() + "=" + l.GetValue()
				}
				sort.Strings(labels)
				name += "{" + strings.Join(labels, ",") + "}"
			}
			_, twice := figures[name]
			require.False(t, twice, "%s is there twice", name)
			switch family.GetType() {
			case dto.MetricType_COUNTER:
				figures[name] = m.Counter.GetValue()
			case dto.MetricType_HISTOGRAM:
				figures[name] = float64(m.Histogram.GetSampleCount())
			default:
				figures[name] = m.Gauge.GetValue()
			}
		}
	}
	return figures
}

func attesting(accounts []chain.Account, t *testing.T) *chain.Chain {
	c := chain.NewWithValidators(t, 2, accounts, func(a *app.App, state map[string]json.RawMessage) {
		var genesis attributiontypes.GenesisState
		a.AppCodec().MustUnmarshalJSON(state[attributiontypes.ModuleName], &genesis)
		genesis.Params.Attestation = true
		state[attributiontypes.ModuleName] = a.AppCodec().MustMarshalJSON(&genesis)
	})
	c.Voter = chain.AllSay(attributiontypes.VerdictValid)
	return c
}

func open(amount sdkmath.Int) float64 {
	value, err := sdkmath.LegacyNewDecFromIntWithPrec(amount, rewardstypes.Decimals).Float64()
	if err != nil {
		return math.NaN()
	}
	return value
}

// TestFiguresAreWhatStateSays: metrics equal the state while a batch waits for validators, and after it was paid.
func TestFiguresAreWhatStateSays(t *testing.T) {
	s := chain.NewScenario(func(accounts []chain.Account) *chain.Chain { return attesting(accounts, t) })
	_, registry := watch(t, s.Chain)
	first := s.Height()
	s.Voter = func(int, uint64, uint64) ([]attributiontypes.Verdict, bool) { return nil, false }
	conversation := s.Open(chain.Open(100))
	conversation.Ask(chain.Texts[0][0])
	_, _ = conversation.Submit(conversation.Attested(conversation.Acknowledged()))
	s.Blocks(5)

	check := func(want map[string]float64) map[string]float64 {
		t.Helper()
		got := collect(t, registry)
		for name, value := range want {
			require.Contains(t, got, name)
			require.InDelta(t, value, got[name], math.Abs(value)*1e-12, name)
		}
		totals, err := s.App.RewardsKeeper.Totals.Get(s.Ctx())
		require.NoError(t, err)
		reserve, err := s.App.RewardsKeeper.Reserve.Get(s.Ctx())
		require.NoError(t, err)
		for name, amount := range map[string]sdkmath.Int{
			"openledger_rewards_bonus_open_total": totals.Bonus, "openledger_rewards_burned_open_total": totals.Burned,
			"openledger_rewards_fees_open_total": totals.Fees, "openledger_rewards_emitted_open_total": totals.Emitted,
			"openledger_rewards_retired_open_total": totals.Retired, "openledger_rewards_reserve_open": reserve,
			"openledger_rewards_supply_open": s.App.BankKeeper.GetSupply(s.Ctx(), rewardstypes.Denom).Amount,
		} {
			require.InEpsilon(t, 1+open(amount), 1+got[name], 1e-12, name)
		}
		require.Equal(t, float64(totals.Receipts), got["openledger_rewards_receipts_total"])
		require.Equal(t, float64(s.Height()), got["openledger_chain_height_blocks"])
		blocks := float64(s.Height() - first)
		require.Equal(t, blocks, got["openledger_abci_call_seconds{call=finalize_block,status=ok}"])
		require.Equal(t, blocks, got["openledger_abci_call_seconds{call=commit,status=ok}"])
		require.Equal(t, blocks, got["openledger_abci_call_seconds{call=prepare_proposal,status=ok}"])
		require.Equal(t, blocks, got["openledger_abci_call_seconds{call=process_proposal,status=accepted}"])
		require.Equal(t, 2*blocks, got["openledger_abci_call_seconds{call=verify_vote_extension,status=accepted}"])
		require.Equal(t, 2*blocks, got["openledger_abci_call_seconds{call=extend_vote,status=ok}"]+
			got["openledger_abci_call_seconds{call=extend_vote,status=empty}"])
		return got
	}
	got := check(map[string]float64{
		"openledger_attestation_open_items{kind=batch}":              1,
		"openledger_attestation_open_items{kind=version}":            0,
		"openledger_attestation_oldest_item_blocks{kind=batch}":      5,
		"openledger_rewards_credit_lists{stage=held}":                1,
		"openledger_rewards_credit_lists{stage=dead_letter}":         0,
		"openledger_attribution_open_sessions":                       1,
		"openledger_attribution_open_disputes":                       0,
		"openledger_attestation_enabled":                             1,
		"openledger_module_paused{module=rewards}":                   0,
		"openledger_rewards_owed_open":                               0,
		"openledger_module_due_entries{module=datanet,queue=timers}": 0,
	})
	require.NotZero(t, got["openledger_abci_call_seconds{call=extend_vote,status=empty}"])
	require.NotContains(t, fmt.Sprint(got), "openledger_module_step_failures")
	ticks := got["openledger_attestation_ticks_total"]

	s.Voter = chain.AllSay(attributiontypes.VerdictValid)
	s.Blocks(3)
	got = check(map[string]float64{
		"openledger_attestation_open_items{kind=batch}":         0,
		"openledger_attestation_oldest_item_blocks{kind=batch}": 0,
		"openledger_rewards_credit_lists{stage=held}":           0,
		"openledger_rewards_receipts_total":                     1,
	})
	require.Greater(t, got["openledger_attestation_ticks_total"], ticks)
	require.NotZero(t, got["openledger_rewards_bonus_open_total"])
}

// TestFailingStepIsShown: a step of the end-blocker that fails is counted in each block, and the chain goes on.
func TestFailingStepIsShown(t *testing.T) {
	c := chain.New(t, nil)
	_, registry := watch(t, c)
	c.Blocks(2)
	c.SkipInvariants = true
	require.NoError(t, c.App.RewardsKeeper.Sweep.Remove(c.Ctx()))
	c.Blocks(3)
	require.Equal(t, 3.0,
		collect(t, registry)["openledger_module_step_failures_total{module=rewards,step=settlement}"])
}

// TestRefusedCallsAreShown by their status.
func TestRefusedCallsAreShown(t *testing.T) {
	c := chain.New(t, nil)
	_, registry := watch(t, c)
	_, err := c.Served.CheckTx(&abci.RequestCheckTx{Tx: []byte("no transaction")})
	require.NoError(t, err)
	require.NotEqual(t, abci.ResponseProcessProposal_ACCEPT, c.Judge([][]byte{{0xff}}))
	_, err = c.Served.VerifyVoteExtension(
		&abci.RequestVerifyVoteExtension{Height: c.Height(), VoteExtension: make([]byte, 10_000)})
	require.NoError(t, err)
	got := collect(t, registry)
	require.Equal(t, 1.0, got["openledger_abci_call_seconds{call=check_tx,status=rejected}"])
	require.Equal(t, 1.0, got["openledger_abci_call_seconds{call=process_proposal,status=rejected}"])
	require.Equal(t, 1.0, got["openledger_abci_call_seconds{call=verify_vote_extension,status=rejected}"])
}

// TestTwoNodesInOneProcess: the second node is shown, nothing is registered twice, and a closed node is not read.
func TestTwoNodesInOneProcess(t *testing.T) {
	first := chain.New(t, nil)
	m, registry := watch(t, first)
	first.Blocks(3)
	require.Equal(t, 4.0, collect(t, registry)["openledger_chain_height_blocks"])
	second := chain.New(t, nil)
	second.Served = m.Watch(second.App)
	require.Equal(t, 1.0, collect(t, registry)["openledger_chain_height_blocks"])

	closing, ok := first.Served.(*metrics.Node)
	require.True(t, ok)
	require.NoError(t, closing.Close())
	require.Equal(t, 1.0, collect(t, registry)["openledger_chain_height_blocks"], "the other is still watched")
	closing, ok = second.Served.(*metrics.Node)
	require.True(t, ok)
	require.NoError(t, closing.Close())
	require.NoError(t, closing.Close(), "the server closes twice")
	require.NotContains(t, collect(t, registry), "openledger_chain_height_blocks")
}

// TestStateIsReadWhileBlocksAreMade: collecting does not delay blocks, and heights never decrease.
func TestStateIsReadWhileBlocksAreMade(t *testing.T) {
	c := chain.New(t, nil)
	_, registry := watch(t, c)
	stop, seen := make(chan struct{}), make(chan []float64)
	go func() {
		var heights []float64
		for {
			families, _ := registry.Gather()
			for _, family := range families {
				if family.GetName() == "openledger_chain_height_blocks" {
					heights = append(heights, family.Metric[0].Gauge.GetValue())
				}
			}
			select {
			case <-stop:
				seen <- heights
				return
			default:
			}
		}
	}()
	c.Blocks(20)
	close(stop)
	heights := <-seen
	require.True(t, slices.IsSorted(heights), heights)
	require.Equal(t, 21.0, collect(t, registry)["openledger_chain_height_blocks"])
}
