package fetch

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"syscall"
)

// Refused is where nothing that a repository's owner wrote may lead: the caller's list, since the caller judges other connections by it.
type Refused struct {
	Addresses []RefusedPrefix `json:"addresses"`
	// Loopback is for connections that are made from here: behind a proxy it is the proxy's own.
	Loopback []RefusedPrefix `json:"loopback"`
	Names    []string        `json:"names"`
}

// RefusedPrefix is a network and what it is, with its article.
type RefusedPrefix struct {
	Prefix netip.Prefix `json:"prefix"`
	What   string       `json:"what"`
}

// Whatever resolves such a name may read all of it as one number (URL Standard, "ends in a number checker").
var otherSpelling = regexp.MustCompile(`(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$`)

func refusal(host, what string) error {
	return forbidden(fmt.Errorf("%s is %s, which is refused", host, what))
}

// checkHost refuses a host by its name. Behind a proxy that is all that can be known of it.
func (r *Refused) checkHost(host string) error {
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	for _, refused := range r.Names {
		if name == refused {
			return refusal(host, "a link-local or metadata address")
		}
	}
	address, err := netip.ParseAddr(name)
	if err == nil {
		return check(address, r.Addresses, r.Loopback)
	}
	if otherSpelling.MatchString(name) {
		return forbidden(fmt.Errorf("%s is an IPv4 address in a spelling that is refused", host))
	}
	return nil
}

// checkDialed refuses a connection by the address that it is made to, whatever name or redirect led there. A proxy, which the connection
// is made to where there is one, may be on this machine.
func (r *Refused) checkDialed(proxied bool) func(string, string, syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		dialed, err := netip.ParseAddrPort(address)
		if err != nil {
			return forbidden(fmt.Errorf("%s is no address", address))
		}
		if proxied {
			return check(dialed.Addr(), r.Addresses)
		}
		return check(dialed.Addr(), r.Addresses, r.Loopback)
	}
}

func check(address netip.Addr, lists ...[]RefusedPrefix) error {
	bare := address.Unmap().WithZone("")
	for _, list := range lists {
		for _, refused := range list {
			if refused.Prefix.Contains(bare) {
				return refusal(address.String(), refused.What)
			}
		}
	}
	return nil
}
