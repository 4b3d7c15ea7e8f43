// Package fetch downloads from addresses that strangers have written on chain.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"syscall"
	"time"
)

// ErrRefused says that an address or an answer is outside what is allowed. It says nothing about content.
var ErrRefused = errors.New("refused")

// Limits of a Client.
type Limits struct {
	// Private allows addresses that are not public, for networks on one machine.
	Private bool
	// Connect and Total bound the time of one download.
	Connect, Total time.Duration
	// BytesPerSecond is the least average rate after the first second.
	BytesPerSecond int64
	// PerHost bounds the downloads from one host at a time.
	PerHost int
}

// DefaultLimits of downloads.
func DefaultLimits() Limits {
	return Limits{Connect: 2 * time.Second, Total: 20 * time.Second, BytesPerSecond: 64 << 10, PerHost: 4}
}

// Client downloads within limits.
type Client struct {
	limits Limits
	http   *http.Client

	mu    sync.Mutex
	hosts map[string]int
}

// New returns a client. It follows no redirects, uses no proxy, and checks each address at the moment it connects to it, so that a name
// cannot be resolved to another one in between.
func New(limits Limits) *Client {
	c := &Client{limits: limits, hosts: make(map[string]int)}
	dialer := &net.Dialer{Timeout: limits.Connect, Control: func(_, address string, _ syscall.RawConn) error {
		host, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("%w: %s", ErrRefused, err)
		}
		if !limits.Private && !Public(host.Addr()) {
			return fmt.Errorf("%w: %s is not a public address", ErrRefused, host.Addr())
		}
		return nil
	}}
	c.http = &http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: limits.Connect, ResponseHeaderTimeout: limits.Total,
			MaxResponseHeaderBytes: 16 << 10, DisableCompression: true, IdleConnTimeout: 30 * time.Second, MaxIdleConnsPerHost: limits.PerHost,
		},
		CheckRedirect: func(request *http.Request, _ []*http.Request) error {
			return fmt.Errorf("%w: redirect to %s", ErrRefused, request.URL.Redacted())
		},
	}
	return c
}

// special are networks that are not for the public beside those that package netip knows.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
}

// Public says whether an address is one of the public internet.
func Public(address netip.Addr) bool {
	address = address.Unmap().WithZone("")
	if !address.IsGlobalUnicast() || address.IsPrivate() {
		return false
	}
	for _, network := range special {
		if network.Contains(address) {
			return false
		}
	}
	return true
}

// Get downloads up to max bytes; more, slower or from elsewhere is refused. A size of at least 0 must be met exactly.
func (c *Client) Get(ctx context.Context, location string, size, max int64) ([]byte, error) {
	parsed, err := url.Parse(location)
	if err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" || parsed.User != nil {
		return nil, fmt.Errorf("%w: %q is not an http or https address", ErrRefused, location)
	}
	release, err := c.enter(parsed.Host)
	if err != nil {
		return nil, err
	}
	defer release()
	ctx, cancel := context.WithTimeout(ctx, c.limits.Total)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, parsed.String(), nil)
	if err != nil {
		return nil, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", parsed.Host, response.Status)
	}
	if size >= 0 {
		max = size
	}
	if response.ContentLength > max {
		return nil, fmt.Errorf("%w: %s announces %d bytes, at most %d are wanted", ErrRefused, parsed.Host, response.ContentLength, max)
	}
	content, err := c.read(response.Body, max, cancel)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", parsed.Host, err)
	}
	if size >= 0 && int64(len(content)) != size {
		return nil, fmt.Errorf("%w: %s sent %d bytes, %d are wanted", ErrRefused, parsed.Host, len(content), size)
	}
	return content, nil
}

// enter counts a download from a host.
func (c *Client) enter(host string) (release func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hosts[host] >= c.limits.PerHost {
		return nil, fmt.Errorf("%w: %d downloads from %s are under way", ErrRefused, c.limits.PerHost, host)
	}
	c.hosts[host]++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.hosts[host]--; c.hosts[host] == 0 {
			delete(c.hosts, host)
		}
	}, nil
}

// read reads up to max bytes at the least rate.
func (c *Client) read(body io.Reader, max int64, stop func()) ([]byte, error) {
	slow := false
	allowed := time.Second + time.Duration(max/c.limits.BytesPerSecond+1)*time.Second
	timer := time.AfterFunc(allowed, func() { slow = true; stop() })
	content, err := io.ReadAll(io.LimitReader(body, max+1))
	stopped := timer.Stop()
	if err != nil {
		if !stopped && slow {
			err = fmt.Errorf("%w: slower than %d bytes a second", ErrRefused, c.limits.BytesPerSecond)
		}
		return nil, err
	}
	if int64(len(content)) > max {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrRefused, max)
	}
	return content, nil
}
