/**
 * The nodes of the cluster, asked what only they know: this process' own directly, the others over HTTPS. Handlers of subresources, the
 * proxy and the metrics ask it; where an answer comes from is nobody else's business.
 */
import { once } from 'node:events';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ObjectKey } from '../../../reconcilers/objects/meta.ts';
import { type Clock, sleep } from '../../../reconcilers/ports/clock.ts';
import { isAbort } from '../../../reconcilers/ports/errors.ts';
import type { ObjectClient } from '../../../reconcilers/ports/object-client.ts';
import type { HttpExchange } from '../../serving/http-exchange.ts';
import type { TlsIdentity } from '../../serving/listeners.ts';
import { CONNECTION_PROTOCOL, type NodeService } from '../../serving/node-service.ts';
import type { StatsSummary } from '../../serving/stats-summary.ts';
import { answerTo, passOn } from '../streams/pass-on.ts';
import { requestHeaders, responseHeaders } from '../streams/proxy/headers.ts';
import { connectLocation } from './location.ts';
import { NodeDialler } from './node-dialler.ts';
import { unreachable } from './unreachable.ts';

/** A node that has taken the connection looks at its engine before it answers. */
const ANSWER_WITHIN_MS = 30_000;
const SUMMARY_WITHIN_MS = 3_000;
/** The first words of a refusal; the rest is not of interest. */
const REFUSAL_BYTES = 4_096;

export interface NodesDeps {
  readonly own: { readonly name: string; readonly service: NodeService };
  readonly client: Pick<ObjectClient, 'get'>;
  readonly clock: Clock;
  /** Shown to other nodes. */
  readonly identity: TlsIdentity;
}

export class Nodes {
  readonly #own: NodesDeps['own'];
  readonly #clock: Clock;
  readonly #dialler: NodeDialler;

  constructor(deps: NodesDeps) {
    this.#own = deps.own;
    this.#clock = deps.clock;
    this.#dialler = new NodeDialler(deps);
  }

  /** From now on another certificate is shown. */
  renew(identity: TlsIdentity): void {
    this.#dialler.renew(identity);
  }

  isOwn(nodeName: string): boolean {
    return nodeName === this.#own.name;
  }

  /** Answers the exchange with what the node answers at `location`. ServiceUnavailable where it cannot be asked. */
  async serve(exchange: HttpExchange, nodeName: string, location: string): Promise<void> {
    if (this.isOwn(nodeName)) return this.#own.service.serve(exchange, location);
    const { request, signal } = exchange;
    const answered = new AbortController();
    const { outgoing, peer } = await this.#request(nodeName, location, {
      method: request.method ?? 'GET',
      headers: requestHeaders(request.headers, {
        clientAddress: request.socket.remoteAddress,
        uri: URL.parse(request.url ?? '/', 'http://server')?.pathname ?? '/',
        ...(exchange.upgrade && { upgrade: request.headers.upgrade ?? '' }),
      }),
      signal,
    });
    for (const event of ['response', 'upgrade', 'close']) outgoing.once(event, () => answered.abort());
    void this.#giveUpLate(outgoing, AbortSignal.any([signal, answered.signal]));
    await passOn(exchange, {
      outgoing,
      headersOf: (answer) => responseHeaders(answer.headers, { prefix: '', hosts: [] }),
      failure: `${peer} does not answer`,
      check: (answer) => refusalOfUs(answer, peer),
    });
  }

  /** What the node and its containers have used. Rejects where it does not answer soon. */
  async summary(nodeName: string, signal: AbortSignal): Promise<StatsSummary> {
    if (this.isOwn(nodeName)) return this.#own.service.summary();
    const answered = new AbortController();
    const late = new AbortController();
    void sleep(this.#clock, SUMMARY_WITHIN_MS, AbortSignal.any([signal, answered.signal])).then(
      () => late.abort(),
      () => {},
    );
    try {
      const ends = AbortSignal.any([signal, late.signal]);
      const location = '/stats/summary?only_cpu_and_memory=true';
      const { outgoing, peer } = await this.#request(nodeName, location, { method: 'GET', headers: {}, signal: ends });
      outgoing.end();
      const answer = await answerTo({ outgoing, failure: `${peer} does not answer` });
      const text = Buffer.concat(await answer.toArray()).toString();
      if (answer.statusCode === 200) return JSON.parse(text) as StatsSummary;
      throw unreachable(`${peer}: ${messageIn(text)}`);
    } finally {
      answered.abort();
    }
  }

  /** A bare connection to an address of a pod, made by the node it runs on. */
  async connect(nodeName: string, pod: ObjectKey, port: number, signal: AbortSignal): Promise<Duplex> {
    const headers = { connection: 'Upgrade', upgrade: CONNECTION_PROTOCOL };
    const location = connectLocation(pod, port);
    const { outgoing, peer } = await this.#request(nodeName, location, { method: 'GET', headers, signal });
    const agreed = once(outgoing, 'upgrade') as Promise<[IncomingMessage, Duplex, Buffer]>;
    agreed.catch(() => {}); // `answerTo` tells
    outgoing.end();
    const outcome = await Promise.race([agreed, answerTo({ outgoing, failure: `${peer} does not answer` })]);
    if (!Array.isArray(outcome)) {
      const text = Buffer.concat(await outcome.toArray()).toString();
      throw unreachable(messageIn(text));
    }
    const [, socket, head] = outcome;
    if (head.length > 0) socket.unshift(head);
    return socket;
  }

  async #request(
    nodeName: string,
    path: string,
    { signal, ...options }: { method: string; headers: Record<string, string | string[]>; signal: AbortSignal },
  ): Promise<{ outgoing: ClientRequest; peer: string }> {
    const { socket, peer } = await this.#dialler.dial(nodeName, signal);
    const outgoing = httpRequest({
      ...options,
      path,
      signal,
      createConnection: () => socket,
      setHost: false,
      ...(options.headers.host === undefined && { headers: { ...options.headers, host: nodeName } }),
    });
    return { outgoing, peer };
  }

  async #giveUpLate(outgoing: ClientRequest, answered: AbortSignal): Promise<void> {
    try {
      await sleep(this.#clock, ANSWER_WITHIN_MS, answered);
      outgoing.destroy(new Error(`nothing within ${ANSWER_WITHIN_MS / 1000} s`));
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }
}

/** The client's rights are settled here; what a node refuses it refuses to the API server. */
async function refusalOfUs(answer: IncomingMessage, peer: string): Promise<void> {
  if (answer.statusCode !== 401 && answer.statusCode !== 403) return;
  let text = '';
  for await (const data of answer) if (text.length < REFUSAL_BYTES) text += String(data);
  throw unreachable(`${peer} refuses this API server: ${messageIn(text)}`);
}

/** The message of a Status, or the text itself. */
function messageIn(text: string): string {
  try {
    const { message } = JSON.parse(text);
    return typeof message === 'string' ? message : text.trim();
  } catch {
    return text.trim();
  }
}
