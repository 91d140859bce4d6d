/**
 * `/livez`, `/readyz` and the older `/healthz`: whether the server lives, and whether it can do its work, as the named checks say that
 * it is given. Words and paths are Kubernetes' (https://kubernetes.io/docs/reference/using-api/health-checks/).
 */
import type { ServerResponse } from 'node:http';
import { messageOf } from '../../../reconcilers/ports/errors.ts';
import type { Log } from '../../../reconcilers/ports/log.ts';
import { assertRead, pathOf } from '../document.ts';
import type { Exchange } from '../exchange.ts';

export interface HealthCheck {
  /** As in `/readyz/NAME`. */
  readonly name: string;
  /** Throws what is wrong. A check that has no answer in time has failed. */
  check(signal: AbortSignal): void | Promise<void>;
}

export interface HealthChecks {
  /** Where one fails, only a restart helps. */
  readonly live: readonly HealthCheck[];
  /** Where one fails, requests should go elsewhere until it holds again. */
  readonly ready: readonly HealthCheck[];
}

const CHECK_TIMEOUT_MS = 5_000;
/** Answering at all is the first check. */
const PING: HealthCheck = { name: 'ping', check: () => {} };

interface Outcome {
  readonly name: string;
  readonly error?: unknown;
  readonly excluded?: boolean;
}

/** Answers the request where its path is one of health's. */
export async function serveHealth(exchange: Exchange, checks: HealthChecks, log: Log): Promise<boolean> {
  const [root = '', name, ...rest] = pathOf(exchange.request).slice(1).split('/');
  const asked = checksOf(root, checks);
  if (asked === undefined || rest.length > 0) return false;
  if (name === undefined) {
    assertRead(exchange);
    await serveAll(exchange, root, asked, log);
    return true;
  }
  const check = asked.find((candidate) => candidate.name === name);
  if (check === undefined) return false;
  assertRead(exchange);
  const { error } = await outcomeOf(check, exchange.signal);
  if (error !== undefined) send(exchange.response, 500, `internal server error: ${messageOf(error)}\n`);
  else send(exchange.response, 200, 'ok');
  return true;
}

function checksOf(root: string, { live, ready }: HealthChecks): readonly HealthCheck[] | undefined {
  switch (root) {
    case 'livez':
      return [PING, ...live];
    case 'readyz':
    case 'healthz':
      return [PING, ...live, ...ready];
    default:
      return undefined;
  }
}

/** The answer of all is for everybody: why a check failed is said at its own path, and in the log. */
async function serveAll(
  { request, response, signal }: Exchange,
  root: string,
  checks: readonly HealthCheck[],
  log: Log,
) {
  const { searchParams } = new URL(request.url ?? '/', 'http://server');
  const excluded = new Set(searchParams.getAll('exclude'));
  const outcomes: readonly Outcome[] = await Promise.all(
    checks.map(async (check) =>
      excluded.has(check.name) ? { name: check.name, excluded: true } : outcomeOf(check, signal),
    ),
  );
  const failed = outcomes.filter(({ error }) => error !== undefined);
  for (const { name, error } of failed) {
    log.debug('health check failed', { check: `${root}/${name}`, error: messageOf(error) });
  }
  const lines = outcomes.map(describe);
  const unknown = [...excluded].filter((name) => checks.every((check) => check.name !== name));
  if (unknown.length > 0) {
    const names = unknown.map((name) => JSON.stringify(name)).join(',');
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names}\n`);
  }
  if (failed.length > 0) send(response, 500, `${lines.join('')}${root} check failed\n`);
  else send(response, 200, searchParams.has('verbose') ? `${lines.join('')}${root} check passed\n` : 'ok');
}

function describe({ name, error, excluded }: Outcome): string {
  if (error !== undefined) return `[-]${name} failed: reason withheld\n`;
  return `[+]${name} ${excluded ? 'excluded: ok' : 'ok'}\n`;
}

async function outcomeOf(check: HealthCheck, gone: AbortSignal): Promise<Outcome> {
  const signal = AbortSignal.any([gone, AbortSignal.timeout(CHECK_TIMEOUT_MS)]);
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  try {
    await Promise.race([Promise.try(() => check.check(signal)), late]);
    return { name: check.name };
  } catch (error) {
    return { name: check.name, error: error ?? new Error('it gave no reason') };
  }
}

function send(response: ServerResponse, code: number, text: string): void {
  response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' });
  response.end(text);
}
