/**
 * The pod's conditions, from its phase and what its containers' statuses say. Pure; times already stored are kept while what they date
 * stays the same. Source: pkg/kubelet/status/generate.go.
 */
import { type Condition, toTimestamp } from '../objects/meta.ts';
import { isSidecar, NODE_NOT_READY, type Pod, type PodPhase, type PodStatus } from '../objects/pod.ts';
import type { NodeFacts } from './observation.ts';
import { readinessGates } from './readiness-gates.ts';

export interface ConditionFacts {
  readonly pod: Pod;
  readonly phase: PodPhase;
  readonly statuses: Pick<PodStatus, 'initContainerStatuses' | 'containerStatuses'>;
  readonly isInitialized: boolean;
  readonly node: NodeFacts;
}

type Finding = Omit<Condition, 'type'>;

const COMPLETED = 'PodCompleted';

export function podConditions(facts: ConditionFacts, now: number): Condition[] {
  const { pod, node } = facts;
  const stored = pod.status.conditions ?? [];
  const ready = containersReady(facts);
  const gated = ready.status === 'True' ? readinessGates(pod) : ready;
  const own: Condition[] = [
    { type: 'Initialized', ...initialized(facts) },
    { type: 'Ready', ...(gated.status === 'True' && node.isUnknown ? (nodeNotReady(stored) ?? gated) : gated) },
    { type: 'ContainersReady', ...ready },
  ];
  const types = new Set(own.map(({ type }) => type));
  const others = stored.filter(({ type }) => !types.has(type));
  if (!others.some(({ type }) => type === 'PodScheduled')) own.push({ type: 'PodScheduled', status: 'True' });
  return [...own.map((condition) => dated(condition, stored, now)), ...others];
}

function initialized({ pod, phase, statuses, isInitialized }: ConditionFacts): Finding {
  if (phase === 'Succeeded') return { status: 'True', reason: COMPLETED };
  if (isInitialized) return { status: 'True' };
  const { initContainers = [] } = pod.spec;
  const incomplete = (statuses.initContainerStatuses ?? []).filter(({ ready, started }, i) =>
    isSidecar(initContainers[i] ?? {}) ? !started : !ready,
  );
  const message = `containers with incomplete status: [${incomplete.map(({ name }) => name).join(' ')}]`;
  return { status: 'False', reason: 'ContainersNotInitialized', message };
}

function containersReady({ pod, phase, statuses }: ConditionFacts): Finding {
  if (phase === 'Succeeded') return { status: 'False', reason: COMPLETED };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const { initContainers = [] } = pod.spec;
  const sidecars = (statuses.initContainerStatuses ?? []).filter((_, i) => isSidecar(initContainers[i] ?? {}));
  const unready = [...sidecars, ...(statuses.containerStatuses ?? [])].filter(({ ready }) => !ready);
  if (unready.length === 0) return { status: 'True' };
  const message = `containers with unready status: [${unready.map(({ name }) => name).join(' ')}]`;
  return { status: 'False', reason: 'ContainersNotReady', message };
}

/** While its node is not heard the master's word stands: said against it, it would be said again at once. */
function nodeNotReady(stored: readonly Condition[]): Finding | undefined {
  return stored.find(({ type, reason }) => type === 'Ready' && reason === NODE_NOT_READY);
}

function dated(condition: Condition, stored: readonly Condition[], now: number): Condition {
  const before = stored.find(({ type }) => type === condition.type);
  const lastTransitionTime =
    before?.status === condition.status && before.lastTransitionTime !== undefined
      ? before.lastTransitionTime
      : toTimestamp(now);
  return { ...condition, lastTransitionTime };
}
