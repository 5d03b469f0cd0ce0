// Which addresses are not to be connected to, whatever name led there: those that hand out a machine's credentials, and its own.
import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { InvalidInput } from '../model/errors.ts';

export interface DialRules {
  /** Whether the loopback address may be connected to: on Lambda the runtime's own API listens there. */
  readonly loopback: boolean;
  readonly lookup?: typeof systemLookup;
}

const METADATA = new BlockList();
METADATA.addSubnet('169.254.0.0', 16, 'ipv4');
METADATA.addAddress('100.100.100.200', 'ipv4');
METADATA.addSubnet('fe80::', 10, 'ipv6');
METADATA.addSubnet('fd00:ec2::', 32, 'ipv6');
METADATA.addAddress('fd20:ce::254', 'ipv6');
// The same IPv4 addresses as a translator to IPv6 writes them (RFC 6052).
METADATA.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');
METADATA.addAddress('64:ff9b::6464:64c8', 'ipv6');

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addSubnet('0.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');
LOOPBACK.addAddress('::', 'ipv6');

/** Whether an IP address is refused; IPv4 written as IPv6 counts as what it is. */
export function isRefusedAddress(address: string, rules: Pick<DialRules, 'loopback'>): boolean {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  return METADATA.check(address, family) || (!rules.loopback && LOOPBACK.check(address, family));
}

/** Throws InvalidInput for a host that is such an address itself: those are not looked up. */
export function refuseHost(host: string, rules: DialRules): void {
  const bare = host.replace(/^\[|\]$/g, '');
  if (isIP(bare) !== 0 && isRefusedAddress(bare, rules)) throw refusal(host);
}

/** A lookup that gives only addresses which may be dialed, for the connection itself: no second answer can slip in between. */
export function guardedLookup(rules: DialRules): LookupFunction {
  const lookup = rules.lookup ?? systemLookup;
  return (host, options, answer) => {
    lookup(host, { ...options, all: true }, (error, found) => {
      const addresses: readonly LookupAddress[] = error ? [] : found;
      const refused = addresses.some(({ address }) => isRefusedAddress(address, rules));
      const [first] = addresses;
      if (error || first === undefined || refused) answer(error ?? refusal(host), '', 4);
      else if (options.all) answer(null, [...addresses]);
      else answer(null, first.address, first.family);
    });
  };
}

function refusal(host: string): InvalidInput {
  return new InvalidInput(`${host} leads to a link-local, metadata or loopback address, which is refused`);
}
