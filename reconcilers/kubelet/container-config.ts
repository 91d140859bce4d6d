/**
 * What a container is made with that its plan does not hold: variables from ConfigMaps, Secrets and the pod's address, and the paths
 * of parts of volumes. `whatIsMissing` tells before a start why it could not be made, without a value in the answer; `complete` makes
 * it, within the executor that creates the container.
 */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import { containerEnvironment, type EnvironmentSources, expandVariables, hasSources } from '../objects/env.ts';
import { keyOf } from '../objects/meta.ts';
import { allContainers, type Container, type Pod } from '../objects/pod.ts';
import type { Variable } from '../objects/service-env.ts';
import { isSampanError } from '../ports/errors.ts';
import type { VolumeFiles } from '../ports/volume-files.ts';
import type { ContainerStart } from './actions.ts';
import { configObjects, nodeAllocatable } from './config-objects.ts';
import type { PodIdentity } from './identity.ts';
import type { PartMount } from './mounts.ts';
import { servicesFor } from './services-for.ts';

export interface ContainerConfigDeps {
  readonly cache: ReadOnlyCache;
  readonly files: VolumeFiles;
  readonly config: { readonly nodeName: string; readonly nodeIP: string };
}

type Spec = ContainerStart['spec'];

/** Why the container cannot be created as it is declared; a later look may find it otherwise. */
export class ContainerConfigProblem extends Error {}

/** In place of an address that the pod does not have yet: only whether there will be one counts. */
const ANY_ADDRESS = '0.0.0.0';

export class ContainerConfig {
  readonly #deps: ContainerConfigDeps;

  constructor(deps: ContainerConfigDeps) {
    this.#deps = deps;
  }

  /** Kubernetes' sentence; undefined where nothing is missing. */
  whatIsMissing(pod: Pod, container: Container): string | undefined {
    const expressions = (container.volumeMounts ?? []).flatMap(({ subPathExpr = '' }) => subPathExpr || []);
    if (expressions.length === 0 && !hasSources(container)) return undefined;
    const { env, problem } = this.#environment(pod, container, ANY_ADDRESS);
    if (problem !== undefined) return problem;
    return expressions.map((each) => expandedPath(each, env)).find((path) => 'problem' in path)?.problem;
  }

  /** Throws {@link ContainerConfigProblem}. `podIP`: '' where it has none. */
  async complete(
    identity: PodIdentity,
    { name, spec, late, parts = [] }: ContainerStart,
    podIP: string,
  ): Promise<Spec> {
    const pod = this.#deps.cache.get('Pod', keyOf({ metadata: identity }));
    const container = pod && allContainers(pod.spec).find((each) => each.name === name);
    if (pod?.metadata.uid !== identity.uid || container === undefined) {
      throw new ContainerConfigProblem('the pod has changed meanwhile');
    }
    const made = late === undefined ? spec : { ...spec, ...this.#late(pod, container, podIP) };
    if (parts.length === 0) return made;
    const mounts = [...(made.mounts ?? [])];
    for (const part of parts) mounts.push({ ...part.mount, source: await this.#pathOf(part, name, made.env ?? []) });
    return { ...made, mounts };
  }

  #late(pod: Pod, container: Container, podIP: string): Pick<Spec, 'env' | 'entrypoint' | 'cmd'> {
    const { env, command, args, problem } = this.#environment(pod, container, podIP);
    if (problem !== undefined) throw new ContainerConfigProblem(problem);
    return { env, ...(command && { entrypoint: command }), ...(args && { cmd: args }) };
  }

  #environment(pod: Pod, container: Container, podIP: string) {
    const { cache, config } = this.#deps;
    const sources: EnvironmentSources = {
      objects: configObjects(cache, pod.metadata.namespace ?? ''),
      addresses: { hostIP: config.nodeIP, podIP: pod.spec.hostNetwork ? config.nodeIP : podIP },
      allocatable: nodeAllocatable(cache, config.nodeName),
    };
    return containerEnvironment(pod, container, servicesFor(pod, cache), sources);
  }

  /** Looked for as late as can be: what is in the volume is for its writers to change. */
  async #pathOf({ volume, mount, path }: PartMount, container: string, env: readonly Variable[]): Promise<string> {
    const expanded = 'text' in path ? { text: path.text } : expandedPath(path.expression, env);
    if ('problem' in expanded) throw new ContainerConfigProblem(expanded.problem);
    try {
      return await this.#deps.files.subPath(mount.source, expanded.text);
    } catch (error) {
      if (!isSampanError(error, 'SubPathRefused')) throw error;
      const message = `failed to prepare subPath for volumeMount "${volume}" of container "${container}"`;
      throw new ContainerConfigProblem(`${message}: ${String(error.details.detail)}`, { cause: error });
    }
  }
}

/** Source: pkg/kubelet/container/helpers.go (ExpandContainerVolumeMounts), pkg/kubelet/kubelet_pods.go (makeMounts) */
function expandedPath(expression: string, env: readonly Variable[]): { text: string } | { problem: string } {
  const values = new Map(env.map(({ name, value }) => [name, value]));
  const missing = new Set<string>();
  const text = expandVariables(expression, (name) => {
    const value = values.get(name) ?? '';
    if (value === '') missing.add(name);
    return value;
  });
  if (missing.size > 0) return { problem: `missing value for ${[...missing].sort().join(', ')}` };
  if (text.startsWith('/')) return { problem: `error SubPath \`${text}\` must not be an absolute path` };
  if (text.split('/').includes('..')) {
    return { problem: `unable to provision SubPath \`${text}\`: must not contain '..'` };
  }
  return { text };
}
