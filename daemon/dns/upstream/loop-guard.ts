/**
 * Keeps us from asking ourselves: a server of resolv.conf may be one that asks us, through however many others (systemd-resolved told to
 * use the cluster's DNS). Each is asked once for a name that nobody else knows; if that question comes in here, the server is left out.
 * The same idea as CoreDNS' plugin `loop`.
 */
import type { Clock } from '../../../reconcilers/ports/clock.ts';
import type { Log } from '../../../reconcilers/ports/log.ts';
import { RECORD_TYPE } from '../codec.ts';
import { queryFor } from '../query.ts';
import type { Exchange, Server } from './exchange.ts';

/** A server that led back here is tried again after so long: what it asks is set elsewhere. */
const AGAIN_MS = 60_000;
const PROBE_MS = 2_000;

export interface LoopGuardDeps {
  /** As resolv.conf has them. */
  readonly servers: () => readonly Server[];
  /** Our own addresses, without asking. */
  readonly isOurs: (server: Server) => boolean;
  readonly ask: (server: Server, exchange: Exchange) => Promise<Buffer>;
  readonly clusterDomain: string;
  /** Unguessable. */
  readonly token: () => string;
  readonly clock: Clock;
  readonly log: Log;
}

interface Probe {
  readonly name: string;
  readonly at: number;
  /** The question came in here. */
  cameBack: boolean;
  isLeftOut: boolean;
}

export class LoopGuard {
  readonly #deps: LoopGuardDeps;
  readonly #probes = new Map<string, Probe>();
  #listed: readonly Server[] = [];

  constructor(deps: LoopGuardDeps) {
    this.#deps = deps;
  }

  /** Those that may be asked. */
  servers(): readonly Server[] {
    const { servers, isOurs, clock } = this.#deps;
    const listed = servers();
    if (listed !== this.#listed) this.#probes.clear();
    this.#listed = listed;
    const others = listed.filter((server) => !isOurs(server));
    for (const server of others) {
      const probe = this.#probes.get(server.address);
      if (probe === undefined || (probe.isLeftOut && clock.now() - probe.at >= AGAIN_MS)) {
        this.#probe(server, probe?.isLeftOut ?? false);
      }
    }
    return others.filter(({ address }) => this.#probes.get(address)?.isLeftOut !== true);
  }

  /** Told of every name of the cluster's domain that is asked for and does not exist. */
  seen(name: string): void {
    for (const [server, probe] of this.#probes) {
      if (probe.name !== name) continue;
      probe.cameBack = true;
      if (!probe.isLeftOut) {
        const fix = 'give --resolv-conf a file that names the servers behind it';
        this.#deps.log.error('a DNS server asks us in turn, and is left out', { server, fix });
      }
      probe.isLeftOut = true;
    }
  }

  /** What it answers does not matter. One that was left out is taken back where the question does not come in this time. */
  #probe(server: Server, isLeftOut: boolean): void {
    const { clusterDomain, token, clock, ask } = this.#deps;
    const probe = { name: `${token()}.loop.${clusterDomain}`, at: clock.now(), cameBack: false, isLeftOut };
    this.#probes.set(server.address, probe);
    const late = new AbortController();
    const cancel = clock.setTimer(PROBE_MS, () => late.abort(new Error('silent')));
    const settle = () => {
      cancel();
      probe.isLeftOut = probe.cameBack;
    };
    const query = queryFor(probe.name, RECORD_TYPE.HINFO);
    ask(server, { query, signal: late.signal, withEdns: false }).then(settle, settle);
  }
}
