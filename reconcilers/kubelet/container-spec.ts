/**
 * What the runtime is asked to create for a pod: the pause container that holds its network, and the containers that join it.
 * Pure: object and facts in, specs out.
 */
import { containerEnvironment, hasSources, needsPodIP } from '../objects/env.ts';
import { keyOf } from '../objects/meta.ts';
import { type Container, isSidecar, lastingContainers, type Pod } from '../objects/pod.ts';
import { kernelHostname } from '../objects/pod-names.ts';
import { containerHash } from '../objects/pod-template-hash.ts';
import { dottedSysctl } from '../objects/sysctls.ts';
import type { ContainerSpec, PortBinding } from '../ports/container-runtime.ts';
import type { ContainerStart } from './actions.ts';
import { withPortNumber } from './handlers/handler.ts';
import { containerLabels, containerName, type PodIdentity, SANDBOX } from './identity.ts';
import { containerMounts } from './mounts.ts';
import type { PodObservation } from './observation.ts';
import { clusterDnsOf } from './pod-files/pod-files.ts';
import { containerResources, oomScoreAdj, SANDBOX_OOM_SCORE_ADJ, SANDBOX_RESOURCES } from './resources.ts';
import { containerSecurity } from './security.ts';

/** Which of several in a row it is. */
export interface Turn {
  readonly attempt: number;
  readonly crashes: number;
}

export function podIdentity(pod: Pod): PodIdentity {
  return { ...keyOf(pod), uid: pod.metadata.uid };
}

export function sandboxSpec(pod: Pod, { node }: PodObservation, turn: Turn): ContainerSpec {
  const identity = {
    ...turn,
    pod: podIdentity(pod),
    container: SANDBOX,
    sandboxAttempt: turn.attempt,
    graceSeconds: 0,
    sharesIpc: !pod.spec.hostIPC,
    specHash: '',
    instance: node.instance,
  };
  const base = {
    name: containerName(identity),
    image: node.pauseImage,
    labels: containerLabels(identity),
    resources: SANDBOX_RESOURCES,
    oomScoreAdj: Math.max(SANDBOX_OOM_SCORE_ADJ, node.leastOomScoreAdj),
    ipc: pod.spec.hostIPC ? ('host' as const) : ('shareable' as const),
    ...sysctls(pod),
  };
  if (pod.spec.hostNetwork) return { ...base, network: { kind: 'host' } };
  const portBindings = hostPorts(pod);
  return {
    ...base,
    hostname: kernelHostname(pod, clusterDnsOf(node).domain),
    network: { kind: 'network', name: node.network?.name ?? '' },
    ...(portBindings.length > 0 && { portBindings }),
  };
}

export function appSpec(
  pod: Pod,
  container: Container,
  { node, services, volumes, imageUsers = {} }: PodObservation,
  turn: Turn & { readonly sandboxAttempt: number },
): Omit<ContainerSpec, 'network' | 'pidOf'> {
  const preStop = container.lifecycle?.preStop;
  const place = (pod.spec.initContainers ?? []).findIndex(({ name }) => name === container.name);
  const identity = {
    ...turn,
    pod: podIdentity(pod),
    container: container.name,
    ...(isSidecar(container) && { sidecar: place }),
    graceSeconds: pod.spec.terminationGracePeriodSeconds,
    specHash: specHash(pod, container),
    instance: node.instance,
    ...(preStop && { preStop: withPortNumber(preStop, container) }),
  };
  const environment = hasSources(container) ? undefined : containerEnvironment(pod, container, services);
  const { mounts } = containerMounts(pod, container, volumes);
  return {
    name: containerName(identity),
    image: container.image,
    labels: containerLabels(identity),
    ...(environment && { env: environment.env }),
    ...(environment?.command && { entrypoint: environment.command }),
    ...(environment?.args && { cmd: environment.args }),
    ...(container.workingDir && { workingDir: container.workingDir }),
    ...(container.tty && { tty: true }),
    ...(container.stdin && { stdin: true, ...(container.stdinOnce && { stdinOnce: true }) }),
    ...containerSecurity(pod, container, { imageUser: imageUsers[container.image], seccompDir: node.seccompDir }),
    ...(pod.spec.hostPID && { hostProcesses: true }),
    ...(pod.spec.hostIPC && { ipc: 'host' as const }),
    ...(mounts.length > 0 && { mounts }),
    resources: containerResources(container),
    oomScoreAdj: Math.max(oomScoreAdj(pod.spec, container, node.memoryBytes), node.leastOomScoreAdj),
  };
}

/** What of the container's spec is only filled in when it is created. */
export function leftOpen(
  pod: Pod,
  container: Container,
  { volumes }: PodObservation,
): Pick<ContainerStart, 'late' | 'parts'> {
  const { parts } = containerMounts(pod, container, volumes);
  return {
    ...(hasSources(container) && { late: needsPodIP(container) ? 'address' : 'values' }),
    ...(parts.length > 0 && { parts }),
  };
}

export function specHash(pod: Pod, container: Container): string {
  return containerHash(container, pod.spec.hostNetwork === true);
}

/** On the host's network a port is the host's by itself. */
export function hostPorts(pod: Pod): PortBinding[] {
  if (pod.spec.hostNetwork) return [];
  return lastingContainers(pod.spec).flatMap(({ ports }) =>
    (ports ?? []).flatMap(({ containerPort, protocol, hostPort, hostIP }) =>
      hostPort ? [{ containerPort, protocol, hostPort, ...(hostIP && { hostIP }) }] : [],
    ),
  );
}

/** Of the pod's network and IPC, which are the pause container's. */
function sysctls({ spec }: Pod): Pick<ContainerSpec, 'sysctls'> {
  const asked = spec.securityContext?.sysctls ?? [];
  if (asked.length === 0) return {};
  return { sysctls: Object.fromEntries(asked.map(({ name, value }) => [dottedSysctl(name), value])) };
}
