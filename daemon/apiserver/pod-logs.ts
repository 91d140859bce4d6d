/** `pods/NAME/log`: a container's output as text, from whoever runs the pod. Over HTTP here, over a WebSocket in `streams/`. */
import { once } from 'node:events';
import { type FieldError, forbidden, invalid } from '../../reconcilers/objects/field-error.ts';
import type { Pod } from '../../reconcilers/objects/pod.ts';
import type { Clock } from '../../reconcilers/ports/clock.ts';
import type { LogChunk, LogOptions } from '../../reconcilers/ports/container-runtime.ts';
import { SampanError } from '../../reconcilers/ports/errors.ts';
import type { ObjectClient } from '../../reconcilers/ports/object-client.ts';
import type { Exchange } from './exchange.ts';
import { containerOf, podOf } from './pod-container.ts';
import { isFlagSet } from './query-flag.ts';
import type { ResourceRequest } from './request-info.ts';

/** Finds the output of a pod's container; `previous`: of the run before this one. BadRequest where there was none. */
export type PodLogs = (
  pod: Pod,
  container: string,
  options: LogOptions & { readonly previous: boolean },
  signal: AbortSignal,
) => Promise<AsyncIterable<LogChunk>>;

export interface PodLogsDeps {
  readonly client: ObjectClient;
  readonly podLogs: PodLogs;
  readonly clock: Clock;
}

export async function servePodLogs(
  { response, signal }: Exchange,
  asked: ResourceRequest,
  deps: PodLogsDeps,
): Promise<void> {
  const chunks = await readPodLogs(asked, deps, signal);
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
  response.flushHeaders();
  for await (const data of chunks) {
    if (!response.write(data)) await once(response, 'drain', { signal });
  }
  response.end();
}

/** What the request asks for, up to its limit. Throws what is to be answered instead. */
export async function readPodLogs(
  asked: ResourceRequest,
  { client, podLogs, clock }: PodLogsDeps,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const { limitBytes, ...options } = optionsOf(asked, clock.now());
  const pod = await podOf(client, asked);
  const container = containerOf(pod, asked.query);
  if (pod.spec.nodeName === undefined) return nothing(); // nothing runs, so nothing was written
  return upTo(limitBytes, await podLogs(pod, container, options, signal));
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function* upTo(limit: number, chunks: AsyncIterable<LogChunk>): AsyncGenerator<Uint8Array> {
  let left = limit;
  for await (const { data } of chunks) {
    yield data.subarray(0, left);
    left -= data.length;
    if (left <= 0) return;
  }
}

type AskedOptions = LogOptions & { readonly previous: boolean; readonly limitBytes: number };

/** Refused as Kubernetes does (ValidatePodLogOptions), and in its words. */
function optionsOf({ query, name }: ResourceRequest, now: number): AskedOptions {
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
    throw new SampanError('Invalid', { kind: 'PodLogOptions', name, detail, problems });
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
