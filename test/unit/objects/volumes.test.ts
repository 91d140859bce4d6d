import assert from 'node:assert/strict';
import { decodeObject } from '../../../reconcilers/objects/decode.ts';
import { applyDefaults } from '../../../reconcilers/objects/defaults.ts';
import { downwardField, isDownwardField } from '../../../reconcilers/objects/downward-fields.ts';
import type { Json, JsonObject } from '../../../reconcilers/objects/json.ts';
import { KINDS } from '../../../reconcilers/objects/kinds.ts';
import { threeWayMerge } from '../../../reconcilers/objects/merge.ts';
import type { Pod, PodSpec, PodTemplateSpec } from '../../../reconcilers/objects/pod.ts';
import { containerHash, podTemplateHash } from '../../../reconcilers/objects/pod-template-hash.ts';
import {
  withoutServiceAccountVolume,
  withServiceAccountVolume,
} from '../../../reconcilers/objects/service-account-volume.ts';
import { validateObject } from '../../../reconcilers/objects/validation.ts';
import { mountedVolumes } from '../../../reconcilers/objects/volumes.ts';

function pod(volumes: Json[], volumeMounts: Json[] = []): JsonObject {
  const containers = [{ name: 'web', image: 'web:1', volumeMounts }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default' },
    spec: { containers, volumes },
  };
}

function problems(volumes: Json[], volumeMounts: Json[] = []): string[] {
  return validateObject('Pod', applyDefaults('Pod', pod(volumes, volumeMounts))).map(String);
}

function projected(...sources: Json[]): Json {
  return { name: 'all', projected: { sources } };
}

const TOKEN = { serviceAccountToken: { path: 'token' } };

describe('volumes', () => {
  it('get the defaults of Kubernetes', () => {
    const field = { path: 'ns', fieldRef: { fieldPath: 'metadata.namespace' } };
    const { spec } = applyDefaults('Pod', pod([projected(TOKEN, { downwardAPI: { items: [field] } })]));
    assert.deepEqual(spec.volumes?.[0]?.projected, {
      defaultMode: 420,
      sources: [
        { serviceAccountToken: { path: 'token', expirationSeconds: 3600 } },
        { downwardAPI: { items: [{ path: 'ns', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
      ],
    });
  });

  const cases: [string, Json[], Json[], string[]][] = [
    ['nothing where all is well', [projected(TOKEN)], [{ name: 'all', mountPath: '/x' }], []],
    [
      'names that are missing, misshapen, taken',
      [{ projected: { sources: [] } }, { name: 'A', projected: { sources: [] } }, projected(), projected()],
      [],
      [
        'spec.volumes[0].name: Required value',
        `spec.volumes[1].name: Invalid value: "A": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`,
        'spec.volumes[3].name: Duplicate value: "all"',
      ],
    ],
    [
      'mounts of nothing, nowhere, or twice',
      [projected(TOKEN)],
      [
        { name: 'none', mountPath: '/x' },
        { name: 'all', mountPath: '/x' },
        { name: 'all', mountPath: '' },
      ],
      [
        'spec.containers[0].volumeMounts[0].name: Not found: "none"',
        'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/x": must be unique',
        'spec.containers[0].volumeMounts[2].mountPath: Required value',
      ],
    ],
    [
      'paths that lead out of the volume, or are those of atomic updates',
      [
        projected({
          configMap: {
            name: 'c',
            items: [
              { key: 'k', path: '/abs' },
              { key: 'k', path: 'a/../b' },
              { key: 'k', path: '..data' },
              { key: '', path: '' },
            ],
          },
        }),
      ],
      [],
      [
        'spec.volumes[0].projected.sources[0].configMap.items[0].path: Invalid value: "/abs": must be a relative path',
        `spec.volumes[0].projected.sources[0].configMap.items[1].path: Invalid value: "a/../b": must not contain '..'`,
        `spec.volumes[0].projected.sources[0].configMap.items[2].path: Invalid value: "..data": must not start with '..'`,
        'spec.volumes[0].projected.sources[0].configMap.items[3].key: Required value',
        'spec.volumes[0].projected.sources[0].configMap.items[3].path: Required value',
      ],
    ],
    [
      'two sources of one file, and a source that is two',
      [
        projected(
          { secret: { name: 's', items: [{ key: 'k', path: 'x' }] } },
          { configMap: { name: 'c', items: [{ key: 'k', path: 'x' }] }, secret: { name: '' } },
        ),
      ],
      [],
      [
        'spec.volumes[0].projected.sources[1].secret.name: Required value',
        'spec.volumes[0].projected: Invalid value: "c": conflicting duplicate paths',
        'spec.volumes[0].projected.sources[1]: Forbidden: may not specify more than 1 volume type',
      ],
    ],
    [
      'tokens that are too short or lead nowhere',
      [projected({ serviceAccountToken: { path: '', expirationSeconds: 599 } })],
      [],
      [
        'spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes',
        'spec.volumes[0].projected.path: Required value',
      ],
    ],
    [
      'fields that a pod cannot be told of itself, and modes that are none',
      [
        {
          name: 'all',
          projected: {
            defaultMode: 512,
            sources: [
              {
                downwardAPI: {
                  items: [{ path: 'x', fieldRef: { fieldPath: 'spec.nodeName' }, mode: 1000 }, { path: 'y' }],
                },
              },
            ],
          },
        },
      ],
      [],
      [
        'spec.volumes[0].projected.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive',
        'spec.volumes[0].projected.sources[0].downwardAPI.mode: Invalid value: 1000: must be a number between 0 and 0777 (octal), both inclusive',
        'spec.volumes[0].projected.sources[0].downwardAPI.fieldRef.fieldPath: Unsupported value: "spec.nodeName": supported values: "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"',
        'spec.volumes[0].projected.sources[0].downwardAPI: Required value: one of fieldRef and resourceFieldRef is required',
      ],
    ],
  ];
  for (const [what, volumes, mounts, expected] of cases) {
    it(`are told of ${what}`, () => assert.deepEqual(problems(volumes, mounts), expected));
  }

  it('of a type that is not honoured are refused by name, also where they ask for no more than that', () => {
    const volumes = [{ name: 'a', nfs: {} }, projected({ clusterTrustBundle: {} })];
    const mounts = [{ name: 'a', mountPath: '/a', recursiveReadOnly: 'Enabled' }];
    const found = decodeObject(pod(volumes, mounts), KINDS.Pod).problems.map(({ field }) => field);
    assert.deepEqual(found, [
      'spec.containers[0].volumeMounts[0].recursiveReadOnly',
      'spec.volumes[0].nfs',
      'spec.volumes[1].projected.sources[0].clusterTrustBundle',
    ]);
  });

  it('are provided where a container mounts them', () => {
    const { spec } = pod([projected(TOKEN), { name: 'idle', projected: {} }], [{ name: 'all', mountPath: '/x' }]);
    assert.deepEqual(
      mountedVolumes(spec as unknown as PodSpec).map(({ name }) => name),
      ['all'],
    );
  });

  it('are merged by name, mounts by path: what admission added stays', () => {
    const declared = pod([projected(TOKEN)], [{ name: 'all', mountPath: '/x' }]);
    const made = applyDefaults('Pod', declared);
    const live: Pod = { ...made, spec: withServiceAccountVolume(made.spec, 'abcde') };
    assert.deepEqual(threeWayMerge('Pod', declared, declared, live).changedFields, []);
  });
});

describe('fields a pod is told of itself', () => {
  const metadata = {
    name: 'web',
    namespace: 'default',
    uid: 'u1',
    labels: { b: '2', a: 'say "hi"\n' },
    annotations: {},
  };
  const self = { metadata } as unknown as Pod;
  const expected: Record<string, string> = {
    'metadata.name': 'web',
    'metadata.namespace': 'default',
    'metadata.uid': 'u1',
    'metadata.labels': 'a="say \\"hi\\"\\n"\nb="2"',
    'metadata.annotations': '',
    "metadata.labels['b']": '2',
    "metadata.annotations['none']": '',
  };
  for (const [path, text] of Object.entries(expected)) {
    it(path, () => {
      assert.ok(isDownwardField(path));
      assert.equal(downwardField(self, path), text);
    });
  }
});

describe('what admission adds to a pod', () => {
  const bare = { metadata: {}, spec: { containers: [{ name: 'web', image: 'web:1' }] } } as unknown as PodTemplateSpec;

  it('is nothing the rollout sees', () => {
    const { spec } = applyDefaults('Pod', { ...bare } as unknown as JsonObject);
    const admitted = {
      ...withServiceAccountVolume(spec, 'abcde'),
      serviceAccountName: 'default',
      serviceAccount: 'default',
    };
    const written = withoutServiceAccountVolume(admitted, bare.spec);
    assert.equal(podTemplateHash({ metadata: {}, spec: written }), podTemplateHash(bare));
  });

  it('leaves the fingerprints of what has no volumes as they were', () => {
    const [container] = bare.spec.containers;
    assert.ok(container);
    assert.equal(podTemplateHash(bare), 'v1-b60e34ee58722c6e');
    assert.equal(containerHash(container), 'v1-436752eede9138bd');
    const named = {
      ...bare,
      spec: { ...bare.spec, serviceAccountName: 'default', automountServiceAccountToken: false },
    };
    assert.equal(podTemplateHash(named), podTemplateHash(bare));
  });

  it('does not hide what a template changes', () => {
    const named = { ...bare, spec: { ...bare.spec, serviceAccountName: 'builder' } };
    assert.notEqual(podTemplateHash(named), podTemplateHash(bare));
    const volume = { name: 'all', projected: { sources: [] } } as unknown as NonNullable<PodSpec['volumes']>[number];
    assert.notEqual(podTemplateHash({ ...bare, spec: { ...bare.spec, volumes: [volume] } }), podTemplateHash(bare));
  });
});
