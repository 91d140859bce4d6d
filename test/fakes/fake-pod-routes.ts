/** Routes to other nodes' pods in memory, of a machine with its pod network. Held to the contract's suite. */
import { coversBlock } from '../../reconcilers/kit/registry/ipv4-range.ts';
import { SampanError } from '../../reconcilers/ports/errors.ts';
import type {
  InstalledPodRoutes,
  PodRoute,
  PodRoutes,
  PodTransport,
  RouteChanges,
} from '../../reconcilers/ports/pod-routes.ts';
import { FakeDisturbances } from './fake-disturbances.ts';

export class FakePodRoutes implements PodRoutes {
  /** Blocks of addresses that lead elsewhere. */
  readonly taken = new Set<string>();
  readonly #segment: string;
  readonly #disturbances = new FakeDisturbances();
  readonly #routes = new Map<string, string>();
  #transport: PodTransport | undefined;

  /** `segment`: the addresses that the machine reaches without a router. */
  constructor(segment = '192.0.2.0/24') {
    this.#segment = segment;
  }

  async installed(): Promise<InstalledPodRoutes> {
    const routes = [...this.#routes].map(([podCidr, nodeIP]): PodRoute => ({ podCidr, nodeIP }));
    return { ...(this.#transport && { transport: this.#transport }), routes, taken: [...this.taken] };
  }

  async prepare(transport: PodTransport): Promise<void> {
    if (this.#transport?.mode !== transport.mode) for (const each of this.#routes.keys()) this.#routes.set(each, '');
    this.#transport = transport;
  }

  async change({ mode }: PodTransport, { added, changed, removed }: RouteChanges): Promise<void> {
    for (const { podCidr } of removed) this.#routes.delete(podCidr);
    const refused: string[] = [];
    for (const route of [...added, ...changed]) {
      const { podCidr, nodeIP } = route;
      const isRefused = this.taken.has(podCidr) || (mode === 'host-gw' && !coversBlock(this.#segment, nodeIP));
      if (isRefused) refused.push(`${podCidr} via ${nodeIP}`);
      else this.#routes.set(podCidr, nodeIP);
    }
    if (refused.length > 0) throw new SampanError('PodRoutesFailed', { detail: refused.join(', ') });
  }

  disturbances(signal: AbortSignal): AsyncGenerator<void, void> {
    return this.#disturbances.stream(signal);
  }

  async remove(): Promise<void> {
    this.#transport = undefined;
    this.#routes.clear();
  }

  /** The machine has a network with these addresses from now on. */
  attach(block: string): void {
    this.taken.add(block);
    this.#disturb();
  }

  /** Somebody takes a route away. */
  damage(podCidr: string): void {
    this.#routes.delete(podCidr);
    this.#disturb();
  }

  /** Without a call. */
  get routes(): ReadonlyMap<string, string> {
    return this.#routes;
  }

  #disturb(): void {
    this.#disturbances.happen();
  }
}
