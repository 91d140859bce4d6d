/** The networks of the fake runtime: which there are, and what a container that starts gets from them. Only the fake runtime asks. */
import type { PodNetwork } from '../../reconcilers/ports/container-runtime.ts';
import { SampanError } from '../../reconcilers/ports/errors.ts';
import type { FakeContainer } from './fake-container.ts';
import { firstFreeAddress, overlap } from './subnet.ts';

export class FakeNetworks {
  readonly #networks = new Map<string, PodNetwork>();
  readonly #containers: ReadonlyMap<string, FakeContainer>;

  /** `containers`: all of the runtime, by id, as they change. */
  constructor(containers: ReadonlyMap<string, FakeContainer>) {
    this.#containers = containers;
  }

  find(name: string): PodNetwork | undefined {
    return this.#networks.get(name);
  }

  ensure(network: PodNetwork): void {
    const conflict = (detail: string) => new SampanError('NetworkConflict', { network: network.name, detail });
    const existing = this.#networks.get(network.name);
    if (existing !== undefined) {
      if (existing.subnet === network.subnet && existing.bridge === network.bridge) return;
      throw conflict(`expected subnet ${network.subnet}, the existing one has subnet ${existing.subnet}`);
    }
    const other = this.#networks.values().find(({ subnet }) => overlap(subnet, network.subnet));
    if (other !== undefined) throw conflict(`Pool overlaps with other one on this address space (${other.subnet})`);
    this.#networks.set(network.name, network);
  }

  remove(name: string): void {
    const inUse = this.#containers.values().some(({ spec, record }) => {
      return spec.network.kind === 'network' && spec.network.name === name && record.state === 'running';
    });
    if (inUse) throw new SampanError('NetworkConflict', { network: name, detail: 'it has active endpoints' });
    this.#networks.delete(name);
  }

  /** The container's own address, where it gets one; throws Docker's sentence where its network cannot be joined. */
  join({ spec: { network } }: FakeContainer): string | undefined {
    switch (network.kind) {
      case 'host':
        return undefined;
      case 'container': {
        const target = this.#containers.get(network.id);
        if (target === undefined) throw new Error(`No such container: ${network.id}`);
        if (target.record.state === 'running') return undefined;
        throw new Error(`cannot join network of a non running container: ${network.id}`);
      }
      case 'network':
        return this.#address(network.name);
    }
  }

  #address(name: string): string {
    const network = this.#networks.get(name);
    if (network === undefined) throw new Error(`network ${name} not found`);
    const taken = this.#containers.values().flatMap(({ record }) => (record.ip === undefined ? [] : [record.ip]));
    const address = firstFreeAddress(network.subnet, new Set(taken));
    if (address === undefined) throw new Error("no available IPv4 addresses on this network's address pools");
    return address;
  }
}
