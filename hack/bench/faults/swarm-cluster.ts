/**
 * Docker Swarm on machines like sampan's: three managers that run tasks too, and a worker, with the times they have by themselves; and
 * a fifth machine that runs none and asks the others. Its routing mesh
 * and virtual addresses need IPVS, which not every kernel has; so the service has DNS round robin, on an overlay network, and who asks it
 * resolves its name for each request, inside that network. Says how the swarm is; swarm-faults.ts does things to it.
 */
import type { Dockerd } from '../../../test/e2e/harness/dockerd.ts';
import { eventually } from '../../../test/e2e/harness/eventually.ts';
import type { Lan, Netns } from '../../../test/e2e/harness/netns.ts';
import type { TestBed } from '../../../test/e2e/harness/test-bed.ts';
import type { Target } from '../requests.ts';

const WITHIN_MS = 180_000;
const EVERY_MS = 50;
const REPLICAS = 8;
const IMAGE = 'sampan/bench-http:1';
const SERVICE = 'web';
const PORT = 8080;

export interface SwarmMachine {
  readonly address: string;
  readonly netns: Netns;
  readonly dockerd: Dockerd;
  /** Of its node. */
  readonly id: string;
}

interface Task {
  readonly ID: string;
  readonly NodeID: string;
  readonly Status: { readonly State: string };
}

interface SwarmNode {
  readonly ID: string;
  readonly Status: { readonly State: string };
  readonly ManagerStatus?: { readonly Leader?: boolean };
}

export class SwarmCluster {
  readonly bed: TestBed;
  readonly lan: Lan;
  readonly all: readonly SwarmMachine[];
  readonly managers: readonly SwarmMachine[];
  readonly worker: SwarmMachine;
  /** The network namespace of a container in the service's network, on a machine of its own. */
  readonly askedFrom: { readonly path: string };
  #through: SwarmMachine;
  readonly #image: string;
  #replicas = REPLICAS;
  #changes = 0;

  private constructor(
    bed: TestBed,
    lan: Lan,
    machines: readonly SwarmMachine[],
    image: string,
    askedFrom: SwarmCluster['askedFrom'],
  ) {
    this.#image = image;
    this.bed = bed;
    this.lan = lan;
    this.all = machines;
    this.managers = machines.slice(0, 3);
    this.worker = machines[3] as SwarmMachine;
    this.askedFrom = askedFrom;
    this.#through = this.managers[2] as SwarmMachine;
  }

  static async start(bed: TestBed): Promise<SwarmCluster> {
    const lan = await bed.lan();
    const machines: SwarmMachine[] = [];
    const join = async (role: 'manager' | 'worker') => {
      const netns = await bed.netns();
      const address = await lan.join(netns);
      const dockerd = await bed.dockerd(netns, { bridge: true });
      const [first] = machines;
      if (first === undefined) await dockerd.cli('swarm', 'init', '--advertise-addr', address);
      else {
        const token = (await first.dockerd.cli('swarm', 'join-token', '-q', role)).trim();
        await dockerd.cli('swarm', 'join', '--advertise-addr', address, '--token', token, `${first.address}:2377`);
      }
      const id = (await dockerd.cli('info', '--format', '{{.Swarm.NodeID}}')).trim();
      machines.push({ address, netns, dockerd, id });
    };
    for (const role of ['manager', 'manager', 'manager', 'worker', 'worker'] as const) await join(role);
    const { dockerd } = machines[2] as SwarmMachine;
    const asking = machines[4] as SwarmMachine;
    await dockerd.cli('network', 'create', '--driver', 'overlay', '--attachable', SERVICE);
    const asker = ['--detach', '--name', 'asker', '--network', SERVICE, 'sampan/busybox:1', 'sleep', '100000'];
    await asking.dockerd.cli('run', ...asker);
    await dockerd.cli('node', 'update', '--availability', 'pause', asking.id);
    // By its id, or every task would first look for the image in a registry.
    const image = (await dockerd.cli('image', 'inspect', '--format', '{{.Id}}', IMAGE)).trim();
    const service = ['--name', SERVICE, '--network', SERVICE, '--endpoint-mode', 'dnsrr', '--no-resolve-image'];
    await dockerd.cli('service', 'create', '--detach', ...service, '--replicas', String(REPLICAS), image);
    const pid = (await asking.dockerd.cli('inspect', '--format', '{{.State.Pid}}', 'asker')).trim();
    const cluster = new SwarmCluster(bed, lan, machines.slice(0, 4), image, { path: `/proc/${pid}/ns/net` });
    await cluster.settled();
    return cluster;
  }

  get target(): Target {
    return { ip: SERVICE, port: PORT, resolver: '127.0.0.11' };
  }

  /** From now on another manager than that is asked. */
  spare(hit: SwarmMachine): void {
    this.#through = this.managers.findLast((manager) => manager !== hit) as SwarmMachine;
  }

  leader(): Promise<SwarmMachine> {
    return this.until('a leader', async () => {
      const leading = (await this.#nodes()).find((node) => node.ManagerStatus?.Leader && node.Status.State === 'ready');
      return this.managers.find(({ id }) => id === leading?.ID);
    });
  }

  /** A service of its own with one task is declared, and that runs. */
  async change(): Promise<void> {
    const name = `change-${++this.#changes}`;
    const create = ['service', 'create', '--detach', '--no-resolve-image', '--name', name, this.#image];
    const taken = () =>
      this.#through.dockerd.cli(...create).catch((error: Error) => {
        // The answer to the attempt before was lost.
        if (!error.message.includes('name conflicts')) throw error;
        return name;
      });
    await this.until('the service to be taken', taken);
    await this.until('its task to run', async () => {
      const [task] = await this.#tasks(name);
      return task?.Status.State === 'running';
    });
  }

  /** So many tasks more, all of them on the worker. */
  async fillWorker(count: number): Promise<void> {
    const setAvailability = async (availability: string) => {
      for (const { id } of this.managers) {
        await this.#through.dockerd.cli('node', 'update', '--availability', availability, id);
      }
    };
    await setAvailability('pause');
    this.#replicas += count;
    await this.#through.dockerd.cli('service', 'scale', '--detach', `${SERVICE}=${this.#replicas}`);
    await this.settled();
    await setAvailability('active');
  }

  /** Whether somebody decides. */
  decides(): Promise<boolean> {
    const asked = this.#through.dockerd.cli('service', 'update', '--detach', '--label-add', 'asked=1', SERVICE);
    return asked.then(() => true).catch(() => false);
  }

  untilNode({ id }: SwarmMachine, state: 'ready' | 'down'): Promise<unknown> {
    return this.until(`a node to be ${state}`, async () =>
      (await this.#nodes()).some((node) => node.ID === id && node.Status.State === state),
    );
  }

  /** As many as declared, none of them on the lost machine where one is given. */
  untilRunning(lost?: SwarmMachine): Promise<unknown> {
    return this.until('as many tasks as declared', async () => {
      const tasks = (await this.#tasks()).filter(({ Status }) => Status.State === 'running');
      return tasks.length === this.#replicas && tasks.every(({ NodeID }) => NodeID !== lost?.id);
    });
  }

  /** All nodes are there, and what runs on them is what is declared. */
  async settled(): Promise<void> {
    for (const machine of this.all) await this.untilNode(machine, 'ready');
    await this.until('what runs to be what is declared', async () => {
      const running = await Promise.all(this.all.map(containersOf));
      const wanted = new Set((await this.#tasks()).map(({ ID }) => ID));
      const found = running.flat();
      return found.length === this.#replicas && wanted.size === this.#replicas && found.every((id) => wanted.has(id));
    });
  }

  until<T>(describe: string, condition: () => Promise<T | undefined | false>): Promise<T> {
    return eventually(condition, { describe, timeoutMs: WITHIN_MS, everyMs: EVERY_MS });
  }

  #nodes(): Promise<SwarmNode[]> {
    return this.#through.dockerd.api.send<SwarmNode[]>({ path: '/nodes' });
  }

  #tasks(service = SERVICE): Promise<Task[]> {
    const filters = encodeURIComponent(JSON.stringify({ service: [service], 'desired-state': ['running'] }));
    return this.#through.dockerd.api.send<Task[]>({ path: `/tasks?filters=${filters}` });
  }
}

/** The tasks whose containers run on the machine. */
async function containersOf({ dockerd }: SwarmMachine): Promise<string[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`com.docker.swarm.service.name=${SERVICE}`] }));
  const listed = await dockerd.api.send<{ Labels: Record<string, string> }[]>({
    path: `/containers/json?filters=${filters}`,
  });
  return listed.map(({ Labels }) => Labels['com.docker.swarm.task.id'] ?? '');
}
