/**
 * A container runtime in memory that behaves as Docker does, for scenarios: deterministic, on the test's clock and randomness, with
 * failures on request. The contract suite that it shares with the Docker adapter keeps it honest.
 */
import { createHash } from 'node:crypto';
import { type Duplex, duplexPair } from 'node:stream';
import { type Clock, sleep } from '../../reconcilers/ports/clock.ts';
import type * as port from '../../reconcilers/ports/container-runtime.ts';
import { messageOf, SampanError } from '../../reconcilers/ports/errors.ts';
import type { Random } from '../../reconcilers/ports/random.ts';
import { Channel } from './channel.ts';
import type { FakeContainer, FakeImage, FakeProgram } from './fake-container.ts';
import { FakeLog } from './fake-log.ts';
import { FakeNetworks } from './fake-networks.ts';
import { FakeProcess } from './fake-process.ts';
import { FakeRegistry } from './fake-registry.ts';

/** The port's calls that a test counts, slows down or lets fail. */
export type FakeOperation =
  | 'info'
  | 'find-network'
  | 'network'
  | 'list'
  | 'inspect'
  | 'create'
  | 'start'
  | 'stop'
  | 'remove'
  | 'exec'
  | 'attach'
  | 'connect'
  | 'usage'
  | 'image'
  | 'pull'
  | 'remove-image';

const KILLED = 137;
/** How Docker shows containers that were running when it was killed itself. */
const LOST = 255;

export class FakeRuntime implements port.ContainerRuntime {
  readonly endpoint = 'fake://docker';
  /** Every call so far, in order. `subject`: the id, name or reference it was about. */
  readonly calls: { readonly operation: FakeOperation; readonly subject: string }[] = [];
  /** What an operation takes, in milliseconds of the clock; 0 without an entry. */
  readonly latencyMs = new Map<FakeOperation, number>();
  /** Docker's sentence at the start of a container of this image. */
  readonly startFailures = new Map<string, string>();
  readonly registry: FakeRegistry;
  /** Of the disk of its images: what there is, and what others than images take. Undefined: nobody can see it. */
  disk: { readonly capacityBytes: number; readonly takenBytes: number } | undefined = {
    capacityBytes: 100 * 2 ** 30,
    takenBytes: 0,
  };

  readonly #clock: Clock;
  readonly #random: Random;
  readonly #images = new Map<string, FakeImage>();
  readonly #containers = new Map<string, FakeContainer>();
  readonly #networks = new FakeNetworks(this.#containers);
  readonly #listeners = new Set<{ readonly label: string; readonly channel: Channel<port.RuntimeEvent> }>();
  #down = false;

  constructor(deps: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = deps.clock;
    this.#random = deps.random;
    this.registry = new FakeRegistry(deps.clock);
  }

  // What a test does to it.

  /** The image is there, as if built or pulled before. */
  addImage(reference: string, image: FakeImage = {}): void {
    this.#images.set(withTag(reference), image);
    this.#tell({ type: 'image', id: imageId(reference, image), labels: {}, at: this.#clock.now() });
  }

  /** The container's process ends. */
  exit(id: string, exitCode: number, options: { readonly oomKilled?: boolean } = {}): void {
    this.#end(this.#container(id), exitCode, options.oomKilled);
  }

  /** The container's process writes to its log. */
  write(id: string, stream: port.LogChunk['stream'], text: string): void {
    this.#container(id).log.write(stream, text, this.#clock.now());
  }

  /** dockerd is gone: every call and stream says RuntimeUnavailable, containers run on. */
  goDown(): void {
    this.#down = true;
    for (const { channel } of this.#listeners) channel.cut(this.#unavailable());
    for (const { log, processes } of this.#containers.values()) {
      log.end(this.#unavailable());
      for (const process of processes) process.cut(this.#unavailable());
    }
    this.#listeners.clear();
  }

  /** dockerd is back. Without live-restore, all that ran has ended, and nobody was told. */
  comeBack(options: { readonly liveRestore?: boolean } = {}): void {
    if (options.liveRestore !== true) {
      for (const container of this.#containers.values()) this.#end(container, LOST);
    }
    this.#down = false;
  }

  /** The processes that were started in it by exec, or joined by attach, and have not ended. */
  processesOf(id: string): FakeProcess[] {
    return [...this.#container(id).processes];
  }

  /** All containers as they are, in the order of their creation, without a call. */
  get containers(): port.ContainerRecord[] {
    return [...this.#containers.values()].map(({ record }) => record);
  }

  /** What a container was created from, without a call. */
  specOf(id: string): port.ContainerSpec | undefined {
    return this.#containers.get(id)?.spec;
  }

  // The port.

  info(): Promise<port.RuntimeInfo> {
    return this.#call('info', '', () => ({
      id: 'fake',
      version: '20.10.24',
      hostname: 'fake-host',
      operatingSystem: 'Fake OS',
      kernelVersion: '6.1.0',
      architecture: 'x86_64',
      cpus: 2,
      memoryBytes: 4 * 2 ** 30,
      rootDir: '/var/lib/docker',
    }));
  }

  network(name: string): Promise<port.PodNetwork | undefined> {
    return this.#call('find-network', name, () => this.#networks.find(name));
  }

  ensureNetwork(network: port.PodNetwork): Promise<void> {
    return this.#call('network', network.name, () => this.#networks.ensure(network));
  }

  removeNetwork(name: string): Promise<void> {
    return this.#call('network', name, () => this.#networks.remove(name));
  }

  list(labels: Readonly<Record<string, string>>): Promise<port.ContainerRecord[]> {
    return this.#call('list', JSON.stringify(labels), () => {
      const wanted = Object.entries(labels);
      return this.containers.filter((record) =>
        wanted.every(([key, value]) => carries(record.labels, key, value || undefined)),
      );
    });
  }

  inspect(id: string): Promise<port.ContainerRecord | undefined> {
    return this.#call('inspect', id, () => this.#containers.get(id)?.record);
  }

  create(spec: port.ContainerSpec): Promise<string> {
    return this.#call('create', spec.name, () => {
      const image = this.#images.get(withTag(spec.image));
      if (image === undefined) throw new SampanError('ImageMissing', { image: spec.image });
      const holder = this.#containers.values().find(({ record }) => record.name === spec.name);
      if (holder !== undefined) {
        throw new SampanError('ContainerNameTaken', { name: spec.name, holder: holder.record.id });
      }
      const id = `${this.#random.uuid()}${this.#random.uuid()}`.replaceAll('-', '');
      const { name, labels } = spec;
      const of = { image: spec.image, imageId: imageId(spec.image, image) };
      const record = { id, name, labels, ...of, oomKilled: false, createdAt: this.#clock.now() };
      const container: FakeContainer = {
        spec,
        image,
        record: { ...record, state: 'created' },
        log: new FakeLog(),
        processes: new Set(),
      };
      this.#containers.set(id, container);
      this.#tellOf('created', container);
      return id;
    });
  }

  start(id: string): Promise<port.ContainerRecord> {
    return this.#call('start', id, () => {
      const container = this.#container(id);
      if (container.record.state === 'running') return container.record;
      const ip = this.#join(container);
      const { finishedAt: _, exitCode: __, error: ___, ...rest } = container.record;
      const startedAt = this.#clock.now();
      container.record = { ...rest, state: 'running', startedAt, oomKilled: false, ...(ip !== undefined && { ip }) };
      this.#tellOf('started', container);
      for (const { stream, text } of container.image.output ?? []) this.write(id, stream, text);
      if (container.image.exitCode !== undefined) this.#end(container, container.image.exitCode);
      return container.record;
    });
  }

  async stop(id: string, graceSeconds: number): Promise<void> {
    const onSigterm = await this.#call('stop', id, () => this.#containers.get(id)?.image.onSigterm ?? 0);
    if (onSigterm === 'ignore' && this.#containers.get(id)?.record.state === 'running') {
      await sleep(this.#clock, graceSeconds * 1000);
      this.#requireUp();
    }
    const container = this.#containers.get(id);
    if (container !== undefined) this.#end(container, onSigterm === 'ignore' ? KILLED : onSigterm);
  }

  remove(id: string): Promise<void> {
    return this.#call('remove', id, () => {
      const container = this.#containers.get(id);
      if (container === undefined) return;
      this.#end(container, KILLED);
      this.#containers.delete(id);
      this.#tellOf('removed', container);
    });
  }

  usage(ids: readonly string[]): Promise<ReadonlyMap<string, port.ResourceUsage>> {
    return this.#call('usage', ids.join(' '), () => {
      const at = this.#clock.now();
      const running = ids.flatMap((id) => this.#containers.get(id) ?? []).filter(({ record }) => isRunning(record));
      return new Map(
        running.map(({ record, image: { cores = 0, memoryBytes = 2 ** 20 } }) => {
          const ranMs = at - (record.startedAt ?? at);
          return [record.id, { at, cpuNanos: Math.round(ranMs * cores * 1e6), memoryBytes }];
        }),
      );
    });
  }

  async *logs(id: string, options: port.LogOptions, signal: AbortSignal): AsyncGenerator<port.LogChunk> {
    this.#requireUp();
    const container = this.#container(id);
    const follow = options.follow && container.record.state === 'running';
    const channel = container.log.read({ ...options, follow });
    yield* this.#untilAborted(channel, signal, () => container.log.leave(channel));
  }

  exec(id: string, spec: port.ExecSpec): Promise<port.ExecSession> {
    return this.#call('exec', id, () => {
      const container = this.#running(id);
      const program = container.image.programs?.[spec.command[0] ?? ''];
      return this.#process(container, spec, program ?? FakeProcess.missing).session();
    });
  }

  attach(id: string, choice: port.StreamChoice): Promise<port.ContainerSession> {
    return this.#call('attach', id, () => {
      const container = this.#running(id);
      const { tty = false, stdinOnce = false } = container.spec;
      const process = this.#process(
        container,
        { ...choice, tty, command: [] },
        container.image.onAttach ?? FakeProcess.idle,
      );
      if (!stdinOnce) return { ...process.session(), closeStdin: () => {}, close: async () => process.detach() };
      if (!choice.stdin) return { ...process.session(), close: async () => process.detach() };
      void process.ended.then((exitCode) => this.#end(container, exitCode));
      return { ...process.session(), close: async () => process.stdin.end() };
    });
  }

  connect(id: string, port: number, signal: AbortSignal): Promise<Duplex> {
    return this.#call('connect', id, () => {
      signal.throwIfAborted();
      const { image, record } = this.#running(id);
      const server = image.servers?.[port];
      if (server === undefined) {
        throw new SampanError('PortUnreachable', { name: record.name, port, detail: 'connect ECONNREFUSED' });
      }
      const [here, there] = duplexPair();
      server(there);
      return here;
    });
  }

  async *events(label: string, signal: AbortSignal): AsyncGenerator<port.RuntimeEvent> {
    this.#requireUp();
    const channel = new Channel<port.RuntimeEvent>();
    const listener = { label, channel };
    this.#listeners.add(listener);
    channel.send({ type: 'listening', id: '', labels: {}, at: this.#clock.now() });
    yield* this.#untilAborted(channel, signal, () => this.#listeners.delete(listener));
  }

  image(reference: string): Promise<port.ImageRecord | undefined> {
    return this.#call('image', reference, () => this.#imageRecord(reference));
  }

  images(): Promise<port.ImageRecord[]> {
    return this.#call('image', '', () => this.#imageRecords());
  }

  async pull(
    reference: string,
    onProgress: (progress: port.PullProgress) => void,
    signal: AbortSignal,
    credentials?: port.RegistryCredentials,
  ): Promise<port.PulledImage> {
    await this.#call('pull', reference, () => {});
    const before = new Set(this.#imageRecords().map(({ id }) => id));
    const image = await this.registry.pull(reference, onProgress, signal, credentials);
    this.#requireUp();
    this.addImage(reference, image);
    const record = this.#imageRecord(reference) as port.ImageRecord;
    return { ...record, isNew: !before.has(record.id) };
  }

  imagesInUse(): Promise<ReadonlySet<string>> {
    return this.#call('image', '', () => new Set(this.containers.map(({ imageId: id }) => id)));
  }

  removeImage(id: string, names: readonly string[]): Promise<void> {
    return this.#call('remove-image', id, () => {
      const holder = this.containers.find(({ imageId: used }) => used === id);
      if (holder !== undefined) {
        throw new SampanError('ImageInUse', { image: id, detail: `container ${holder.id} is using it` });
      }
      for (const name of names) this.#images.delete(withTag(name));
      this.#tell({ type: 'image', id, labels: {}, at: this.#clock.now() });
    });
  }

  diskUsage(): Promise<port.DiskUsage | undefined> {
    return this.#call('info', '', () => {
      if (this.disk === undefined) return undefined;
      const { capacityBytes, takenBytes } = this.disk;
      const ofImages = this.#imageRecords().reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      return { capacityBytes, availableBytes: Math.max(0, capacityBytes - takenBytes - ofImages) };
    });
  }

  // What both need.

  async #call<T>(operation: FakeOperation, subject: string, work: () => T): Promise<T> {
    this.calls.push({ operation, subject });
    this.#requireUp();
    const latencyMs = this.latencyMs.get(operation) ?? 0;
    if (latencyMs > 0) await sleep(this.#clock, latencyMs);
    this.#requireUp();
    return work();
  }

  #running(id: string): FakeContainer {
    const container = this.#container(id);
    if (container.record.state === 'running') return container;
    throw new SampanError('ContainerRefused', { name: container.record.name, detail: 'it is not running' });
  }

  #process(container: FakeContainer, spec: port.ExecSpec, program: FakeProgram): FakeProcess {
    const process = new FakeProcess(spec, program);
    container.processes.add(process);
    void process.ended.then(() => container.processes.delete(process));
    return process;
  }

  #container(id: string): FakeContainer {
    const container = this.#containers.get(id);
    if (container === undefined) throw new SampanError('ContainerMissing', { id });
    return container;
  }

  /** As Docker does, keeps the sentence of a failed start in the record, which stays as it was else. */
  #join(container: FakeContainer): string | undefined {
    try {
      const failure = this.startFailures.get(container.record.image);
      if (failure !== undefined) throw new Error(failure);
      const { pidOf } = container.spec;
      if (pidOf !== undefined && this.#containers.get(pidOf)?.record.state !== 'running') {
        throw new Error(`container ${pidOf} is not running`);
      }
      this.#joinIpc(container.spec);
      return this.#networks.join(container);
    } catch (error) {
      const detail = messageOf(error);
      container.record = { ...container.record, error: detail };
      throw new SampanError('ContainerStartFailed', { name: container.record.name, detail }, error);
    }
  }

  #joinIpc({ ipc }: port.ContainerSpec): void {
    if (typeof ipc !== 'object') return;
    const target = this.#containers.get(ipc.of);
    if (target?.record.state !== 'running') throw new Error(`container ${ipc.of} is not running`);
    if (target.spec.ipc !== 'shareable') throw new Error(`${ipc.of}: non-shareable IPC`);
  }

  #end(container: FakeContainer, exitCode: number, oomKilled = false): void {
    if (container.record.state !== 'running') return;
    const { ip: _, ...rest } = container.record;
    container.record = { ...rest, state: 'exited', finishedAt: this.#clock.now(), exitCode, oomKilled };
    container.log.end();
    for (const process of container.processes) process.kill();
    this.#tellOf('died', container);
  }

  #tellOf(type: port.RuntimeEvent['type'], { record }: FakeContainer): void {
    this.#tell({ type, id: record.id, labels: record.labels, at: this.#clock.now() });
  }

  #tell(event: port.RuntimeEvent): void {
    for (const { label, channel } of this.#listeners) {
      const [, key = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(label) ?? [];
      if (event.type === 'image' || carries(event.labels, key, value)) channel.send(event);
    }
  }

  async *#untilAborted<T>(channel: Channel<T>, signal: AbortSignal, leave: () => void): AsyncGenerator<T> {
    const abort = () => channel.cut();
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    try {
      yield* channel;
    } finally {
      signal.removeEventListener('abort', abort);
      leave();
    }
  }

  #imageRecord(reference: string): port.ImageRecord | undefined {
    const image = this.#images.get(withTag(reference));
    const id = image && imageId(reference, image);
    const record = this.#imageRecords().find((each) => each.id === id);
    return record && { ...record, ...(image?.user !== undefined && { user: image.user }) };
  }

  /** One for each id, with all its names. */
  #imageRecords(): port.ImageRecord[] {
    const byId = Map.groupBy(this.#images, ([reference, image]) => imageId(reference, image));
    return [...byId].map(([id, named]) => ({
      id,
      names: named.map(([reference]) => reference),
      sizeBytes: named[0]?.[1].sizeBytes ?? 1000,
    }));
  }

  #requireUp(): void {
    if (this.#down) throw this.#unavailable();
  }

  #unavailable(): SampanError {
    return new SampanError('RuntimeUnavailable', { endpoint: this.endpoint, detail: 'connect ECONNREFUSED' });
  }
}

function isRunning({ state }: port.ContainerRecord): boolean {
  return state === 'running';
}

/** `value` undefined: any. */
function carries(labels: Readonly<Record<string, string>>, key: string, value: string | undefined): boolean {
  return Object.hasOwn(labels, key) && (value === undefined || labels[key] === value);
}

/** `nginx` is `nginx:latest`. */
function withTag(reference: string): string {
  return /:[^/]+$/.test(reference) ? reference : `${reference}:latest`;
}

function imageId(reference: string, image: FakeImage): string {
  return image.id ?? `sha256:${createHash('sha256').update(withTag(reference)).digest('hex')}`;
}
