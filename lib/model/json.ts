// JSON whose integers stay what they are. Kubernetes keeps integers of 64 bits, JavaScript's numbers only those up to 2^53: what is beyond
// is a bigint here, and JSON.stringify writes its digits. Other numbers are doubles to both.

declare global {
  interface BigInt {
    toJSON(): unknown;
  }
  interface JSON {
    parse(text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown;
    rawJSON(text: string): unknown;
  }
}

// Without it JSON.stringify throws for a bigint, and manifests are written in many places.
Object.defineProperty(BigInt.prototype, 'toJSON', {
  configurable: true,
  writable: true,
  value(this: bigint) {
    return JSON.rawJSON(String(this));
  },
});

/** Where so many digits stand as a number, a double may not hold them. Most texts have none, and are read at full speed. */
const LONG = /(?:^|[\s:,[])-?\d{16,}(?:$|[\s,\]}])/;

/** What JSON.parse reads, with a bigint for an integer of 64 bits that a double may not hold. Throws SyntaxError. */
export function parseJson(text: string): unknown {
  return LONG.test(text)
    ? JSON.parse(text, (_key, value, { source }) => (isUnsafe(value) ? exactOr(value, source) : value))
    : JSON.parse(text);
}

/** The bigint for an integer beyond 2^53 that has 64 bits; undefined for any other. `digits` as BigInt() takes them. */
export function longInteger(digits: string, negative: boolean): bigint | undefined {
  const whole = BigInt(digits) * (negative ? -1n : 1n);
  return BigInt.asIntN(64, whole) === whole && !Number.isSafeInteger(Number(whole)) ? whole : undefined;
}

function isUnsafe(value: unknown): value is number {
  return typeof value === 'number' && !Number.isSafeInteger(value);
}

/** With a point or an exponent it is a double for Kubernetes, too. */
function exactOr(value: number, source = ''): number | bigint {
  const [, sign, digits] = /^(-?)(\d+)$/.exec(source) ?? [];
  return (digits === undefined ? undefined : longInteger(digits, sign === '-')) ?? value;
}
