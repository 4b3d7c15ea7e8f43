package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// clock is a time that tests move.
type clock struct{ at time.Time }

func (c *clock) now() time.Time          { return c.at }
func (c *clock) pass(by time.Duration)   { c.at = c.at.Add(by) }
func (c *clock) of(m *memory) *memory    { m.now = c.now; return m }
func newClock() *clock                   { return &clock{time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)} }
func local(change func(*Limits)) *Client { l := LocalLimits(true); change(&l); return New(l) }

// TestAStrangersHostIsNotFlooded simulates one day of an attestor that asks every half minute for a DataNet version of
// 1,000 contributions, all of them at a host that does not have them.
func TestAStrangersHostIsNotFlooded(t *testing.T) {
	const places, every, day = 1000, 30 * time.Second, 24 * time.Hour
	for _, result := range []outcome{silent, refused, wrong} {
		time := newClock()
		m := time.of(newMemory(DefaultBudget()))
		asked, firstMinute := 0, 0
		for passed := every * 0; passed < day; passed += every {
			for i := range places {
				location := fmt.Sprintf("https://victim.example/%d", i)
				if _, err := m.may(location); err != nil {
					continue
				}
				if _, err := m.take("victim"); err != nil {
					break // the others are refused, too
				}
				asked++
				m.settle(location, []string{"victim"}, result, 100)
			}
			if passed < 2*every {
				firstMinute = asked
			}
			time.pass(every)
		}
		t.Logf("outcome %d: asked %d times in a day, %d in the first minute; with no budget it would have been %d", result,
			asked, firstMinute, places*int(day/every))
		require.Less(t, firstMinute, 40)
		require.Less(t, asked, 6000)
		require.Positive(t, asked)
	}
}

// TestManyNamesOfOneAddress: an address is one host under all its names.
func TestManyNamesOfOneAddress(t *testing.T) {
	limits := DefaultLimits()
	for _, names := range [][]string{
		{"a.evil.example", "b.evil.example", "EVIL.example.", "evil.example"},
		{"a.b.evil.co.uk", "evil.co.uk"},
		{"198.51.100.7", "::ffff:198.51.100.7"},
		{"2600:1234::1", "2600:1234::ffff:1"},
	} {
		for _, name := range names[1:] {
			require.Equal(t, limits.nameKey(names[0], "443"), limits.nameKey(name, "80"), name)
		}
	}
	require.NotEqual(t, limits.nameKey("evil.co.uk", "80"), limits.nameKey("good.co.uk", "80"))
	require.NotEqual(t, limits.nameKey("evil.github.io", "80"), limits.nameKey("good.github.io", "80"),
		"people who share a host are not one")
	require.Equal(t, limits.addressKey(netip.MustParseAddrPort("[2600:1234::1]:80")),
		limits.addressKey(netip.MustParseAddrPort("[2600:1234::2]:443")))

	// The name localhost and the address are asked from one budget.
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusNotFound)
	}))
	defer server.Close()
	client := local(func(l *Limits) { l.Budget.Burst, l.Budget.PerSecond = 3, 1e-6 })
	client.http.Transport.(*http.Transport).DisableKeepAlives = true
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	var err error
	for i := range 6 {
		_, err = client.Get(context.Background(),
			fmt.Sprintf("http://%s:%s/%d", []string{"localhost", "127.0.0.1"}[i%2], port, i), -1, 100)
	}
	require.ErrorIs(t, err, ErrLater)
	require.LessOrEqual(t, asked.Load(), int32(3))
}

// TestSuccessIsEarnedSlowly: one answer does not make good for many failures, and a host that answers is asked faster.
func TestSuccessIsEarnedSlowly(t *testing.T) {
	time := newClock()
	m := time.of(newMemory(DefaultBudget()))
	for i := range 20 {
		m.settle(fmt.Sprint(i), []string{"host"}, silent, 0)
	}
	h, _ := m.hosts.Get("host")
	require.Equal(t, m.budget.Silent, h.level)
	m.settle("x", []string{"host"}, good, 0)
	h, _ = m.hosts.Get("host")
	require.Equal(t, m.budget.Silent-1, h.level)
	for range 100 {
		m.settle("x", []string{"host"}, good, 0)
	}
	h, _ = m.hosts.Get("host")
	require.Equal(t, -m.budget.Proven, h.level)
	// A refusal of a place does not make a silent host faster, nor an answering one as slow as a silent one.
	for i := range 20 {
		m.settle(fmt.Sprint("r", i), []string{"host"}, refused, 0)
	}
	h, _ = m.hosts.Get("host")
	require.Equal(t, m.budget.Refusing, h.level)
}

// TestLargeAnswersCostMore: sixteen megabytes are paid as 64 requests.
func TestLargeAnswersCostMore(t *testing.T) {
	time := newClock()
	m := time.of(newMemory(DefaultBudget()))
	_, err := m.take("host")
	require.NoError(t, err)
	m.settle("x", []string{"host"}, good, 16<<20)
	wait, err := m.take("host")
	require.ErrorIs(t, err, ErrLater)
	time.pass(wait)
	_, err = m.take("host")
	require.NoError(t, err, "after the wait that was named")
}

// TestMemoryIsBounded: memory has a limit, and the hosts that were asked last stay.
func TestMemoryIsBounded(t *testing.T) {
	budget := DefaultBudget()
	budget.Hosts, budget.Places = 100, 50
	m := newClock().of(newMemory(budget))
	for range 10 {
		m.settle("victim/1", []string{"victim"}, wrong, 0)
		for i := range 40 {
			m.settle(fmt.Sprint(i), []string{fmt.Sprint(i)}, silent, 0)
			_, err := m.may("victim/1")
			require.ErrorIs(t, err, ErrLater)
		}
	}
	for i := range 1000 {
		m.settle(fmt.Sprint("other", i), []string{fmt.Sprint("other", i)}, silent, 0)
	}
	require.Equal(t, 100, m.hosts.Len())
	require.Equal(t, 50, m.places.Len())
}

// TestPlacesBackOff: missing content is asked for again, but rarely; wrong content hardly ever; a place with the right
// content is forgotten.
func TestPlacesBackOff(t *testing.T) {
	var asked atomic.Int32
	body := "wrong"
	server := httptest.NewServer(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked.Add(1); _, _ = w.Write([]byte(body)) }))
	defer server.Close()
	client := local(func(*Limits) {})
	time := newClock()
	time.of(client.memory)
	get := func() ([]byte, error) {
		return client.GetChecked(context.Background(), server.URL, 5, 5, func(content []byte) error {
			if string(content) != "right" {
				return errors.New("not what was registered")
			}
			return nil
		})
	}
	_, err := get()
	require.ErrorContains(t, err, "not what was registered")
	for range 100 {
		_, err = get()
		require.ErrorIs(t, err, ErrLater)
		time.pass(2e9)
	}
	require.EqualValues(t, 1, asked.Load())
	time.pass(backOffs[wrong][0] * 2)
	body = "right"
	for range 20 {
		content, err := get()
		require.NoError(t, err)
		require.Equal(t, "right", string(content))
		time.pass(1e9)
	}
	require.EqualValues(t, 21, asked.Load())
	require.Zero(t, client.memory.places.Len())
}

// TestDownloadsWaitForTheirTurn: with patience, as when a gateway loads a model.
func TestDownloadsWaitForTheirTurn(t *testing.T) {
	server := httptest.NewServer(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("text")) }))
	defer server.Close()
	client := local(func(l *Limits) {
		l.Patience, l.PerHost, l.Budget.PerSecond, l.Budget.Burst, l.Budget.Proven = time.Minute, 1, 100, 1, 0
	})
	for range 5 {
		_, err := client.Get(context.Background(), server.URL, 4, 4)
		require.NoError(t, err)
	}
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	impatient := local(func(l *Limits) { l.Patience, l.Budget.PerSecond, l.Budget.Burst = time.Hour, 1e-3, 1 })
	_, err := impatient.memory.take(
		impatient.limits.nameKey("127.0.0.1", server.URL[strings.LastIndex(server.URL, ":")+1:]))
	require.NoError(t, err)
	_, err = impatient.Get(stopped, server.URL, 4, 4)
	require.ErrorIs(t, err, context.Canceled)
}

// TestFilesOnlyIfTheOperatorSaysSo, and never what blocks or acts when it is opened.
func TestFilesOnlyIfTheOperatorSaysSo(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	require.NoError(t, os.WriteFile(path, []byte("text"), 0o600))
	pipe := filepath.Join(folder, "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	link := filepath.Join(folder, "link")
	require.NoError(t, os.Symlink(pipe, link))
	ctx := context.Background()
	for _, client := range []*Client{New(DefaultLimits()), New(TrustedLimits())} {
		_, err := client.Get(ctx, "file://"+path, 4, 4)
		require.ErrorIs(t, err, ErrRefused)
	}
	client := local(func(*Limits) {})
	content, err := client.Get(ctx, "file://"+path, 4, 4)
	require.NoError(t, err)
	require.Equal(t, "text", string(content))
	for _, location := range []string{"file://" + pipe, "file://" + link, "file://" + folder, "file:///dev/zero",
		"file://elsewhere" + path, "file:", "file://localhost"} {
		_, err = client.Get(ctx, location, -1, 100)
		require.ErrorIs(t, err, ErrRefused, location)
	}
	for _, size := range []int64{3, 5} {
		_, err = client.Get(ctx, "file://"+path, size, size)
		require.ErrorIs(t, err, ErrRefused)
	}
	_, err = client.Get(ctx, "file://"+path, -1, 3)
	require.ErrorIs(t, err, ErrRefused)
	_, err = client.GetChecked(ctx, "file://"+path, 4, 4, func([]byte) error { return errors.New("another text") })
	require.ErrorContains(t, err, "another text")
}

// TestOtherServicesAreNotSpokenTo: mail servers and the like.
func TestOtherServicesAreNotSpokenTo(t *testing.T) {
	for _, location := range []string{"http://example.org:25/", "http://example.org:22/", "https://example.org:0/",
		"http://example.org:99999/"} {
		_, err := New(DefaultLimits()).Get(context.Background(), location, -1, 100)
		require.ErrorIs(t, err, ErrRefused, location)
		require.ErrorContains(t, err, "port", location)
	}
}
