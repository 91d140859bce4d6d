/**
 * Kubernetes quantities: `500m` cores, `64Mi` bytes, `1e3`. Validation, the scheduler's arithmetic and the kubelet's limits
 * read them here. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */

/** How the author wrote it, which decides how the canonical form is written. */
export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

export interface Quantity {
  /** The exact amount in billionths, rounded away from zero beyond that (as Kubernetes rounds). */
  readonly nanos: bigint;
  readonly format: QuantityFormat;
}

const PATTERN = /^([+-]?)(?:(\d+)\.?(\d*)|\.(\d+))(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d{1,3})?$/;
const NANO = 1_000_000_000n;
const DECIMAL_SUFFIXES: readonly (readonly [string, number])[] = [
  ['E', 18],
  ['P', 15],
  ['T', 12],
  ['G', 9],
  ['M', 6],
  ['k', 3],
  ['', 0],
  ['m', -3],
  ['u', -6],
  ['n', -9],
];
const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const;
/** Kubernetes caps what is larger than an int64. */
const MAX_NANOS = (2n ** 63n - 1n) * NANO;

/** Reads a quantity; undefined where `text` is none. */
export function parseQuantity(text: string): Quantity | undefined {
  if (text.length > 100) return undefined;
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = match[4] ?? '', , suffix = ''] = match;
  const digits = BigInt(`${whole}${fraction}` || '0');
  const { numerator, denominator, format } = scaleOf(suffix);
  const scaled = digits * numerator * NANO;
  const divisor = denominator * 10n ** BigInt(fraction.length);
  const rounded = (scaled + divisor - 1n) / divisor;
  const capped = rounded > MAX_NANOS ? MAX_NANOS : rounded;
  return { nanos: sign === '-' ? -capped : capped, format };
}

/** The amount in whole units (bytes, pods), rounded up; undefined where `text` is no quantity. */
export function quantityValue(text: string): number | undefined {
  const quantity = parseQuantity(text);
  return quantity === undefined ? undefined : Number(ceilDivide(quantity.nanos, NANO));
}

/** The amount in thousandths (millicores), rounded up; undefined where `text` is no quantity. */
export function quantityMilliValue(text: string): number | undefined {
  const quantity = parseQuantity(text);
  return quantity === undefined ? undefined : Number(ceilDivide(quantity.nanos, NANO / 1000n));
}

/** Negative, zero or positive as `a` is less than, equal to or more than `b`; text that is no quantity counts as 0. */
export function compareQuantities(a: string, b: string): number {
  const difference = (parseQuantity(a)?.nanos ?? 0n) - (parseQuantity(b)?.nanos ?? 0n);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/**
 * The canonical text: the largest suffix that leaves no fraction, in the author's family (`0.5` → `500m`, `1024Mi` → `1Gi`).
 * Binary amounts below 1024 or with a fraction are written as decimal ones, as Kubernetes does. Text that is no quantity
 * comes back as it is.
 */
export function canonicalQuantity(text: string): string {
  const quantity = parseQuantity(text);
  return quantity === undefined ? text : formatQuantity(quantity);
}

/** The sum, in the family of the first that is not zero; text that is no quantity counts as 0. */
export function addQuantities(a: string, b: string): string {
  return combine(a, b, (left, right) => left + right);
}

/** `a` less `b`; may be negative. */
export function subtractQuantities(a: string, b: string): string {
  return combine(a, b, (left, right) => left - right);
}

function combine(a: string, b: string, operation: (left: bigint, right: bigint) => bigint): string {
  const zero: Quantity = { nanos: 0n, format: 'DecimalSI' };
  const [left, right] = [parseQuantity(a) ?? zero, parseQuantity(b) ?? zero];
  const { format } = left.nanos === 0n ? right : left;
  return formatQuantity({ nanos: operation(left.nanos, right.nanos), format });
}

export function formatQuantity({ nanos, format }: Quantity): string {
  if (nanos === 0n) return '0';
  const negative = nanos < 0n;
  const amount = negative ? -nanos : nanos;
  const body =
    format === 'BinarySI' && amount % NANO === 0n && amount >= 1024n * NANO
      ? formatBinary(amount / NANO)
      : formatDecimal(amount, format === 'DecimalExponent');
  return negative ? `-${body}` : body;
}

function formatBinary(amount: bigint): string {
  let rest = amount;
  let power = 0;
  while (rest % 1024n === 0n && power < BINARY_SUFFIXES.length - 1) {
    rest /= 1024n;
    power++;
  }
  return `${rest}${BINARY_SUFFIXES[power]}`;
}

function formatDecimal(nanos: bigint, asExponent: boolean): string {
  for (const [suffix, power] of DECIMAL_SUFFIXES) {
    const unit = 10n ** BigInt(power + 9);
    if (nanos % unit !== 0n) continue;
    const written = asExponent ? (power === 0 ? '' : `e${power}`) : suffix;
    return `${nanos / unit}${written}`;
  }
  return `${nanos}n`;
}

function scaleOf(suffix: string): { numerator: bigint; denominator: bigint; format: QuantityFormat } {
  const binary = BINARY_SUFFIXES.findIndex((known) => known !== '' && known === suffix);
  if (binary > 0) return { numerator: 1024n ** BigInt(binary), denominator: 1n, format: 'BinarySI' };
  const decimal = DECIMAL_SUFFIXES.find(([known]) => known === suffix);
  const power = decimal === undefined ? Number(suffix.slice(1)) : decimal[1];
  return {
    numerator: power > 0 ? 10n ** BigInt(power) : 1n,
    denominator: power < 0 ? 10n ** BigInt(-power) : 1n,
    format: decimal === undefined ? 'DecimalExponent' : 'DecimalSI',
  };
}

function ceilDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a > 0n && a % b !== 0n ? quotient + 1n : quotient;
}
