/**
 * Group commit: whatever is asked for within one turn of the event loop becomes one SQLite transaction, so that many writers
 * share one fsync. SqliteStore runs all its writes through it; it knows nothing of what they write.
 */
import { SampanError } from '../../../reconcilers/ports/errors.ts';

interface Member {
  readonly work: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

type Outcome = { readonly value: unknown } | { readonly refused: SampanError };

export interface GroupCommitDeps {
  /** Runs `work` in one database transaction: all of it is durable when it returns, none of it when it throws. */
  readonly transaction: <T>(work: () => T) => T;
  /** Called after each transaction, before its members hear of it. */
  readonly onCommitted: () => void;
}

export class GroupCommit {
  readonly #deps: GroupCommitDeps;
  #waiting: Member[] = [];

  constructor(deps: GroupCommitDeps) {
    this.#deps = deps;
  }

  /**
   * Resolves to what `work` answers, once that is durable. `work` may throw a SampanError before its first write: it is then
   * rejected alone.
   */
  run<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.flush());
      this.#waiting.push({ work, resolve: resolve as (value: unknown) => void, reject });
    });
  }

  /** Carries out now what waits. */
  flush(): void {
    const group = this.#waiting;
    this.#waiting = [];
    if (group.length > 0) this.#attempt(group);
  }

  #attempt(group: readonly Member[]): void {
    let outcomes: Outcome[];
    try {
      outcomes = this.#deps.transaction(() => group.map(outcomeOf));
    } catch (error) {
      // One member's write may be what the database refuses (too large for the space that is left): each for itself, then.
      if (group.length === 1) group[0]?.reject(error);
      else for (const member of group) this.#attempt([member]);
      return;
    }
    this.#deps.onCommitted();
    group.forEach(({ resolve, reject }, index) => {
      const outcome = outcomes[index] as Outcome;
      if ('refused' in outcome) reject(outcome.refused);
      else resolve(outcome.value);
    });
  }
}

function outcomeOf({ work }: Member): Outcome {
  try {
    return { value: work() };
  } catch (error) {
    if (error instanceof SampanError) return { refused: error };
    throw error;
  }
}
