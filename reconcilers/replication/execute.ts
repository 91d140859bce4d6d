/**
 * Carries the replication loop's actions out, through the object client only. Every write is a compare-and-swap or a claim of a
 * name, so each may be repeated, or made by two masters at once, without a second effect.
 */

import type { EventRecorder } from '../kit/event-recorder.ts';
import { inParallel } from '../kit/in-parallel.ts';
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Executors } from '../kit/reconciler.ts';
import { controllerOf, formatKey, type ObjectKey } from '../objects/meta.ts';
import type { Pod } from '../objects/pod.ts';
import type { Clock } from '../ports/clock.ts';
import { isAbort, isSampanError, messageOf, SampanError } from '../ports/errors.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { PodPattern, ReplicationAction, SeenPod } from './actions.ts';
import { failureStatus, isSameStatus } from './status.ts';

/** Writes under way at once: as many as a store answers together, few enough to leave it to others too. */
const PARALLEL_WRITES = 16;

export interface ExecuteDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
  readonly events: EventRecorder;
  readonly clock: Clock;
}

export function createExecutors(deps: ExecuteDeps): Executors<ReplicationAction> {
  const { client, cache, events } = deps;

  /** The pod, if it still is as it was seen. */
  const unchanged = (wanted: SeenPod): Pod | undefined => {
    const pod = cache.get('Pod', wanted);
    return pod?.metadata.resourceVersion === wanted.resourceVersion ? pod : undefined;
  };

  const record = (key: ObjectKey, type: 'Normal' | 'Warning', reason: string, message: string): void => {
    const controller = cache.get('ReplicationController', key);
    if (controller !== undefined) events.record(controller, type, reason, message);
  };

  /** Does the work; where it fails, leaves the reason in the controller's status for people to find. */
  const reporting = async (
    key: ObjectKey,
    reason: 'FailedCreate' | 'FailedDelete',
    work: Promise<void>,
  ): Promise<void> => {
    try {
      await work;
    } catch (error) {
      const controller = cache.get('ReplicationController', key);
      if (isAbort(error) || controller === undefined) throw error;
      const message = messageOf(error);
      const status = failureStatus(controller.status, reason, message, deps.clock.now());
      if (!isSameStatus(status, controller.status)) {
        const verb = reason === 'FailedCreate' ? 'creating' : 'deleting';
        events.record(controller, 'Warning', reason, `Error ${verb}: ${message}`);
        // The first error is the one to report; without a store, neither write gets through.
        await client.updateStatus('ReplicationController', { ...controller, status }).catch(() => undefined);
      }
      throw isSampanError(error, 'Forbidden') ? forbidden(key, error) : error;
    }
  };

  const createPod = async (key: ObjectKey, name: string, { metadata, spec }: PodPattern): Promise<void> => {
    const ownerUid = metadata.ownerReferences[0]?.uid;
    try {
      await client.create('Pod', {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { ...metadata, name, namespace: key.namespace },
        spec,
        status: { phase: 'Pending' },
      });
    } catch (error) {
      if (!isSampanError(error, 'AlreadyExists')) throw error;
      // The claim is taken: by an earlier attempt whose answer was lost or by another master, and all is well; or by a
      // stranger, and the next look takes another name. Either way it must see that pod first.
      const holder = await client.get('Pod', { namespace: key.namespace, name });
      if (holder !== undefined) await cache.reached(Number(holder.metadata.resourceVersion));
      if (holder !== undefined && controllerOf(holder)?.uid === ownerUid) return;
      throw new SampanError('Conflict', { resource: 'pods', name, detail: 'the name is taken by another pod' }, error);
    }
    record(key, 'Normal', 'SuccessfulCreate', `Created pod: ${name}`);
  };

  const deletePod = async (key: ObjectKey, pod: SeenPod): Promise<void> => {
    try {
      const deleted = await client.delete('Pod', pod, { uid: pod.uid });
      if (deleted !== undefined) record(key, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.name}`);
    } catch (error) {
      // Its name is another pod's by now: the one that was meant is gone.
      if (!isSampanError(error, 'Conflict') || (await client.get('Pod', pod))?.metadata.uid === pod.uid) throw error;
    }
  };

  /** What is forbidden now may be allowed in a while, without any change of the controller: it is tried again. */
  const forbidden = (key: ObjectKey, error: SampanError): SampanError =>
    error.details.cause === 'NamespaceTerminating'
      ? error
      : new SampanError('PodsForbidden', { controller: formatKey(key), detail: error.message }, error);

  return {
    'adopt-pod': async ({ controller, pod: wanted, owner }) => {
      const pod = unchanged(wanted);
      if (pod === undefined) return;
      // A controller that is being deleted must not take pods with it: the cache may be a moment behind here.
      const living = await client.get('ReplicationController', controller);
      if (living?.metadata.uid !== owner.uid || living.metadata.deletionTimestamp !== undefined) {
        const detail = 'it was deleted before it could adopt a pod';
        throw new SampanError('Conflict', { resource: 'replicationcontrollers', name: formatKey(controller), detail });
      }
      const ownerReferences = [...(pod.metadata.ownerReferences ?? []), owner];
      await client.update('Pod', { ...pod, metadata: { ...pod.metadata, ownerReferences } });
    },

    'release-pod': async ({ pod: wanted, ownerUid }) => {
      const pod = unchanged(wanted);
      if (pod === undefined) return;
      const ownerReferences = (pod.metadata.ownerReferences ?? []).filter((owner) => owner.uid !== ownerUid);
      await client.update('Pod', { ...pod, metadata: { ...pod.metadata, ownerReferences } });
    },

    'create-pods': ({ controller, names, pattern }, signal) => {
      const work = inParallel(names, PARALLEL_WRITES, signal, (name) => createPod(controller, name, pattern));
      return reporting(controller, 'FailedCreate', work);
    },

    'delete-pods': ({ controller, pods }, signal) => {
      const work = inParallel(pods, PARALLEL_WRITES, signal, (pod) => deletePod(controller, pod));
      return reporting(controller, 'FailedDelete', work);
    },

    'write-status': async ({ controller: wanted, status }) => {
      const controller = cache.get('ReplicationController', wanted);
      if (controller?.metadata.resourceVersion !== wanted.resourceVersion) return;
      await client.updateStatus('ReplicationController', { ...controller, status });
    },
  };
}
