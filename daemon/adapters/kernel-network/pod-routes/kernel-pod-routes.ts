/**
 * The way to other nodes' pods as entries of the Linux kernel, made and read back by `ip`, `bridge`, `nft` and `iptables`. The pod-routes
 * loop keeps it through the port. It remembers nothing: what is there is looked at each time, and known as ours by marks.ts.
 */
import { SampanError } from '../../../../reconcilers/ports/errors.ts';
import type { Log } from '../../../../reconcilers/ports/log.ts';
import type {
  InstalledPodRoutes,
  PodRoutes,
  PodTransport,
  RouteChanges,
} from '../../../../reconcilers/ports/pod-routes.ts';
import { watchLegacyChain } from '../docker-user-chain.ts';
import { inBursts, keepMonitor } from '../monitor-process.ts';
import { ensureForwarding } from '../nftables/kernel-settings.ts';
import { batch, ip, listJson } from './ip-command.ts';
import { DEVICE, PROTOCOL } from './marks.ts';
import { concernsPassage, ensurePassage, readPassage, removePassage } from './passage.ts';
import {
  type ForwardingEntry,
  linesToRemove,
  linesToSet,
  type NeighbourEntry,
  podRoutesIn,
  type RouteEntry,
  takenIn,
} from './route-entries.ts';
import { ensureTunnel, isTunnelRight, removeTunnel } from './tunnel.ts';
import { underlayOf } from './underlay.ts';

const CONCERNS = new RegExp(` ${DEVICE}| proto ${PROTOCOL} | proto kernel scope link `);
/** Left by somebody who was faster. */
const GONE = /No such process|No such file or directory|Cannot find device/;

export class KernelPodRoutes implements PodRoutes {
  readonly #log: Log;
  /** Whose changes may take routes away without a word: the interface of the node's address, and that of its pods. */
  #interfaces: readonly string[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  async installed(): Promise<InstalledPodRoutes> {
    const [routes, passage] = await Promise.all([
      listJson<RouteEntry>('ip', '-4', 'route', 'show', 'table', 'main'),
      readPassage(),
    ]);
    const isTunnelled = passage?.mode === 'vxlan';
    const [neighbours, forwarding, isWhole] = await Promise.all([
      isTunnelled ? listJson<NeighbourEntry>('ip', '-4', 'neigh', 'show', 'dev', DEVICE) : [],
      isTunnelled ? listJson<ForwardingEntry>('bridge', 'fdb', 'show', 'dev', DEVICE) : [],
      passage !== undefined && this.#isWhole(passage),
    ]);
    const entries = { routes, neighbours, forwarding };
    return {
      ...(passage !== undefined && isWhole && { transport: passage }),
      routes: podRoutesIn(entries, passage),
      taken: takenIn(entries),
    };
  }

  async prepare(transport: PodTransport): Promise<void> {
    const { mtu } = await this.#underlay(transport);
    await ensureForwarding();
    await (transport.mode === 'vxlan' ? ensureTunnel(transport, mtu) : removeTunnel());
    // Last: it says what was made.
    await ensurePassage(transport);
  }

  async change(transport: PodTransport, { added, changed, removed }: RouteChanges): Promise<void> {
    const gone = removed.map((route) => linesToRemove(route, transport));
    const set = [
      ...added.map((route) => linesToSet('add', route, transport)),
      ...changed.map((route) => linesToSet('replace', route, transport)),
    ];
    await batch(
      'bridge',
      gone.flatMap(({ bridge }) => bridge),
      GONE,
    );
    const left = await batch(
      'ip',
      gone.flatMap(({ ip: lines }) => lines),
      GONE,
    );
    const missing = await batch(
      'ip',
      set.flatMap(({ ip: lines }) => lines),
    );
    const unplaced = await batch(
      'bridge',
      set.flatMap(({ bridge }) => bridge),
    );
    const [first, ...others] = [...left, ...missing, ...unplaced];
    if (first === undefined) return;
    const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
    throw new SampanError('PodRoutesFailed', { detail: `${first}${adviceOn(first)}${more}` });
  }

  disturbances(signal: AbortSignal): AsyncIterable<void> {
    return inBursts(async (doubt, until) => {
      const readerOf = (concerns: (line: string) => boolean) => async (lines: AsyncIterable<string>) => {
        for await (const line of lines) if (concerns(line)) doubt();
      };
      const monitors = [
        { command: ['ip', '-o', 'monitor', 'link', 'address', 'route', 'neigh'], concerns: this.#concernsRoutes },
        { command: ['nft', 'monitor'], concerns: concernsPassage },
      ] as const;
      await Promise.all([
        ...monitors.map(({ command, concerns }) =>
          keepMonitor({ command, read: readerOf(concerns), onReady: doubt }, this.#log, until),
        ),
        watchLegacyChain(doubt, until),
      ]);
    }, signal);
  }

  async remove(): Promise<void> {
    await ip(['-4', 'route', 'flush', 'table', 'main', 'proto', PROTOCOL]);
    await removeTunnel();
    await removePassage();
  }

  /** Entries of the tunnel come with its name, also those of neighbours and forwarding. A new network may be that of this node's pods. */
  #concernsRoutes = (line: string): boolean => {
    if (CONCERNS.test(line)) return true;
    const name = /^(?:Deleted )?\d+: ([^:@\s]+)/.exec(line)?.[1];
    return name !== undefined && this.#interfaces.includes(name);
  };

  async #isWhole(transport: PodTransport): Promise<boolean> {
    const underlay = await this.#underlay(transport).catch(() => undefined);
    return underlay !== undefined && (transport.mode === 'host-gw' || (await isTunnelRight(transport, underlay.mtu)));
  }

  async #underlay({ nodeIP, podCidr }: PodTransport) {
    const underlay = await underlayOf(nodeIP, podCidr);
    this.#interfaces = underlay.interfaces;
    return underlay;
  }
}

function adviceOn(refusal: string): string {
  return /invalid gateway|unreachable/i.test(refusal)
    ? ' (host-gw needs nodes on one network segment; --pod-network vxlan does not)'
    : '';
}
