/** One probe of one run of a container, as the plan asks for it: plain data, carried out by a worker of its own. */
import type { Probe } from '../../objects/probe.ts';
import type { Handler } from '../handlers/handler.ts';

export type ProbeKind = 'startup' | 'liveness' | 'readiness';

export interface ProbeTask extends ProbeTimes {
  readonly kind: ProbeKind;
  /** Of the container. */
  readonly id: string;
  readonly startedAt: number;
  readonly handler: Handler;
  /** Look more often than asked for, as long as it has not succeeded. */
  readonly isAwaited: boolean;
}

export type ProbeTimes = Pick<Probe, 'timeoutSeconds' | 'periodSeconds' | 'successThreshold' | 'failureThreshold'> &
  Required<Pick<Probe, 'initialDelaySeconds'>>;

/** A pod's probes never change, so it says all of a task. */
export function taskKey({ id, kind, startedAt }: Pick<ProbeTask, 'id' | 'kind' | 'startedAt'>): string {
  return `${id}/${kind}/${startedAt}`;
}
