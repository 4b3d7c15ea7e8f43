// Package ratelimit bounds the rate of requests from each remote address.
package ratelimit

import (
	"net/netip"
	"sync"

	"golang.org/x/time/rate"
)

// maxRemotes is the largest number of addresses that are remembered. Above it, all are forgotten: this lets a burst
// through, but bounds memory.
const maxRemotes = 10_000

// networkBits is the number of bits of an IPv6 address that identify its owner. The owner can choose the other bits.
const networkBits = 64

// Limiter keeps a token bucket for each remote address. It is safe for concurrent use.
type Limiter struct {
	perSecond rate.Limit
	burst     int

	mu      sync.Mutex
	remotes map[string]*rate.Limiter
}

// New returns a limiter that allows each remote address perSecond requests a second, and bursts of up to burst
// requests.
func New(perSecond rate.Limit, burst int) *Limiter {
	return &Limiter{perSecond: perSecond, burst: burst, remotes: make(map[string]*rate.Limiter)}
}

// Allow reports whether a remote address, in the form of http.Request.RemoteAddr, may send a request now. If so, it
// counts the request.
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

// keyOf returns the key of a remote address: an IPv4 address, an IPv6 network, or the text itself if it is neither.
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
