// canonicalQuantity: a resource quantity as the API server writes it back (Kubernetes API reference, Quantity).

// Other forms (a plus sign, leading zeros, a bare dot) the API server keeps as they were written.
const FORM = /^(-?)(0|[1-9]\d*|(?=\.\d))(?:\.(\d+))?(?:([eE]-?\d{1,2})|([numkMGTPE]|[KMGTPE]i))?$/;
const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const BINARY: readonly string[] = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const LONGEST = 40;

/** Digits times a power of ten, exactly. */
interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

/** The canonical text of a quantity given as text or number, or undefined when it is none or too fine for the API server to keep. */
export function canonicalQuantity(value: unknown): string | undefined {
  const text = typeof value === 'number' || typeof value === 'bigint' ? String(value) : value;
  // Spaces around it the API server does not mind.
  return typeof text === 'string' && text.length <= LONGEST ? canonicalText(text.trim()) : undefined;
}

function canonicalText(text: string): string | undefined {
  const [, sign = '', whole = '', fraction = '', power, suffix = ''] = FORM.exec(text) ?? [];
  if (whole === '' && fraction === '') return undefined;
  const digits = BigInt(`${whole}${fraction}`) * (sign === '-' ? -1n : 1n);
  const decimal = { digits, exponent: -fraction.length };
  if (BINARY.includes(suffix) && suffix !== '') return binaryText(times1024(decimal, BINARY.indexOf(suffix)));
  if (power) return decimalText({ digits, exponent: decimal.exponent + Number(power.slice(1)) }, (exponent) => exponentText(exponent));
  return decimalText({ digits, exponent: decimal.exponent + (DECIMAL[suffix] ?? 0) }, suffixText);
}

function times1024({ digits, exponent }: Decimal, times: number): Decimal {
  return { digits: digits * 1024n ** BigInt(times), exponent };
}

/** Below 1024 a binary quantity is written as a decimal one; fractions of a byte are left to the API server. */
function binaryText(value: Decimal): string | undefined {
  const { digits, exponent } = reduced(value);
  if (exponent < 0) return isSmall(value) ? decimalText(value, suffixText) : undefined;
  let rest = digits * 10n ** BigInt(exponent);
  if (rest > -1024n && rest < 1024n) return decimalText({ digits: rest, exponent: 0 }, suffixText);
  let times = 0;
  while (rest % 1024n === 0n && times < BINARY.length - 1) {
    rest /= 1024n;
    times += 1;
  }
  return `${rest}${BINARY[times]}`;
}

function isSmall({ digits, exponent }: Decimal): boolean {
  const bound = 1024n * 10n ** BigInt(-exponent);
  return digits > -bound && digits < bound;
}

/** The largest power of ten that is a multiple of three and leaves a whole number. */
function decimalText(value: Decimal, unit: (exponent: number) => string | undefined): string | undefined {
  const { digits, exponent } = reduced(value);
  if (digits === 0n) return '0';
  const power = Math.floor(exponent / 3) * 3;
  const capped = Math.min(power, 18);
  const text = capped < -9 ? undefined : unit(capped);
  return text === undefined ? undefined : `${digits * 10n ** BigInt(exponent - capped)}${text}`;
}

function reduced({ digits, exponent }: Decimal): Decimal {
  let rest = digits;
  let power = exponent;
  while (rest !== 0n && rest % 10n === 0n) {
    rest /= 10n;
    power += 1;
  }
  return { digits: rest, exponent: power };
}

function suffixText(exponent: number): string | undefined {
  return Object.entries(DECIMAL).find(([, power]) => power === exponent)?.[0];
}

function exponentText(exponent: number): string {
  return exponent === 0 ? '' : `e${exponent}`;
}
