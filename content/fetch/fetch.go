// Package fetch downloads from addresses that strangers wrote on chain. Attestors, gateways and commands that read text
// use it for all such addresses.
package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/openledger/openledger/internal/follow"
)

// ErrRefused reports that an address or an answer is not allowed. It says nothing about the content.
var ErrRefused = errors.New("refused")

// ErrTooLarge reports an answer with more bytes than wanted. It wraps ErrRefused.
var ErrTooLarge = fmt.Errorf("%w as too large", ErrRefused)

// Limits are the limits of a Client.
type Limits struct {
	// Private allows addresses that are not public, for networks on one machine, and for addresses that the user gave.
	Private bool
	// Files allows file URIs, for networks on one machine.
	Files bool
	// Connect and Total bound the time of one download.
	Connect, Total time.Duration
	// BytesPerSecond is the least average rate after the first second.
	BytesPerSecond int64
	// PerHost bounds the concurrent downloads from one host, and Budget the downloads over time.
	PerHost int
	Budget  Budget
	// Patience is the longest time that a download waits for its turn at a host. After that it is refused with ErrLater.
	Patience time.Duration
}

// DefaultLimits returns the limits for downloads from addresses that strangers named.
func DefaultLimits() Limits {
	return Limits{Connect: 2 * time.Second, Total: 20 * time.Second, BytesPerSecond: 64 << 10, PerHost: 4,
		Budget: DefaultBudget()}
}

// LocalLimits returns DefaultLimits. If local is true, strangers may also name private addresses and files, for
// networks on one machine.
func LocalLimits(local bool) Limits {
	limits := DefaultLimits()
	limits.Private, limits.Files = local, local
	return limits
}

// TrustedLimits returns the limits for addresses that the user or operator gave: any address, as often as needed.
func TrustedLimits() Limits {
	limits := DefaultLimits()
	limits.Private, limits.Budget = true, Budget{}
	return limits
}

// Client downloads within limits.
type Client struct {
	limits Limits
	http   *http.Client
	memory *memory

	mu   sync.Mutex
	busy map[string]int // number of downloads in progress, by host
}

// New returns a client. It follows no redirects, uses no proxy, and checks each address at the moment it connects to
// it, so that a name cannot be resolved to another one in between.
func New(limits Limits) *Client {
	c := &Client{limits: limits, memory: newMemory(limits.Budget), busy: make(map[string]int)}
	c.http = &http.Client{
		Transport: &http.Transport{
			DialContext: c.dial, TLSHandshakeTimeout: limits.Connect, ResponseHeaderTimeout: limits.Total,
			MaxResponseHeaderBytes: 16 << 10, DisableCompression: true, IdleConnTimeout: 30 * time.Second,
			MaxIdleConns: 64, MaxIdleConnsPerHost: limits.PerHost,
		},
		CheckRedirect: func(request *http.Request, _ []*http.Request) error {
			return answerError{refused, fmt.Errorf("%w: redirect to %s", ErrRefused, request.URL.Redacted())}
		},
	}
	return c
}

// dial connects to an allowed address. It records addresses that do not answer, whatever name led to them.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var mu sync.Mutex
	var tried []string
	dialer := &net.Dialer{Timeout: c.limits.Connect, Control: func(_, address string, _ syscall.RawConn) error {
		if !c.limits.Private {
			if err := OnlyPublic(network, address, nil); err != nil {
				return err
			}
		}
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("%w: %s", ErrRefused, err)
		}
		key := c.limits.addressKey(to)
		if _, err := c.memory.take(key); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		tried = append(tried, key)
		return nil
	}}
	connection, err := dialer.DialContext(ctx, network, address)
	if err != nil && ctx.Err() == nil {
		mu.Lock()
		defer mu.Unlock()
		c.memory.blame(tried)
	}
	return connection, err
}

// answerError reports that a host answered without the wanted content.
type answerError struct {
	outcome outcome
	error
}

func (e answerError) Unwrap() error { return e.error }

// Get downloads up to max bytes. It returns an error that wraps ErrRefused for a larger or slower answer and for an
// address that is not allowed. If size is not negative, the answer must have exactly size bytes.
func (c *Client) Get(ctx context.Context, location string, size, max int64) ([]byte, error) {
	return c.GetChecked(ctx, location, size, max, nil)
}

// GetChecked is Get for content that check accepts. A place that sends other content is not asked again for a long
// time.
func (c *Client) GetChecked(ctx context.Context, location string, size, max int64,
	check func([]byte) error) ([]byte, error) {
	parsed, err := url.Parse(location)
	if err != nil {
		return nil, fmt.Errorf("%w: %q is not an address", ErrRefused, location)
	}
	if parsed.Scheme == "file" {
		content, err := c.readFile(parsed, size, max)
		if err == nil && check != nil {
			err = check(content)
		}
		if err != nil {
			return nil, err
		}
		return content, nil
	}
	key, err := c.allow(parsed)
	if err != nil {
		return nil, err
	}
	leave, err := c.enter(ctx, key, location)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", parsed.Host, err)
	}
	defer leave()
	var content bytes.Buffer
	err = c.visit(ctx, parsed, key, size, max, &content, func() error {
		if check == nil {
			return nil
		}
		return check(content.Bytes())
	})
	if err != nil {
		return nil, err
	}
	return content.Bytes(), nil
}

// allow checks an address before any request, and returns the key of its owner.
func (c *Client) allow(location *url.URL) (key string, err error) {
	if location.Scheme != "http" && location.Scheme != "https" || location.Hostname() == "" || location.User != nil {
		return "", fmt.Errorf("%w: %q is not an http or https address", ErrRefused, location.Redacted())
	}
	port := location.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[location.Scheme]
	}
	// Services of other protocols must not be made to read what strangers write.
	if n := portNumber(port); n == 0 || !c.limits.Private && n < 1024 && n != 80 && n != 443 {
		return "", fmt.Errorf("%w: port %q is not one for web servers", ErrRefused, port)
	}
	return c.limits.nameKey(location.Hostname(), port), nil
}

func portNumber(port string) uint16 {
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return 0
	}
	return uint16(n)
}

// turnPoll is the interval at which a download checks whether another one from the same host has ended.
const turnPoll = 20 * time.Millisecond

// enter waits for a turn at a host.
func (c *Client) enter(ctx context.Context, key, location string) (leave func(), err error) {
	for waited := time.Duration(0); ; {
		leave, wait, err := c.tryEnter(key, location)
		if err == nil || wait > c.limits.Patience-waited {
			return leave, err
		}
		waited += wait
		if err := follow.Sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// tryEnter counts a download from a host, or returns the time to wait.
func (c *Client) tryEnter(key, location string) (leave func(), wait time.Duration, err error) {
	if wait, err := c.memory.may(location); err != nil {
		return nil, wait, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.busy[key] >= c.limits.PerHost {
		return nil, turnPoll, fmt.Errorf("%w: %d downloads from %s are under way", ErrLater, c.limits.PerHost, key)
	}
	if wait, err := c.memory.take(key); err != nil {
		return nil, wait, err
	}
	c.busy[key]++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.busy[key]--; c.busy[key] == 0 {
			delete(c.busy, key)
		}
	}, 0, nil
}

// Save downloads up to max bytes to a writer, for content that is too large for memory. A place whose content check
// refuses is not asked again for a long time. After an error the caller must throw away what was written.
func (c *Client) Save(ctx context.Context, location string, max int64, to io.Writer, check func() error) error {
	parsed, err := url.Parse(location)
	if err != nil {
		return fmt.Errorf("%w: %q is not an address", ErrRefused, location)
	}
	if parsed.Scheme == "file" {
		file, size, err := c.openFile(parsed)
		if err != nil {
			return err
		}
		defer file.Close()
		if size > max {
			return fmt.Errorf("%w: %s has %d bytes, at most %d are wanted", ErrTooLarge, parsed.Path, size, max)
		}
		if _, err := io.Copy(to, io.LimitReader(file, max)); err != nil {
			return err
		}
		return check()
	}
	key, err := c.allow(parsed)
	if err != nil {
		return err
	}
	leave, err := c.enter(ctx, key, location)
	if err != nil {
		return fmt.Errorf("%s: %w", parsed.Host, err)
	}
	defer leave()
	return c.visit(ctx, parsed, key, -1, max, to, check)
}

// visit downloads to a writer, and records the outcome.
func (c *Client) visit(ctx context.Context, location *url.URL, key string, size, max int64, to io.Writer,
	check func() error) error {
	var mu sync.Mutex
	keys := []string{key}
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		if to, err := netip.ParseAddrPort(info.Conn.RemoteAddr().String()); err == nil {
			mu.Lock()
			defer mu.Unlock()
			if address := c.limits.addressKey(to); !slices.Contains(keys, address) {
				keys = append(keys, address)
			}
		}
	}})
	sent, err := c.download(traced, location, size, max, to)
	if err == nil {
		if err = check(); err != nil {
			err = answerError{wrong, err}
		}
	}
	result := good
	var answered answerError
	switch {
	case errors.As(err, &answered):
		result = answered.outcome
	case ctx.Err() != nil, errors.Is(err, ErrLater):
		result = neutral
	case err != nil:
		result = silent
	}
	mu.Lock()
	defer mu.Unlock()
	c.memory.settle(location.String(), keys, result, sent)
	if err != nil {
		return fmt.Errorf("%s: %w", location.Host, err)
	}
	return nil
}

// download returns the number of bytes that a place sent, even with an error.
func (c *Client) download(ctx context.Context, location *url.URL, size, max int64, to io.Writer) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, c.limits.Total)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, location.String(), nil)
	if err != nil {
		return 0, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if status := response.StatusCode; status >= http.StatusInternalServerError || status == http.StatusTooManyRequests {
		return 0, answerError{silent, fmt.Errorf("answers %s", response.Status)}
	} else if status != http.StatusOK {
		return 0, answerError{refused, fmt.Errorf("answers %s", response.Status)}
	}
	if size >= 0 {
		max = size
	}
	if response.ContentLength > max {
		return 0, answerError{
			wrong, fmt.Errorf("%w: announces %d bytes, at most %d are wanted", ErrTooLarge, response.ContentLength, max)}
	}
	sent, err := c.read(response.Body, max, cancel, to)
	if err == nil && size >= 0 && sent != size {
		err = answerError{wrong, fmt.Errorf("%w: sent %d bytes, %d are wanted", ErrRefused, sent, size)}
	}
	return sent, err
}

// read reads up to max bytes, and fails below the lowest rate.
func (c *Client) read(body io.Reader, max int64, stop func(), to io.Writer) (int64, error) {
	var slow atomic.Bool
	allowed := time.Second + time.Duration(max/c.limits.BytesPerSecond+1)*time.Second
	timer := time.AfterFunc(allowed, func() { slow.Store(true); stop() })
	sent, err := io.Copy(to, io.LimitReader(body, max+1))
	stopped := timer.Stop()
	if err != nil {
		if !stopped && slow.Load() {
			err = fmt.Errorf("%w: slower than %d bytes a second", ErrRefused, c.limits.BytesPerSecond)
		}
		return sent, err
	}
	if sent > max {
		return sent, answerError{wrong, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, max)}
	}
	return sent, nil
}
