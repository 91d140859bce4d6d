/**
 * Carries out the kubelet's actions. What each changed is in the view, the pod's memory or the cache before it returns, so that the
 * next look sees it; where Docker does not answer, that is what the next look sees.
 */
import type { EventRecorder } from '../kit/event-recorder.ts';
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Executors } from '../kit/reconciler.ts';
import { keyOf } from '../objects/meta.ts';
import type { ContainerRuntime } from '../ports/container-runtime.ts';
import { isSampanError } from '../ports/errors.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { KubeletAction, StatusEvent } from './actions.ts';
import type { ContainerStops } from './container-stops.ts';
import type { ContainerView } from './container-view.ts';
import type { PostStartHooks } from './hooks/post-start-hooks.ts';
import { type PodIdentity, readPodContainer } from './identity.ts';
import type { ImagePulls } from './images/image-pulls.ts';
import type { PodStart } from './pod-start.ts';
import type { ProbeWorkers } from './probes/probe-workers.ts';
import type { TerminationMessages } from './termination-messages.ts';
import type { PodVolumes } from './volumes/pod-volumes.ts';

export interface ExecuteDeps {
  readonly cache: ReadOnlyCache;
  readonly client: ObjectClient;
  readonly runtime: ContainerRuntime;
  readonly events: EventRecorder;
  readonly view: ContainerView;
  readonly pulls: ImagePulls;
  readonly stops: ContainerStops;
  readonly postStarts: PostStartHooks;
  readonly probes: ProbeWorkers;
  readonly start: PodStart;
  readonly volumes: PodVolumes;
  readonly messages: TerminationMessages;
}

export function createExecutors(deps: ExecuteDeps): Executors<KubeletAction> {
  const { cache, client, runtime, events, view, pulls, stops, postStarts, probes, start, volumes, messages } = deps;

  const announcer = (identity: PodIdentity) => {
    const pod = cache.get('Pod', keyOf({ metadata: identity }));
    return ({ type, reason, message }: StatusEvent) => {
      if (pod?.metadata.uid === identity.uid) events.record(pod, type, reason, message);
    };
  };

  return {
    'pull-image': async (action) => pulls.begin(action, announcer(action.pod)),

    'run-containers': (action, signal) => view.whileAnswering(() => start.run(action, announcer(action.pod), signal)),

    'give-up-pulls': async (action) => pulls.giveUp(action),

    'run-post-start': async (action) => postStarts.begin(action, announcer(action.pod)),

    'set-probes': async (action) => probes.set(action, announcer(action.pod)),

    'stop-containers': async ({ pod, containers }) => {
      const announce = announcer(pod);
      for (const stop of containers) {
        announce({ type: 'Normal', reason: 'Killing', message: stop.message });
        stops.begin(keyOf({ metadata: pod }), stop, announce);
      }
    },

    'remove-containers': ({ ids }) =>
      view.whileAnswering(async () => {
        await Promise.all(
          ids.map(async (id) => {
            const record = view.get(id);
            await view.hold(id, () => runtime.remove(id));
            view.drop(id);
            if (record !== undefined) await messages.remove(readPodContainer(record));
          }),
        );
      }),

    'write-volumes': ({ pod, volumes: names }) => volumes.write(pod, names, announcer(pod)),

    'announce-mount-failures': async ({ pod, failures }) => volumes.announce(pod, failures, announcer(pod)),

    'remove-volumes': ({ podUids }) => volumes.remove(podUids),

    'update-status': async ({ pod: identity, resourceVersion, status, events: changes }) => {
      const pod = cache.get('Pod', keyOf({ metadata: identity }));
      if (pod?.metadata.uid !== identity.uid) return;
      await unlessGone(client.updateStatus('Pod', { ...pod, metadata: { ...pod.metadata, resourceVersion }, status }));
      for (const { type, reason, message } of changes) events.record(pod, type, reason, message);
    },

    'finish-deletion': async ({ pod: { uid, ...key } }) => {
      await unlessGone(client.delete('Pod', key, { uid, gracePeriodSeconds: 0 }));
    },
  };
}

/** The pod went meanwhile: there is nothing to write, and the next look sees it. */
async function unlessGone(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!isSampanError(error, 'NotFound')) throw error;
  }
}
