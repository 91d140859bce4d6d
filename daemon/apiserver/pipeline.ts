/**
 * What every request goes through, plain or upgrade, whichever way it came in: guard, authenticate, impersonate, limit, authorize,
 * dispatch, audit. server.ts hands it what the listeners receive; it knows nothing of what the handlers do.
 */
import { randomUUID } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import type { Clock } from '../../reconcilers/ports/clock.ts';
import { SampanError } from '../../reconcilers/ports/errors.ts';
import type { Log } from '../../reconcilers/ports/log.ts';
import { answerError } from '../serving/answer-error.ts';
import { clientCertificateOf } from '../serving/client-certificate.ts';
import type { Arrival } from '../serving/listeners.ts';
import { type AuditSink, auditEvent, isAudited } from './access/audit.ts';
import { authenticate, type Credentials, type TokenAuthenticator } from './access/authentication.ts';
import { type Authorizer, demand } from './access/authorizer.ts';
import { browserRefusal } from './access/browser-guard.ts';
import { impersonated } from './access/impersonation.ts';
import { classOf, type InFlight, isStream, isVital } from './access/in-flight.ts';
import { attributesOf, type RequestAttributes } from './access/request-attributes.ts';
import type { ServiceAccountTokens } from './access/service-account-tokens.ts';
import { ANONYMOUS, type UserInfo } from './access/user.ts';
import type { Exchange } from './exchange.ts';
import type { NodeCertificates } from './node-certificates/node-certificates.ts';
import { BODY_LIMIT } from './request-body.ts';

/** How long anything may take that is not a stream. */
const DEADLINE_MS = 60_000;

/** Who may come in and do what; the same for both listeners. */
export interface Access {
  /** Static ones; those of ServiceAccounts come beside them. */
  readonly tokens: readonly TokenAuthenticator[];
  readonly accounts: ServiceAccountTokens;
  readonly authorizer: Authorizer;
  readonly inFlight: InFlight;
  /** Absent: machines cannot join. */
  readonly nodeCertificates?: NodeCertificates;
  /** Names and addresses that a Host header may say, in lower case. */
  readonly hosts: ReadonlySet<string>;
  readonly audit?: AuditSink;
}

export interface PipelineDeps {
  readonly access: Access;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborts when the server stops. */
  readonly stop: AbortSignal;
  readonly dispatch: (exchange: Exchange) => Promise<void>;
}

/** What becomes known of a request on its way, for the audit log. */
interface Progress {
  attributes?: RequestAttributes;
  user: UserInfo;
  impersonated?: UserInfo;
  readonly audited: Exchange['audited'];
}

/** Answers `arrival`, whatever happens; resolves when the answer is out or the client gone. */
export async function serve(arrival: Arrival, deps: PipelineDeps): Promise<void> {
  const { request, response, upgrade } = arrival;
  const { clock, access } = deps;
  const id = randomUUID();
  const received = clock.now();
  const sourceIp = request.socket.remoteAddress ?? '';
  const progress: Progress = { user: ANONYMOUS, audited: {} };
  const gone = new AbortController();
  const closed = new Promise<void>((resolve) => (upgrade?.socket ?? response).once('close', resolve));
  void closed.then(() => gone.abort());
  const signal = AbortSignal.any([gone.signal, deps.stop]);
  let leave = () => {};
  try {
    response.setHeader('audit-id', id);
    response.setHeader('cache-control', 'no-cache, private');
    response.setHeader('x-content-type-options', 'nosniff');
    const attributes = attributesOf(request.method ?? 'GET', request.url ?? '/');
    progress.attributes = attributes;
    guard(arrival, access);
    progress.user = await authenticate(credentialsOf(arrival), authenticatorsOf(access), clock.now());
    const acting = await impersonated(progress.user, request.headersDistinct, access.authorizer);
    if (acting !== undefined) progress.impersonated = acting;
    const user = acting ?? progress.user;
    // The owner's way in stays open when clients have filled the other.
    if (arrival.via === 'tls' && !isVital(user, attributes)) leave = access.inFlight.enter(classOf(attributes));
    await authorize(user, attributes, access.authorizer);
    const { audited } = progress;
    const exchange = { request, response, signal, user, sourceIp, attributes, audited, ...(upgrade && { upgrade }) };
    await withDeadline(attributes, deps, () => deps.dispatch(exchange));
  } catch (error) {
    answerError(arrival, error, signal, deps.log);
  }
  await closed;
  leave();
  record(arrival, { id, received, completed: clock.now(), sourceIp }, progress, access.audit);
}

function record(
  { request, response, upgrade }: Arrival,
  known: { id: string; received: number; completed: number; sourceIp: string },
  { attributes, audited, ...who }: Progress,
  audit: AuditSink | undefined,
): void {
  if (audit === undefined || attributes === undefined || !isAudited(attributes)) return;
  const userAgent = request.headers['user-agent'];
  const named =
    attributes.type === 'resource' && audited.name !== undefined ? { ...attributes, name: audited.name } : attributes;
  // Who took the socket over has spoken for itself; 0: the client went before it was answered.
  const code = response.headersSent ? response.statusCode : upgrade ? 101 : 0;
  audit(auditEvent({ ...known, ...who, attributes: named, code, ...(userAgent !== undefined && { userAgent }) }));
}

function guard({ via, request }: Arrival, { hosts }: Access): void {
  const refusal = via === 'tls' ? browserRefusal(request.headers, hosts) : undefined;
  if (refusal !== undefined) throw new SampanError('AccessDenied', { detail: refusal });
  if (Number(request.headers['content-length'] ?? 0) > BODY_LIMIT) {
    throw new SampanError('RequestEntityTooLarge', { detail: `limit is ${BODY_LIMIT}` });
  }
}

function credentialsOf({ via, request }: Arrival): Credentials {
  const { authorization } = request.headers;
  const certificate = request.socket instanceof TLSSocket ? clientCertificateOf(request.socket) : undefined;
  return { via, ...(certificate && { certificate }), ...(authorization !== undefined && { authorization }) };
}

function authenticatorsOf({ tokens, accounts }: Access): readonly TokenAuthenticator[] {
  return [...tokens, async (token) => (await accounts.verify(token))?.user];
}

/** Who showed nothing is asked to, not told what is forbidden. */
async function authorize(user: UserInfo, attributes: RequestAttributes, authorizer: Authorizer): Promise<void> {
  if (user !== ANONYMOUS) return demand(authorizer, user, attributes);
  const { allowed } = await authorizer.authorize(user, attributes);
  if (!allowed) throw new SampanError('Unauthorized');
}

async function withDeadline(attributes: RequestAttributes, { clock }: PipelineDeps, work: () => Promise<void>) {
  if (isStream(attributes)) return work();
  const late = Promise.withResolvers<never>();
  const error = new SampanError('RequestTimeout', { seconds: DEADLINE_MS / 1000 });
  const cancel = clock.setTimer(DEADLINE_MS, () => late.reject(error));
  try {
    await Promise.race([work(), late.promise]);
  } finally {
    cancel();
  }
}
