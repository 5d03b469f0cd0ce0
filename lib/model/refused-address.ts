// The one list of addresses that nothing which a repository's owner wrote may lead to: downloads, git and ssh judge by it here, and the
// renderer, which fetches charts, is handed it (threats: SSRF). Private networks are not in it: companies' servers are there.

export interface RefusedPrefix {
  /** A network as CIDR. */
  readonly prefix: string;
  /** What it is, with its article. */
  readonly what: string;
}

export interface RefusedAddresses {
  /** Refused whoever asks. */
  readonly addresses: readonly RefusedPrefix[];
  /** Refused where this machine has secrets of its own to tell. */
  readonly loopback: readonly RefusedPrefix[];
  /** Hosts by name, for whoever leaves it to another to resolve them. */
  readonly names: readonly string[];
}

const METADATA = 'a link-local or metadata address';

/** What each cloud documents as the address of its metadata, beside the link-local ones: Alibaba, Azure, Oracle, AWS, Google, Scaleway. */
const METADATA_V4 = ['169.254.0.0/16', '100.100.100.200/32', '168.63.129.16/32', '192.0.0.192/32'];
const METADATA_V6 = ['fe80::/10', 'fd00:c1::a9fe:a9fe/128', 'fd00:ec2::/32', 'fd20:ce::254/128', 'fd00:42::42/128'];
const METADATA_NAMES = ['metadata.google.internal', 'metadata.goog', 'metadata', 'instance-data', 'instance-data.ec2.internal'];

const ADDRESSES: readonly RefusedPrefix[] = [
  ...METADATA_V4.flatMap((prefix) => inEachForm(prefix, METADATA)),
  ...METADATA_V6.map((prefix) => ({ prefix, what: METADATA })),
  ...inEachForm('0.0.0.0/8', 'an unspecified address'),
  { prefix: '::/128', what: 'an unspecified address' },
  ...inEachForm('224.0.0.0/4', 'a multicast address'),
  { prefix: 'ff00::/8', what: 'a multicast address' },
  ...inEachForm('255.255.255.255/32', 'a broadcast address'),
  // These hide an IPv4 address in bits that no prefix tells (RFC 4380), and serve nothing.
  { prefix: '2001::/32', what: 'a Teredo address' },
];
const LOOPBACK: readonly RefusedPrefix[] = [
  ...inEachForm('127.0.0.0/8', 'a loopback address'),
  { prefix: '::1/128', what: 'a loopback address' },
];
const MAPPED = bitsOf('::ffff:0:0').slice(0, 96);

/** The list as data. `loopback`: whether this machine itself may be connected to. */
export function refusedAddresses({ loopback }: { readonly loopback: boolean }): RefusedAddresses {
  return { addresses: ADDRESSES, loopback: loopback ? [] : LOOPBACK, names: METADATA_NAMES };
}

/** What an IP address is, if it is refused; undefined for others, and for what is no IP address. IPv4 in IPv6 counts as what it is. */
export function refusedAddress(address: string, rules: { readonly loopback: boolean }): string | undefined {
  const whole = bitsOf(address);
  const bits = whole.startsWith(MAPPED) ? whole.slice(MAPPED.length) : whole;
  const { addresses, loopback } = refusedAddresses(rules);
  return [...addresses, ...loopback].find(({ prefix }) => covers(prefix, bits))?.what;
}

/** The same for a host as a URL has it, without brackets: an IP address, or the name of one that is refused. */
export function refusedHost(host: string, rules: { readonly loopback: boolean }): string | undefined {
  const name = host.toLowerCase().replace(/\.$/, '');
  return METADATA_NAMES.includes(name) ? METADATA : refusedAddress(name, rules);
}

/** An IPv4 network, and it as translators (RFC 6052, RFC 8215) and 6to4 (RFC 3056) write it into IPv6. */
function inEachForm(network: string, what: string): readonly RefusedPrefix[] {
  const [address = '', length = ''] = network.split('/');
  const groups = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  const high = `${groups[0]}${groups[1]}`;
  const forms = [
    network,
    `64:ff9b::${address}/${96 + Number(length)}`,
    `64:ff9b:1::${address}/${96 + Number(length)}`,
    `2002:${high}:${groups[2]}${groups[3]}::/${16 + Number(length)}`,
  ];
  return forms.map((prefix) => ({ prefix, what }));
}

function covers(network: string, bits: string): boolean {
  const [address = '', length = ''] = network.split('/');
  const own = bitsOf(address);
  return own.length === bits.length && bits.startsWith(own.slice(0, Number(length)));
}

/** An IP address as 32 or 128 binary digits, without its zone; `''` for anything else. */
function bitsOf(address: string): string {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(address)) return binary(address.split('.').map(Number), 8);
  const written = address.includes(':') ? URL.parse(`http://[${address.replace(/%.*$/, '')}]/`)?.hostname : undefined;
  if (written === undefined) return '';
  const [left = [], right = []] = written
    .slice(1, -1)
    .split('::')
    .map((half) => half.split(':').filter((group) => group !== ''));
  const gap = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return binary(
    [...left, ...gap, ...right].map((group) => Number.parseInt(group, 16)),
    16,
  );
}

function binary(numbers: readonly number[], width: number): string {
  return numbers.map((number) => number.toString(2).padStart(width, '0')).join('');
}
