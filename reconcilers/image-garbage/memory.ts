/** What the clean-up of images knows and may forget: removals that failed, and what people were told. A restart tries and tells again. */

/** A removal that failed is not tried again before. */
const RETRY_MS = 5 * 60_000;

export class GarbageMemory {
  readonly #failures = new Map<string, number>();
  announcedAt: number | undefined;

  failed(id: string, now: number): void {
    this.#failures.set(id, now);
  }

  recentFailures(now: number): string[] {
    for (const [id, at] of this.#failures) if (now >= at + RETRY_MS) this.#failures.delete(id);
    return [...this.#failures.keys()];
  }
}
