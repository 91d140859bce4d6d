/** Which part of a container's output is asked for: the query of `pods/NAME/log`, the same on a node's server. Pure. */
import { type FieldError, forbidden, invalid } from '../../reconcilers/objects/field-error.ts';
import type { LogOptions } from '../../reconcilers/ports/container-runtime.ts';
import { SampanError } from '../../reconcilers/ports/errors.ts';
import { isFlagSet } from './query-flag.ts';

export interface AskedLogOptions extends LogOptions {
  readonly previous: boolean;
  /** Infinity where there is no limit. */
  readonly limitBytes: number;
}

/** `pod`: its name. Throws what Kubernetes refuses (ValidatePodLogOptions), in its words. */
export function logOptionsOf(query: URLSearchParams, pod: string, now: number): AskedLogOptions {
  const problems: FieldError[] = [];
  const atLeast = (least: number, field: string, detail: string) => {
    const value = integerOf(query, field);
    if (value !== undefined && value < least) problems.push(invalid(field, value, detail));
    return value;
  };
  const tail = atLeast(0, 'tailLines', 'must be greater than or equal to 0');
  const limitBytes = atLeast(1, 'limitBytes', 'must be greater than 0');
  const sinceSeconds = atLeast(1, 'sinceSeconds', 'must be greater than 0');
  const sinceTime = timeOf(query, 'sinceTime');
  if (sinceSeconds !== undefined && sinceTime !== undefined) {
    problems.push(forbidden('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
  }
  if (problems.length > 0) {
    const detail = problems.length === 1 ? String(problems[0]) : `[${problems.join(', ')}]`;
    throw new SampanError('Invalid', { kind: 'PodLogOptions', name: pod, detail, problems });
  }
  const since = sinceTime ?? (sinceSeconds && now - sinceSeconds * 1000);
  return {
    follow: isFlagSet(query, 'follow'),
    previous: isFlagSet(query, 'previous'),
    timestamps: isFlagSet(query, 'timestamps'),
    limitBytes: limitBytes ?? Number.POSITIVE_INFINITY,
    ...(tail !== undefined && { tail }),
    ...(since !== undefined && { since }),
  };
}

function integerOf(query: URLSearchParams, field: string): number | undefined {
  const text = query.get(field);
  if (text === null) return undefined;
  if (/^[+-]?\d{1,15}$/.test(text)) return Number(text);
  throw new SampanError('BadRequest', { detail: `${field}: strconv.ParseInt: parsing "${text}": invalid syntax` });
}

/** RFC 3339, in milliseconds since the epoch. */
function timeOf(query: URLSearchParams, field: string): number | undefined {
  const text = query.get(field);
  if (text === null) return undefined;
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new SampanError('BadRequest', {
    detail: `${field}: parsing time "${text}" as "2006-01-02T15:04:05Z07:00": cannot parse it`,
  });
}
