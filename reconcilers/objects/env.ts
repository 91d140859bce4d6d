/**
 * A container's environment: what its variables are taken from, `$(VAR)` expansion, and the variables of Services. The kubelet loop
 * asks once per container start, and before that whether anything is missing. Pure.
 * Source: pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables)
 */
import { envField, type PodAddresses } from './downward-fields.ts';
import { downwardResource } from './downward-resources.ts';
import type { ConfigMap } from './kinds/config-map.ts';
import type { Secret } from './kinds/secret.ts';
import type { Container, EnvFromSource, EnvVarSource, KeySelector, Pod } from './pod.ts';
import type { Service } from './service.ts';
import { serviceEnvironment, type Variable } from './service-env.ts';

/** Of the pod's namespace, by name. */
export interface ConfigObjects {
  configMap(name: string): ConfigMap | undefined;
  secret(name: string): Secret | undefined;
}

/** What variables may be taken from, beside the pod. */
export interface EnvironmentSources {
  readonly objects: ConfigObjects;
  readonly addresses: PodAddresses;
  /** Of the node. */
  readonly allocatable: Readonly<Record<string, string>>;
}

export interface ContainerEnvironment {
  /** In order: the container's own, then the Services'. Values are final. */
  readonly env: readonly Variable[];
  /** `command` and `args` with `$(VAR)` filled in; absent where the container declares none. */
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  /** What a variable is taken from is not there, and the rest is not whole: `configmap "x" not found`. */
  readonly problem?: string;
}

interface MissingSource {
  readonly problem: string;
}

/** Whether its environment takes more than the container and the Services. */
export function hasSources({ env = [], envFrom = [] }: Container): boolean {
  return envFrom.length > 0 || env.some(({ value = '', valueFrom }) => value === '' && valueFrom !== undefined);
}

/** Whether it cannot be made before the pod has its address. */
export function needsPodIP({ env = [] }: Container): boolean {
  return env.some(({ valueFrom }) => valueFrom?.fieldRef?.fieldPath.startsWith('status.podIP'));
}

/** Everything of a container that `$(VAR)` touches, given all Services (any namespace: it picks the right ones). */
export function containerEnvironment(
  pod: Pod,
  container: Container,
  services: Iterable<Service>,
  sources?: EnvironmentSources,
): ContainerEnvironment {
  const fromServices = serviceEnvironment(services, pod.metadata.namespace ?? '', pod.spec.enableServiceLinks);
  const links = new Map(fromServices.map(({ name, value }) => [name, value]));
  const own = new Map<string, string>();
  // A variable sees those before it, and the Services' until one of the container's hides them.
  const expand = (text: string) => expandVariables(text, (name) => own.get(name) ?? links.get(name));
  for (const source of container.envFrom ?? []) {
    const found = everyKey(source, sources);
    if (!(found instanceof Map)) return { env: [], ...found };
    for (const [key, value] of found) own.set(`${source.prefix ?? ''}${key}`, value);
  }
  for (const { name, value = '', valueFrom } of container.env ?? []) {
    const found =
      value !== '' || valueFrom === undefined ? expand(value) : oneValue(pod, container, valueFrom, sources);
    if (typeof found === 'object') return { env: [], ...found };
    if (found !== undefined) own.set(name, found);
  }
  const variables = [...own].map(([name, value]): Variable => ({ name, value }));
  return {
    env: [...variables, ...fromServices.filter(({ name }) => !own.has(name))],
    ...(container.command && { command: container.command.map(expand) }),
    ...(container.args && { args: container.args.map(expand) }),
  };
}

/**
 * Fills in `$(NAME)`; `$$` is one `$`; a name that `lookUp` does not know stays as written, as does anything else after `$`.
 * Kubernetes' third_party/forked/golang/expansion.
 */
export function expandVariables(text: string, lookUp: (name: string) => string | undefined): string {
  return text.replace(/\$(?:\$|\(([^)]*)\))/g, (written, name: string | undefined) =>
    name === undefined ? '$' : (lookUp(name) ?? written),
  );
}

/** Undefined: there is no such variable, and that is all right. */
function oneValue(
  pod: Pod,
  container: Container,
  { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef }: EnvVarSource,
  sources: EnvironmentSources | undefined,
): string | undefined | MissingSource {
  if (sources === undefined) return undefined;
  const { objects, addresses, allocatable } = sources;
  if (fieldRef) return envField(pod, fieldRef.fieldPath, addresses);
  if (resourceFieldRef) return downwardResource(container, resourceFieldRef, allocatable);
  if (configMapKeyRef) {
    const map = objects.configMap(configMapKeyRef.name);
    return oneKey(pod, 'ConfigMap', configMapKeyRef, map && (map.data ?? {}));
  }
  if (secretKeyRef) {
    const secret = objects.secret(secretKeyRef.name);
    const value = oneKey(pod, 'Secret', secretKeyRef, secret && (secret.data ?? {}));
    return typeof value === 'string' ? decoded(value) : value;
  }
  return undefined;
}

function oneKey(
  { metadata }: Pod,
  kind: 'ConfigMap' | 'Secret',
  { name, key, optional = false }: KeySelector,
  data: Readonly<Record<string, string>> | undefined,
): string | undefined | MissingSource {
  if (data !== undefined && Object.hasOwn(data, key)) return data[key];
  if (optional) return undefined;
  if (data === undefined) return notFound(kind, name);
  return { problem: `couldn't find key ${key} in ${kind} ${metadata.namespace ?? ''}/${name}` };
}

function everyKey(
  { configMapRef, secretRef }: EnvFromSource,
  sources: EnvironmentSources | undefined,
): Map<string, string> | MissingSource {
  if (configMapRef) {
    const map = sources?.objects.configMap(configMapRef.name);
    if (map === undefined && !configMapRef.optional) return notFound('ConfigMap', configMapRef.name);
    return new Map(Object.entries(map?.data ?? {}));
  }
  if (secretRef) {
    const secret = sources?.objects.secret(secretRef.name);
    if (secret === undefined && !secretRef.optional) return notFound('Secret', secretRef.name);
    return new Map(Object.entries(secret?.data ?? {}).map(([key, value]) => [key, decoded(value)]));
  }
  return new Map();
}

function notFound(kind: 'ConfigMap' | 'Secret', name: string): MissingSource {
  return { problem: `${kind.toLowerCase()} "${name}" not found` };
}

function decoded(base64: string): string {
  return Buffer.from(base64, 'base64').toString();
}
