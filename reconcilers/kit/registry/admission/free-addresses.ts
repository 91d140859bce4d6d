/**
 * Chooses cluster IPs and node ports that no Service has claimed. service-addresses.ts asks it where an author left an address open, and
 * claims what it gets; two who choose the same at once are told apart by that claim, not here.
 */
import { SampanError } from '../../../ports/errors.ts';
import type { Random } from '../../../ports/random.ts';
import type { Store } from '../../../ports/store.ts';
import { addressAt, type Ipv4Range } from '../ipv4-range.ts';

/** Below these lies a key for each address in use. */
export const IPS = '/registry/ranges/serviceips/';
export const PORTS = '/registry/ranges/servicenodeports/';

export interface ServiceAddressOptions {
  readonly serviceRange: Ipv4Range;
  readonly nodePorts: { readonly first: number; readonly last: number };
}

interface Band {
  readonly first: number;
  readonly last: number;
}

export class FreeAddresses {
  readonly #deps: { store: Store; random: Random };
  readonly #options: ServiceAddressOptions;

  constructor(options: ServiceAddressOptions, deps: { store: Store; random: Random }) {
    this.#options = options;
    this.#deps = deps;
  }

  /**
   * A free cluster IP, at random from the upper part of the range, so that the lower one stays for wishes, as Kubernetes does
   * (KEP-3070); from the lower one when the upper is full.
   */
  async ip(): Promise<string> {
    const { serviceRange: range } = this.#options;
    const reserved = Math.min(Math.max(16, Math.floor(range.size / 16)), 256, Math.floor(range.size / 2));
    const upper = { first: reserved, last: range.size - 2 };
    // The first address is the API server's own, the tenth the cluster's DNS server.
    const lower = { first: 11, last: reserved - 1 };
    const nameOf = (candidate: number) => addressAt(range, candidate);
    return nameOf(await this.#free(IPS, [upper, lower], nameOf, { what: 'cluster IP', range: range.cidr }));
  }

  /** One that is free for both protocols, and not among the `chosen`. */
  async nodePort(chosen: ReadonlySet<number>): Promise<number> {
    const { nodePorts } = this.#options;
    const range = `${nodePorts.first}-${nodePorts.last}`;
    return this.#free(PORTS, [nodePorts], String, { what: 'node port', range }, chosen);
  }

  async #free(
    prefix: string,
    bands: readonly Band[],
    nameOf: (candidate: number) => string,
    limits: { readonly what: string; readonly range: string },
    chosen: ReadonlySet<number> = new Set(),
  ): Promise<number> {
    const { store, random } = this.#deps;
    const draw = (band: Band) => band.first + Math.floor(random.next() * (band.last - band.first + 1));
    const [preferred] = bands;
    for (let attempt = 0; attempt < 3 && preferred !== undefined && preferred.last >= preferred.first; attempt++) {
      const candidate = draw(preferred);
      if (chosen.has(candidate)) continue;
      const listed = await store.list(prefix + nameOf(candidate), { limit: 1 });
      if (listed.values.length === 0) return candidate;
    }
    const { values } = await store.list(prefix);
    const taken = new Set(values.map(({ key }) => key.slice(prefix.length).split('/')[0]));
    for (const band of bands) {
      const free: number[] = [];
      for (let candidate = band.first; candidate <= band.last; candidate++) {
        if (!taken.has(nameOf(candidate)) && !chosen.has(candidate)) free.push(candidate);
      }
      const pick = free[Math.floor(random.next() * free.length)];
      if (pick !== undefined) return pick;
    }
    throw new SampanError('AddressesExhausted', limits);
  }
}
