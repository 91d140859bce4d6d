/** Which pods were made from a template: what admission added to them makes no difference, what their author wrote does. */
import assert from 'node:assert/strict';
import type { Pod, PodSpec, PodTemplateSpec } from '../../../reconcilers/objects/pod.ts';
import { templateMatcher } from '../../../reconcilers/replication/template-revision.ts';

const containers = [{ name: 'web', image: 'web:1' }];
const matches = (pod: Partial<PodSpec>, template: Partial<PodSpec>): boolean => {
  const of = (spec: Partial<PodSpec>) => ({ metadata: {}, spec: { containers, ...spec } });
  return templateMatcher(of(template) as PodTemplateSpec)(of(pod) as Pod);
};

describe('the template of an adopted pod', () => {
  const theirs = { imagePullSecrets: [{ name: 'of-account' }] };
  const own = { imagePullSecrets: [{ name: 'own' }] };

  it("is its controller's although it has the pull secrets of its account", () => {
    assert.equal(matches(theirs, {}), true);
    assert.equal(matches({}, {}), true);
  });

  it("is another one where the template names pull secrets, and they are not the pod's", () => {
    assert.equal(matches(own, own), true);
    assert.equal(matches(theirs, own), false);
    assert.equal(matches({}, own), false);
  });
});
