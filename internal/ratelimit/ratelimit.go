// Package ratelimit bounds how often each remote address may ask a server.
package ratelimit

import (
	"net/netip"
	"sync"

	"golang.org/x/time/rate"
)

// maxRemotes that are remembered. Beyond them all are forgotten: this lets bursts through, and bounds memory.
const maxRemotes = 10_000

// networkBits of an IPv6 address name who has it; the rest is theirs to choose.
const networkBits = 64

// Limiter keeps a token bucket for each remote address. It is safe for concurrent use.
type Limiter struct {
	perSecond rate.Limit
	burst     int

	mu      sync.Mutex
	remotes map[string]*rate.Limiter
}

// New returns a limiter that lets each remote address ask perSecond times a second, and up to burst times at once.
func New(perSecond rate.Limit, burst int) *Limiter {
	return &Limiter{perSecond: perSecond, burst: burst, remotes: make(map[string]*rate.Limiter)}
}

// Allow reports whether a remote address, as in http.Request.RemoteAddr, may ask now. It counts the request if so.
func (l *Limiter) Allow(remote string) bool {
	key := keyOf(remote)
	l.mu.Lock()
	defer l.mu.Unlock()
	bucket := l.remotes[key]
	if bucket == nil {
		if len(l.remotes) >= maxRemotes {
			clear(l.remotes)
		}
		bucket = rate.NewLimiter(l.perSecond, l.burst)
		l.remotes[key] = bucket
	}
	return bucket.Allow()
}

// keyOf names whoever asks: an IPv4 address, an IPv6 network, or the text itself if it is neither.
func keyOf(remote string) string {
	parsed, err := netip.ParseAddrPort(remote)
	if err != nil {
		return remote
	}
	address := parsed.Addr().Unmap().WithZone("")
	if address.Is6() {
		network, err := address.Prefix(networkBits)
		if err == nil {
			return network.String()
		}
	}
	return address.String()
}
