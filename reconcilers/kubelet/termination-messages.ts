/**
 * What containers said last: into the file that each gets for it, or where the container asks for that and has failed, to its log.
 * Read once, when a container has ended and its pod's status does not know of it yet.
 * https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/
 */
import { allContainerStatuses, allContainers, declaredContainers, type Pod } from '../objects/pod.ts';
import type { ContainerRuntime } from '../ports/container-runtime.ts';
import { messageOf } from '../ports/errors.ts';
import type { Log } from '../ports/log.ts';
import type { TerminationFiles } from '../ports/termination-files.ts';
import type { ContainerView } from './container-view.ts';
import { type PodContainer, readPodContainer, SANDBOX } from './identity.ts';

/** Of one container, and of all of a pod: Kubernetes' own bounds. */
const MOST_BYTES = 4_096;
const MOST_BYTES_OF_POD = 12_288;
/** Of its log. */
const MOST_LOG_BYTES = 2_048;
const MOST_LOG_LINES = 80;

export interface TerminationMessagesDeps {
  readonly files: TerminationFiles;
  readonly runtime: ContainerRuntime;
  readonly view: ContainerView;
  readonly log: Log;
}

type Named = Pick<PodContainer, 'podUid' | 'container' | 'attempt'>;

export class TerminationMessages {
  readonly #deps: TerminationMessagesDeps;
  #left: readonly string[] = [];

  constructor(deps: TerminationMessagesDeps) {
    this.#deps = deps;
  }

  /** The file for a container that is to be created. */
  make(container: Named): Promise<string> {
    return this.#deps.files.make(fileName(container));
  }

  async remove(container: Named): Promise<void> {
    await this.#deps.files.remove(fileName(container));
  }

  /** Of those that have ended since the pod's status was written, by container id. */
  async of(pod: Pod, containers: readonly PodContainer[]): Promise<Record<string, string>> {
    const reported = new Set(
      allContainerStatuses(pod).flatMap(({ state, lastState }) =>
        [state, lastState].map(({ terminated }) => terminated?.containerID),
      ),
    );
    const ended = containers.filter(
      ({ id, podUid, container, state }) =>
        state === 'exited' && container !== SANDBOX && podUid === pod.metadata.uid && !reported.has(`docker://${id}`),
    );
    const messages: Record<string, string> = {};
    for (const each of ended) {
      const message = await this.#read(pod, each);
      if (message !== '') messages[each.id] = message;
    }
    return messages;
  }

  /**
   * Finds what containers have left that went while no daemon ran, or that somebody removed. Before any is created; removed once the
   * view knows which there are.
   */
  async findLeft(): Promise<void> {
    this.#left = await this.#tidying(() => this.#deps.files.names(), []);
  }

  async removeLeft(): Promise<void> {
    const { files, view } = this.#deps;
    const kept = new Set(view.all().map((each) => fileName(readPodContainer(each))));
    const left = this.#left.filter((name) => !kept.has(name));
    this.#left = [];
    await this.#tidying(async () => void (await Promise.all(left.map((name) => files.remove(name)))), undefined);
  }

  /** Nothing waits for it. */
  async #tidying<T>(work: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#deps.log.error('termination messages of containers that are gone stay', { error: messageOf(error) });
      return otherwise;
    }
  }

  async #read(pod: Pod, ended: PodContainer): Promise<string> {
    const most = Math.min(MOST_BYTES, Math.floor(MOST_BYTES_OF_POD / declaredContainers(pod.spec).length));
    const text = await this.#deps.files.read(fileName(ended), most);
    const { terminationMessagePolicy: policy } =
      allContainers(pod.spec).find(({ name }) => name === ended.container) ?? {};
    if (text !== '' || policy !== 'FallbackToLogsOnError' || ended.exitCode === 0) return text;
    return (await this.#tailOfLog(ended.id)).subarray(-Math.min(most, MOST_LOG_BYTES)).toString();
  }

  async #tailOfLog(id: string): Promise<Buffer> {
    const { runtime, view } = this.#deps;
    const chunks: Uint8Array[] = [];
    await view.whileAnswering(async () => {
      const options = { follow: false, tail: MOST_LOG_LINES, timestamps: false };
      for await (const { data } of runtime.logs(id, options, new AbortController().signal)) chunks.push(data);
    });
    return Buffer.concat(chunks);
  }
}

function fileName({ podUid, container, attempt }: Named): string {
  return [podUid, container, attempt].join('_');
}
