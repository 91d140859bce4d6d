/**
 * Starts what `run-containers` asks for with as few round trips as Docker allows: the containers are created while the pause
 * container starts, and start together once it runs. Safe to repeat: what an interrupted attempt made is found by its name.
 * What Docker refuses is remembered for the pod's status; it never fails the other containers.
 */

import { TERMINATION_MESSAGE_PATH } from '../objects/pod.ts';
import { hostnameProblem } from '../objects/pod-names.ts';
import type { Clock } from '../ports/clock.ts';
import type { BindMount, ContainerRuntime, ContainerSpec, PodNetwork } from '../ports/container-runtime.ts';
import { isSampanError, SampanError } from '../ports/errors.ts';
import type { ContainerStart, RunContainers, StatusEvent } from './actions.ts';
import { type ContainerConfig, ContainerConfigProblem } from './container-config.ts';
import type { ContainerView } from './container-view.ts';
import {
  LABEL_SHARES_IPC,
  LABEL_UID,
  type PodContainer,
  type PodIdentity,
  readPodContainer,
  SANDBOX,
} from './identity.ts';
import type { CreationFailure } from './observation.ts';
import type { PodFileMounts, PodFileWriter } from './pod-files/pod-file-writer.ts';
import type { PodMemory } from './pod-memory.ts';
import type { TerminationMessages } from './termination-messages.ts';

export interface PodStartDeps {
  readonly runtime: ContainerRuntime;
  readonly view: ContainerView;
  readonly memory: PodMemory;
  readonly messages: TerminationMessages;
  readonly containerConfig: ContainerConfig;
  readonly podFiles: PodFileWriter;
  readonly clock: Clock;
  readonly onNetwork: (network: PodNetwork) => void;
}

type Announce = (event: StatusEvent) => void;

/** Answers of Docker that concern this one container; all others concern the attempt. */
const REFUSALS = ['ContainerRefused', 'ContainerStartFailed', 'ContainerNameTaken', 'NetworkConflict'] as const;

export class PodStart {
  readonly #deps: PodStartDeps;
  #network: { readonly made: PodNetwork; readonly done: Promise<void> } | undefined;

  constructor(deps: PodStartDeps) {
    this.#deps = deps;
  }

  /** The pod network is looked at again before the next pause container: Docker may have lost it. */
  forgetNetwork(): void {
    this.#network = undefined;
  }

  async run(action: RunContainers, announce: Announce, signal: AbortSignal): Promise<void> {
    const { pod, sandbox, containers } = action;
    const mounts = await this.#deps.podFiles.write(action, 'id' in sandbox ? sandbox.id : undefined);
    const startApps = (sandboxId: string, started: Promise<boolean>) =>
      containers.map((each) => this.#startApp(pod, each, { id: sandboxId, started, mounts }, announce, signal));
    for (const message of action.files.omissions ?? []) {
      announce({ type: 'Warning', reason: 'DNSConfigForming', message });
    }
    if ('id' in sandbox) {
      await all(startApps(sandbox.id, Promise.resolve(true)));
      return;
    }
    const sandboxId = await this.#createSandbox(action, sandbox.spec, announce);
    if (sandboxId === undefined) return;
    signal.throwIfAborted();
    const started = this.#startSandbox(action, sandboxId, sandbox.spec, announce);
    await all([started, ...startApps(sandboxId, started)]);
  }

  async #createSandbox(
    { pod, network }: RunContainers,
    spec: ContainerSpec,
    announce: Announce,
  ): Promise<string | undefined> {
    try {
      const problem = hostnameProblem(spec.hostname ?? '');
      if (problem !== undefined) throw new SampanError('ContainerRefused', { name: spec.name, detail: problem });
      if (network !== undefined) await this.#ensureNetwork(network);
      return await this.#create(pod, spec);
    } catch (error) {
      this.#sandboxFailed(pod, spec, 'CreateContainerError', error, announce);
      return undefined;
    }
  }

  /** Whether it runs, and the pod's files say its address. */
  async #startSandbox(action: RunContainers, id: string, spec: ContainerSpec, announce: Announce): Promise<boolean> {
    const { pod } = action;
    try {
      await this.#start(id);
      await this.#deps.podFiles.write(action, id);
      this.#deps.memory.created(pod, SANDBOX);
      return true;
    } catch (error) {
      this.#sandboxFailed(pod, spec, 'RunContainerError', error, announce);
      await this.#deps.view.refresh(id);
      return false;
    }
  }

  #sandboxFailed(
    pod: PodIdentity,
    spec: ContainerSpec,
    reason: CreationFailure['reason'],
    error: unknown,
    announce: Announce,
  ): void {
    this.forgetNetwork();
    const message = `Failed to create pod sandbox: ${detailOf(error, 'ImageMissing')}`;
    this.#remember(pod, SANDBOX, spec, reason, message);
    announce({ type: 'Warning', reason: 'FailedCreatePodSandBox', message });
  }

  async #startApp(
    pod: PodIdentity,
    start: ContainerStart,
    sandbox: { readonly id: string; readonly started: Promise<boolean>; readonly mounts: PodFileMounts },
    announce: Announce,
    signal: AbortSignal,
  ): Promise<void> {
    const { view, memory, containerConfig } = this.#deps;
    const { name, spec, processesOf, imageWasPresent } = start;
    const failed = (reason: CreationFailure['reason'], message: string) => {
      this.#remember(pod, name, spec, reason, message);
      announce({ type: 'Warning', reason: 'Failed', message: `Error: ${message}` });
    };
    let id: string | undefined;
    try {
      if (start.late === 'address' && !(await sandbox.started)) return;
      const { ip = '', labels } = view.get(sandbox.id) ?? {};
      const completed = await containerConfig.complete(pod, start, ip);
      const pidOf = processesOf === 'sandbox' ? sandbox.id : processesOf?.id;
      const sharesIpc = labels?.[LABEL_SHARES_IPC] !== undefined;
      const mounts = await this.#withMessageFile(completed, start.terminationMessagePath ?? TERMINATION_MESSAGE_PATH);
      id = await this.#create(pod, {
        ...completed,
        mounts: [...mounts, ...sandbox.mounts(start.files)],
        network: { kind: 'container', id: sandbox.id },
        ...(pidOf !== undefined && { pidOf }),
        ...(sharesIpc && { ipc: { of: sandbox.id } }),
      });
    } catch (error) {
      // The pod's status says so.
      if (error instanceof ContainerConfigProblem) {
        return this.#remember(pod, name, spec, 'CreateContainerConfigError', error.message);
      }
      // It was removed between the look and the creation: the next look pulls it.
      if (isSampanError(error, 'ImageMissing')) view.forgetImage(spec.image);
      else failed('CreateContainerError', detailOf(error));
      return;
    }
    if (id === undefined) return;
    if (imageWasPresent) {
      announce({
        type: 'Normal',
        reason: 'Pulled',
        message: `Container image "${spec.image}" already present on machine`,
      });
    }
    announce({ type: 'Normal', reason: 'Created', message: `Created container ${name}` });
    if (!(await sandbox.started)) return;
    signal.throwIfAborted();
    try {
      await this.#start(id);
      memory.created(pod, name);
      announce({ type: 'Normal', reason: 'Started', message: `Started container ${name}` });
    } catch (error) {
      if (isSampanError(error, 'ContainerMissing')) return view.drop(id);
      failed('RunContainerError', `failed to start container "${name}": ${detailOf(error)}`);
      await view.refresh(id);
    }
  }

  /** What the container itself mounts there takes precedence. */
  async #withMessageFile(
    { labels, mounts = [] }: Pick<ContainerSpec, 'labels' | 'mounts'>,
    target: string,
  ): Promise<BindMount[]> {
    if (mounts.some((mount) => mount.target === target)) return [...mounts];
    const source = await this.#deps.messages.make(identified(labels));
    return [...mounts, { source, target, readOnly: false }];
  }

  /** Its id; undefined where its name belongs to a container of the same pod that the next look must judge first. */
  async #create(pod: PodIdentity, spec: ContainerSpec): Promise<string | undefined> {
    const { runtime, view, clock } = this.#deps;
    const known = view.of(pod).find(({ name }) => name === spec.name);
    if (known !== undefined) return known.state === 'created' ? known.id : undefined;
    try {
      const id = await runtime.create(spec);
      const { name, image, labels } = spec;
      view.put({ id, name, image, labels, imageId: '', state: 'created', createdAt: clock.now(), oomKilled: false });
      return id;
    } catch (error) {
      if (!isSampanError(error, 'ContainerNameTaken')) throw error;
      const holder = await runtime.inspect(String(error.details.holder));
      if (holder?.labels[LABEL_UID] !== pod.uid) throw error;
      view.put(holder);
      return holder.state === 'created' ? holder.id : undefined;
    }
  }

  async #start(id: string): Promise<void> {
    const { runtime, view } = this.#deps;
    await view.hold(id, async () => view.put(await runtime.start(id)));
  }

  #remember(
    pod: PodIdentity,
    container: string,
    spec: Pick<ContainerSpec, 'labels'>,
    reason: CreationFailure['reason'],
    message: string,
  ): void {
    const { memory, clock } = this.#deps;
    const { attempt } = identified(spec.labels);
    memory.creationFailed(pod, container, { reason, message, at: clock.now(), attempt });
  }

  /** Once per connection and network; all pods wait for the same call. */
  #ensureNetwork(network: PodNetwork): Promise<void> {
    if (this.#network?.made.subnet !== network.subnet) {
      const { runtime, onNetwork } = this.#deps;
      this.#network = { made: network, done: runtime.ensureNetwork(network).then(() => onNetwork(network)) };
    }
    return this.#network.done;
  }
}

/** Of a container that is to be. */
function identified(labels: ContainerSpec['labels']): PodContainer {
  const none = { id: '', name: '', image: '', imageId: '', state: 'created', createdAt: 0, oomKilled: false } as const;
  return readPodContainer({ ...none, labels });
}

/** Docker's words. Rethrows what says nothing about the container. */
function detailOf(error: unknown, ...alsoRefusals: 'ImageMissing'[]): string {
  if (!isSampanError(error, ...REFUSALS, ...alsoRefusals)) throw error;
  const { detail } = error.details;
  return typeof detail === 'string' ? detail : error.message;
}

/** Waits for all, also when one fails, and then throws the first failure. */
async function all(work: readonly Promise<unknown>[]): Promise<void> {
  const outcomes = await Promise.allSettled(work);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}
