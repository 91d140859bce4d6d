/**
 * The plan for a pod that shall run: its pause container first, then its containers in their order; what must not go on as it is stops,
 * and when there is nothing to start or stop, how it stands is reported. Pure; called by plan.ts.
 */
import type { Plan } from '../kit/reconciler.ts';
import type { Pod } from '../objects/pod.ts';
import type { KubeletAction } from './actions.ts';
import { podIdentity } from './container-spec.ts';
import type { ContainerVerdict } from './container-verdict.ts';
import { ending, removal } from './ending.ts';
import { startable } from './hooks/post-start.ts';
import type { PodObservation } from './observation.ts';
import { deadlineOf, planDeadline, planEviction, planRejection } from './plan-ended.ts';
import { podRejection } from './pod-admission.ts';
import { garbage, isRunning, isRunningApp, type PodRecords } from './pod-records.ts';
import { allVerdicts, type PodVerdicts, podVerdicts } from './pod-verdicts.ts';
import { runContainers } from './run-containers.ts';
import { type SandboxVerdict, sandboxVerdict } from './sandbox-verdict.ts';
import { statusUpdate } from './status-update.ts';
import { overfull } from './volumes/disk-limit.ts';
import { type VolumesVerdict, volumesVerdict } from './volumes/volumes-verdict.ts';

export function planRunning(pod: Pod, records: PodRecords, observed: PodObservation, now: number): Plan<KubeletAction> {
  if (now >= (deadlineOf(pod) ?? Number.POSITIVE_INFINITY)) return planDeadline(pod, records, observed, now);
  const eviction = overfull(observed.volumes);
  if (eviction !== undefined) return planEviction(pod, records, observed, eviction, now);
  const rejection = records.all.length === 0 ? podRejection(pod, observed.node) : undefined;
  if (rejection !== undefined) return planRejection(pod, records, observed, rejection, now);
  const verdicts = podVerdicts(pod, records, observed, now);
  const every = allVerdicts(verdicts);
  const stops = stopping(pod, records, every, observed, now);
  if (!isRunning(records.sandbox) && records.all.some(isRunningApp)) {
    if (stops.length === 0) return settle(pod, records, verdicts, { step: 'keep' }, observed, now);
    return { actions: stops, because: 'the pause container is gone: what ran in its network stops, and starts anew' };
  }

  const sandboxStep: SandboxVerdict = verdicts.isOver ? { step: 'keep' } : sandboxVerdict(pod, records, observed, now);
  const pulls = every.flatMap((verdict): KubeletAction[] =>
    verdict.step === 'pull'
      ? [{ kind: 'pull-image', pod: podIdentity(pod), image: verdict.container.image, onFailure: verdict.onFailure }]
      : [],
  );
  const volumes = volumesVerdict(observed.volumes, now);
  const due = startable(pod, verdicts, observed);
  const runs = volumes.waitsFor === undefined ? runContainers(pod, records, due, sandboxStep, observed) : [];
  const actions = [...stops, ...unique(pulls), ...volumeActions(pod, volumes), ...runs];
  if (actions.length > 0) return { actions, because: volumes.waitsFor ?? describe(verdicts) };
  return settle(pod, records, verdicts, sandboxStep, observed, now);
}

function volumeActions(pod: Pod, { write, announce }: VolumesVerdict): KubeletAction[] {
  const actions: KubeletAction[] = [];
  if (write.length > 0) actions.push({ kind: 'write-volumes', pod: podIdentity(pod), volumes: write });
  if (announce.length > 0) actions.push({ kind: 'announce-mount-failures', pod: podIdentity(pod), failures: announce });
  return actions;
}

/** What must not go on as it is: containers without their network, of an older spec, of no spec, of a pod that is over. */
function stopping(
  pod: Pod,
  records: PodRecords,
  verdicts: readonly ContainerVerdict[],
  observed: PodObservation,
  now: number,
): KubeletAction[] {
  const stops = new Map<string, { readonly message: string; readonly graceSeconds?: number }>();
  for (const each of records.all.filter(isRunningApp)) {
    const verdict = verdicts.find(({ records: { newest } }) => newest === each);
    if (verdict === undefined) stops.set(each.id, { message: `Stopping container ${each.container}` });
    else if (verdict.step === 'stop') stops.set(each.id, verdict);
  }
  return ending(
    records.all.filter(({ id }) => stops.has(id)),
    observed,
    now,
    {
      graceSeconds: ({ id }) => stops.get(id)?.graceSeconds ?? pod.spec.terminationGracePeriodSeconds,
      message: ({ id }) => stops.get(id)?.message ?? '',
      keepEnded: true,
    },
  );
}

/** Nothing to start or stop: what is reported, what is tidied up, and when to look again. */
function settle(
  pod: Pod,
  records: PodRecords,
  verdicts: PodVerdicts,
  sandboxStep: SandboxVerdict,
  observed: PodObservation,
  now: number,
): Plan<KubeletAction> {
  const report = statusUpdate({ pod, observed, verdicts, sandbox: records.sandbox }, now);
  const volumes = volumesVerdict(observed.volumes, now);
  const changes = [...allVerdicts(verdicts), sandboxStep, volumes].map(({ changesAt }) => changesAt);
  const times = [...changes, deadlineOf(pod)].filter((at) => at !== undefined);
  const because = sandboxStep.step === 'wait' ? sandboxStep.because : describe(verdicts);
  return {
    actions: [...report, ...removal(garbage(records))],
    because: volumes.waitsFor ?? because,
    ...(times.length > 0 && { checkAgainAfterMs: Math.max(0, Math.min(...times) - now) }),
  };
}

/** Of the pod's own containers; init containers are mentioned while there is something to say of them. */
function describe({ init, apps, debuggers }: PodVerdicts): string {
  const running = apps.filter(({ records }) => isRunning(records.newest)).length;
  const initializing = init.filter(({ step }) => step !== 'ended');
  const others = [...initializing, ...apps, ...debuggers].flatMap((verdict) => {
    const { name } = verdict.container;
    if (verdict.step === 'wait') return [`${name}: ${verdict.waiting.reason}`];
    if (verdict.step === 'pull') return [`${name}: its image must be pulled`];
    if (verdict.step === 'start') return [`${name}: must start`];
    if (verdict.step === 'stop') return [`${name}: must stop${verdict.role === 'sidecar' ? '' : ' and start anew'}`];
    return verdict.step === 'ended' ? [`${name}: has ended`] : [];
  });
  return [`${running} of ${apps.length} containers run`, ...others].join('; ');
}

/** Two containers of one image are one pull. */
function unique(actions: readonly KubeletAction[]): KubeletAction[] {
  const seen = new Map(actions.map((action) => [action.kind === 'pull-image' ? action.image : action, action]));
  return [...seen.values()];
}
