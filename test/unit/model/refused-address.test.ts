import { describe, expect, it } from 'vitest';
import { refusedAddress, refusedAddresses, refusedHost } from '../../../lib/model/refused-address.ts';
import { ALLOWED, LOOPBACK, REFUSED } from '../../support/addresses.ts';

describe('an address', () => {
  it.each(REFUSED)('%s is %s, refused on every machine', (address, what) => {
    for (const loopback of [true, false]) expect(refusedAddress(address, { loopback })).toBe(what);
    expect(refusedHost(address, { loopback: true })).toBe(what);
  });

  it.each(LOOPBACK)('%s is refused where this machine has something to tell', (address) => {
    expect(refusedAddress(address, { loopback: false })).toBe('a loopback address');
    expect(refusedAddress(address, { loopback: true })).toBeUndefined();
  });

  it.each(ALLOWED)('%s may be connected to', (address) => {
    expect(refusedAddress(address, { loopback: false })).toBeUndefined();
  });

  it('is judged without its zone', () => {
    expect(refusedAddress('fe80::1%eth0', { loopback: true })).toBe('a link-local or metadata address');
  });
});

describe('a name', () => {
  it.each(['metadata.google.internal', 'Metadata.Google.Internal.', 'metadata.goog', 'metadata', 'instance-data'])(
    '%s is refused',
    (name) => {
      expect(refusedHost(name, { loopback: true })).toBe('a link-local or metadata address');
    },
  );

  it.each(['169.254.example', 'fe80.example', 'localhost', 'metadata.example', ''])('%j is looked up', (name) => {
    expect(refusedHost(name, { loopback: false })).toBeUndefined();
  });
});

it('the list says what it holds as data, this machine itself only where that is refused', () => {
  expect(refusedAddresses({ loopback: true }).loopback).toEqual([]);
  expect(refusedAddresses({ loopback: false }).loopback[0]).toEqual({ prefix: '127.0.0.0/8', what: 'a loopback address' });
});
