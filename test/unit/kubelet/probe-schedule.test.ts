/** When probes are made where clocks are not one: a container's start is told by its engine, and clocks are set back. */
import assert from 'node:assert/strict';
import { ProbeSchedule } from '../../../reconcilers/kubelet/probes/probe-schedule.ts';
import type { ProbeTask } from '../../../reconcilers/kubelet/probes/probe-task.ts';

const NOW = 1_767_323_045_000;
const task = (startedAt: number, isAwaited: boolean): ProbeTask => ({
  kind: 'readiness',
  id: 'c0',
  handler: { kind: 'tcp', port: 80 } as never,
  startedAt,
  isAwaited,
  initialDelaySeconds: 5,
  periodSeconds: 10,
  timeoutSeconds: 1,
  successThreshold: 1,
  failureThreshold: 3,
});

describe('the schedule of a probe', () => {
  for (const isAwaited of [true, false]) {
    it(`of a container that starts an hour from now, by its engine, begins now; ${isAwaited ? '' : 'not '}awaited`, () => {
      assert.equal(new ProbeSchedule(task(NOW + 3_600_000, isAwaited), NOW).nextAt, NOW + 5_000);
    });
  }
});
