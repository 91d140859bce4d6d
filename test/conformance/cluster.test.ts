/** Kubernetes' conformance for nodes, Leases and ServiceAccounts, as far as the API goes. */
import assert from 'node:assert/strict';
import { draftPod } from '../fakes/objects.ts';
import { createTestCluster } from '../fakes/test-cluster.ts';
import { type HttpBed, startHttpBed } from '../unit/apiserver/http-bed.ts';
import { conforms } from './conforms.ts';
import { read, wholeLife, write } from './whole-life.ts';

const ACCOUNTS = '/api/v1/namespaces/default/serviceaccounts';
const TOKEN_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

describe('conformance: Node, Lease and ServiceAccount', () => {
  let bed: HttpBed;
  beforeEach(async () => {
    bed = await startHttpBed();
  });
  afterEach(() => bed.close());

  conforms('12.1', () =>
    wholeLife(bed, {
      path: '/api/v1/nodes',
      everywhere: '/api/v1/nodes',
      body: { status: { capacity: { cpu: '1' }, conditions: [{ type: 'Ready', status: 'True' }] } },
      patch: { spec: { unschedulable: true } },
      patched: ({ spec }) => assert.equal(spec.unschedulable, true),
      update: ({ metadata }) => (metadata.labels.updated = 'yes'),
      updated: ({ metadata }) => assert.equal(metadata.labels.updated, 'yes'),
    }),
  );

  conforms('12.4', () =>
    wholeLife(bed, {
      path: '/apis/coordination.k8s.io/v1/namespaces/default/leases',
      everywhere: '/apis/coordination.k8s.io/v1/leases',
      body: { spec: { holderIdentity: 'a', leaseDurationSeconds: 30, acquireTime: '2026-01-02T03:04:05.678901Z' } },
      patch: { spec: { holderIdentity: 'b', leaseTransitions: 1 } },
      patched: ({ spec }) => assert.deepEqual([spec.holderIdentity, spec.leaseTransitions], ['b', 1]),
      update: ({ spec }) => Object.assign(spec, { holderIdentity: 'c', renewTime: '2026-01-02T03:05:05.678901Z' }),
      updated: ({ spec }) => assert.equal(spec.renewTime, '2026-01-02T03:05:05.678901Z'),
    }),
  );

  conforms('12.5', () =>
    wholeLife(bed, {
      path: ACCOUNTS,
      everywhere: '/api/v1/serviceaccounts',
      body: {},
      patch: { automountServiceAccountToken: false },
      patched: (account) => assert.equal(account.automountServiceAccountToken, false),
      update: (account) => (account.automountServiceAccountToken = true),
      updated: (account) => assert.equal(account.automountServiceAccountToken, true),
    }),
  );

  conforms('12.6', async () => {
    const account = await write(bed, 'POST', ACCOUNTS, { metadata: { name: 'builder' } });
    await write(bed, 'PUT', `${ACCOUNTS}/builder`, { ...account, automountServiceAccountToken: false });
    assert.equal((await read(bed, `${ACCOUNTS}/builder`)).automountServiceAccountToken, false);
  });

  conforms('12.8', async () => {
    const { registry } = await createTestCluster({ isApiReachable: true });
    const settings = [undefined, true, false];
    for (const ofAccount of settings) {
      const name = `account-${ofAccount}`;
      const says = ofAccount === undefined ? {} : { automountServiceAccountToken: ofAccount };
      const metadata = { name, namespace: 'default' };
      await registry.create('ServiceAccount', { apiVersion: 'v1', kind: 'ServiceAccount', metadata, ...says });
      for (const ofPod of settings) {
        const spec = ofPod === undefined ? {} : { automountServiceAccountToken: ofPod };
        const draft = draftPod(`${name}-${ofPod}`, 'web', { serviceAccountName: name, ...spec });
        const [container] = (await registry.create('Pod', draft)).spec.containers;
        const mounted = container?.volumeMounts?.map(({ mountPath }) => mountPath) ?? [];
        assert.deepEqual(mounted, (ofPod ?? ofAccount ?? true) ? [TOKEN_FOLDER] : [], `${ofAccount}, ${ofPod}`);
      }
    }
  });
});
