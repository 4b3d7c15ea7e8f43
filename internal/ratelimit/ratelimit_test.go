package ratelimit

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAllow(t *testing.T) {
	limiter := New(1e-9, 2)
	for i, remote := range []string{"198.51.100.7:1000", "[::ffff:198.51.100.7]:2000"} {
		require.True(t, limiter.Allow(remote), "request %d of the burst", i)
	}
	require.False(t, limiter.Allow("198.51.100.7:3000"), "another port is the same address")
	require.True(t, limiter.Allow("198.51.100.8:1000"))

	for i := range 2 {
		require.True(t, limiter.Allow(fmt.Sprintf("[2600:1234::%d]:443", i+1)))
	}
	require.False(t, limiter.Allow("[2600:1234::ffff:1]:443"), "an IPv6 network is one remote")
	require.True(t, limiter.Allow("[2600:1234:0:1::1]:443"))

	for range 2 {
		require.True(t, limiter.Allow("@"))
	}
	require.False(t, limiter.Allow("@"), "what is no address is bounded too")
}

func TestMemoryIsBounded(t *testing.T) {
	limiter := New(1e-9, 1)
	for i := range 3 * maxRemotes {
		require.True(t, limiter.Allow(fmt.Sprintf("10.%d.%d.%d:1", i>>16, i>>8&255, i&255)))
		require.LessOrEqual(t, len(limiter.remotes), maxRemotes)
	}
}
