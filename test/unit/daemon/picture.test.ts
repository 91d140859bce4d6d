import assert from 'node:assert/strict';
import { drawPicture, isSettled, type PictureFacts } from '../../../daemon/cli/picture.ts';
import type { Pod } from '../../../reconcilers/objects/pod.ts';
import type { ReplicationController } from '../../../reconcilers/objects/replication-controller.ts';
import type { Source } from '../../../reconcilers/objects/source.ts';

const NOW = Date.parse('2026-01-02T03:05:00Z');

const source = (ready: 'True' | 'False', message = ''): Source =>
  ({
    spec: { location: '/srv/manifests' },
    status: {
      appliedRevision: '3f2a91c0deadbeef',
      appliedAt: '2026-01-02T03:04:30Z',
      conditions: [{ type: 'Ready', status: ready, message }],
    },
  }) as unknown as Source;

const controller = (name: string, ready: number, replicas: number): ReplicationController =>
  ({
    metadata: { name, namespace: 'default' },
    spec: { replicas },
    status: { replicas, readyReplicas: ready },
  }) as unknown as ReplicationController;

const waitingPod = (name: string, reason: string, message: string): Pod =>
  ({
    metadata: { name },
    spec: { containers: [{}] },
    status: { phase: 'Pending', containerStatuses: [{ state: { waiting: { reason, message } } }] },
  }) as unknown as Pod;

const facts = (overrides: Partial<PictureFacts>): PictureFacts => ({
  sources: [],
  controllers: [],
  pods: [],
  pulls: new Map(),
  now: NOW,
  ...overrides,
});

describe('the picture of a rollout', () => {
  it('shows what is applied since when, and how far each controller is', () => {
    const picture = drawPicture(facts({ sources: [source('True')], controllers: [controller('web', 1, 2)] }));
    assert.equal(
      picture,
      [
        '✔ /srv/manifests  applied 3f2a91c 30s ago',
        '  default/web                    ██████████░░░░░░░░░░ 1/2 ready',
      ].join('\n'),
    );
  });

  it('shows every problem of a refused revision', () => {
    const picture = drawPicture(facts({ sources: [source('False', 'a.yaml:1 x: bad\nb.yaml:2 y: worse')] }));
    assert.match(picture, /^✖ .*\n {4}a\.yaml:1 x: bad\n {4}b\.yaml:2 y: worse$/);
  });

  it('says why a pod is not ready, and counts the rest', () => {
    const pods = Array.from({ length: 10 }, (_, i) =>
      waitingPod(`web-${i}`, 'ImagePullBackOff', 'Back-off pulling image "web:2"'),
    );
    const lines = drawPicture(facts({ pods })).split('\n');
    assert.match(lines[0] ?? '', /web-0 +ImagePullBackOff: Back-off pulling image "web:2"/);
    assert.equal(lines.length, 9);
    assert.match(lines[8] ?? '', /and 2 more pods not ready/);
  });

  it('shows a pull as a bar', () => {
    const pulls = new Map([['web:2', { current: 25_000_000, total: 100_000_000, status: 'Downloading' }]]);
    assert.match(drawPicture(facts({ pulls })), /pulling web:2 +█████░{15} 25\.0\/100\.0 MB/);
  });

  it('stands still only when all is ready and nothing is pulled', () => {
    assert.equal(isSettled(facts({ controllers: [controller('web', 2, 2)] })), true);
    assert.equal(isSettled(facts({ controllers: [controller('web', 1, 2)] })), false);
    assert.equal(isSettled(facts({ pods: [waitingPod('web', 'ContainerCreating', '')] })), false);
  });
});
