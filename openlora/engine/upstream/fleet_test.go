package upstream_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/engine/upstream"
)

// patience is the longest wait of a test for something that comes soon.
const patience = 20 * time.Second

// fleetOf returns a fleet of stand-ins. With an interval of an hour it hardly ever checks them.
func fleetOf(t testing.TB, options upstream.FleetOptions, standIns ...*standIn) *upstream.Fleet {
	t.Helper()
	f, err := upstream.NewFleet(servers(t, standIns...), options)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

var unchecked = upstream.FleetOptions{Interval: time.Hour}

func question(text string) engine.Request {
	return engine.Request{Messages: []api.Message{{Role: "user", Content: text}}, MaxTokens: 50}
}

// asked is the outcome of an answer.
type asked struct {
	pieces []string
	reply  engine.Reply
	err    error
}

func (a asked) said() string { return strings.Join(a.pieces, "") }

func askFleet(ctx context.Context, f *upstream.Fleet, request engine.Request) asked {
	var out asked
	out.reply, out.err = f.Answer(ctx, request, func(piece string) error {
		out.pieces = append(out.pieces, piece)
		return nil
	})
	return out
}

func five() *engine.Adapter {
	return &engine.Adapter{Name: "openledger-5-1", Folder: "/adapters/five", Rank: 8}
}

// TestFleetFailsOver: whatever servers do, an answer comes from one server, once, and from another only if the first
// sent nothing.
func TestFleetFailsOver(t *testing.T) {
	standIns := []*standIn{newStandIn(t, "a"), newStandIn(t, "b"), newStandIn(t, "c")}
	rapid.Check(t, func(rt *rapid.T) {
		for _, s := range standIns {
			list := rapid.SliceOfN(rapid.SampledFrom([]mood{well, well, busy, broken, cutting, stuttering, erring, refusing}),
				1, 6).Draw(rt, "moods of "+s.name)
			s.locked(func() bool {
				next := 0
				s.adapters = map[string]string{}
				s.mood = func() mood {
					next++
					return list[(next-1)%len(list)]
				}
				return true
			})
		}
		f, err := upstream.NewFleet(servers(t, standIns...), unchecked)
		require.NoError(t, err)
		defer f.Close()
		var all sync.WaitGroup
		answers := make([]asked, rapid.IntRange(1, 12).Draw(rt, "answers"))
		lora := rapid.SliceOfN(rapid.Bool(), len(answers), len(answers)).Draw(rt, "adapters")
		for i := range answers {
			all.Go(func() {
				request := question(fmt.Sprint("q", i))
				if lora[i] {
					request.Adapter = five()
				}
				answers[i] = askFleet(t.Context(), f, request)
			})
		}
		all.Wait()
		for i, a := range answers {
			model := "base"
			if lora[i] {
				model = five().Name
			}
			wholes := map[string]bool{}
			of := 0
			for _, s := range standIns {
				whole := strings.Join(s.words(model, fmt.Sprint("q", i)), "")
				wholes[whole] = true
				if a.said() != "" && strings.HasPrefix(whole, a.said()) {
					of++
				}
			}
			switch {
			case a.err == nil && !wholes[a.said()]:
				rt.Fatalf("an answer is %q", a.said())
			case a.said() != "" && of != 1:
				rt.Fatalf("%d servers say %q", of, a.said())
			case a.err == nil && a.reply.Text != a.said():
				rt.Fatalf("said was %q, and the answer is %q", a.said(), a.reply.Text)
			}
			var upstream *engine.UpstreamError
			if a.err != nil && !errors.As(a.err, &upstream) {
				rt.Fatalf("it failed with %v", a.err)
			}
			if a.err != nil && lora[i] && strings.Contains(a.err.Error(), "does not exist") {
				rt.Fatalf("the adapter was not loaded: %v", a.err)
			}
		}
	})
}

// TestFleetAsksAnother: if one of two servers fails before the first word, every answer comes from the other.
func TestFleetAsksAnother(t *testing.T) {
	for _, bad := range []mood{busy, broken, cutting, erring} {
		a, b := newStandIn(t, "a"), newStandIn(t, "b")
		a.mood = func() mood { return bad }
		f := fleetOf(t, unchecked, a, b)
		for i := range 6 {
			got := askFleet(t.Context(), f, question(fmt.Sprint(i)))
			require.NoError(t, got.err)
			require.Equal(t, strings.Join(b.words("base", fmt.Sprint(i)), ""), got.said())
		}
		require.Positive(t, a.asked)
	}
}

// TestFleetDoesNotAskAnother: after a word, and for faults of the client, no other server is asked.
func TestFleetDoesNotAskAnother(t *testing.T) {
	for bad, said := range map[mood]int{stuttering: 3, refusing: 0} {
		a, b := newStandIn(t, "a"), newStandIn(t, "b")
		a.mood, b.mood = func() mood { return bad }, func() mood { return bad }
		f := fleetOf(t, unchecked, a, b)
		got := askFleet(t.Context(), f, question("q"))
		require.ErrorIs(t, got.err, engine.ErrUpstream)
		require.Equal(t, 1, a.asked+b.asked)
		require.Len(t, strings.Fields(got.said()), said)
	}
}

// TestFleetLeavesBusyServersAlone: a busy server is not asked for the time of its Retry-After, and if all are busy the
// error says so.
func TestFleetLeavesBusyServersAlone(t *testing.T) {
	a, b := newStandIn(t, "a"), newStandIn(t, "b")
	a.mood, a.retryAfter = func() mood { return busy }, "40"
	b.mood, b.retryAfter = func() mood { return busy }, "30"
	f := fleetOf(t, unchecked, a, b)
	for range 3 {
		var upstream *engine.UpstreamError
		require.ErrorAs(t, askFleet(t.Context(), f, question("q")).err, &upstream)
		require.True(t, upstream.Busy)
		require.InDelta(t, 30, upstream.RetryAfter.Seconds(), 20) // the shorter one, less the time that has passed
		require.LessOrEqual(t, upstream.RetryAfter, 30*time.Second)
	}
	require.Equal(t, 2, a.asked+b.asked)
}

// TestFleetSpreadsAnswers: the server with the fewest answers in flight is asked, and none beyond its limit.
func TestFleetSpreadsAnswers(t *testing.T) {
	a, b := newStandIn(t, "a"), newStandIn(t, "b")
	hold := make(chan struct{})
	a.hold, b.hold = hold, hold
	f := fleetOf(t, upstream.FleetOptions{Interval: time.Hour, Answers: 4}, a, b)
	var all sync.WaitGroup
	answers := make([]asked, 8)
	for i := range answers {
		all.Go(func() { answers[i] = askFleet(t.Context(), f, question("q")) })
	}
	require.Eventually(t, func() bool {
		return a.locked(func() bool { return a.flying == 4 }) && b.locked(func() bool { return b.flying == 4 })
	}, patience, time.Millisecond)
	var full *engine.UpstreamError
	require.ErrorAs(t, askFleet(t.Context(), f, question("q")).err, &full)
	require.True(t, full.Busy)
	require.Positive(t, full.RetryAfter)
	require.Equal(t, 8.0, gauge(t, f, "openlorad_upstream_in_flight"))
	close(hold)
	all.Wait()
	for _, got := range answers {
		require.NoError(t, got.err)
	}
	require.Equal(t, 4, a.most)
	require.Equal(t, 4, b.most)
}

// TestFleetLoadsWhereItIsMissing: the server with the adapter is preferred until it is much busier than another.
func TestFleetLoadsWhereItIsMissing(t *testing.T) {
	a, b := newStandIn(t, "a"), newStandIn(t, "b")
	f := fleetOf(t, unchecked, a, b)
	require.NoError(t, f.Load(t.Context(), five()))
	require.NoError(t, f.Load(t.Context(), five()))
	require.Equal(t, 1, a.loads+b.loads)
	names, err := f.Loaded(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"openledger-5-1"}, names)
	request := question("q")
	request.Adapter = five()
	for range 5 {
		require.NoError(t, askFleet(t.Context(), f, request).err)
	}
	require.Equal(t, 1, a.loads+b.loads, "one at a time, the one that has it is asked")

	hold := make(chan struct{})
	a.locked(func() bool { a.hold = hold; return true })
	b.locked(func() bool { b.hold = hold; return true })
	var all sync.WaitGroup
	answers := make([]asked, 12)
	for i := range answers {
		all.Go(func() { answers[i] = askFleet(t.Context(), f, request) })
	}
	require.Eventually(t, func() bool {
		return a.locked(func() bool { return a.flying >= 3 }) && b.locked(func() bool { return b.flying >= 3 })
	}, patience, time.Millisecond)
	close(hold)
	all.Wait()
	for _, got := range answers {
		require.NoError(t, got.err)
	}
	require.Equal(t, 2, a.loads+b.loads, "many at once have the other load it, once")
	require.NoError(t, f.Unload(t.Context(), five().Name))
	names, err = f.Loaded(t.Context())
	require.NoError(t, err)
	require.Empty(t, names)
	require.NoError(t, f.Unload(t.Context(), five().Name))
}

// TestFleetLoadsAgain: an adapter that a server lost is loaded again before the first word.
func TestFleetLoadsAgain(t *testing.T) {
	a := newStandIn(t, "a")
	f := fleetOf(t, unchecked, a)
	request := question("q")
	request.Adapter = five()
	require.NoError(t, askFleet(t.Context(), f, request).err)
	a.locked(func() bool { clear(a.adapters); return true })
	require.NoError(t, askFleet(t.Context(), f, request).err)
	require.Equal(t, 2, a.loads)
}

// TestFleetSaysWhyAnAdapterIsMissing: the error does not blame the client.
func TestFleetSaysWhyAnAdapterIsMissing(t *testing.T) {
	a, b := newStandIn(t, "a"), newStandIn(t, "b")
	f := fleetOf(t, unchecked, a, b)
	missing := five()
	missing.Folder = "/missing"
	request := question("q")
	request.Adapter = missing
	got := askFleet(t.Context(), f, request)
	require.ErrorContains(t, got.err, "--adapter-path-map")
	var upstream *engine.UpstreamError
	require.ErrorAs(t, got.err, &upstream)
	require.False(t, upstream.Refused)
	require.ErrorContains(t, f.Load(t.Context(), missing), "--adapter-path-map")
	request.Adapter = &engine.Adapter{Name: "openledger-6-1", File: "/six.gguf"}
	require.ErrorIs(t, askFleet(t.Context(), f, request).err, engine.ErrAdapter)
}

// TestFleetUnloadsWhenNobodyUsesIt: answers in flight go on.
func TestFleetUnloadsWhenNobodyUsesIt(t *testing.T) {
	a := newStandIn(t, "a")
	hold := make(chan struct{})
	a.hold = hold
	f := fleetOf(t, unchecked, a)
	request := question("q")
	request.Adapter = five()
	answered := make(chan asked, 1)
	go func() { answered <- askFleet(t.Context(), f, request) }()
	require.Eventually(t, func() bool { return a.locked(func() bool { return a.flying == 1 }) }, patience,
		time.Millisecond)
	gone := make(chan error, 1)
	go func() { gone <- f.Unload(t.Context(), five().Name) }()
	select {
	case err := <-gone:
		t.Fatalf("it was unloaded while it answered: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, f.Unload(ended, five().Name), context.Canceled)
	close(hold)
	require.NoError(t, (<-answered).err)
	require.NoError(t, <-gone)
	require.Empty(t, a.adapters)
}

var often = upstream.FleetOptions{Interval: 2 * time.Millisecond}

func up(t *testing.T, f *upstream.Fleet) float64 {
	t.Helper()
	return gauge(t, f, "openlorad_upstream_up")
}

// TestFleetTakesServersBack: a server that was down is used again, and then unloads what it should have unloaded
// meanwhile.
func TestFleetTakesServersBack(t *testing.T) {
	a, b := newStandIn(t, "a"), newStandIn(t, "b")
	f := fleetOf(t, often, a, b)
	request := question("q")
	request.Adapter = five()
	a.locked(func() bool { a.sick = true; return true })
	require.Eventually(t, func() bool { return up(t, f) == 1 }, patience, time.Millisecond)
	for range 4 {
		require.NoError(t, askFleet(t.Context(), f, request).err)
	}
	require.Zero(t, a.asked)
	a.locked(func() bool { a.adapters[five().Name] = "/left"; return true })
	require.NoError(t, f.Unload(t.Context(), five().Name))
	a.locked(func() bool { a.sick = false; return true })
	require.Eventually(t, func() bool {
		return up(t, f) == 2 && a.locked(func() bool { return len(a.adapters) == 0 })
	}, patience, time.Millisecond)

	start := b.stop(t)
	require.Eventually(t, func() bool { return up(t, f) == 1 }, patience, time.Millisecond)
	require.NoError(t, askFleet(t.Context(), f, request).err)
	start()
	require.Eventually(t, func() bool { return up(t, f) == 2 }, patience, time.Millisecond)
	for range 4 {
		require.NoError(t, askFleet(t.Context(), f, request).err)
	}
}

// TestFleetGivesUpASilentServer: when a server is down, answers that it has not begun are asked of another server.
func TestFleetGivesUpASilentServer(t *testing.T) {
	a, b := newStandIn(t, "a"), newStandIn(t, "b")
	a.mood = func() mood { return halting }
	b.mood = a.mood
	f := fleetOf(t, often, a, b)
	answered := make(chan asked, 1)
	go func() { answered <- askFleet(t.Context(), f, question("q")) }()
	silent, other := a, b
	select {
	case <-a.hung:
	case <-b.hung:
		silent, other = b, a
	}
	other.locked(func() bool { other.mood = func() mood { return well }; return true })
	silent.locked(func() bool { silent.sick = true; return true })
	got := <-answered
	require.NoError(t, got.err)
	require.Equal(t, strings.Join(other.words("base", "q"), ""), got.said())
}

// TestFleetTriesServersThatAreDown: they are tried when no other is left, because a check may be wrong.
func TestFleetTriesServersThatAreDown(t *testing.T) {
	a := newStandIn(t, "a")
	a.sick = true
	f := fleetOf(t, often, a)
	require.Eventually(t, func() bool { return up(t, f) == 0 }, patience, time.Millisecond)
	require.NoError(t, askFleet(t.Context(), f, question("q")).err)
}

// TestFleetDrains: answers in flight finish, and new ones are refused for now.
func TestFleetDrains(t *testing.T) {
	a := newStandIn(t, "a")
	hold := make(chan struct{})
	a.hold = hold
	f, err := upstream.NewFleet(servers(t, a), unchecked)
	require.NoError(t, err)
	answered := make(chan asked, 1)
	go func() { answered <- askFleet(t.Context(), f, question("q")) }()
	require.Eventually(t, func() bool { return a.locked(func() bool { return a.flying == 1 }) }, patience,
		time.Millisecond)
	closed := make(chan error, 1)
	go func() { closed <- f.Close() }()
	require.Eventually(t, func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond) // a request that is still accepted waits, too
		defer cancel()
		var upstream *engine.UpstreamError
		return errors.As(askFleet(ctx, f, question("late")).err, &upstream) && upstream.Busy
	}, patience, time.Millisecond)
	close(hold)
	got := <-answered
	require.NoError(t, got.err)
	require.Len(t, strings.Fields(got.said()), 6)
	require.NoError(t, <-closed)
}

// TestFleetEndsWithItsCaller: no other server is asked after the caller has gone.
func TestFleetEndsWithItsCaller(t *testing.T) {
	a, b := newStandIn(t, "a"), newStandIn(t, "b")
	a.mood = func() mood { return halting }
	b.mood = a.mood
	f := fleetOf(t, unchecked, a, b)
	ctx, cancel := context.WithCancel(t.Context())
	answered := make(chan asked, 1)
	go func() { answered <- askFleet(ctx, f, question("q")) }()
	select {
	case <-a.hung:
	case <-b.hung:
	}
	cancel()
	require.Error(t, (<-answered).err)
	require.Equal(t, 1, a.asked+b.asked)
}

func TestFleetIsChecked(t *testing.T) {
	a, b := newStandIn(t, "a"), newStandIn(t, "b")
	f := fleetOf(t, unchecked, a, b)
	require.NoError(t, f.Check(t.Context()))
	a.Server.Close()
	require.NoError(t, f.Check(t.Context()), "one is enough")
	b.Server.Close()
	err := f.Check(t.Context())
	require.ErrorContains(t, err, a.URL)
	require.ErrorContains(t, err, b.URL)
	_, err = upstream.NewFleet(servers(t, a, a), unchecked)
	require.ErrorContains(t, err, "twice")
	_, err = upstream.NewFleet(nil, unchecked)
	require.Error(t, err)
}

// TestFleetCounts: metrics count what happened.
func TestFleetCounts(t *testing.T) {
	a, b := newStandIn(t, "a"), newStandIn(t, "b")
	a.mood = func() mood { return broken }
	f := fleetOf(t, unchecked, a, b)
	request := question("q")
	request.Adapter = five()
	for range 4 {
		require.NoError(t, askFleet(t.Context(), f, request).err)
	}
	require.Equal(t, 4.0, gauge(t, f, "openlorad_upstream_answers_total"))
	require.Equal(t, float64(a.asked), gauge(t, f, "openlorad_upstream_failures_total"))
	require.Equal(t, float64(a.asked), gauge(t, f, "openlorad_upstream_failovers_total"))
	require.Equal(t, float64(a.loads+b.loads), gauge(t, f, "openlorad_upstream_adapter_loads_total"))
	require.Equal(t, float64(a.loads+b.loads), gauge(t, f, "openlorad_upstream_adapters"))
}

// gauge returns the sum of a metric over all servers.
func gauge(t *testing.T, f *upstream.Fleet, name string) float64 {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	require.NoError(t, registry.Register(f))
	families, err := registry.Gather()
	require.NoError(t, err)
	sum, found := 0.0, false
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if family.GetName() == name {
				found = true
				sum += metric.GetGauge().GetValue() + metric.GetCounter().GetValue()
			}
		}
	}
	require.True(t, found, name)
	return sum
}
