/**
 * What clients did to a few registers through several API servers, and what of it cannot be true of one store: updates that are lost,
 * applied twice or out of order. Pure; store-clients.ts records such histories under faults.
 */

/** A replacement on the condition that the register is as it was read. */
export interface Write {
  readonly client: string;
  readonly key: string;
  /** Of this write alone. */
  readonly value: string;
  /** The revision of the version that it replaces. */
  readonly base: number;
  readonly invokedAt: number;
  readonly endedAt: number;
  /** The revision that an acknowledged write got; `unknown`: the answer was lost, so it may have been carried out or not. */
  readonly outcome: number | 'refused' | 'unknown';
}

export interface Read extends Version {
  readonly client: string;
  readonly invokedAt: number;
  readonly endedAt: number;
}

export interface Version {
  readonly key: string;
  readonly value: string;
  readonly revision: number;
}

export interface Watch {
  readonly watcher: string;
  /** Where it began. */
  readonly after: number;
  readonly seen: readonly Version[];
}

export interface History {
  /** What the registers were at first. */
  readonly first: readonly Version[];
  readonly writes: readonly Write[];
  readonly reads: readonly Read[];
  readonly watches: readonly Watch[];
  /** What they were when all had ended. */
  readonly last: readonly Version[];
}

/** One sentence for each; none: the history is that of one register after the other, in one order that everybody saw. */
export function violationsOf(history: History): string[] {
  const versions = new Versions(history);
  return [
    ...versions.contradictions,
    ...writeViolations(history, versions),
    ...readViolations(history),
    ...history.watches.flatMap((watch) => watchViolations(watch, versions)),
  ];
}

/** Every version that anybody was told of, in the order of revisions, per register. */
class Versions {
  readonly contradictions: string[] = [];
  readonly #values = new Map<string, Map<number, string>>();
  readonly #ordered = new Map<string, Version[]>();

  constructor({ first, writes, reads, watches, last }: History) {
    const acknowledged = writes.flatMap(({ key, value, outcome }) =>
      typeof outcome === 'number' ? [{ key, value, revision: outcome }] : [],
    );
    for (const version of [first, acknowledged, reads, watches.flatMap(({ seen }) => seen), last].flat()) {
      this.#add(version);
    }
    for (const [key, values] of this.#values) {
      const ordered = [...values].map(([revision, value]) => ({ key, value, revision }));
      this.#ordered.set(
        key,
        ordered.sort((a, b) => a.revision - b.revision),
      );
    }
  }

  get all(): Version[] {
    return [...this.#ordered.values()].flat();
  }

  /** The version before that revision. */
  before(key: string, revision: number): Version | undefined {
    return this.#ordered.get(key)?.findLast((version) => version.revision < revision);
  }

  #add({ key, value, revision }: Version): void {
    const values = this.#values.get(key) ?? new Map<number, string>();
    this.#values.set(key, values);
    const known = values.get(revision);
    if (known !== undefined && known !== value) {
      this.contradictions.push(`${key} at revision ${revision} was both ${known} and ${value}`);
    }
    values.set(revision, value);
  }
}

function writeViolations({ first, writes, last }: History, versions: Versions): string[] {
  const wrong: string[] = [];
  const written = new Map(writes.map((write) => [write.value, write]));
  const begun = new Set(first.map(({ value }) => value));
  const times = new Map<string, number>();
  for (const version of versions.all) {
    const { key, value, revision } = version;
    const seen = `${key} = ${value} at revision ${revision}`;
    if (begun.has(value)) continue;
    times.set(value, (times.get(value) ?? 0) + 1);
    if (times.get(value) === 2) wrong.push(`${seen}: the write was carried out twice`);
    const write = written.get(value);
    if (write === undefined) wrong.push(`${seen}: nobody wrote that`);
    else if (write.outcome === 'refused') wrong.push(`${seen}: that write was refused`);
    else {
      // Whatever is between a write and what it replaces was lost under it.
      const replaced = versions.before(key, revision);
      if (replaced?.revision !== write.base) {
        wrong.push(`${seen} replaced revision ${write.base}, but what was there is ${replaced?.revision}`);
      }
    }
  }
  const final = new Map(last.map(({ key, revision }) => [key, revision]));
  for (const { key, value, outcome } of writes) {
    if (typeof outcome === 'number' && outcome > (final.get(key) ?? 0)) {
      wrong.push(`${key} = ${value} was acknowledged at revision ${outcome}, and is gone`);
    }
  }
  return wrong;
}

/** A read that began after something was known must not show less. */
function readViolations({ writes, reads }: History): string[] {
  const known = [
    ...writes.flatMap(({ client, key, endedAt, outcome }) =>
      typeof outcome === 'number' ? [{ client, key, endedAt, revision: outcome }] : [],
    ),
    ...reads,
  ].sort((a, b) => a.endedAt - b.endedAt);
  const newest = new Map<string, { readonly client: string; readonly revision: number }>();
  const wrong: string[] = [];
  let next = 0;
  for (const read of reads.toSorted((a, b) => a.invokedAt - b.invokedAt)) {
    for (let told = known[next]; told !== undefined && told.endedAt < read.invokedAt; told = known[++next]) {
      if (told.revision > (newest.get(told.key)?.revision ?? 0)) newest.set(told.key, told);
    }
    const before = newest.get(read.key);
    if (before !== undefined && before.revision > read.revision) {
      wrong.push(
        `${read.client} read ${read.key} at revision ${read.revision} after ${before.client} had known revision ${before.revision}`,
      );
    }
  }
  return [...wrong, ...futureReads(reads, writes)];
}

/** Nothing is read before it was written. */
function futureReads(reads: readonly Read[], writes: readonly Write[]): string[] {
  const begun = new Map(writes.map(({ value, invokedAt }) => [value, invokedAt]));
  return reads
    .filter(({ value, endedAt }) => (begun.get(value) ?? 0) > endedAt)
    .map(({ client, key, value }) => `${client} read ${key} = ${value} before it was written`);
}

function watchViolations({ watcher, after, seen }: Watch, versions: Versions): string[] {
  const wrong: string[] = [];
  let before = after;
  for (const { key, value, revision } of seen) {
    if (revision <= before) wrong.push(`${watcher} saw ${key} = ${value} at revision ${revision} after ${before}`);
    before = Math.max(before, revision);
  }
  const own = new Set(seen.map(({ revision }) => revision));
  for (const { key, value, revision } of versions.all) {
    if (revision > after && !own.has(revision)) {
      wrong.push(`${watcher} missed ${key} = ${value} at revision ${revision}`);
    }
  }
  return wrong;
}
