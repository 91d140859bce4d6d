/** One master and many hollow nodes: what the measures of ../scale.ts are taken on, and how each is taken. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiServers } from '../../../daemon/adapters/api-client/api-servers.ts';
import { eventually } from '../../../test/e2e/harness/eventually.ts';
import type { HollowReport } from '../../hollow/hollow-nodes.ts';
import { Worker } from '../api/process.ts';
import { type Master, type StoreName, startMaster } from './master.ts';
import { type AnswerTimes, Probe } from './probe.ts';
import { declarePods, IMAGE } from './workload.ts';

const HOLLOW = join(import.meta.dirname, '../../hollow/main.ts');
const PATIENCE = { timeoutMs: 600_000, everyMs: 100 };
/** What was going on has ended, and its garbage is collected. */
const SETTLE_MS = 5_000;

export interface Joined {
  readonly ms: number;
  /** Of the master: a node's connection and feed, its Node and its Lease. */
  readonly kilobytesPerNode: number;
  readonly masterCpuMsPerNode: number;
}

export interface Deployed {
  readonly pods: number;
  /** From the first controller until all of its pods, and all others, are on a node; until they are ready. */
  readonly boundMs: number;
  readonly readyMs: number;
  readonly kilobytesPerPod: number;
  readonly masterCpuMsPerPod: number;
  /** Of all nodes together. */
  readonly nodeCpuMsPerPod: number;
  readonly answers: AnswerTimes;
  /** Times a node was taken for lost meanwhile. */
  readonly lost: number;
}

export interface Rested {
  /** Of one core. */
  readonly masterShare: number;
  readonly residentMegabytes: number;
}

export class Cluster {
  readonly nodes: number;
  readonly #master: Master;
  readonly #hollow: Worker<'report'>;
  readonly joined: Joined;

  private constructor(master: Master, hollow: Worker<'report'>, nodes: number, joined: Joined) {
    this.#master = master;
    this.#hollow = hollow;
    this.nodes = nodes;
    this.joined = joined;
  }

  /** Resolves when all nodes are Ready. */
  static async start(nodes: number, store: StoreName): Promise<Cluster> {
    const master = await startMaster(store);
    await delay(SETTLE_MS);
    const before = { at: performance.now(), mb: master.residentMegabytes, cpu: master.cpuSeconds };
    const args = ['--kubeconfig', master.kubeconfig, '--nodes', String(nodes), '--image', IMAGE];
    const { worker } = await Worker.start<'report', 'ready'>(HOLLOW, args);
    try {
      const allReady = async () => (await worker.order<HollowReport>('report')).ready === nodes;
      await eventually(allReady, { describe: `${nodes} nodes to be ready`, ...PATIENCE });
      const ms = performance.now() - before.at;
      const masterCpuMsPerNode = (1000 * (master.cpuSeconds - before.cpu)) / nodes;
      await delay(SETTLE_MS);
      const kilobytesPerNode = (1024 * (master.residentMegabytes - before.mb)) / nodes;
      return new Cluster(master, worker, nodes, { ms, kilobytesPerNode, masterCpuMsPerNode });
    } catch (error) {
      await worker.close();
      await master.stop();
      throw error;
    }
  }

  get api(): ApiServers {
    return this.#master.api;
  }

  /** Makes them `total`; there are `existing` already. */
  async deploy(existing: number, total: number): Promise<Deployed> {
    const before = { hollow: await this.#report(), mb: this.#master.residentMegabytes, cpu: this.#master.cpuSeconds };
    const probe = new Probe(this.#master.api);
    const since = performance.now();
    await declarePods(this.#master.api, existing, total);
    const until = async (what: 'bound' | 'running') => {
      const reached = async () => (await this.#report())[what] >= total;
      await eventually(reached, { describe: `${total} pods to be ${what}`, ...PATIENCE });
      return performance.now() - since;
    };
    const boundMs = await until('bound');
    const readyMs = await until('running');
    const answers = await probe.end();
    await delay(SETTLE_MS);
    const after = await this.#report();
    const pods = total - existing;
    const each = (amount: number) => amount / pods;
    return {
      pods,
      boundMs,
      readyMs,
      kilobytesPerPod: each(1024 * (this.#master.residentMegabytes - before.mb)),
      masterCpuMsPerPod: each(1000 * (this.#master.cpuSeconds - before.cpu)),
      nodeCpuMsPerPod: each(1000 * (after.cpuSeconds - before.hollow.cpuSeconds)),
      answers,
      lost: after.lost - before.hollow.lost,
    };
  }

  /** Nothing but heartbeats for so long. */
  async rest(ms: number): Promise<Rested> {
    const before = this.#master.cpuSeconds;
    await delay(ms);
    const masterShare = (1000 * (this.#master.cpuSeconds - before)) / ms;
    return { masterShare, residentMegabytes: this.#master.residentMegabytes };
  }

  async stop(): Promise<void> {
    await this.#hollow.close();
    await this.#master.stop();
  }

  #report(): Promise<HollowReport> {
    return this.#hollow.order('report');
  }
}
