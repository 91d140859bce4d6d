import assert from 'node:assert/strict';
import { applyDefaults } from '../../../reconcilers/objects/defaults.ts';
import type { JsonObject } from '../../../reconcilers/objects/json.ts';
import type { Container, PodTemplateSpec } from '../../../reconcilers/objects/pod.ts';
import { containerHash, podTemplateHash } from '../../../reconcilers/objects/pod-template-hash.ts';

const bare = {
  metadata: { labels: { app: 'web', tier: 'front' } },
  spec: {
    hostNetwork: true,
    containers: [
      {
        name: 'web',
        image: 'web:1',
        ports: [{ containerPort: 80 }],
        env: [{ name: 'EMPTY' }, { name: 'A', value: '1' }],
        resources: { limits: { cpu: '0.5', memory: '1024Mi' } },
      },
    ],
  },
} as unknown as PodTemplateSpec;

/** The template with one value replaced. */
function changed(change: (template: PodTemplateSpec) => void): PodTemplateSpec {
  const template = structuredClone(bare);
  change(template);
  return template;
}

describe('pod template hash', () => {
  const hash = podTemplateHash(bare);

  it('is stable over releases', () => {
    assert.equal(podTemplateHash({ metadata: {}, spec: { containers: [] } } as unknown as PodTemplateSpec), EMPTY_HASH);
    assert.match(hash, /^v1-[0-9a-f]{16}$/);
  });

  it('does not depend on defaults', () => {
    const pod = applyDefaults('Pod', bare as unknown as JsonObject);
    const { replicas: _, template } = applyDefaults('ReplicationController', {
      metadata: { name: 'x' },
      spec: { template: bare as unknown as JsonObject },
    }).spec;
    assert.equal(podTemplateHash(template), hash);
    assert.equal(podTemplateHash({ metadata: { labels: pod.metadata.labels ?? {} }, spec: pod.spec }), hash);
  });

  it('does not depend on spelling', () => {
    const respelled = JSON.parse(JSON.stringify(bare)) as { spec: { containers: Record<string, unknown>[] } };
    const [container] = respelled.spec.containers;
    assert.ok(container);
    respelled.spec.containers = [Object.fromEntries(Object.entries(container).reverse())];
    Object.assign(respelled.spec.containers[0] as object, {
      resources: { limits: { memory: '1Gi', cpu: '500m' } },
      env: [
        { value: '', name: 'EMPTY' },
        { value: '1', name: 'A' },
      ],
      args: [],
      tty: false,
    });
    const labels = { tier: 'front', app: 'web' };
    assert.equal(
      podTemplateHash({ ...respelled, metadata: { labels, annotations: {} } } as unknown as PodTemplateSpec),
      hash,
    );
  });

  const changes: Record<string, (template: PodTemplateSpec) => void> = {
    image: ({ spec }) => Object.assign(spec.containers[0] as Container, { image: 'web:2' }),
    label: ({ metadata }) => Object.assign(metadata.labels ?? {}, { app: 'shop' }),
    'empty label': ({ metadata }) => Object.assign(metadata.labels ?? {}, { extra: '' }),
    annotation: ({ metadata }) => Object.assign(metadata, { annotations: { a: '' } }),
    'order of variables': ({ spec }) => spec.containers[0]?.env?.reverse(),
    'service links off': ({ spec }) => Object.assign(spec, { enableServiceLinks: false }),
    'grace period of 0': ({ spec }) => Object.assign(spec, { terminationGracePeriodSeconds: 0 }),
    'pull policy': ({ spec }) => Object.assign(spec.containers[0] as Container, { imagePullPolicy: 'Always' }),
    'empty argument': ({ spec }) => Object.assign(spec.containers[0] as Container, { args: [''] }),
    limit: ({ spec }) => Object.assign(spec.containers[0]?.resources?.limits ?? {}, { cpu: '501m' }),
    'host network off': ({ spec }) => Object.assign(spec, { hostNetwork: false }),
  };
  for (const [what, change] of Object.entries(changes)) {
    it(`depends on: ${what}`, () => assert.notEqual(podTemplateHash(changed(change)), hash));
  }

  it('of one container leaves the others out', () => {
    const [container] = bare.spec.containers;
    assert.ok(container);
    const defaulted = applyDefaults('Pod', bare as unknown as JsonObject).spec.containers[0];
    assert.ok(defaulted);
    assert.equal(containerHash(defaulted, true), containerHash(container, true));
    assert.notEqual(containerHash({ ...container, image: 'x' }, true), containerHash(container, true));
  });
});

const EMPTY_HASH = 'v1-44136fa355b3678a';
