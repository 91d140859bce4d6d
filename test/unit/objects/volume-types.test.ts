import assert from 'node:assert/strict';
import { decodeObject } from '../../../reconcilers/objects/decode.ts';
import { applyDefaults } from '../../../reconcilers/objects/defaults.ts';
import type { Json, JsonObject } from '../../../reconcilers/objects/json.ts';
import { KINDS } from '../../../reconcilers/objects/kinds.ts';
import type { PodTemplateSpec } from '../../../reconcilers/objects/pod.ts';
import { podTemplateHash } from '../../../reconcilers/objects/pod-template-hash.ts';
import { validateObject } from '../../../reconcilers/objects/validation.ts';

function pod(volume: JsonObject, mount: JsonObject = {}): JsonObject {
  const volumeMounts = [{ name: 'v', mountPath: '/v', ...mount }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default' },
    spec: { containers: [{ name: 'web', image: 'web:1', volumeMounts }], volumes: [{ name: 'v', ...volume }] },
  };
}

function problems(volume: JsonObject, mount: JsonObject = {}): string[] {
  return validateObject('Pod', applyDefaults('Pod', pod(volume, mount))).map(String);
}

function defaulted(volume: JsonObject): Json {
  return applyDefaults('Pod', pod(volume)).spec.volumes?.[0] as unknown as Json;
}

describe('types of volumes', () => {
  it('get the defaults of Kubernetes; one of no type is an empty folder', () => {
    const items = [{ path: 'p', fieldRef: { fieldPath: 'metadata.name' } }];
    assert.deepEqual(defaulted({}), { name: 'v', emptyDir: {} });
    assert.deepEqual(defaulted({ hostPath: { path: '/x' } }), { name: 'v', hostPath: { path: '/x', type: '' } });
    assert.deepEqual(defaulted({ configMap: { name: 'c' } }), {
      name: 'v',
      configMap: { name: 'c', defaultMode: 420 },
    });
    assert.deepEqual(defaulted({ secret: { secretName: 's', defaultMode: 256 } }), {
      name: 'v',
      secret: { secretName: 's', defaultMode: 256 },
    });
    assert.deepEqual(defaulted({ downwardAPI: { items } }), {
      name: 'v',
      downwardAPI: {
        defaultMode: 420,
        items: [{ path: 'p', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } }],
      },
    });
  });

  it('have fingerprints that do not tell what is declared from what is filled in', () => {
    for (const volume of [{}, { emptyDir: {} }, { hostPath: { path: '/x' } }, { configMap: { name: 'c' } }]) {
      const declared = pod(volume, { readOnly: false }) as unknown as PodTemplateSpec;
      const { spec } = applyDefaults('Pod', pod(volume));
      assert.equal(podTemplateHash({ metadata: {}, spec }), podTemplateHash({ metadata: {}, spec: declared.spec }));
    }
  });

  const cases: [string, JsonObject, JsonObject, string[]][] = [
    ['nothing of a limit on the disk', { emptyDir: { sizeLimit: '1Mi' } }, {}, []],
    ['nothing where all is well', { emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } }, { subPath: 'a/b' }, []],
    [
      'what they lack',
      { configMap: {}, secret: {} },
      {},
      [
        'spec.volumes[0].secret: Forbidden: may not specify more than 1 volume type',
        'spec.volumes[0].configMap.name: Required value',
      ],
    ],
    ['a Secret without a name', { secret: {} }, {}, ['spec.volumes[0].secret.secretName: Required value']],
    [
      'modes that are none, and items that lead out',
      { secret: { secretName: 's', defaultMode: 512, items: [{ key: 'k', path: '../x', mode: -1 }] } },
      {},
      [
        'spec.volumes[0].secret.items[0].path: Invalid value: "../x": must not contain \'..\'',
        'spec.volumes[0].secret.items[0].mode: Invalid value: -1: must be a number between 0 and 0777 (octal), both inclusive',
        'spec.volumes[0].secret.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive',
      ],
    ],
    [
      'fields of a pod that are two at once, or of no container',
      {
        downwardAPI: {
          items: [
            { path: 'a', fieldRef: { fieldPath: 'metadata.name' }, resourceFieldRef: { resource: 'limits.cpu' } },
            { path: 'b', resourceFieldRef: { resource: 'limits.cpu' } },
          ],
        },
      },
      {},
      [
        'spec.volumes[0].downwardAPI: Invalid value: "resource": fieldRef and resourceFieldRef can not be specified simultaneously',
        'spec.volumes[0].downwardAPI.resourceFieldRef.containerName: Required value',
      ],
    ],
    [
      'folders in what does not exist',
      { emptyDir: { medium: 'HugePages', sizeLimit: '1Gi' } },
      {},
      ['spec.volumes[0].emptyDir.medium: Unsupported value: "HugePages": supported values: "", "Memory"'],
    ],
    [
      'limits below nothing',
      { emptyDir: { medium: 'Memory', sizeLimit: '-1' } },
      {},
      ['spec.volumes[0].emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity'],
    ],
    [
      'paths of the node that lead back, of a type that is none',
      { hostPath: { path: '/a/../b', type: 'Folder' } },
      {},
      [
        'spec.volumes[0].hostPath.path: Invalid value: "/a/../b": must not contain \'..\'',
        'spec.volumes[0].hostPath.type: Unsupported value: "Folder": supported values: "", "DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice", "BlockDevice"',
      ],
    ],
    ['no path of the node', { hostPath: {} }, {}, ['spec.volumes[0].hostPath.path: Required value']],
    [
      'parts that are absolute, lead out, or are two',
      {},
      { subPath: '/a', subPathExpr: 'a/../b' },
      [
        'spec.containers[0].volumeMounts[0].subPath: Invalid value: "/a": must be a relative path',
        'spec.containers[0].volumeMounts[0].subPathExpr: Invalid value: "a/../b": subPathExpr and subPath are mutually exclusive',
        'spec.containers[0].volumeMounts[0].subPathExpr: Invalid value: "a/../b": must not contain \'..\'',
      ],
    ],
    [
      'propagation that is none',
      {},
      { mountPropagation: 'Both' },
      [
        'spec.containers[0].volumeMounts[0].mountPropagation: Unsupported value: "Both": supported values: "None", "HostToContainer", "Bidirectional"',
      ],
    ],
    [
      'mounts on the node that only privileged containers may make',
      {},
      { mountPropagation: 'Bidirectional' },
      [
        'spec.containers[0].volumeMounts[0].mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers',
      ],
    ],
  ];
  for (const [what, volume, mount, expected] of cases) {
    it(`are told of ${what}`, () => assert.deepEqual(problems(volume, mount), expected));
  }

  it('that are claims are told what is missing in them', () => {
    assert.deepEqual(problems({ persistentVolumeClaim: {} }), [
      'spec.volumes[0].persistentVolumeClaim.claimName: Required value',
    ]);
    const spec = { accessModes: [], resources: { requests: { storage: '1Gi' } }, volumeMode: 'Block' };
    assert.deepEqual(problems({ ephemeral: { volumeClaimTemplate: { spec } } }), [
      'spec.volumes[0].ephemeral.volumeClaimTemplate.spec.accessModes: Required value: at least 1 access mode is required',
      'spec.volumes[0].ephemeral.volumeClaimTemplate.spec.volumeMode: Forbidden: Block volumes are not provided: a node here has folders to give, and no devices',
    ]);
  });

  it('that a node does not provide are refused by name', () => {
    for (const type of ['nfs', 'csi', 'iscsi', 'gitRepo', 'image']) {
      const { problems: found } = decodeObject(pod({ [type]: {} }), KINDS.Pod);
      assert.deepEqual(
        found.map(({ field, type: reason }) => [field, reason]),
        [[`spec.volumes[0].${type}`, 'unsupported']],
      );
    }
  });

  it('take sizes and divisors as numbers too', () => {
    const resourceFieldRef = { containerName: 'web', resource: 'limits.cpu', divisor: 1 };
    for (const volume of [
      { emptyDir: { medium: 'Memory', sizeLimit: 1024 } },
      { downwardAPI: { items: [{ path: 'p', resourceFieldRef }] } },
    ]) {
      assert.deepEqual(decodeObject(pod(volume), KINDS.Pod).problems, []);
    }
  });
});
