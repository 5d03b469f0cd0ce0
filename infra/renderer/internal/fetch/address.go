package fetch

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"syscall"
)

// Addresses at which machines are served their own credentials: nothing that a repository's owner wrote may lead there.
var refusedAddresses = []netip.Prefix{
	netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("fe80::/10"),
	netip.MustParsePrefix("fd00:ec2::254/128"),
	netip.MustParsePrefix("100.100.100.200/32"),
}

var refusedNames = map[string]bool{"metadata.google.internal": true, "metadata": true}

// Whatever resolves such a name may read all of it as one number (URL Standard, "ends in a number checker").
var otherSpelling = regexp.MustCompile(`(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$`)

// The prefix under which IPv6-only networks reach IPv4 addresses (RFC 6052).
var translated = netip.MustParsePrefix("64:ff9b::/96")

func refusal(host string) error {
	return forbidden(fmt.Errorf("%s is a link-local or metadata address, which is refused", host))
}

// checkHost refuses a host by its name. Behind a proxy that is all that can be known of it.
func checkHost(host string) error {
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	address, err := netip.ParseAddr(name)
	if refusedNames[name] || (err == nil && isRefused(address)) {
		return refusal(host)
	}
	if err != nil && otherSpelling.MatchString(name) {
		return forbidden(fmt.Errorf("%s is an IPv4 address in a spelling that is refused", host))
	}
	return nil
}

// checkDialed refuses a connection by the address that it is made to, whatever name or redirect led there.
func checkDialed(_, address string, _ syscall.RawConn) error {
	dialed, err := netip.ParseAddrPort(address)
	if err != nil {
		return forbidden(fmt.Errorf("%s is no address", address))
	}
	if isRefused(dialed.Addr()) {
		return refusal(dialed.Addr().String())
	}
	return nil
}

func isRefused(address netip.Addr) bool {
	address = address.Unmap().WithZone("")
	if translated.Contains(address) {
		bytes := address.As16()
		address = netip.AddrFrom4([4]byte(bytes[12:]))
	}
	for _, prefix := range refusedAddresses {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}
