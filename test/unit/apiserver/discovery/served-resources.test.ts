import assert from 'node:assert/strict';
import {
  groupVersionOf,
  groupVersionsOf,
  notStored,
  parseGroupVersion,
  pathOfGroupVersion,
  servedResources,
} from '../../../../daemon/apiserver/discovery/served-resources.ts';
import { ALL_KINDS, KINDS } from '../../../../reconcilers/objects/kinds.ts';

describe('the served resources', () => {
  it('have every kind of the table', () => {
    const served = new Set(servedResources(ALL_KINDS).map((each) => `${groupVersionOf(each)} ${each.kind}`));
    for (const { apiVersion, kind } of ALL_KINDS) assert.ok(served.has(`${apiVersion} ${kind}`), kind);
  });

  it('come in the order in which clients prefer groups, then by name', () => {
    const served = servedResources([KINDS.Source, KINDS.Lease, KINDS.Service, KINDS.Pod]).filter(({ verbs }) =>
      verbs.includes('list'),
    );
    assert.deepEqual(
      served.map(({ resource }) => resource),
      ['pods', 'services', 'leases', 'nodes', 'pods', 'sources'],
    );
    const groupVersions = ['v1', 'coordination.k8s.io/v1', 'metrics.k8s.io/v1beta1', 'sampan.dev/v1'];
    assert.deepEqual(groupVersionsOf(served), groupVersions);
  });

  it('have a status where the kind has one', () => {
    const served = servedResources([KINDS.Pod, KINDS.Event]);
    const [events, pods] = ['events', 'pods'].map((name) => served.find(({ resource }) => resource === name));
    assert.equal(events?.subresources.status, undefined);
    assert.deepEqual(pods?.subresources.status, { kind: 'Pod', verbs: ['get', 'patch', 'update'] });
  });

  it('lie below the paths of their group-versions', () => {
    assert.equal(pathOfGroupVersion('v1'), 'api/v1');
    assert.equal(pathOfGroupVersion('policy/v1'), 'apis/policy/v1');
    for (const groupVersion of ['v1', 'policy/v1']) {
      assert.equal(groupVersionOf(parseGroupVersion(groupVersion)), groupVersion);
    }
  });

  it('may be ones that are not stored', () => {
    const { group, version, resource, verbs } = notStored('pods.metrics.k8s.io');
    assert.deepEqual([group, version, resource, verbs], ['metrics.k8s.io', 'v1beta1', 'pods', ['get', 'list']]);
    const review = notStored('selfsubjectaccessreviews');
    assert.deepEqual(
      [groupVersionOf(review), review.singular, review.namespaced, review.verbs],
      ['authorization.k8s.io/v1', 'selfsubjectaccessreview', false, ['create']],
    );
  });
});
