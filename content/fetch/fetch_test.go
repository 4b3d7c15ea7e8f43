package fetch_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/content/fetch"
)

func limits() fetch.Limits {
	l := fetch.DefaultLimits()
	l.Private = true // tests run on this machine
	return l
}

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func TestGet(t *testing.T) {
	base := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("text")) })
	content, err := fetch.New(limits()).Get(context.Background(), base+"/x", 4, 4)
	require.NoError(t, err)
	require.Equal(t, "text", string(content))
	for _, size := range []int64{3, 5} {
		_, err = fetch.New(limits()).Get(context.Background(), base+"/x", size, size)
		require.ErrorIs(t, err, fetch.ErrRefused, "size %d", size)
	}
	content, err = fetch.New(limits()).Get(context.Background(), base+"/x", -1, 100)
	require.NoError(t, err)
	require.Len(t, content, 4)
}

// TestPrivateAddressesAreRefused: validators fetch what strangers have written on chain.
func TestPrivateAddressesAreRefused(t *testing.T) {
	asked := false
	base := serve(t, func(http.ResponseWriter, *http.Request) { asked = true })
	_, port, _ := strings.Cut(strings.TrimPrefix(base, "http://"), ":")
	client := fetch.New(fetch.DefaultLimits())
	for _, location := range []string{
		base, "http://localhost:" + port, "http://127.1:" + port, "http://[::1]:" + port, "http://[::ffff:127.0.0.1]:" + port,
		"http://0.0.0.0:" + port,
	} {
		_, err := client.Get(context.Background(), location, -1, 100)
		require.Error(t, err, location)
	}
	require.False(t, asked, "nothing was asked")
	for _, text := range []string{
		"10.0.0.1", "172.16.0.1", "192.168.1.1", "127.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "0.1.2.3",
		"224.0.0.1", "255.255.255.255",
		"192.0.2.1", "198.18.0.1", "203.0.113.5", "240.0.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1",
		"ff02::1",
		"::ffff:10.0.0.1", "64:ff9b::a00:1", "2001:db8::1", "2002:a00:1::", "2001::1",
	} {
		require.False(t, fetch.Public(netip.MustParseAddr(text)), text)
	}
	for _, text := range []string{"1.1.1.1", "93.184.216.34", "2606:2800:220:1::1"} {
		require.True(t, fetch.Public(netip.MustParseAddr(text)), text)
	}
}

func TestOtherSchemesAreRefused(t *testing.T) {
	for _, location := range []string{"file:///etc/passwd", "ftp://example.org/x", "gopher://x", "//example.org", "",
		"http://", "http://user:pass@example.org/"} {
		_, err := fetch.New(limits()).Get(context.Background(), location, -1, 100)
		require.ErrorIs(t, err, fetch.ErrRefused, location)
	}
}

func TestRedirectsAreRefused(t *testing.T) {
	target := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("text")) })
	base := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, target, http.StatusFound) })
	_, err := fetch.New(limits()).Get(context.Background(), base, -1, 100)
	require.ErrorIs(t, err, fetch.ErrRefused)
}

// TestOversizeIsRefused: a gigabyte that is announced, and one that is not.
func TestOversizeIsRefused(t *testing.T) {
	announced := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1073741824")
		_, _ = w.Write(make([]byte, 1000))
	})
	_, err := fetch.New(limits()).Get(context.Background(), announced, 100, 100)
	require.ErrorIs(t, err, fetch.ErrRefused)
	sent := int64(0)
	endless := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		block := bytes.Repeat([]byte{1}, 64<<10)
		for sent < 1<<30 {
			n, err := w.Write(block)
			if sent += int64(n); err != nil {
				return
			}
		}
	})
	_, err = fetch.New(limits()).Get(context.Background(), endless, 100, 100)
	require.ErrorIs(t, err, fetch.ErrRefused)
	bomb := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip") // is not unpacked
		_, _ = io.WriteString(w, "small")
	})
	content, err := fetch.New(limits()).Get(context.Background(), bomb, -1, 100)
	require.NoError(t, err)
	require.Equal(t, "small", string(content))
}

func TestSlowAnswersAreRefused(t *testing.T) {
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for {
			if _, err := w.Write([]byte("x")); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	})
	l := limits()
	l.BytesPerSecond, l.Total = 1<<20, time.Minute
	started := time.Now()
	_, err := fetch.New(l).Get(context.Background(), base, 1000, 1000)
	require.ErrorIs(t, err, fetch.ErrRefused)
	require.Less(t, time.Since(started), 10*time.Second)

	l.Total = 200 * time.Millisecond
	_, err = fetch.New(l).Get(context.Background(), base, 1000, 1000)
	require.Error(t, err)
}

func TestOneHostIsAskedSoManyTimesAtOnce(t *testing.T) {
	entered, leave := make(chan struct{}, 1), make(chan struct{})
	base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		entered <- struct{}{}
		<-leave
		_, _ = w.Write([]byte("text"))
	})
	l := limits()
	l.PerHost = 1
	client := fetch.New(l)
	done := make(chan error)
	go func() {
		_, err := client.Get(context.Background(), base, -1, 100)
		done <- err
	}()
	<-entered
	_, err := client.Get(context.Background(), base, -1, 100)
	require.ErrorIs(t, err, fetch.ErrRefused)
	close(leave)
	require.NoError(t, <-done)
}

func TestFailuresAreErrors(t *testing.T) {
	base := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	_, err := fetch.New(limits()).Get(context.Background(), base, -1, 100)
	require.ErrorContains(t, err, "404")
	_, err = fetch.New(limits()).Get(context.Background(), "http://127.0.0.1:1", -1, 100)
	require.Error(t, err)
}
