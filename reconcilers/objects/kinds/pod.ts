/** v1 Pod. */
import { defaultObject, setDefault } from '../defaulting.ts';
import { objectAt } from '../json.ts';
import type { Pod } from '../pod.ts';
import { declaredContainersOf, defaultPodSpec, defaultRequests } from '../pod-defaults.ts';
import { addDefaultTolerations, keepDefaultTolerations } from '../taints.ts';
import { validateEphemeralContainers, validateNoneAtCreation } from '../validation-ephemeral.ts';
import { validatePodSpec } from '../validation-pod.ts';
import { validatePodUpdate } from '../validation-pod-update.ts';
import { defineKind } from './entry.ts';
import { POD_COLUMNS } from './pod-columns.ts';

export const podKind = defineKind<Pod>({
  kind: 'Pod',
  plural: 'pods',
  shortNames: ['po'],
  categories: ['all'],
  hasStatus: true,
  answersDeleted: true,
  selectableFields: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  setDefaults: (pod) => {
    const spec = defaultObject(pod, 'spec');
    defaultPodSpec(spec);
    // kubectl debug looks into it without asking whether it is there.
    setDefault(spec, 'securityContext', {});
    for (const container of declaredContainersOf(spec)) defaultRequests(container);
    setDefault(defaultObject(pod, 'status'), 'phase', 'Pending');
  },
  prepareForCreate: (pod) => addDefaultTolerations(defaultObject(pod, 'spec')),
  prepareForUpdate: (next, previous) => {
    keepDefaultTolerations(defaultObject(next, 'spec'), objectAt(previous, 'spec') ?? {});
  },
  validate: (pod) => {
    const spec = objectAt(pod, 'spec') ?? {};
    return [...validatePodSpec(spec, 'spec', 'Pod'), ...validateEphemeralContainers(spec)];
  },
  validateCreate: (pod) => validateNoneAtCreation(objectAt(pod, 'spec') ?? {}),
  validateUpdate: validatePodUpdate,
  columns: POD_COLUMNS,
});
