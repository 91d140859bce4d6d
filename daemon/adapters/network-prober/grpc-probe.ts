/**
 * One grpc.health.v1.Health/Check on a connection of its own. Source: pkg/probe/grpc;
 * https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import protobuf from 'protobufjs/minimal.js';
import { messageOf } from '../../../reconcilers/ports/errors.ts';
import type { NetworkTarget, ProbeAnswer, ProbeLimits } from '../../../reconcilers/ports/prober.ts';
import { addressOf, userAgent } from './words.ts';

const METHOD = '/grpc.health.v1.Health/Check';
const SERVING = 1;
const STATES = { UNKNOWN: 0, SERVING, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 };

const OPTIONS = {
  'grpc.primary_user_agent': userAgent('probe'),
  'grpc.enable_http_proxy': 0,
  // Connections and what failed on them are nobody else's.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.service_config_disable_resolution': 1,
};

export async function grpcProbe(
  target: NetworkTarget,
  service: string,
  { timeoutMs, signal }: ProbeLimits & { readonly timeoutMs: number },
): Promise<ProbeAnswer> {
  const deadline = Date.now() + timeoutMs;
  const address = addressOf(target);
  const client = new Client(address, credentials.createInsecure(), OPTIONS);
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => undefined);
  const abort = () => {
    client.close();
    aborted.reject(signal.reason);
  };
  signal.addEventListener('abort', abort, { once: true });
  const failure = (output: string): ProbeAnswer => ({ outcome: 'failure', output });
  try {
    const within = `${timeoutMs / 1000}s`;
    if (!(await Promise.race([isConnected(client, deadline), aborted.promise]))) {
      return failure(`timeout: failed to connect service "${address}" within ${within}: context deadline exceeded`);
    }
    try {
      const state = await Promise.race([check(client, service, deadline), aborted.promise]);
      if (state === SERVING) return { outcome: 'success', output: 'service healthy' };
      return failure(`service unhealthy (responded with "${nameOf(state)}")`);
    } catch (error) {
      signal.throwIfAborted();
      const { code, details = messageOf(error) } = error as Partial<ServiceError>;
      if (code === status.UNIMPLEMENTED) {
        const text = 'this server does not implement the grpc health protocol (grpc.health.v1.Health)';
        return failure(`error: ${text}: ${details}`);
      }
      if (code === status.DEADLINE_EXCEEDED) return failure(`timeout: health rpc did not complete within ${within}`);
      return failure(`error: health rpc probe failed: rpc error: code = ${codeName(code)} desc = ${details}`);
    }
  } finally {
    signal.removeEventListener('abort', abort);
    client.close();
  }
}

function isConnected(client: Client, deadline: number): Promise<boolean> {
  return new Promise((resolve) => client.waitForReady(deadline, (error) => resolve(error === undefined)));
}

function check(client: Client, service: string, deadline: number): Promise<number> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(METHOD, encodeRequest, statusOf, service, { deadline }, (error, answer) =>
      error === null ? resolve(answer ?? 0) : reject(error),
    );
  });
}

/** HealthCheckRequest: `string service = 1`. */
function encodeRequest(service: string): Buffer {
  return Buffer.from(protobuf.Writer.create().uint32(fieldTag(1, 2)).string(service).finish());
}

/** Of a HealthCheckResponse: `ServingStatus status = 1`. */
function statusOf(bytes: Buffer): number {
  const reader = protobuf.Reader.create(bytes);
  let state = 0;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === fieldTag(1, 0)) state = reader.int32();
    else reader.skipType(tag & 7);
  }
  return state;
}

function fieldTag(field: number, wireType: number): number {
  return (field << 3) | wireType;
}

function nameOf(state: number): string {
  return Object.entries(STATES).find(([, value]) => value === state)?.[0] ?? String(state);
}

/** `NotFound`, as Go writes `NOT_FOUND`. */
function codeName(code: status | undefined): string {
  const words = (code === undefined ? 'UNKNOWN' : status[code]).toLowerCase().split('_');
  return words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('');
}
