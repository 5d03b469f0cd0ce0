// What a number is once it has been written and read: JavaScript writes a double without a fraction as an integer.

/** The bigint for a double that is written as an integer of 64 bits that a double may not hold. */
export function asRead(value: unknown): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || !/^-?\d+$/.test(String(value))) return value;
  const long = BigInt(String(value));
  return BigInt.asIntN(64, long) === long ? long : value;
}
