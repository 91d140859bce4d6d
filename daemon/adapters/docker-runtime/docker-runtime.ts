/**
 * The container runtime on Docker, from 20.10 on. The assembly makes one per engine; the kubelet and the node loop use it through the
 * port. Every answer of Docker is translated here, in the methods that know what it means; it keeps no containers in memory.
 */
import { readFile } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import type { ContainerInspectInfo } from 'dockerode';
import type * as port from '../../../reconcilers/ports/container-runtime.ts';
import { messageOf, SampanError } from '../../../reconcilers/ports/errors.ts';
import { readCgroupUsage } from './cgroup-usage.ts';
import { toCreateOptions } from './container-config.ts';
import { toContainerRecord } from './container-record.ts';
import { type ContainerStats, toUsage } from './container-stats.ts';
import { DockerClient, DockerRefusal } from './docker-client.ts';
import { type DockerEvent, EVENT_FILTERS, toRuntimeEvent } from './event-stream.ts';
import { attachTo, startExec } from './exec.ts';
import { ImagePulls } from './image-pulls.ts';
import { diskUsage, findImage, imagesInUse, listImages, removeImage } from './image-store.ts';
import { jsonLines } from './json-lines.ts';
import { demultiplex, terminalOutput } from './log-stream.ts';
import { ensureNetwork, findNetwork, removeNetwork } from './pod-network.ts';
import { PortConnections } from './port-connection.ts';
import { toSampanError, translate } from './translate.ts';

/** Creating and starting wait behind others' where many are under way on slow disks. */
const SLOW_MS = 120_000;
/** More at once make Docker no faster. */
const READS_AT_ONCE = 8;

/** The parts of `GET /info` that are used. */
interface DockerInfo {
  readonly ID: string;
  readonly ServerVersion: string;
  readonly Name: string;
  readonly OperatingSystem: string;
  readonly KernelVersion: string;
  readonly Architecture: string;
  readonly NCPU: number;
  readonly MemTotal: number;
  readonly DockerRootDir: string;
  readonly LoggingDriver: string;
}

export class DockerRuntime implements port.ContainerRuntime {
  readonly #docker: DockerClient;
  readonly #pulls: ImagePulls;
  readonly #connections = new PortConnections();
  #logDriver: string | undefined;
  #rootDir: string | undefined;
  readonly #networksUnderWay = new Map<string, Promise<void>>();

  /** `endpoint`: `unix:///PATH` or `tcp://HOST:PORT`; nothing is asked of it yet. Throws Usage for another form. */
  constructor(endpoint: string) {
    this.#docker = new DockerClient(endpoint);
    this.#pulls = new ImagePulls(this.#docker);
  }

  get endpoint(): string {
    return this.#docker.endpoint;
  }

  /** Ends the kept connections. */
  close(): void {
    this.#connections.close();
    this.#docker.close();
  }

  async info(): Promise<port.RuntimeInfo> {
    const info = await this.#docker.request<DockerInfo>('GET', '/info').catch(translate('Internal', {}));
    this.#logDriver = info.LoggingDriver;
    return {
      id: info.ID,
      version: info.ServerVersion,
      hostname: info.Name,
      operatingSystem: info.OperatingSystem,
      kernelVersion: info.KernelVersion,
      architecture: info.Architecture,
      cpus: info.NCPU,
      memoryBytes: info.MemTotal,
      rootDir: info.DockerRootDir,
    };
  }

  network(name: string): Promise<port.PodNetwork | undefined> {
    return findNetwork(this.#docker, name).catch(translate('NetworkConflict', { network: name }));
  }

  /** Asked for by several at once it is made once: to the others Docker would say that its addresses are taken. */
  ensureNetwork(network: port.PodNetwork): Promise<void> {
    const key = JSON.stringify(network);
    const making =
      this.#networksUnderWay.get(key) ??
      ensureNetwork(this.#docker, network)
        .catch(translate('NetworkConflict', { network: network.name }))
        .finally(() => this.#networksUnderWay.delete(key));
    this.#networksUnderWay.set(key, making);
    return making;
  }

  removeNetwork(name: string): Promise<void> {
    return removeNetwork(this.#docker, name);
  }

  /** Docker's list knows neither exit codes nor exact times, so each one is inspected (half a millisecond on a local engine). */
  async list(labels: Readonly<Record<string, string>>): Promise<port.ContainerRecord[]> {
    const label = Object.entries(labels).map(([key, value]) => (value === '' ? key : `${key}=${value}`));
    const query = { all: true, filters: { label } };
    const found = await this.#docker
      .request<{ Id: string }[]>('GET', '/containers/json', { query })
      .catch(translate('Internal', {}));
    const records = await readAll(found, ({ Id }) => this.inspect(Id));
    return records.filter((record) => record !== undefined);
  }

  async inspect(id: string): Promise<port.ContainerRecord | undefined> {
    const info = await this.#inspect(id);
    return info && toContainerRecord(info);
  }

  async create(spec: port.ContainerSpec): Promise<string> {
    if (this.#logDriver === undefined) await this.info();
    const seccompProfile = await readSeccompProfile(spec);
    const facts = { logDriver: this.#logDriver ?? '', ...(seccompProfile !== undefined && { seccompProfile }) };
    const options = {
      query: { name: spec.name },
      body: toCreateOptions(spec, facts),
      deadlineMs: SLOW_MS,
    };
    try {
      return (await this.#docker.request<{ Id: string }>('POST', '/containers/create', options)).Id;
    } catch (error) {
      if (!(error instanceof DockerRefusal)) throw error;
      const holder = /already in use by container "?([0-9a-f]{64})/.exec(error.message)?.[1];
      if (holder !== undefined) throw new SampanError('ContainerNameTaken', { name: spec.name, holder }, error);
      if (error.status === 404 && /no such image/i.test(error.message)) {
        throw new SampanError('ImageMissing', { image: spec.image }, error);
      }
      throw new SampanError('ContainerRefused', { name: spec.name, detail: error.message }, error);
    }
  }

  async start(id: string): Promise<port.ContainerRecord> {
    try {
      await this.#docker.request('POST', `${pathOf(id)}/start`, { deadlineMs: SLOW_MS });
    } catch (error) {
      // 304: it runs. 404 is also the answer where a network, or the container whose network it shares, is missing.
      if (!(error instanceof DockerRefusal)) throw error;
      if (isMissing(error, id)) throw new SampanError('ContainerMissing', { id }, error);
      if (error.status !== 304) {
        throw new SampanError('ContainerStartFailed', { name: await this.#nameOf(id), detail: error.message }, error);
      }
    }
    const record = await this.inspect(id);
    if (record === undefined) throw new SampanError('ContainerMissing', { id });
    return record;
  }

  async stop(id: string, graceSeconds: number): Promise<void> {
    const seconds = Math.max(0, Math.ceil(graceSeconds));
    const options = { query: { t: seconds }, deadlineMs: seconds * 1000 + SLOW_MS };
    try {
      await this.#docker.request('POST', `${pathOf(id)}/stop`, options);
    } catch (error) {
      if (!(error instanceof DockerRefusal)) throw error;
      if (error.status === 304 || error.status === 404) return; // down already, or gone
      throw new SampanError('ContainerRefused', { name: id, detail: error.message }, error);
    }
  }

  /** Its anonymous volumes go with it. */
  async remove(id: string): Promise<void> {
    try {
      await this.#docker.request('DELETE', pathOf(id), { query: { force: true, v: true }, deadlineMs: SLOW_MS });
    } catch (error) {
      if (!(error instanceof DockerRefusal)) throw error;
      if (error.status === 404) return;
      if (error.status === 409 && /removal .*already in progress/.test(error.message)) return this.#untilRemoved(id);
      throw new SampanError('ContainerRefused', { name: id, detail: error.message }, error);
    }
  }

  async usage(ids: readonly string[]): Promise<ReadonlyMap<string, port.ResourceUsage>> {
    const found = await readAll(ids, (id) => this.#inspect(id));
    const running = found.filter((info) => info !== undefined).filter(({ State }) => State.Running);
    const used = new Map<string, port.ResourceUsage>();
    // All at once: before Docker 28 each answer waits for the next second, and then Docker looks at all of them.
    const readUsage = async ({ Id, State }: ContainerInspectInfo) => {
      const usage = (await readCgroupUsage(Id, State.Pid)) ?? (await this.#stats(Id));
      if (usage !== undefined) used.set(Id, usage);
    };
    await Promise.all(running.map(readUsage));
    return used;
  }

  async *logs(id: string, options: port.LogOptions, signal: AbortSignal): AsyncGenerator<port.LogChunk> {
    const info = await this.#inspect(id, signal);
    if (info === undefined) throw new SampanError('ContainerMissing', { id });
    const query = {
      stdout: true,
      stderr: true,
      follow: options.follow,
      timestamps: options.timestamps,
      tail: options.tail,
      since: options.since === undefined ? undefined : options.since / 1000,
    };
    const stream = await this.#docker.open('GET', `${pathOf(id)}/logs`, { query, signal }).catch((error) => {
      if (isMissing(error, id)) throw new SampanError('ContainerMissing', { id }, error);
      throw toSampanError(error, 'ContainerRefused', { name: info.Name });
    });
    const bytes = this.#untilAborted(stream, signal);
    yield* info.Config.Tty ? terminalOutput(bytes) : demultiplex(bytes);
  }

  exec(id: string, spec: port.ExecSpec): Promise<port.ExecSession> {
    return startExec(this.#docker, id, spec).catch(translateOf(id));
  }

  async attach(id: string, choice: port.StreamChoice): Promise<port.ContainerSession> {
    const { Config } = await this.#running(id);
    const own = { hasTerminal: Config.Tty, stdinOnce: Config.StdinOnce };
    return attachTo(this.#docker, id, own, choice).catch(translateOf(id));
  }

  async connect(id: string, port: number, signal: AbortSignal): Promise<Duplex> {
    signal.throwIfAborted();
    return this.#connections.connect(await this.#running(id), port, signal);
  }

  async *events(label: string, signal: AbortSignal): AsyncGenerator<port.RuntimeEvent> {
    const at = Date.now();
    // Docker answers a moment before it listens; `since` fetches what happened in between.
    const query = { filters: EVENT_FILTERS, since: at / 1000 };
    const stream = await this.#docker.open('GET', '/events', { query, signal }).catch(translate('Internal', {}));
    try {
      yield { type: 'listening', id: '', labels: {}, at };
      for await (const message of jsonLines<DockerEvent>(this.#untilAborted(stream, signal))) {
        const event = toRuntimeEvent(message, label);
        if (event !== undefined) yield event;
      }
    } finally {
      stream.destroy();
    }
    if (!signal.aborted) throw this.#docker.unavailable('the event stream ended');
  }

  image(reference: string): Promise<port.ImageRecord | undefined> {
    return findImage(this.#docker, reference);
  }

  images(): Promise<port.ImageRecord[]> {
    return listImages(this.#docker);
  }

  pull(
    reference: string,
    onProgress: (progress: port.PullProgress) => void,
    signal: AbortSignal,
    credentials?: port.RegistryCredentials,
  ): Promise<port.PulledImage> {
    return this.#pulls.pull(reference, onProgress, signal, credentials);
  }

  imagesInUse(): Promise<ReadonlySet<string>> {
    return imagesInUse(this.#docker);
  }

  removeImage(id: string, names: readonly string[]): Promise<void> {
    return removeImage(this.#docker, id, names);
  }

  async diskUsage(): Promise<port.DiskUsage | undefined> {
    this.#rootDir ??= (await this.info()).rootDir;
    return diskUsage(this.endpoint, this.#rootDir);
  }

  async #inspect(id: string, signal?: AbortSignal): Promise<ContainerInspectInfo | undefined> {
    try {
      return await this.#docker.request('GET', `${pathOf(id)}/json`, signal && { signal });
    } catch (error) {
      if (isMissing(error, id)) return undefined;
      throw toSampanError(error, 'Internal', {});
    }
  }

  async #running(id: string): Promise<ContainerInspectInfo> {
    const info = await this.#inspect(id);
    if (info === undefined) throw new SampanError('ContainerMissing', { id });
    if (!info.State.Running)
      throw new SampanError('ContainerRefused', { name: info.Name, detail: 'it is not running' });
    return info;
  }

  /** `one-shot`: otherwise Docker looks twice, a second apart. */
  async #stats(id: string): Promise<port.ResourceUsage | undefined> {
    const query = { stream: false, 'one-shot': true };
    try {
      return toUsage(await this.#docker.request<ContainerStats>('GET', `${pathOf(id)}/stats`, { query }));
    } catch (error) {
      if (isMissing(error, id)) return undefined;
      throw toSampanError(error, 'Internal', {});
    }
  }

  /** For messages. */
  async #nameOf(id: string): Promise<string> {
    return (await this.inspect(id))?.name ?? id;
  }

  async #untilRemoved(id: string): Promise<void> {
    const options = { query: { condition: 'removed' }, deadlineMs: SLOW_MS };
    try {
      await this.#docker.request('POST', `${pathOf(id)}/wait`, options);
    } catch (error) {
      if (!isMissing(error, id)) throw toSampanError(error, 'ContainerRefused', { name: id });
    }
  }

  /** Ends quietly where `signal` aborts; throws RuntimeUnavailable where the stream breaks off. */
  async *#untilAborted(stream: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    try {
      yield* stream;
    } catch (error) {
      if (!signal.aborted) throw this.#docker.unavailable(`a stream broke off: ${messageOf(error)}`, error);
    }
  }
}

/** What `read` says of each, in their order. */
async function readAll<T, R>(items: readonly T[], read: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const rest = items.entries();
  const readRest = async () => {
    for (const [at, item] of rest) results[at] = await read(item);
  };
  await Promise.all(Array.from({ length: READS_AT_ONCE }, readRest));
  return results;
}

function pathOf(id: string): string {
  return `/containers/${encodeURIComponent(id)}`;
}

function isMissing(error: unknown, id: string): boolean {
  return error instanceof DockerRefusal && error.status === 404 && error.message.includes(`container: ${id}`);
}

async function readSeccompProfile({ name, security }: port.ContainerSpec): Promise<string | undefined> {
  const { seccomp } = security ?? {};
  if (seccomp === undefined || seccomp === 'unconfined') return undefined;
  try {
    return await readFile(seccomp.file, 'utf8');
  } catch (cause) {
    const detail = `cannot load seccomp profile ${JSON.stringify(seccomp.file)}: ${messageOf(cause)}`;
    throw new SampanError('ContainerRefused', { name, detail }, cause);
  }
}

/** {@link translate} for a call about one container that is to be there. */
function translateOf(id: string): (error: unknown) => never {
  return (error) => {
    if (isMissing(error, id)) throw new SampanError('ContainerMissing', { id }, error);
    throw toSampanError(error, 'ContainerRefused', { name: id });
  };
}
