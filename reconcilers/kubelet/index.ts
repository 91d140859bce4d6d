/**
 * The kubelet: makes the containers of this node's pods what the pods declare, and reports what came of it. One key per pod name;
 * containers under a name whose pod is gone are the same key's work. Wiring only.
 */
import type { EventRecorder } from '../kit/event-recorder.ts';
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import { executeWith, type Loop, type Trigger } from '../kit/reconciler.ts';
import { isNodeUnknown } from '../objects/cluster.ts';
import type { EndpointSlice } from '../objects/kinds/endpoint-slice.ts';
import type { Kind } from '../objects/kinds.ts';
import { keyOf, type ObjectKey } from '../objects/meta.ts';
import type { Pod } from '../objects/pod.ts';
import type { Clock } from '../ports/clock.ts';
import type { ContainerRuntime, PodNetwork } from '../ports/container-runtime.ts';
import type { ImageLedger } from '../ports/image-ledger.ts';
import type { Log } from '../ports/log.ts';
import type { NodeLogins } from '../ports/node-logins.ts';
import type { NodeNamesSource } from '../ports/node-names.ts';
import type { ObjectChange, ObjectClient } from '../ports/object-client.ts';
import type { Prober } from '../ports/prober.ts';
import type { TerminationFiles } from '../ports/termination-files.ts';
import type { TokenIssuer } from '../ports/token-issuer.ts';
import type { VolumeFiles } from '../ports/volume-files.ts';
import type { KubeletAction } from './actions.ts';
import type { KubeletConfig } from './config.ts';
import { configReference, configReferences } from './config-objects.ts';
import { ContainerConfig } from './container-config.ts';
import { ContainerStops } from './container-stops.ts';
import { ContainerView } from './container-view.ts';
import { createExecutors } from './execute.ts';
import { PostStartHooks } from './hooks/post-start-hooks.ts';
import { PreStopHooks } from './hooks/pre-stop-hooks.ts';
import { ImagePulls, type PullObserver } from './images/image-pulls.ts';
import type { PodObservation } from './observation.ts';
import { observePod } from './observe.ts';
import { plan } from './plan.ts';
import { PodFileWriter } from './pod-files/pod-file-writer.ts';
import { PodMemory } from './pod-memory.ts';
import { PodStart } from './pod-start.ts';
import { ProbeWorkers } from './probes/probe-workers.ts';
import { TerminationMessages } from './termination-messages.ts';
import { HeldVolumes } from './volumes/held-volumes.ts';
import { PodVolumes } from './volumes/pod-volumes.ts';
import { Wakeups } from './wakeups.ts';

/** dockerd is as fast with eight things at once as with more. */
const CONCURRENCY = 8;

export interface KubeletDeps {
  readonly cache: ReadOnlyCache;
  /** Read-your-writes. */
  readonly client: ObjectClient;
  readonly runtime: ContainerRuntime;
  readonly prober: Prober;
  readonly files: VolumeFiles;
  readonly terminationFiles: TerminationFiles;
  readonly tokens: TokenIssuer;
  readonly names: NodeNamesSource;
  readonly ledger: ImageLedger;
  readonly logins: NodeLogins;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly log: Log;
  readonly config: KubeletConfig;
  /** Whether this node's proxy sends requests to the address; default: it never does. */
  readonly isRouted?: (ip: string) => boolean;
  /** Told whenever the pod network is seen to be there; default: nobody. */
  readonly onNetwork?: (network: PodNetwork) => void;
  /** Sees every pull's progress; default: nobody. */
  readonly pullObserver?: PullObserver;
}

export function createKubeletLoop(deps: KubeletDeps): Loop<Pod, PodObservation, KubeletAction> {
  const { cache, runtime, clock, config, isRouted = () => false } = deps;
  const { pullObserver: observer = () => {}, onNetwork = () => {} } = deps;
  const log = deps.log.with({ loop: 'kubelet' });
  const wakeups = new Wakeups();
  const memory = new PodMemory();
  const view = new ContainerView({ runtime, clock, log, instance: config.instance });
  const attending = { runtime, prober: deps.prober, view, wakeups, clock, log };
  const stops = new ContainerStops({ ...attending, preStops: new PreStopHooks(attending) });
  const postStarts = new PostStartHooks(attending);
  const probes = new ProbeWorkers(attending);
  const pulls = new ImagePulls({ ...deps, view, memory, wakeups, log, observer });
  const messages = new TerminationMessages({ files: deps.terminationFiles, runtime, view, log });
  const containerConfig = new ContainerConfig({ cache, files: deps.files, config });
  const held = new HeldVolumes(deps.files);
  const podFiles = new PodFileWriter({ files: deps.files, held, view });
  const start = new PodStart({ runtime, view, memory, messages, containerConfig, podFiles, clock, onNetwork });
  const volumes = new PodVolumes({ ...deps, memory, held, nodeName: config.nodeName });
  const executors = createExecutors({ ...deps, view, pulls, stops, postStarts, probes, start, volumes, messages });
  const podsByReference = cache.index('Pod', configReferences);
  const podsByNode = cache.index('Pod', ({ spec }) => (spec.nodeName === undefined ? [] : [spec.nodeName]));
  const slicesByPod = cache.index('EndpointSlice', routedPods);
  const observing = {
    ...deps,
    view,
    pulls,
    memory,
    stops,
    postStarts,
    probes,
    volumes,
    messages,
    held,
    containerConfig,
    slicesByPod,
    isRouted,
  };
  const isOwn = (pod: Pod | undefined) => pod?.spec.nodeName === config.nodeName;
  const ownPods = () => podsByNode.get(config.nodeName);

  const allKeys = (): ObjectKey[] => [...ownPods().map(keyOf), ...view.pods(), ...held.pods()];

  return {
    concurrency: CONCURRENCY,
    routine: ['set-probes'],
    reconciler: {
      name: 'kubelet',
      observe: (key) => observePod(key, observing),
      plan,
      execute: (action, signal) => executeWith(executors, action, signal),
    },
    allKeys,
    keysFor(change): Trigger[] {
      if (change.kind === 'Pod') {
        if (!isOwn(change.object) && !isOwn(change.previous)) return [];
        return [{ key: keyOf(change.object), supersedes: isAnotherWish(change) }];
      }
      // A deleted pod waits until nothing routes to it.
      if (change.kind === 'EndpointSlice' && change.previous !== undefined) {
        const left = new Set(routedPods(change.previous));
        const isLeaving = ({ metadata }: Pod) => metadata.deletionTimestamp !== undefined && left.has(metadata.uid);
        return ownPods()
          .filter(isLeaving)
          .map((pod) => ({ key: keyOf(pod) }));
      }
      if (change.kind === 'ConfigMap' || change.kind === 'Secret' || change.kind === 'ServiceAccount') {
        const { namespace = '', name } = change.object.metadata;
        const users = podsByReference.get(configReference(change.kind, namespace, name));
        return users.filter(isOwn).map((pod) => ({ key: keyOf(pod) }));
      }
      if (change.kind === 'PersistentVolumeClaim' || change.kind === 'PersistentVolume') {
        const { namespace = '', name = '' } =
          change.kind === 'PersistentVolume' ? (change.object.spec.claimRef ?? {}) : change.object.metadata;
        const users = podsByReference.get(configReference('PersistentVolumeClaim', namespace, name));
        return users.filter(isOwn).map((pod) => ({ key: keyOf(pod) }));
      }
      const isThisNode = change.kind === 'Node' && change.object.metadata.name === config.nodeName;
      return isThisNode && concernsPods(change) ? allKeys().map((key) => ({ key })) : [];
    },
    async watchOutside(enqueue, signal) {
      wakeups.connect((key) => enqueue({ key }), signal);
      signal.addEventListener('abort', () => probes.stop(), { once: true });
      // What it finds is looked at when Docker has been listed, which takes longer.
      void held.load().catch(() => undefined);
      await messages.findLeft();
      const onAll = () => {
        void messages.removeLeft();
        start.forgetNetwork();
        for (const key of allKeys()) enqueue({ key });
      };
      await view.run({ onPod: (key) => enqueue({ key }), onAll }, signal);
    },
  };
}

/** Whether the attempt under way works for what is no longer wanted: the spec changed, or the pod is to go. */
function isAnotherWish({ type, object, previous }: ObjectChange<'Pod' & Kind>): boolean {
  if (type !== 'MODIFIED') return type === 'DELETED';
  const { generation, deletionTimestamp } = object.metadata;
  return generation !== previous?.metadata.generation || deletionTimestamp !== previous?.metadata.deletionTimestamp;
}

function concernsPods({ object, previous }: ObjectChange<'Node' & Kind>): boolean {
  return object.spec.podCIDR !== previous?.spec.podCIDR || isNodeUnknown(object) !== isNodeUnknown(previous);
}

/** The uids of the pods that get requests through these endpoints. */
function routedPods({ endpoints }: EndpointSlice): string[] {
  const staying = endpoints.filter(({ conditions }) => conditions?.ready !== false && conditions?.terminating !== true);
  return staying.flatMap(({ targetRef }) => targetRef?.uid ?? []);
}
