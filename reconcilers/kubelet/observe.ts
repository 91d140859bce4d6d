/**
 * All the kubelet's reads for one pod. Of a pod that runs as it should they cost no round trip: the object comes from the cache, the
 * containers from the view; Docker is asked about the images of containers that do not run, and only where they are not known.
 */
import type { ObjectIndex, ReadOnlyCache } from '../kit/object-cache.ts';
import type { Observation } from '../kit/reconciler.ts';
import { isNodeUnknown } from '../objects/cluster.ts';
import type { EndpointSlice } from '../objects/kinds/endpoint-slice.ts';
import type { ObjectKey } from '../objects/meta.ts';
import { allContainers, declaredContainers, lastingContainers, type Pod } from '../objects/pod.ts';
import { quantityValue } from '../objects/quantity.ts';
import { matchesMapSelector } from '../objects/selector.ts';
import type { Clock } from '../ports/clock.ts';
import type { NodeNames, NodeNamesSource } from '../ports/node-names.ts';
import type { KubeletConfig } from './config.ts';
import type { ContainerConfig } from './container-config.ts';
import { podIdentity } from './container-spec.ts';
import type { ContainerStops } from './container-stops.ts';
import type { ContainerView } from './container-view.ts';
import type { PostStartHooks } from './hooks/post-start-hooks.ts';
import { type PodContainer, readPodContainer } from './identity.ts';
import type { ImagePulls } from './images/image-pulls.ts';
import { pullSecretsVersion } from './images/pull-credentials.ts';
import { isInitialized } from './init-sequence.ts';
import type { Drain, HookState, NodeFacts, PodObservation, VolumesObserved } from './observation.ts';
import { podRejection, turnedAwayBefore } from './pod-admission.ts';
import type { PodMemory } from './pod-memory.ts';
import { isRunning, podRecords } from './pod-records.ts';
import type { ProbeWorkers } from './probes/probe-workers.ts';
import { servicesFor } from './services-for.ts';
import type { TerminationMessages } from './termination-messages.ts';
import type { HeldVolumes } from './volumes/held-volumes.ts';
import type { PodVolumes } from './volumes/pod-volumes.ts';

export interface ObserveDeps {
  readonly cache: ReadOnlyCache;
  readonly view: ContainerView;
  readonly memory: PodMemory;
  readonly pulls: ImagePulls;
  readonly stops: ContainerStops;
  readonly postStarts: PostStartHooks;
  readonly probes: ProbeWorkers;
  readonly volumes: PodVolumes;
  readonly messages: TerminationMessages;
  readonly held: HeldVolumes;
  readonly containerConfig: ContainerConfig;
  readonly names: NodeNamesSource;
  readonly clock: Clock;
  readonly config: KubeletConfig;
  /** Slices by the uid of the pods they route to, other than as the last that are left. */
  readonly slicesByPod: ObjectIndex<EndpointSlice>;
  /** Whether this node's proxy sends requests to the address. */
  readonly isRouted: (ip: string) => boolean;
}

export async function observePod(key: ObjectKey, deps: ObserveDeps): Promise<Observation<Pod, PodObservation>> {
  const { cache, view, memory, pulls, stops, postStarts, probes, config, held } = deps;
  await held.load();
  // Together with the pod: a list that comes in later says nothing about what was read here.
  const synced = cache.revision > 0;
  const stored = cache.get('Pod', key);
  const desired = stored?.spec.nodeName === config.nodeName ? stored : undefined;
  if (desired === undefined) memory.forget(key);

  const idle = desired === undefined ? [] : imagesToStart(desired, view.of(key).map(readPodContainer));
  const volumes = await volumesOf(key, desired, deps);
  const images = await presentImages(view, idle);
  const names = idle.length > 0 ? await deps.names.read() : undefined;
  // Read after the question above, which takes time.
  const containers = view.of(key).map(readPodContainer);
  const messages = desired === undefined ? {} : await deps.messages.of(desired, containers);
  const identity = desired && podIdentity(desired);
  const configProblems = desired === undefined ? {} : problemsOf(desired, containers, deps);
  const drain = desired && drainOf(desired, deps);
  const hooks = hooksOf(containers, postStarts);
  const probing = probes.of(key);
  const underWay = pulls.underWay(key);
  const pullSecrets = desired && pullSecretsVersion(desired, cache);
  const node = nodeFacts(deps, names);
  const isUnwelcome = desired !== undefined && podRejection(desired, node) !== undefined;
  const siblings = isUnwelcome ? cache.list('Pod', key.namespace) : [];
  const turnedAway = isUnwelcome ? turnedAwayBefore(desired, siblings) : 0;
  return {
    desired,
    observed: {
      key,
      synced,
      runtime: view.isCurrent ? 'current' : 'unreachable',
      runtimeSince: view.since,
      containers,
      stopping: stoppingOf(containers, stops),
      ...images,
      pulls: identity ? memory.pulls(identity) : {},
      ...(underWay.length > 0 && { pullsUnderWay: underWay }),
      ...(pullSecrets !== undefined && { pullSecrets }),
      failures: identity ? memory.failures(identity) : {},
      ...(hooks && { hooks }),
      ...(probing && { probes: probing }),
      ...(Object.keys(messages).length > 0 && { messages }),
      ...(Object.keys(configProblems).length > 0 && { configProblems }),
      ...(drain && { drain }),
      ...(turnedAway > 0 && { turnedAway }),
      services: desired !== undefined && idle.length > 0 ? servicesFor(desired, cache) : [],
      ...(volumes && { volumes }),
      node,
    },
  };
}

async function volumesOf(
  key: ObjectKey,
  pod: Pod | undefined,
  { volumes, held }: ObserveDeps,
): Promise<VolumesObserved | undefined> {
  const facts = pod === undefined ? {} : await volumes.observe(pod);
  const uids = held.of(key);
  return uids.length === 0 && Object.keys(facts).length === 0 ? undefined : { facts, held: uids };
}

/**
 * The images of containers of which none runs as declared; those of an older spec need theirs before they are stopped. Init containers
 * need none any more once they are behind the pod.
 */
function imagesToStart(pod: Pod, containers: readonly PodContainer[]): string[] {
  const records = podRecords(containers.filter(({ podUid }) => podUid === pod.metadata.uid));
  const wanted = isInitialized(pod, records) ? lastingContainers(pod.spec) : declaredContainers(pod.spec);
  const idle = wanted.filter(
    ({ name, image }) =>
      !containers.some((each) => each.container === name && each.state === 'running' && each.image === image),
  );
  const neverRun = (pod.spec.ephemeralContainers ?? []).filter(
    ({ name }) => !containers.some((each) => each.container === name && each.state !== 'created'),
  );
  return [...idle, ...neverRun].map(({ image }) => image);
}

/** By container name: what those that do not run are made from and is not there. */
function problemsOf(
  pod: Pod,
  containers: readonly PodContainer[],
  { containerConfig }: ObserveDeps,
): Record<string, string> {
  const running = new Set(containers.filter(isRunning).map(({ container }) => container));
  const idle = allContainers(pod.spec).filter(({ name }) => !running.has(name));
  const problems = idle.map((container) => [container.name, containerConfig.whatIsMissing(pod, container)] as const);
  return Object.fromEntries(problems.filter((each): each is [string, string] => each[1] !== undefined));
}

/** By container id. */
function stoppingOf(containers: readonly PodContainer[], stops: ContainerStops): Record<string, number> {
  const endings = containers.map(({ id }) => [id, stops.endsAt(id)] as const);
  return Object.fromEntries(endings.filter((ending): ending is [string, number] => ending[1] !== undefined));
}

/** By container id; undefined where none was begun. */
function hooksOf(containers: readonly PodContainer[], hooks: PostStartHooks): Record<string, HookState> | undefined {
  const states = containers.map(({ id }) => [id, hooks.stateOf(id)] as const);
  const begun = states.filter((state): state is [string, HookState] => state[1] !== undefined);
  return begun.length === 0 ? undefined : Object.fromEntries(begun);
}

async function presentImages(
  view: ContainerView,
  references: readonly string[],
): Promise<Pick<PodObservation, 'images' | 'imageUsers'>> {
  const images: Record<string, string> = {};
  const users: Record<string, string> = {};
  if (!view.isCurrent) return { images };
  await view.whileAnswering(async () => {
    for (const reference of new Set(references)) {
      const image = await view.image(reference);
      if (image !== undefined) images[reference] = image.id;
      if (image?.user !== undefined) users[reference] = image.user;
    }
  });
  return { images, ...(Object.keys(users).length > 0 && { imageUsers: users }) };
}

function drainOf(pod: Pod, { cache, memory, clock, slicesByPod, isRouted }: ObserveDeps): Drain | undefined {
  const { deletionTimestamp, labels = {}, uid } = pod.metadata;
  if (deletionTimestamp === undefined) return undefined;
  const isServed = cache
    .list('Service', pod.metadata.namespace ?? '')
    .some(({ spec }) => matchesMapSelector(spec.selector, labels));
  if (!isServed) return undefined;
  const routed = slicesByPod.get(uid).length > 0 || isRouted(pod.status.podIP ?? '');
  return memory.draining(podIdentity(pod), routed, clock.now());
}

function nodeFacts({ cache, config }: ObserveDeps, names: NodeNames | undefined): NodeFacts {
  const node = cache.get('Node', { namespace: '', name: config.nodeName });
  const subnet = config.podCIDR ?? node?.spec.podCIDR;
  const { name, bridge, mtu } = config.network;
  return {
    registered: node !== undefined,
    isUnknown: isNodeUnknown(node),
    ip: config.nodeIP,
    instance: config.instance,
    pauseImage: config.pauseImage,
    dns: config.dns,
    ...(names && { names }),
    seccompDir: config.seccompDir,
    hasAppArmor: config.hasAppArmor,
    allowedUnsafeSysctls: config.allowedUnsafeSysctls,
    leastOomScoreAdj: config.leastOomScoreAdj,
    memoryBytes: quantityValue(node?.status.capacity?.memory ?? '') ?? 0,
    ...(subnet !== undefined && { network: { name, bridge, subnet, ...(mtu !== undefined && { mtu }) } }),
  };
}
