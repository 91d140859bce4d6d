/**
 * Answers for all names that are not the cluster's, by asking the servers of the host's resolv.conf in their order: kept for as long as
 * they may be, asked for once however many want it, and with the next server where one is silent. Never throws: who cannot be answered
 * is told so.
 */
import type { Clock } from '../../../reconcilers/ports/clock.ts';
import { messageOf } from '../../../reconcilers/ports/errors.ts';
import type { Log } from '../../../reconcilers/ports/log.ts';
import type { Answer } from '../answer.ts';
import { FLAG, RCODE } from '../codec.ts';
import { SERVER_FAILURE } from '../prepared-answer.ts';
import type { Query } from '../query.ts';
import { AnswerCache } from './answer-cache.ts';
import { askOverTcp, askOverUdp, type Server } from './exchange.ts';
import { ReceivedAnswer } from './received-answer.ts';

/** Clients ask again after five seconds; until then there is time for three tries. */
const ATTEMPT_MS = 1_500;
const ATTEMPTS = 3;
/** Over TCP a try is two round trips and a long answer. */
const TCP_MS = 3_000;
/** So long a server that was silent is asked after the others. */
const PENALTY_MS = 10_000;
/** Each has a socket. */
const MOST_AT_ONCE = 512;
const FAILURE_MS = 1_000;

export interface ForwarderDeps {
  /** In the order in which they are to be asked; may be none. */
  readonly servers: () => readonly Server[];
  readonly clock: Clock;
  readonly log: Log;
  readonly cache?: AnswerCache;
  readonly attemptMs?: number;
}

export class Forwarder {
  readonly #deps: ForwarderDeps;
  readonly #cache: AnswerCache;
  readonly #asked = new Map<string, Promise<Answer>>();
  readonly #silentUntil = new Map<string, number>();
  #isFailing = false;

  constructor(deps: ForwarderDeps) {
    this.#deps = deps;
    this.#cache = deps.cache ?? new AnswerCache();
  }

  ask(query: Query): Answer | Promise<Answer> {
    const key = `${query.key} ${query.edns?.dnssecOk === true} ${query.packet.readUInt16BE(2) & (FLAG.CD | FLAG.AD)}`;
    const known = this.#cache.get(key, this.#deps.clock.now()) ?? this.#asked.get(key);
    if (known !== undefined) return known;
    if (this.#asked.size >= MOST_AT_ONCE) return SERVER_FAILURE;
    const asked = this.#answer(query)
      .then((answer) => this.#keep(key, answer))
      .finally(() => this.#asked.delete(key));
    this.#asked.set(key, asked);
    return asked;
  }

  #keep(key: string, answer: Answer): Answer {
    const now = this.#deps.clock.now();
    if (answer instanceof ReceivedAnswer) {
      const until = now + answer.lifetimeSeconds * 1000;
      if (until > now) this.#cache.set(key, answer, { until, size: answer.size });
    } else {
      this.#cache.set(key, answer, { until: now + FAILURE_MS, size: 0 });
    }
    return answer;
  }

  async #answer(query: Query): Promise<Answer> {
    const servers = this.#inOrder();
    let refusal: Answer = SERVER_FAILURE;
    const failures: string[] = [];
    for (let attempt = 0; attempt < Math.max(ATTEMPTS, servers.length); attempt++) {
      const server = servers[attempt % servers.length];
      if (server === undefined) break;
      try {
        const answer = await this.#askOne(server, query);
        this.#silentUntil.delete(placeOf(server));
        if (isFinal(answer)) {
          this.#succeeded();
          return answer;
        }
        refusal = answer;
        failures.push(`${server.address} answers with code ${answer.rcode}`);
        if (attempt >= servers.length - 1) break; // All have said so.
      } catch (error) {
        this.#silentUntil.set(placeOf(server), this.#deps.clock.now() + PENALTY_MS);
        failures.push(`${server.address}: ${messageOf(error)}`);
      }
    }
    this.#failed(servers, [...new Set(failures)]);
    return refusal;
  }

  /** By UDP; where the answer is too long for that, by TCP; where the server does not know EDNS, without it. */
  async #askOne(server: Server, query: Query): Promise<ReceivedAnswer> {
    const { clock, attemptMs = ATTEMPT_MS } = this.#deps;
    const within = async (ms: number, ask: (signal: AbortSignal) => Promise<Buffer>): Promise<ReceivedAnswer> => {
      const late = new AbortController();
      const cancel = clock.setTimer(ms, () => late.abort(new Error(`silent for ${ms} ms`)));
      try {
        return new ReceivedAnswer(await ask(late.signal), query, () => clock.now());
      } finally {
        cancel();
      }
    };
    const overUdp = (withEdns: boolean) =>
      within(attemptMs, (signal) => askOverUdp(server, { query, signal, withEdns }));
    const first = await overUdp(true);
    const isOld = first.rcode === RCODE.FORMERR || first.rcode === RCODE.NOTIMP;
    const answer = isOld ? await overUdp(false) : first;
    if (!answer.isTruncated) return answer;
    return within(TCP_MS, (signal) => askOverTcp(server, { query, signal, withEdns: !isOld }));
  }

  /** Those that were silent lately come last. */
  #inOrder(): Server[] {
    const now = this.#deps.clock.now();
    const isSilent = (server: Server) => (this.#silentUntil.get(placeOf(server)) ?? 0) > now;
    const servers = this.#deps.servers();
    return [...servers.filter((server) => !isSilent(server)), ...servers.filter(isSilent)];
  }

  #succeeded(): void {
    if (this.#isFailing) this.#deps.log.info('names outside of the cluster are answered again');
    this.#isFailing = false;
  }

  /** Said once; the questions themselves are tried again by those who ask. */
  #failed(servers: readonly Server[], failures: readonly string[]): void {
    if (servers.length > 0 && failures.every((failure) => failure.includes('answers with code'))) return;
    if (!this.#isFailing) {
      const error = servers.length === 0 ? 'resolv.conf names no server that could be asked' : failures.join('; ');
      this.#deps.log.error('names outside of the cluster cannot be answered', { error });
    }
    this.#isFailing = true;
  }
}

/** What another server might answer otherwise is none. */
function isFinal({ rcode }: ReceivedAnswer): boolean {
  return rcode === RCODE.NOERROR || rcode === RCODE.NXDOMAIN;
}

function placeOf({ address, port }: Server): string {
  return `${address} ${port}`;
}
