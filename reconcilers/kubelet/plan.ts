/**
 * The kubelet's decisions about one pod, pure: what is started, stopped, removed and reported, in which order. Never destructive
 * before it must be: pull, then stop the old; and nothing at all while the cache or the runtime cannot be believed.
 */

import type { Plan } from '../kit/reconciler.ts';
import type { EphemeralContainer, Pod } from '../objects/pod.ts';
import { isPodTerminal } from '../objects/pod.ts';
import type { ContainerStart, KubeletAction, RunContainers } from './actions.ts';
import { appSpec, hostPorts, podIdentity, sandboxSpec } from './container-spec.ts';
import { type ContainerVerdict, containerVerdict } from './container-verdict.ts';
import { ending, planDeletion, removal, removeVolumes } from './ending.ts';
import { ephemeralVerdict } from './ephemeral-verdict.ts';
import { startable } from './hooks/post-start.ts';
import { type PodContainer, SANDBOX } from './identity.ts';
import type { PodObservation } from './observation.ts';
import { garbage, isRunning, type PodRecords, podRecords } from './pod-records.ts';
import { attention } from './probes/wanted-probes.ts';
import { type SandboxVerdict, sandboxVerdict } from './sandbox-verdict.ts';
import { changedStatus, statusEvents } from './status.ts';
import { type VolumesVerdict, volumesVerdict } from './volumes/volumes-verdict.ts';

const NOTHING_LEFT = 'nothing is declared and nothing is left';

/** Of the pod's containers, and of its ephemeral ones, which decide nothing about the pod. */
interface PodVerdicts {
  readonly verdicts: readonly ContainerVerdict[];
  readonly debuggers: readonly ContainerVerdict[];
}

export function plan(desired: Pod | undefined, observed: PodObservation, now: number): Plan<KubeletAction> {
  if (!observed.synced) return nothing('the declared state is not read yet');
  if (observed.runtime === 'unreachable') return nothing('Docker does not answer; what is known stays as it is');

  const uid = desired?.metadata.uid;
  const own = observed.containers.filter(({ podUid }) => podUid === uid);
  const foreign = observed.containers.filter(({ podUid }) => podUid !== uid);
  const orphans = ending(foreign, observed, now);
  if (desired === undefined) {
    const actions = [...orphans, ...leftVolumes(uid, foreign, observed), ...attention(undefined, own, observed)];
    const because = actions.length === 0 && foreign.length === 0 ? NOTHING_LEFT : 'nobody wants what is left of it';
    return { actions, because };
  }
  if (foreign.length > 0 && hostPorts(desired).length > 0) {
    return { actions: orphans, because: 'containers of a pod that had this name may still hold the host ports' };
  }
  const planned = planWanted(desired, own, observed, now);
  const others = [...orphans, ...leftVolumes(uid, foreign, observed)];
  return { ...planned, actions: [...others, ...planned.actions, ...attention(desired, own, observed)] };
}

/** Volumes of pods that had this name, and of which no container is left. */
function leftVolumes(
  uid: string | undefined,
  foreign: readonly PodContainer[],
  observed: PodObservation,
): KubeletAction[] {
  const inUse = new Set([uid, ...foreign.map(({ podUid }) => podUid)]);
  return removeVolumes((observed.volumes?.held ?? []).filter((each) => !inUse.has(each)));
}

function planWanted(
  pod: Pod,
  own: readonly PodContainer[],
  observed: PodObservation,
  now: number,
): Plan<KubeletAction> {
  const records = podRecords(own);
  if (pod.metadata.deletionTimestamp !== undefined) return planDeletion(pod, own, observed, now);
  if (isPodTerminal(pod)) return planTerminal(pod, records, observed, now);
  return planRunning(pod, records, observed, now);
}

/** The pod has ended for good: its containers stay for their logs, its network and its volumes do not. */
function planTerminal(pod: Pod, records: PodRecords, observed: PodObservation, now: number): Plan<KubeletAction> {
  const because = `the pod has ended: ${pod.status.phase}`;
  const running = records.all.filter(isRunningApp);
  if (running.length > 0) return { actions: ending(running, observed, now), because };
  const volumes = (observed.volumes?.held ?? []).filter((uid) => uid === pod.metadata.uid);
  return { actions: [...removal(unusedOfEnded(records)), ...removeVolumes(volumes)], because };
}

function unusedOfEnded(records: PodRecords): PodContainer[] {
  return records.all.filter((each) => each.container === SANDBOX || garbage(records).includes(each));
}

function planRunning(pod: Pod, records: PodRecords, observed: PodObservation, now: number): Plan<KubeletAction> {
  const { sandbox } = records;
  const sandboxAttempt = isRunning(sandbox) ? sandbox?.attempt : undefined;
  const verdicts = pod.spec.containers.map((container) =>
    containerVerdict({ pod, container, records: records.of(container.name), observed, sandboxAttempt }, now),
  );
  const debuggers = (pod.spec.ephemeralContainers ?? []).map((container) => {
    const target = records.of(container.targetContainerName ?? '').newest;
    return ephemeralVerdict(
      { pod, container, records: records.of(container.name), observed, sandboxAttempt, target },
      now,
    );
  });
  const every = { verdicts, debuggers };
  const stops = stopping(pod, records, [...verdicts, ...debuggers], observed, now);
  if (sandboxAttempt === undefined && records.all.some(isRunningApp)) {
    if (stops.length === 0) return settle(pod, records, every, { step: 'keep' }, observed, now);
    return { actions: stops, because: 'the pause container is gone: what ran in its network stops, and starts anew' };
  }

  const wantsSandbox = verdicts.some(({ step }) => step !== 'ended');
  const sandboxStep: SandboxVerdict = wantsSandbox ? sandboxVerdict(pod, records, observed, now) : { step: 'keep' };
  const pulls = [...verdicts, ...debuggers].flatMap((verdict): KubeletAction[] =>
    verdict.step === 'pull'
      ? [{ kind: 'pull-image', pod: podIdentity(pod), image: verdict.container.image, onFailure: verdict.onFailure }]
      : [],
  );
  const volumes = volumesVerdict(observed.volumes, now);
  const due = volumes.waitsFor === undefined ? [...startable(pod, verdicts, observed), ...debuggers] : undefined;
  const runs = due === undefined ? [] : runContainers(pod, records, due, sandboxStep, observed);
  const actions = [...stops, ...unique(pulls), ...volumeActions(pod, volumes), ...runs];
  if (actions.length > 0) return { actions, because: volumes.waitsFor ?? describe(every) };
  return settle(pod, records, every, sandboxStep, observed, now);
}

function volumeActions(pod: Pod, { write, announce }: VolumesVerdict): KubeletAction[] {
  const actions: KubeletAction[] = [];
  if (write.length > 0) actions.push({ kind: 'write-volumes', pod: podIdentity(pod), volumes: write });
  if (announce.length > 0) actions.push({ kind: 'announce-mount-failures', pod: podIdentity(pod), failures: announce });
  return actions;
}

/** What must not go on as it is: containers without their network, of an older spec, of no spec. */
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

function runContainers(
  pod: Pod,
  records: PodRecords,
  verdicts: readonly ContainerVerdict[],
  sandboxStep: SandboxVerdict,
  observed: PodObservation,
): RunContainers[] {
  if (sandboxStep.step === 'wait') return [];
  const due = verdicts.filter((verdict) => verdict.step === 'start');
  const isNew = sandboxStep.step === 'start';
  if (due.length === 0 && !isNew) return [];
  const sandboxAttempt = isNew ? sandboxStep.attempt : (records.sandbox?.attempt ?? 0);
  return [
    {
      kind: 'run-containers',
      pod: podIdentity(pod),
      ...(observed.node.network && !pod.spec.hostNetwork && { network: observed.node.network }),
      sandbox: isNew ? { spec: sandboxSpec(pod, observed, sandboxStep) } : { id: records.sandbox?.id ?? '' },
      containers: due.map(({ container, attempt, crashes, pulled }) => ({
        name: container.name,
        spec: appSpec(pod, container, observed, { attempt, crashes, sandboxAttempt }),
        ...processesOf(pod, container, records),
        imageWasPresent: !pulled,
      })),
    },
  ];
}

/** Whose processes the container sees, where not only its own. */
function processesOf(
  pod: Pod,
  container: EphemeralContainer,
  records: PodRecords,
): Pick<ContainerStart, 'processesOf'> {
  const target = records.of(container.targetContainerName ?? '').newest;
  if (target !== undefined) return { processesOf: { id: target.id } };
  return pod.spec.shareProcessNamespace ? { processesOf: 'sandbox' } : {};
}

/** Nothing to start or stop: what is reported, what is tidied up, and when to look again. */
function settle(
  pod: Pod,
  records: PodRecords,
  { verdicts, debuggers }: PodVerdicts,
  sandboxStep: SandboxVerdict,
  observed: PodObservation,
  now: number,
): Plan<KubeletAction> {
  const status = changedStatus({ pod, observed, verdicts, debuggers, sandbox: records.sandbox }, now);
  const actions: KubeletAction[] = [];
  if (status !== undefined) {
    const { resourceVersion } = pod.metadata;
    const events = statusEvents(pod, status);
    actions.push({ kind: 'update-status', pod: podIdentity(pod), resourceVersion, status, events });
  }
  actions.push(...removal(garbage(records)));
  const volumes = volumesVerdict(observed.volumes, now);
  const times = [...verdicts, ...debuggers, sandboxStep, volumes].flatMap(({ changesAt }) => changesAt ?? []);
  const because = sandboxStep.step === 'wait' ? sandboxStep.because : describe({ verdicts, debuggers });
  return {
    actions,
    because: volumes.waitsFor ?? because,
    ...(times.length > 0 && { checkAgainAfterMs: Math.max(0, Math.min(...times) - now) }),
  };
}

function describe({ verdicts, debuggers }: PodVerdicts): string {
  const running = verdicts.filter(({ records }) => isRunning(records.newest)).length;
  const others = [...verdicts, ...debuggers].flatMap((verdict) => {
    const { name } = verdict.container;
    if (verdict.step === 'wait') return [`${name}: ${verdict.waiting.reason}`];
    if (verdict.step === 'pull') return [`${name}: its image must be pulled`];
    if (verdict.step === 'start') return [`${name}: must start`];
    if (verdict.step === 'stop') return [`${name}: must stop and start anew`];
    return verdict.step === 'ended' ? [`${name}: has ended`] : [];
  });
  return [`${running} of ${verdicts.length} containers run`, ...others].join('; ');
}

/** Two containers of one image are one pull. */
function unique(actions: readonly KubeletAction[]): KubeletAction[] {
  const seen = new Map(actions.map((action) => [action.kind === 'pull-image' ? action.image : action, action]));
  return [...seen.values()];
}

function isRunningApp(container: PodContainer): boolean {
  return container.container !== SANDBOX && isRunning(container);
}

function nothing(because: string): Plan<KubeletAction> {
  return { actions: [], because };
}
