/** The word that sums up a pod, as `kubectl get pods` shows it, and the numbers beside it. */
import assert from 'node:assert/strict';
import { applyDefaults } from '../../../reconcilers/objects/defaults.ts';
import { POD_COLUMNS } from '../../../reconcilers/objects/kinds/pod-columns.ts';
import type { ContainerState, ContainerStatus, PodStatus } from '../../../reconcilers/objects/pod.ts';

const AT = '2026-01-02T03:04:05Z';
const running: ContainerState = { running: { startedAt: AT } };
const waiting = (reason: string): ContainerState => ({ waiting: { reason } });
const ended = (exitCode: number, reason: string): ContainerState => ({
  terminated: { exitCode, reason, startedAt: AT, finishedAt: AT, containerID: 'docker://a' },
});
const status = (state: ContainerState, more: Partial<ContainerStatus> = {}): ContainerStatus => {
  const isUp = state.running !== undefined;
  return {
    name: 'a',
    image: 'a',
    imageID: '',
    ready: isUp,
    started: isUp,
    restartCount: 0,
    state,
    lastState: {},
    ...more,
  };
};

/** `READY STATUS RESTARTS` of a pod with the init containers `one`, the sidecar `side`, and `web`. */
function shown(init: ContainerStatus[], web: ContainerStatus, more: Partial<PodStatus> = {}): string {
  const pod = applyDefaults('Pod', {
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      initContainers: [
        { name: 'one', image: 'a' },
        { name: 'side', image: 'a', restartPolicy: 'Always' },
      ],
      containers: [{ name: 'web', image: 'a' }],
    },
  });
  pod.status = { phase: 'Pending', initContainerStatuses: init, containerStatuses: [web], ...more };
  const cells = ['Ready', 'Status', 'Restarts'].map((name) => POD_COLUMNS.find((column) => column.name === name));
  return cells.map((column) => column?.cell(pod, Date.parse(AT) + 60_000)).join(' ');
}

describe('the columns of a pod with init containers', () => {
  const initializing = waiting('PodInitializing');
  const web = status(initializing);
  const done = status(ended(0, 'Completed'), { ready: true, started: false });

  it('show how far it is', () => {
    assert.equal(shown([status(running), status(initializing)], web), '0/2 Init:0/2 0');
    assert.equal(shown([done, status(running, { started: false })], web), '0/2 Init:1/2 0');
  });

  it('show what keeps it', () => {
    assert.equal(shown([status(ended(1, 'Error')), status(initializing)], web), '0/2 Init:Error 0');
    assert.equal(shown([status(ended(1, '')), status(initializing)], web), '0/2 Init:ExitCode:1 0');
    const again = { restartCount: 3, lastState: ended(1, 'Error') };
    assert.equal(
      shown([status(waiting('CrashLoopBackOff'), again), status(initializing)], web),
      '0/2 Init:CrashLoopBackOff 3 (60s ago)',
    );
  });

  it('count its sidecars among what runs, and no init container', () => {
    const conditions = [{ type: 'Initialized', status: 'True' as const }];
    const init = [{ ...done, restartCount: 4 }, status(running, { restartCount: 1 })];
    assert.equal(shown(init, status(running, { restartCount: 1 }), { phase: 'Running', conditions }), '2/2 Running 2');
    const crashing = [done, status(waiting('CrashLoopBackOff'))];
    assert.equal(shown(crashing, status(running), { phase: 'Running', conditions }), '1/2 Running 0');
  });

  it('show how it ended', () => {
    const conditions = [{ type: 'Initialized', status: 'True' as const }];
    const init = [done, status(ended(0, 'Completed'))];
    assert.equal(shown(init, status(ended(0, 'Completed')), { phase: 'Succeeded', conditions }), '0/2 Completed 0');
    const late = { phase: 'Failed', reason: 'DeadlineExceeded', conditions } as const;
    assert.equal(shown(init, status(ended(137, 'Error')), late), '0/2 Error 0');
  });
});
