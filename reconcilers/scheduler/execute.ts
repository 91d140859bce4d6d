/** Carries the scheduler's actions out. A pod that was changed meanwhile holds nobody else up: the next pass sees it anew. */
import type { EventRecorder } from '../kit/event-recorder.ts';
import { inParallel } from '../kit/in-parallel.ts';
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Executors } from '../kit/reconciler.ts';
import { type Condition, formatKey, toTimestamp } from '../objects/meta.ts';
import type { Pod } from '../objects/pod.ts';
import { annotationOf, SELECTED_NODE } from '../objects/volume-binding.ts';
import type { Clock } from '../ports/clock.ts';
import { isSampanError, SampanError } from '../ports/errors.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { SchedulerAction } from './actions.ts';

/** Writes under way at once; bindings come in hundreds, and those that are under way together share a sync of the disk. */
const PARALLEL_WRITES = 16;
const PARALLEL_BINDINGS = 100;

export interface ExecuteDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
  readonly events: EventRecorder;
  readonly clock: Clock;
}

export function createExecutors({ client, cache, events, clock }: ExecuteDeps): Executors<SchedulerAction> {
  return {
    'select-nodes': async ({ claims }, signal) => {
      await inParallel(claims, PARALLEL_WRITES, signal, async ({ node, ...key }) => {
        const claim = cache.get('PersistentVolumeClaim', key);
        // Chosen or bound meanwhile: the next pass sees where.
        if (claim === undefined || claim.spec.volumeName || annotationOf(claim, SELECTED_NODE) !== undefined) return;
        const annotations = { ...claim.metadata.annotations, [SELECTED_NODE]: node };
        try {
          await client.update('PersistentVolumeClaim', { ...claim, metadata: { ...claim.metadata, annotations } });
        } catch (error) {
          if (!isSampanError(error, 'NotFound')) throw error;
        }
      });
    },

    'bind-pods': async ({ bindings }, signal) => {
      const failures: SampanError[] = [];
      await inParallel(bindings, PARALLEL_BINDINGS, signal, async (binding) => {
        try {
          const pod = await client.bindPod(binding, binding.uid, binding.node);
          events.record(pod, 'Normal', 'Scheduled', `Successfully assigned ${formatKey(binding)} to ${binding.node}`);
        } catch (error) {
          if (!isAboutOnePod(error)) throw error;
          if (error.code !== 'NotFound') failures.push(error);
        }
      });
      if (failures[0] !== undefined) throw failures[0];
    },

    'report-unschedulable': async ({ refusals }, signal) => {
      await inParallel(refusals, PARALLEL_WRITES, signal, async ({ message, resourceVersion, ...key }) => {
        const pod = cache.get('Pod', key);
        if (pod?.metadata.resourceVersion !== resourceVersion) return; // Somebody wrote it: the next pass decides.
        try {
          await client.updateStatus('Pod', { ...pod, status: withReason(pod, message, clock.now()) });
        } catch (error) {
          if (!isAboutOnePod(error)) throw error;
        }
        events.record(pod, 'Warning', 'FailedScheduling', message);
      });
    },
  };
}

/** The pod was deleted, bound or replaced meanwhile, or is refused: nothing that the other pods of the batch would meet. */
function isAboutOnePod(error: unknown): error is SampanError {
  return error instanceof SampanError && (error.code === 'Conflict' || !error.retry);
}

function withReason(pod: Pod, message: string, now: number): Pod['status'] {
  const conditions = pod.status.conditions ?? [];
  const before = conditions.find((condition) => condition.type === 'PodScheduled');
  const scheduled: Condition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message,
    lastTransitionTime: (before?.status === 'False' && before.lastTransitionTime) || toTimestamp(now),
  };
  return { ...pod.status, conditions: [...conditions.filter((condition) => condition !== before), scheduled] };
}
