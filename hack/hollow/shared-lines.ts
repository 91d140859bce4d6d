/**
 * Parses the lines of many nodes' feeds, equal ones once: a thousand nodes are told of the same thousand Nodes, and one process holds
 * all that they hold. Nobody changes an object of a cache, so they may share it.
 */
const KEPT = 20_000;

export class SharedLines {
  readonly #known = new Map<string, unknown>();

  readonly parse = (line: string): unknown => {
    const known = this.#known.get(line);
    if (known !== undefined) return known;
    const parsed: unknown = JSON.parse(line);
    this.#known.set(line, parsed);
    if (this.#known.size > KEPT) this.#known.delete(this.#known.keys().next().value ?? '');
    return parsed;
  };
}
