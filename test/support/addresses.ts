// A resolver that answers what a test says, as a name server of somebody else's might, and addresses that both judges of them, ours and the renderer's, must agree about.
import type { LookupAddress, lookup } from 'node:dns';
import { isIP } from 'node:net';

const CREDENTIALS = 'a link-local or metadata address';

/** Refused everywhere, with what is said of them. */
export const REFUSED: readonly (readonly [address: string, what: string])[] = [
  ...[
    '169.254.169.254',
    '169.254.0.1',
    '169.254.255.255',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    'fe80::1',
    'febf:ffff::1',
    'fd00:ec2::254',
    'fd00:ec2::23',
    'fd20:ce::254',
    'fd00:c1::a9fe:a9fe',
    'fd00:42::42',
    '::ffff:169.254.169.254',
    '::ffff:6464:64c8',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b::100.100.100.200',
    '64:ff9b:1::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    '2002:6464:64c8:1::1',
  ].map((address) => [address, CREDENTIALS] as const),
  ['0.0.0.0', 'an unspecified address'],
  ['0.1.2.3', 'an unspecified address'],
  ['::', 'an unspecified address'],
  ['64:ff9b::', 'an unspecified address'],
  ['224.0.0.1', 'a multicast address'],
  ['239.255.255.250', 'a multicast address'],
  ['ff02::1', 'a multicast address'],
  ['::ffff:224.0.0.1', 'a multicast address'],
  ['255.255.255.255', 'a broadcast address'],
  ['2001:0:a9fe:a9fe::1', 'a Teredo address'],
  ['2001::5601:5601', 'a Teredo address'],
];

/** This machine itself. */
export const LOOPBACK: readonly string[] = ['127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1', '64:ff9b::7f00:1', '2002:7f00:1::1'];

/** Private networks and the rest of the world, just beside what is refused. */
export const ALLOWED: readonly string[] = [
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '169.253.255.255',
  '169.255.0.0',
  '100.100.100.201',
  '223.255.255.255',
  '1.0.0.0',
  '2001:db8::1',
  '2001:1::1',
  'fd00:ec3::1',
  'fd12:3456::1',
  'fec0::1',
  '64:ff9b::808:808',
  '2002:808:808::1',
  '::ffff:10.0.0.1',
];

/** Names and their addresses, given anew at each question; it knows no others. */
export function resolver(names: Readonly<Record<string, readonly string[] | (() => readonly string[])>>): typeof lookup {
  const answer = (host: string, _options: unknown, done: (error: Error | null, found: readonly LookupAddress[]) => void) => {
    const known = names[host];
    const addresses = typeof known === 'function' ? known() : known;
    if (addresses === undefined) done(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' }), []);
    else
      done(
        null,
        addresses.map((address) => ({ address, family: isIP(address) })),
      );
  };
  return answer as unknown as typeof lookup; // only the form that is used
}
