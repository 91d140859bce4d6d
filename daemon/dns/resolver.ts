/**
 * From a question to its answer: of the zones that are kept here, or of another server. Answers of the zones are kept as bytes until an
 * object changes that names come from, so that what is asked again and again costs no more than its copy. The listeners ask it.
 */
import type { Answer } from './answer.ts';
import { CLASS_IN, RCODE } from './codec.ts';
import { PreparedAnswer, refusal } from './prepared-answer.ts';
import { isTransfer, nameOf, type Query, queryFor, readQuery } from './query.ts';
import type { Found, Zone } from './zone/zone.ts';

const MOST_KEPT = 10_000;
/** Names that lead on to names: no more than a person would write. */
const MOST_ALIASES = 8;
const REFUSED = refusal(RCODE.REFUSED);

export interface ResolverDeps {
  readonly zones: readonly Zone[];
  /** Asks another server. */
  readonly forward: (query: Query) => Answer | Promise<Answer>;
  /** Told of each name that a zone does not have. */
  readonly onMissing?: (name: string) => void;
}

export class Resolver {
  readonly #deps: ResolverDeps;
  readonly #kept = new Map<string, Answer>();
  /** The keys of those that hang on one Service, by its `namespace/name`; under '' of all others. */
  readonly #keptOf = new Map<string, Set<string>>();

  constructor(deps: ResolverDeps) {
    this.#deps = deps;
  }

  /** The reply to a packet, of as many bytes as `limitOf` allows; undefined where there is none to be given. Never throws. */
  reply(packet: Buffer, limitOf: (query: Query) => number): Buffer | Promise<Buffer> | undefined {
    const read = readQuery(packet);
    if (read.kind === 'ignored') return undefined;
    const { query } = read;
    const answer = read.kind === 'refused' ? refusal(read.rcode) : this.resolve(query);
    if (answer instanceof Promise) return answer.then((late) => late.reply(query, limitOf(query)));
    return answer.reply(query, limitOf(query));
  }

  resolve(query: Query): Answer | Promise<Answer> {
    const kept = this.#kept.get(query.key);
    if (kept !== undefined) return kept;
    if (query.class !== CLASS_IN || isTransfer(query)) return REFUSED;
    const name = nameOf(query);
    const zone = name === undefined ? undefined : this.#zoneOf(name);
    if (name === undefined || zone === undefined) return this.#deps.forward(query);
    const found = this.#follow(zone.lookup(name, query.type), query.type);
    if (found.rcode === RCODE.NXDOMAIN) this.#deps.onMissing?.(name);
    if (found.goesOnAt !== undefined) return this.#elsewhere(found, found.goesOnAt, name, query);
    const answer = new PreparedAnswer({ ...found, authoritative: true }, name);
    this.#keep(query.key, answer, found.of ?? '');
    return answer;
  }

  /** What names stand for has changed: those of the Service `namespace/name`, or any. */
  forget(service?: string): void {
    if (service === undefined) {
      this.#kept.clear();
      this.#keptOf.clear();
      return;
    }
    for (const name of [service, '']) {
      for (const key of this.#keptOf.get(name) ?? []) this.#kept.delete(key);
      this.#keptOf.delete(name);
    }
  }

  #keep(key: string, answer: Answer, of: string): void {
    if (this.#kept.size >= MOST_KEPT) this.forget();
    this.#kept.set(key, answer);
    const keys = this.#keptOf.get(of);
    if (keys) keys.add(key);
    else this.#keptOf.set(of, new Set([key]));
  }

  #zoneOf(name: string): Zone | undefined {
    return this.#deps.zones.find((zone) => zone.covers(name));
  }

  /** Aliases of names that are kept here too. */
  #follow(first: Found, type: number): Found {
    let found = first;
    for (let aliases = 1; found.goesOnAt !== undefined && aliases < MOST_ALIASES; aliases++) {
      const next = this.#zoneOf(found.goesOnAt)?.lookup(found.goesOnAt, type);
      if (next === undefined) return found;
      const { of: _, ...rest } = next;
      found = { ...rest, answers: [...found.answers, ...next.answers] };
    }
    if (found.goesOnAt === undefined || this.#zoneOf(found.goesOnAt) === undefined) return found;
    return { rcode: RCODE.SERVFAIL, answers: [], authorities: [], additionals: [] };
  }

  /** Not kept: what another server says of it has a time of its own. */
  #elsewhere(found: Found, target: string, name: string, query: Query): Answer | Promise<Answer> {
    const completed = (answer: Answer) => {
      const answers = [...found.answers, ...answer.records()];
      return new PreparedAnswer({ rcode: answer.rcode, answers, authoritative: false }, name);
    };
    const answer = this.#deps.forward(queryFor(target, query.type, query));
    return answer instanceof Promise ? answer.then(completed) : completed(answer);
  }
}
