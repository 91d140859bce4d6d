/**
 * Everything that is stored, as of the last revision, kept by reading along with the writes. The invariants of scenarios are asked
 * of it: those that must hold at every single revision through a listener, the others when all has settled.
 */
import { type Kind, type ObjectOf, parseStoreKey } from '../../../reconcilers/objects/kinds.ts';
import type { Transaction } from '../../../reconcilers/ports/store.ts';

/** `before` undefined: created; `after` undefined: gone. */
export interface Entry {
  readonly key: string;
  readonly before: unknown;
  readonly after: unknown;
}

export type RevisionListener = (entries: readonly Entry[], revision: number) => void;

export class Ledger {
  /** What listeners have thrown. */
  readonly violations: unknown[] = [];
  readonly #values = new Map<string, unknown>();
  readonly #listeners: RevisionListener[] = [];
  #revision = 0;

  get revision(): number {
    return this.#revision;
  }

  get keys(): string[] {
    return [...this.#values.keys()];
  }

  /** `listener` is called after each revision is in the ledger. What it throws is a violation, and fails the scenario. */
  onRevision(listener: RevisionListener): void {
    this.#listeners.push(listener);
  }

  take({ writes }: Transaction, revision: number): void {
    const entries = writes.map((write) => {
      const before = this.#values.get(write.key);
      const after: unknown = write.op === 'put' ? JSON.parse(write.value) : undefined;
      if (after === undefined) this.#values.delete(write.key);
      else this.#values.set(write.key, after);
      return { key: write.key, before, after };
    });
    this.#revision = revision;
    for (const listener of this.#listeners) {
      try {
        listener(entries, revision);
      } catch (error) {
        this.violations.push(error);
      }
    }
  }

  list<K extends Kind>(kind: K): ObjectOf<K>[] {
    return this.keys
      .filter((key) => parseStoreKey(key)?.kind === kind)
      .sort()
      .map((key) => this.#values.get(key) as ObjectOf<K>);
  }
}
