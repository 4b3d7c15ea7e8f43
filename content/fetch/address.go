package fetch

import (
	"fmt"
	"net/netip"
	"strings"
	"syscall"

	"golang.org/x/net/publicsuffix"
)

// special are networks that are not public, in addition to those that package netip knows.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
}

// Public reports whether an address belongs to the public internet.
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

// OnlyPublic is a net.Dialer's Control for addresses that strangers name: it refuses those that are not public at the
// moment of connecting, so that a name cannot be resolved to another one in between.
func OnlyPublic(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %s", ErrRefused, err)
	}
	if !Public(to.Addr()) {
		return fmt.Errorf("%w: %s is not a public address", ErrRefused, to.Addr())
	}
	return nil
}

// networkBits is the number of bits of an IPv6 address that identify its owner. The owner can choose the other bits.
const networkBits = 64

// addressKey returns a key for the owner of an address. On private networks many services share an address, so the key
// includes the port.
func (l Limits) addressKey(address netip.AddrPort) string {
	ip := address.Addr().Unmap().WithZone("")
	if l.Private && !Public(ip) {
		return "address " + netip.AddrPortFrom(ip, address.Port()).String()
	}
	if ip.Is6() {
		if network, err := ip.Prefix(networkBits); err == nil {
			return "address " + network.String()
		}
	}
	return "address " + ip.String()
}

// nameKey returns a key for the owner of a host name, who owns all names below the registered domain.
func (l Limits) nameKey(host, port string) string {
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	if address, err := netip.ParseAddr(name); err == nil {
		return "host of " + l.addressKey(netip.AddrPortFrom(address, portNumber(port)))
	}
	if l.Private {
		name += ":" + port
	} else if registered, err := publicsuffix.EffectiveTLDPlusOne(name); err == nil {
		name = registered
	}
	return "host " + name
}
