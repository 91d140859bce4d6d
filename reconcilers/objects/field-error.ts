/**
 * One thing wrong with one field, in Kubernetes' words (its `field.Error`). Validation makes them; the API server turns them
 * into the causes of a 422, the manifest reader into lines with a file and a position.
 */
import type { Json } from './json.ts';

export type FieldErrorType =
  | 'Required value'
  | 'Invalid value'
  | 'Unsupported value'
  | 'Forbidden'
  | 'Duplicate value'
  | 'Not found'
  | 'Too long'
  | 'Too many';

/** The `reason` of a Status' cause, for each type. */
export const CAUSE_REASONS: { readonly [T in FieldErrorType]: string } = {
  'Required value': 'FieldValueRequired',
  'Invalid value': 'FieldValueInvalid',
  'Unsupported value': 'FieldValueNotSupported',
  Forbidden: 'FieldValueForbidden',
  'Duplicate value': 'FieldValueDuplicate',
  'Not found': 'FieldValueNotFound',
  'Too long': 'FieldValueTooLong',
  'Too many': 'FieldValueTooMany',
};

export class FieldError {
  readonly type: FieldErrorType;
  readonly field: string;
  readonly value: Json | undefined;
  readonly detail: string;
  /** The path to point at: the field, or within it the key of a map, which Kubernetes' messages do not name. */
  readonly place: string;

  constructor(type: FieldErrorType, field: string, value: Json | undefined, detail: string, place = field) {
    this.type = type;
    this.field = field;
    this.value = value;
    this.detail = detail;
    this.place = place;
  }

  /** Without the field: `Invalid value: 0: must be between 1 and 65535, inclusive`, the message of a Status' cause. */
  get message(): string {
    const parts: string[] = [this.type];
    if (showsValue(this.type)) parts.push(JSON.stringify(this.value ?? null));
    if (this.detail !== '') parts.push(this.detail);
    return parts.join(': ');
  }

  /** Kubernetes' form: `spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive`. */
  toString(): string {
    return `${this.field}: ${this.message}`;
  }
}

function showsValue(type: FieldErrorType): boolean {
  return type !== 'Required value' && type !== 'Forbidden' && type !== 'Too long';
}

export function required(field: string, detail = ''): FieldError {
  return new FieldError('Required value', field, undefined, detail);
}

export function invalid(field: string, value: Json | undefined, detail: string, place = field): FieldError {
  return new FieldError('Invalid value', field, value, detail, place);
}

export function unsupported(field: string, value: Json | undefined, supported: readonly string[]): FieldError {
  const list = supported.map((value) => JSON.stringify(value)).join(', ');
  return new FieldError('Unsupported value', field, value, `supported values: ${list}`);
}

export function forbidden(field: string, detail: string): FieldError {
  return new FieldError('Forbidden', field, undefined, detail);
}

export function duplicate(field: string, value: Json | undefined): FieldError {
  return new FieldError('Duplicate value', field, value, '');
}

export function notFound(field: string, value: Json | undefined): FieldError {
  return new FieldError('Not found', field, value, '');
}

export function tooLong(field: string, maxBytes: number): FieldError {
  return new FieldError('Too long', field, undefined, `may not be more than ${maxBytes} bytes`);
}

export function tooMany(field: string, count: number, max: number): FieldError {
  return new FieldError('Too many', field, count, `must have at most ${max} items`);
}
