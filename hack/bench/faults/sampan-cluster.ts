/**
 * The sampan cluster that faults are measured on: three masters that are nodes and members of etcd, and an agent, with the times they have by
 * themselves; and a fifth machine that runs no pods and asks the others. Says how it is, through a master that nothing was done to; sampan-faults.ts does things to it.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../../../test/e2e/harness/eventually.ts';
import { runningContainers } from '../../../test/e2e/harness/kube-containers.ts';
import { type Machine, type Machines, type Master, startMachines } from '../../../test/e2e/harness/machines.ts';
import type { TestBed } from '../../../test/e2e/harness/test-bed.ts';
import { untilReady, type Web, webManifest } from '../../../test/e2e/harness/web.ts';

const WITHIN_MS = 180_000;
const EVERY_MS = 50;
const DEFAULT = '/api/v1/namespaces/default';
const REPLICAS = 8;

export class SampanCluster {
  readonly bed: TestBed;
  readonly machines: Machines;
  readonly #folder: string;
  #web: Web & { readonly clusterIP: string } = {
    name: 'web',
    replicas: 0,
    clusterIP: '10.96.7.7',
    isProbed: true,
  };
  #through: Master;
  #writes = 0;
  #changes = 0;

  private constructor(bed: TestBed, machines: Machines, folder: string) {
    this.bed = bed;
    this.machines = machines;
    this.#folder = folder;
    this.#through = machines.masters[0] as Master;
  }

  static async start(bed: TestBed): Promise<SampanCluster> {
    const folder = await bed.dir();
    const cluster = new SampanCluster(bed, await startMachines(bed, { count: 5, masters: 3, source: folder }), folder);
    for (const { name } of cluster.machines.all) await cluster.untilReadiness(name, ['True']);
    await cluster.#api.patch(`/api/v1/nodes/${cluster.asking.name}`, { spec: { unschedulable: true } });
    await cluster.#declare(REPLICAS);
    await cluster.settled();
    return cluster;
  }

  get target() {
    return { ip: this.#web.clusterIP, port: 80 };
  }

  get agent(): Machine {
    return this.machines.agents[0] as Machine;
  }

  /** The machine that nothing is done to. */
  get asking(): Machine {
    return this.machines.agents[1] as Machine;
  }

  get others(): Machine[] {
    return this.machines.all.filter((machine) => machine !== this.asking);
  }

  /** From now on another master than that is asked. */
  spare(hit: Master): void {
    this.#through = this.machines.masters.find((master) => master !== hit) as Master;
  }

  async leader(): Promise<Master> {
    return this.until('a leader', async () => {
      const status = await this.#through.daemon.cli('status');
      const name = /; (\w+)_\S+ leads/.exec(status)?.[1];
      return this.machines.masters.find((master) => master.name === name);
    });
  }

  /** A pod of its own is declared, runs and is ready behind its Service: the work of leader, scheduler, kubelet and prober. */
  async change(): Promise<void> {
    const change: Web = { name: `change-${++this.#changes}`, replicas: 1, isProbed: true };
    await writeFile(join(this.#folder, `${change.name}.yaml`), webManifest(change));
    await untilReady(this.#through.daemon, change, WITHIN_MS);
  }

  /** Whether somebody took it. */
  async write(): Promise<boolean> {
    const metadata = { name: `write-${this.#writes++}` };
    const written = await this.#api
      .create(`${DEFAULT}/configmaps`, { apiVersion: 'v1', kind: 'ConfigMap', metadata })
      .catch(() => undefined);
    return written !== undefined;
  }

  untilReadiness(node: string, wanted: readonly string[]): Promise<unknown> {
    return this.until(`${node} to be ready: ${wanted.join(' or ')}`, async () => {
      const { status } = await this.#api.get(`/api/v1/nodes/${node}`);
      return wanted.includes(status.conditions.find(({ type }: { type: string }) => type === 'Ready').status);
    });
  }

  /** As many as declared are ready behind the Service, none of them on the lost machine. */
  untilMoved(lost: Machine): Promise<unknown> {
    return this.until(`the pods of ${lost.name} to run elsewhere`, async () => {
      const { subsets = [] } = await this.#api.get(`${DEFAULT}/endpoints/web`);
      const places: { nodeName: string }[] = subsets.flatMap(({ addresses = [] }) => addresses);
      return places.length === this.#web.replicas && places.every(({ nodeName }) => nodeName !== lost.name);
    });
  }

  async untilReached(): Promise<void> {
    await untilReady(this.#through.daemon, this.#web, WITHIN_MS);
  }

  /** All nodes are there, and what runs on them is what is declared, once. */
  async settled(): Promise<void> {
    for (const { name } of this.machines.all) await this.untilReadiness(name, ['True']);
    await this.until('what runs to be what is declared', async () => {
      const running = await Promise.all(this.machines.all.map(({ dockerd }) => runningContainers(dockerd)));
      const uids = running.flat().flatMap(({ container, podUid }) => (container === 'app' ? [podUid] : []));
      const pods = await this.#api.list(`${DEFAULT}/pods`);
      const wanted = new Set(pods.map(({ metadata }) => metadata.uid));
      const addresses = new Set(pods.map(({ status }) => status.podIP));
      return (
        [uids.length, pods.length, addresses.size].every((count) => count === this.#web.replicas + this.#changes) &&
        uids.every((uid) => wanted.has(uid))
      );
    });
    await this.untilReached();
  }

  /** So many more, all of them there. */
  async fillAgent(count: number): Promise<void> {
    const paths = this.machines.masters.map(({ name }) => `/api/v1/nodes/${name}`);
    const cordon = (unschedulable: boolean) =>
      Promise.all(paths.map((path) => this.#api.patch(path, { spec: { unschedulable } })));
    await cordon(true);
    await this.#declare(this.#web.replicas + count);
    await this.settled();
    await cordon(false);
  }

  until<T>(describe: string, condition: () => Promise<T | undefined | false>): Promise<T> {
    return eventually(condition, { describe, timeoutMs: WITHIN_MS, everyMs: EVERY_MS });
  }

  get #api() {
    return this.#through.daemon.api;
  }

  #declare(replicas: number): Promise<void> {
    this.#web = { ...this.#web, replicas };
    return writeFile(join(this.#folder, 'web.yaml'), webManifest(this.#web));
  }
}
