// What a host leads to is judged where it is resolved, and what was judged is what is connected to: no second answer slips in between.
import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { InvalidInput } from '../model/errors.ts';
import { refusedAddress, refusedHost } from '../model/refused-address.ts';

export interface DialRules {
  /** Whether the loopback address may be connected to: on Lambda the runtime's own API listens there. */
  readonly loopback: boolean;
  readonly lookup?: typeof systemLookup;
}

/** Throws InvalidInput for a host that is a refused address itself, or the name of one: addresses are not looked up. */
export function refuseHost(host: string, rules: DialRules): void {
  const bare = host.replace(/^\[|\]$/g, '');
  const what = refusedHost(bare, rules);
  if (what !== undefined) throw refusal(bare, bare, what);
}

/** A lookup that gives only addresses which may be dialed, for the connection itself. */
export function guardedLookup(rules: DialRules): LookupFunction {
  return (host, options, answer) => {
    resolved(host, options, rules).then(
      ([first, ...more]) => (options.all ? answer(null, [first, ...more]) : answer(null, first.address, first.family)),
      (fault: Error) => answer(fault, '', 4),
    );
  };
}

/**
 * All addresses of a host, for whoever connects elsewhere and can be told where to; none for one that is an address itself.
 * Throws InvalidInput when any of them is refused, and the resolver's own error when there are none.
 */
export async function judgedAddresses(host: string, rules: DialRules): Promise<readonly string[]> {
  refuseHost(host, rules);
  if (isIP(host) !== 0) return [];
  return (await resolved(host, {}, rules)).map(({ address }) => address);
}

type Found = readonly [LookupAddress, ...(readonly LookupAddress[])];

async function resolved(host: string, options: LookupOptions, rules: DialRules): Promise<Found> {
  const lookup = rules.lookup ?? systemLookup;
  const [first, ...more] = await new Promise<readonly LookupAddress[]>((resolve, reject) => {
    lookup(host, { ...options, all: true }, (error, found) => (error ? reject(error) : resolve(found)));
  });
  if (first === undefined) throw new Error(`${host} has no address`);
  for (const { address } of [first, ...more]) {
    const what = refusedAddress(address, rules);
    if (what !== undefined) throw refusal(host, address, what);
  }
  return [first, ...more];
}

function refusal(host: string, address: string, what: string): InvalidInput {
  const leads = host === address ? `${host} is ${what}` : `${host} leads to ${address}, ${what}`;
  return new InvalidInput(`${leads}, which is refused: name a server that has another address`);
}
