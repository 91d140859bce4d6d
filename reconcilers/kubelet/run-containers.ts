/** What the plan asks to be started: the containers whose turn it is, in the pod's pause container, and that too where it is missing. Pure. */
import type { EphemeralContainer, Pod } from '../objects/pod.ts';
import type { ContainerStart, RunContainers } from './actions.ts';
import { appSpec, leftOpen, podIdentity, sandboxSpec } from './container-spec.ts';
import type { StartVerdict } from './container-verdict.ts';
import type { PodObservation } from './observation.ts';
import { filesOf, podFiles } from './pod-files/pod-files.ts';
import type { PodRecords } from './pod-records.ts';
import type { SandboxVerdict } from './sandbox-verdict.ts';

export function runContainers(
  pod: Pod,
  records: PodRecords,
  due: readonly StartVerdict[],
  sandboxStep: SandboxVerdict,
  observed: PodObservation,
): RunContainers[] {
  if (sandboxStep.step === 'wait') return [];
  const isNew = sandboxStep.step === 'start';
  if (due.length === 0 && !isNew) return [];
  const files = podFiles(pod, observed.node);
  const sandboxAttempt = isNew ? sandboxStep.attempt : (records.sandbox?.attempt ?? 0);
  return [
    {
      kind: 'run-containers',
      pod: podIdentity(pod),
      ...(observed.node.network && !pod.spec.hostNetwork && { network: observed.node.network }),
      files,
      sandbox: isNew ? { spec: sandboxSpec(pod, observed, sandboxStep) } : { id: records.sandbox?.id ?? '' },
      containers: due.map(({ container, attempt, crashes, pulled }) => ({
        name: container.name,
        spec: appSpec(pod, container, observed, { attempt, crashes, sandboxAttempt }),
        ...(container.terminationMessagePath && { terminationMessagePath: container.terminationMessagePath }),
        ...leftOpen(pod, container, observed),
        ...processesOf(pod, container, records),
        files: filesOf(container, files),
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
