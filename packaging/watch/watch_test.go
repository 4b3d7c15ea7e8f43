// Package watch_test checks the dashboards and alert rules of this folder: that they have the form that Grafana and
// Prometheus read, and that a node, an attestor and a gateway export every figure that they name.
package watch_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/p2p"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"sigs.k8s.io/yaml"

	"github.com/openledger/openledger/app/metrics"
	"github.com/openledger/openledger/attestor"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/gateway"
	"github.com/openledger/openledger/openlora/outbox"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

type target struct{ RefID, Expr string }

type panel struct {
	ID                       int
	Type, Title, Description string
	GridPos                  *struct{ H, W, X, Y int }
	Targets                  []target
}

type dashboard struct {
	UID, Title, Description string
	SchemaVersion           int
	Panels                  []panel
}

type rule struct {
	Alert, Expr, For    string
	Labels, Annotations map[string]string
}

type rules struct {
	Groups []struct {
		Name  string
		Rules []rule
	}
}

func readDashboard(t *testing.T, name string) dashboard {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	var d dashboard
	require.NoError(t, json.Unmarshal(data, &d))
	return d
}

func readRules(t *testing.T) rules {
	t.Helper()
	data, err := os.ReadFile("alerts.yml")
	require.NoError(t, err)
	var r rules
	require.NoError(t, yaml.UnmarshalStrict(data, &r), "a field that Prometheus does not know")
	return r
}

var dashboards = []string{"node.json", "provider.json"}

// TestDashboardsHaveTheirFields: what Grafana needs to load them, and in each panel what to do.
func TestDashboardsHaveTheirFields(t *testing.T) {
	uids := make(map[string]bool)
	for _, name := range dashboards {
		d := readDashboard(t, name)
		require.NotEmpty(t, d.Title, name)
		require.NotEmpty(t, d.Description, name)
		require.False(t, d.UID == "" || uids[d.UID], "%s: uid %q", name, d.UID)
		uids[d.UID] = true
		require.Positive(t, d.SchemaVersion, name)
		require.NotEmpty(t, d.Panels, name)
		ids, titles := make(map[int]bool), make(map[string]bool)
		for i, p := range d.Panels {
			require.False(t, p.ID == 0 || ids[p.ID], "%s: panel %q has id %d", name, p.Title, p.ID)
			ids[p.ID] = true
			require.False(t, p.Title == "" || titles[p.Title], "%s: panel %d has title %q", name, p.ID, p.Title)
			titles[p.Title] = true
			require.NotNil(t, p.GridPos, p.Title)
			require.True(t, p.GridPos.W > 0 && p.GridPos.H > 0 && p.GridPos.X >= 0 && p.GridPos.X+p.GridPos.W <= 24,
				"%s: place of %q", name, p.Title)
			for _, other := range d.Panels[:i] {
				a, b := p.GridPos, other.GridPos
				require.False(t, a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H,
					"%s: %q lies on %q", name, p.Title, other.Title)
			}
			if p.Type == "row" {
				continue
			}
			require.Contains(t, []string{"stat", "timeseries"}, p.Type, p.Title)
			require.Greater(t, len(p.Description), 20, "%s: what to do about %q", name, p.Title)
			require.NotEmpty(t, p.Targets, p.Title)
			references := make(map[string]bool)
			for _, target := range p.Targets {
				require.False(t, target.RefID == "" || references[target.RefID], "%s: target of %q", name, p.Title)
				references[target.RefID] = true
				_, err := parse(target.Expr)
				require.NoError(t, err, "%s: %q", name, p.Title)
			}
		}
	}
}

// TestRulesHaveTheirFields: what Prometheus needs to load them, and in each rule how bad it is and what to do.
func TestRulesHaveTheirFields(t *testing.T) {
	names := make(map[string]bool)
	for _, group := range readRules(t).Groups {
		require.False(t, group.Name == "" || names[group.Name], "group %q", group.Name)
		names[group.Name] = true
		require.NotEmpty(t, group.Rules, group.Name)
		for _, r := range group.Rules {
			require.Regexp(t, `^[A-Z][A-Za-z]+$`, r.Alert)
			require.False(t, names[r.Alert], "%s is there twice", r.Alert)
			names[r.Alert] = true
			require.Contains(t, []string{"critical", "warning", "info"}, r.Labels["severity"], r.Alert)
			require.NotEmpty(t, r.Annotations["summary"], r.Alert)
			require.Greater(t, len(r.Annotations["description"]), 40, "what to do about %s", r.Alert)
			if r.For != "" {
				_, err := time.ParseDuration(r.For)
				require.NoError(t, err, r.Alert)
			}
			_, err := parse(r.Expr)
			require.NoError(t, err, r.Alert)
		}
	}
}

// TestRulesAreDocumented: the table of alerts in docs/operators.md has each of them and no other, and its table of
// figures has each that a node exports.
func TestRulesAreDocumented(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "operators.md"))
	require.NoError(t, err)
	_, section, ok := strings.Cut(string(page), "\n## Watch it\n")
	require.True(t, ok)
	section, _, _ = strings.Cut(section, "\n## ")
	var named []string
	for _, group := range readRules(t).Groups {
		for _, r := range group.Rules {
			named = append(named, r.Alert)
		}
	}
	var documented []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Z][A-Za-z]+)` \\|").FindAllStringSubmatch(section, -1) {
		documented = append(documented, row[1])
	}
	require.ElementsMatch(t, named, documented)
	for _, s := range exported(t) {
		name := s.family()
		if strings.HasPrefix(name, "openledger_") || strings.HasPrefix(name, "openlorad_") {
			require.Contains(t, section, "`"+name+"`", "a figure that the page does not list")
		}
	}
}

// TestEveryFigureIsExported: each series that an expression names is one that is really there, with its labels and
// their values.
func TestEveryFigureIsExported(t *testing.T) {
	there := exported(t)
	check := func(where, expr string) {
		t.Helper()
		selectors, err := parse(expr)
		require.NoError(t, err, where)
		require.NotEmpty(t, selectors, where)
		for _, s := range selectors {
			require.True(t, slices.ContainsFunc(there, s.matches), "%s: nothing exports %s %v", where, s.name, s.labels)
		}
	}
	for _, name := range dashboards {
		for _, p := range readDashboard(t, name).Panels {
			for _, target := range p.Targets {
				check(name+": "+p.Title, target.Expr)
			}
		}
	}
	for _, group := range readRules(t).Groups {
		for _, r := range group.Rules {
			check(r.Alert, r.Expr)
		}
	}
}

// exported collects what a node, an attestor and a gateway show, in all states that the files here name.
func exported(t *testing.T) []series {
	t.Helper()
	var all []series
	collect := func(handler http.Handler) {
		t.Helper()
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		require.Equal(t, http.StatusOK, recorder.Code, recorder.Body)
		text, err := io.ReadAll(recorder.Body)
		require.NoError(t, err)
		all = append(all, readSeries(t, string(text))...)
	}
	node(t, collect)
	// What the libraries of a process and CometBFT register by themselves.
	peers().Peers.Set(1)
	collect(promhttp.Handler())

	registry := prometheus.NewRegistry()
	connection, err := grpc.NewClient("127.0.0.1:1", grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer connection.Close()
	a, err := attestor.New(t.Context(), attestor.DefaultConfig(t.TempDir()), "chain", connection)
	require.NoError(t, err)
	defer a.Close()
	registry.MustRegister(a.Collectors()...)
	collect(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))

	box, err := outbox.Open(filepath.Join(t.TempDir(), "outbox.db"))
	require.NoError(t, err)
	defer box.Close()
	g, err := gateway.New(t.Context(), gateway.Config{Outbox: box, Engine: engine.Extractive{},
		Limits: gateway.DefaultLimits(), Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	collect(g.Handler())
	return all
}

// peers are CometBFT's figures about them, which it registers once in a process.
var peers = sync.OnceValue(func() *p2p.Metrics { return p2p.PrometheusMetrics("cometbft") })

// node collects from a chain on which all goes well, then a call is refused and one fails, and a step fails.
func node(t *testing.T, collect func(http.Handler)) {
	t.Helper()
	registry := prometheus.NewRegistry()
	provider, err := metrics.Prometheus(registry)
	require.NoError(t, err)
	before := otel.GetMeterProvider()
	otel.SetMeterProvider(provider)
	defer otel.SetMeterProvider(before)
	m, err := metrics.New(provider)
	require.NoError(t, err)
	c := chain.New(t, nil, chain.Attest(true))
	served := m.Watch(c.App)
	c.Served = served
	c.Voter = func(int, uint64, uint64) ([]attributiontypes.Verdict, bool) { return nil, false }
	c.Blocks(2)
	c.Voter = chain.AllSay(attributiontypes.VerdictValid)
	c.Blocks(2)
	require.NotEqual(t, abci.ResponseProcessProposal_ACCEPT, c.Judge([][]byte{{0xff}}))
	_, err = served.FinalizeBlock(&abci.RequestFinalizeBlock{Height: c.Height() + 10})
	require.Error(t, err)
	handler := promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	collect(handler)

	c.SkipInvariants = true
	require.NoError(t, c.App.RewardsKeeper.Sweep.Remove(c.Ctx()))
	c.Block()
	collect(handler)
}
