/** What is to be done about a pod's pause container. Pure; the plan asks before it starts anything in the pod. */
import type { Pod } from '../objects/pod.ts';
import type { Turn } from './container-spec.ts';
import { SANDBOX } from './identity.ts';
import type { PodObservation } from './observation.ts';
import { crashesAfter, endedAt, hasEnded, isRunning, type PodRecords } from './pod-records.ts';
import { restartDelayMs, retryDelayMs, SANDBOX_RECOVERED_AFTER_MS } from './restart-delay.ts';

export type SandboxVerdict = { readonly changesAt?: number } & (
  | { readonly step: 'keep' }
  | ({ readonly step: 'start' } & Turn)
  | { readonly step: 'wait'; readonly because: string }
);

export function sandboxVerdict(pod: Pod, records: PodRecords, observed: PodObservation, now: number): SandboxVerdict {
  const { sandbox, nextSandboxAttempt } = records;
  if (isRunning(sandbox)) return { step: 'keep' };
  if (!observed.node.registered) return { step: 'wait', because: 'this node is not registered yet' };
  if (observed.node.network === undefined && !pod.spec.hostNetwork) {
    return { step: 'wait', because: 'this node has no podCIDR yet' };
  }
  const { runtimeSince = 0 } = observed;
  const known = observed.failures[SANDBOX];
  const failure = known !== undefined && known.at >= runtimeSince ? known : undefined;
  const retryAt = failure === undefined ? 0 : failure.at + retryDelayMs(failure.count);
  if (failure !== undefined && now < retryAt) return { step: 'wait', because: failure.message, changesAt: retryAt };

  if (sandbox === undefined) return { step: 'start', attempt: nextSandboxAttempt, crashes: 0 };
  const startFailed = failure?.reason === 'RunContainerError' && failure.attempt === sandbox.attempt;
  if (!hasEnded(sandbox) && !startFailed) return { step: 'start', attempt: sandbox.attempt, crashes: sandbox.crashes };

  if (endedAt(sandbox) < runtimeSince) return { step: 'start', attempt: nextSandboxAttempt, crashes: 0 };
  const crashes = crashesAfter(sandbox, SANDBOX_RECOVERED_AFTER_MS);
  const dueAt = endedAt(sandbox) + restartDelayMs(crashes);
  if (now < dueAt) return { step: 'wait', because: "the pod's pause container keeps ending", changesAt: dueAt };
  return { step: 'start', attempt: nextSandboxAttempt, crashes };
}
