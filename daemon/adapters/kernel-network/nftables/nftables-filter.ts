/**
 * The packet filter over nftables: one table of its own, changed by atomic `nft -f` transactions of which each carries only the
 * difference to the last. The service-proxy loop applies tables through it. It never reads the table back to find differences:
 * a token in the table and `nft monitor` tell whether it is still as it was left; where it is not, it is replaced whole.
 */
import { SampanError } from '../../../../reconcilers/ports/errors.ts';
import type { Log } from '../../../../reconcilers/ports/log.ts';
import type { PacketFilter, RoutingTable } from '../../../../reconcilers/ports/packet-filter.ts';
import type { Random } from '../../../../reconcilers/ports/random.ts';
import { runCommand } from '../command.ts';
import { DockerUserChain, watchLegacyChain } from '../docker-user-chain.ts';
import { inBursts, keepMonitor } from '../monitor-process.ts';
import { acceptedTraffic } from './accepted-traffic.ts';
import { forgetClients, losesAffinity, readClients, sortOut } from './client-memory.ts';
import { endpointElements, extendLayout, HAIRPINS, NO_LAYOUT } from './elements.ts';
import { ensureHairpinPorts, keepHairpinPorts } from './hairpin-ports.ts';
import {
  areKernelSettingsRight,
  enableBridgeFiltering,
  ensureKernelSettings,
  resetKernelSettings,
} from './kernel-settings.ts';
import { RULESET_MONITOR, transactionsOf } from './monitor.ts';
import { formatToken, NO_ROUTES, type RulesetState, renderChange, renderWhole } from './ruleset.ts';
import { ensureServiceRoute, hasServiceRoute, removeServiceRoute } from './service-route.ts';
import { forgetStaleUdpFlows, staleAfter } from './stale-udp-flows.ts';
import { TABLE } from './table-name.ts';

export interface NftablesOptions {
  /** The interface of the pods' bridge. */
  readonly bridge: string;
  readonly nodePorts: { readonly first: number; readonly last: number };
}

const CHAIN = new DockerUserChain('sampan: service traffic');

export class NftablesFilter implements PacketFilter {
  readonly mode = 'nftables';
  readonly #options: NftablesOptions;
  readonly #log: Log;
  #state: RulesetState | undefined;
  table: RoutingTable | undefined;
  /** Something may have changed since the machine was last looked at. */
  #inDoubt = false;
  /** Transactions of others on our table, so far. */
  #intrusions = 0;
  readonly #firstToken: number;
  #transactions = 0;
  #saidNoConntrack = false;
  readonly #firstApplied = Promise.withResolvers<void>();

  constructor(options: NftablesOptions, deps: { random: Random; log: Log }) {
    this.#options = options;
    this.#log = deps.log.with({ filter: 'nftables' });
    this.#firstToken = Math.floor(deps.random.next() * 2 ** 32);
  }

  async installed(): Promise<RoutingTable | undefined> {
    if (this.#state !== undefined && this.#inDoubt) {
      this.#inDoubt = false;
      if (!(await this.#isIntact(this.#state))) this.#state = undefined;
    }
    return this.#state?.table;
  }

  async apply(table: RoutingTable): Promise<void> {
    const previous = this.#state;
    const next: RulesetState = {
      table,
      layout: extendLayout(previous?.layout ?? NO_LAYOUT, table),
      token: this.#nextToken(),
    };
    const intrusions = this.#intrusions;
    this.#state = undefined; // unknown until nft has answered
    const { bridge } = this.#options;
    const settings = Promise.all([
      ensureKernelSettings(bridge),
      ...(gainsLocalEndpoints(previous?.table, table) ? [ensureHairpinPorts(bridge)] : []),
    ]);
    if (previous !== undefined && sameNetwork(previous.table, table)) {
      await Promise.all([
        nft(renderChange(previous, next)),
        settings,
        ensureServiceRoute(table.serviceCidr),
        ...(sameExternals(previous.table, table) ? [] : [CHAIN.ensure(this.#traffic(table))]),
      ]);
      if (losesAffinity(previous.table, table)) await forgetClients(sortOut(await readClients(), table).stale);
    } else {
      const [bridgeFiltering, clients] = await Promise.all([
        enableBridgeFiltering(),
        readClients(),
        settings,
        CHAIN.ensure(this.#traffic(table)),
      ]);
      await nft(renderWhole(next, { bridgeFiltering }, sortOut(clients, table).valid));
      // Last: a connection that came this way before there were rules would go astray, and be tried again only after a second.
      await ensureServiceRoute(table.serviceCidr);
    }
    const stale = staleAfter(previous?.table, table);
    if (stale !== undefined) await this.#forgetStaleUdpFlows(table, stale);
    this.table = table;
    if (this.#intrusions === intrusions) this.#state = next;
    this.#firstApplied.resolve();
  }

  disturbances(signal: AbortSignal): AsyncIterable<void> {
    return inBursts(async (doubt, until) => {
      // Before there are rules nobody can disturb them, and a start has better to do than to run commands.
      until.addEventListener('abort', () => this.#firstApplied.resolve(), { once: true });
      if (!until.aborted) await this.#firstApplied.promise;
      if (until.aborted) return;
      const doubtAll = () => {
        this.#inDoubt = true;
        doubt();
      };
      await Promise.all([
        this.#watch(doubtAll, until),
        watchLegacyChain(doubtAll, until),
        keepHairpinPorts(this.#options.bridge, this.#log, until),
      ]);
    }, signal);
  }

  async remove(): Promise<void> {
    this.#state = undefined;
    await nft(NO_ROUTES);
    await CHAIN.clean();
    await removeServiceRoute();
    await resetKernelSettings(this.#options.bridge);
  }

  #watch(doubt: () => void, signal: AbortSignal): Promise<void> {
    const read = async (lines: AsyncIterable<string>) => {
      for await (const transaction of transactionsOf(lines)) {
        const intrusion = transaction.ownTable && !this.#isOurs(transaction.token);
        if (intrusion) {
          this.#intrusions += 1;
          this.#state = undefined;
        }
        if (intrusion || transaction.dockerChain) doubt();
      }
    };
    return keepMonitor({ command: RULESET_MONITOR, read, onReady: doubt }, this.#log, signal);
  }

  async #isIntact({ table, token }: RulesetState): Promise<boolean> {
    const { bridge } = this.#options;
    const revision = await runCommand('nft', ['list', 'set', ...TABLE.split(' '), 'revision']);
    return (
      revision.stdout.includes(formatToken(token)) &&
      (await CHAIN.holds(this.#traffic(table))) &&
      (await areKernelSettingsRight(bridge)) &&
      (await hasServiceRoute(table.serviceCidr))
    );
  }

  #traffic(table: RoutingTable): string[] {
    const { nodePorts } = this.#options;
    return acceptedTraffic({ nodePorts, serviceCidr: table.serviceCidr, addresses: externalsOf(table) });
  }

  async #forgetStaleUdpFlows(table: RoutingTable, flows: 'translated' | 'all'): Promise<void> {
    if ((await forgetStaleUdpFlows(table, flows)) || this.#saidNoConntrack) return;
    this.#saidNoConntrack = true;
    this.#log.error(
      'the conntrack command is missing: UDP clients may stay with an endpoint that is gone; install conntrack',
    );
  }

  /** Counts up from a random number: another process's tokens differ, this one's are a known run. */
  #nextToken(): number {
    this.#transactions += 1;
    return (this.#firstToken + this.#transactions) % 2 ** 32;
  }

  #isOurs(token: number | undefined): boolean {
    if (token === undefined) return false;
    const count = (token - this.#firstToken + 2 ** 32) % 2 ** 32;
    return count >= 1 && count <= this.#transactions;
  }
}

async function nft(script: string): Promise<void> {
  const result = await runCommand('nft', ['-f', '-'], script);
  if (result.code === 0) return;
  const [message = '', rule = ''] = result.stderr.trim().split('\n');
  const detail = rule === '' ? message : `${message} in "${rule.trim().slice(0, 200)}"`;
  throw new SampanError('PacketFilterFailed', { detail });
}

function sameNetwork(a: RoutingTable, b: RoutingTable): boolean {
  return a.serviceCidr === b.serviceCidr && a.podCidr === b.podCidr && a.clusterCidr === b.clusterCidr;
}

/** Whether a pod of this node became an endpoint, and so its bridge port may be a new one. */
function gainsLocalEndpoints(previous: RoutingTable | undefined, next: RoutingTable): boolean {
  const before = previous === undefined ? undefined : endpointElements(previous).get(HAIRPINS);
  const after = endpointElements(next).get(HAIRPINS);
  return after?.keys().some((pod) => before?.has(pod) !== true) ?? false;
}

function sameExternals(a: RoutingTable, b: RoutingTable): boolean {
  return externalsOf(a).join() === externalsOf(b).join();
}

/** The addresses from outside of the cluster that routes have, each once, sorted. */
function externalsOf({ routes }: RoutingTable): string[] {
  const ips = routes.flatMap(({ external = [] }) => external.map(({ ip }) => ip));
  return [...new Set(ips)].sort();
}
