import assert from 'node:assert/strict';
import { applyDefaults } from '../../../reconcilers/objects/defaults.ts';
import { downwardResource } from '../../../reconcilers/objects/downward-resources.ts';
import { containerEnvironment, type EnvironmentSources, hasSources } from '../../../reconcilers/objects/env.ts';
import type { Json, JsonObject } from '../../../reconcilers/objects/json.ts';
import type { ConfigMap } from '../../../reconcilers/objects/kinds/config-map.ts';
import type { Secret } from '../../../reconcilers/objects/kinds/secret.ts';
import type { Container, Pod } from '../../../reconcilers/objects/pod.ts';
import { containerHash } from '../../../reconcilers/objects/pod-template-hash.ts';
import { validateObject } from '../../../reconcilers/objects/validation.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

const MAPS: Record<string, Partial<ConfigMap>> = {
  settings: { data: { color: 'blue', '1.size': 'xl' }, binaryData: { logo: 'AA==' } },
  empty: {},
};
const SECRETS: Record<string, Partial<Secret>> = { keys: { data: { password: base64('hush'), color: base64('red') } } };

const SOURCES: EnvironmentSources = {
  objects: {
    configMap: (name) => MAPS[name] as ConfigMap | undefined,
    secret: (name) => SECRETS[name] as Secret | undefined,
  },
  addresses: { hostIP: '192.0.2.10', podIP: '10.244.0.7' },
  allocatable: { cpu: '2', memory: '4Gi' },
};

const POD = {
  metadata: { name: 'web', namespace: 'shop', uid: 'u1', labels: { app: 'web' }, annotations: { note: 'hi' } },
  spec: { enableServiceLinks: true, nodeName: 'node-1', serviceAccountName: 'builder' },
} as unknown as Pod;

function made(container: Partial<Container>) {
  return containerEnvironment(POD, { name: 'c', image: 'i', ...container }, [], SOURCES);
}

function lines(container: Partial<Container>): string[] {
  return made(container).env.map(({ name, value }) => `${name}=${value}`);
}

const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } });
const key = (name: string, from: string, of: string, optional = false) => ({
  name,
  valueFrom: { configMapKeyRef: { name: from, key: of, ...(optional && { optional }) } },
});
const secretKey = (name: string, from: string, of: string, optional = false) => ({
  name,
  valueFrom: { secretKeyRef: { name: from, key: of, ...(optional && { optional }) } },
});

describe('variables from elsewhere', () => {
  it('are keys of ConfigMaps and of Secrets', () => {
    const env = [key('COLOR', 'settings', 'color'), secretKey('PASSWORD', 'keys', 'password')];
    assert.deepEqual(lines({ env }), ['COLOR=blue', 'PASSWORD=hush']);
  });

  it('are fields of the pod, some of them known only where it runs', () => {
    const env = [
      field('NAME', 'metadata.name'),
      field('NAMESPACE', 'metadata.namespace'),
      field('UID', 'metadata.uid'),
      field('LABEL', "metadata.labels['app']"),
      field('NOTE', "metadata.annotations['note']"),
      field('NONE', "metadata.annotations['none']"),
      field('NODE', 'spec.nodeName'),
      field('ACCOUNT', 'spec.serviceAccountName'),
      field('HOST', 'status.hostIP'),
      field('IP', 'status.podIP'),
      field('IPS', 'status.podIPs'),
    ];
    assert.deepEqual(lines({ env }), [
      'NAME=web',
      'NAMESPACE=shop',
      'UID=u1',
      'LABEL=web',
      'NOTE=hi',
      'NONE=',
      'NODE=node-1',
      'ACCOUNT=builder',
      'HOST=192.0.2.10',
      'IP=10.244.0.7',
      'IPS=10.244.0.7',
    ]);
  });

  it('are every key of an object, binary ones of a ConfigMap excepted, under any name that the system takes', () => {
    const envFrom = [{ prefix: 'MAP_', configMapRef: { name: 'settings' } }, { secretRef: { name: 'keys' } }];
    assert.deepEqual(lines({ envFrom }), ['MAP_color=blue', 'MAP_1.size=xl', 'password=hush', 'color=red']);
  });

  it('hide each other: a later source an earlier one, a variable of its own every source, and may be built upon', () => {
    const envFrom = [{ configMapRef: { name: 'settings' } }, { secretRef: { name: 'keys' } }];
    const env = [{ name: 'password', value: '$(color)-$(password)' }, key('AGAIN', 'settings', 'color')];
    const { env: variables, command } = made({ envFrom, env, command: ['$(AGAIN)', '$(password)'] });
    assert.deepEqual(
      variables.map(({ name, value }) => `${name}=${value}`),
      ['color=red', '1.size=xl', 'password=red-hush', 'AGAIN=blue'],
    );
    assert.deepEqual(command, ['blue', 'red-hush']);
  });

  it('may be missing where they are optional, and then are not there at all', () => {
    const env = [
      key('A', 'none', 'k', true),
      key('B', 'settings', 'none', true),
      secretKey('C', 'none', 'k', true),
      secretKey('D', 'keys', 'none', true),
    ];
    const envFrom = [
      { configMapRef: { name: 'none', optional: true } },
      { secretRef: { name: 'none', optional: true } },
    ];
    assert.deepEqual(made({ env, envFrom }), { env: [] });
  });

  const missing: [Partial<Container>, string][] = [
    [{ env: [key('A', 'none', 'k')] }, 'configmap "none" not found'],
    [{ env: [key('A', 'empty', 'k')] }, "couldn't find key k in ConfigMap shop/empty"],
    // Binary data is not for variables.
    [{ env: [key('A', 'settings', 'logo')] }, "couldn't find key logo in ConfigMap shop/settings"],
    [{ env: [secretKey('A', 'none', 'k')] }, 'secret "none" not found'],
    [{ env: [secretKey('A', 'keys', 'k')] }, "couldn't find key k in Secret shop/keys"],
    [{ envFrom: [{ configMapRef: { name: 'none' } }] }, 'configmap "none" not found'],
    [{ envFrom: [{ secretRef: { name: 'none' } }] }, 'secret "none" not found'],
  ];
  for (const [container, problem] of missing) {
    it(`say what is missing: ${problem}, in ${JSON.stringify(container)}`, () => {
      assert.deepEqual(made(container), { env: [], problem });
    });
  }

  it('are told from those that a plan can hold', () => {
    assert.equal(hasSources({ name: 'c', image: 'i', env: [{ name: 'A', value: 'a' }] }), false);
    assert.equal(hasSources({ name: 'c', image: 'i', env: [field('A', 'metadata.name')] }), true);
    assert.equal(hasSources({ name: 'c', image: 'i', envFrom: [{ configMapRef: { name: 'x' } }] }), true);
  });
});

describe('resources that a container is told of itself', () => {
  const container = {
    name: 'c',
    image: 'i',
    resources: { limits: { cpu: '1250m', memory: '64Mi' }, requests: { cpu: '250m', memory: '32Mi' } },
  };
  const of = (resource: string, divisor?: string, from: Container = container) =>
    downwardResource(from, { resource, ...(divisor && { divisor }) }, SOURCES.allocatable);

  it('are rounded up to whole divisors', () => {
    assert.deepEqual(
      [of('limits.cpu'), of('limits.cpu', '1m'), of('requests.cpu'), of('requests.cpu', '1m')],
      ['2', '1250', '1', '250'],
    );
    assert.deepEqual(
      [of('limits.memory'), of('limits.memory', '1Mi'), of('requests.memory', '1G'), of('limits.memory', '0')],
      ['67108864', '64', '1', '67108864'],
    );
  });

  it('are, of limits that are not declared, what pods may use of the node, and of requests none', () => {
    const bare = { name: 'c', image: 'i' };
    const all = ['limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'];
    assert.deepEqual(
      all.map((resource) => of(resource, undefined, bare)),
      ['2', '4294967296', '0', '0'],
    );
  });
});

describe('validation of variables', () => {
  function problems(container: JsonObject): string[] {
    const spec = { containers: [{ name: 'web', image: 'web:1', ...container }] };
    const metadata = { name: 'web', namespace: 'default' };
    const pod = applyDefaults('Pod', { apiVersion: 'v1', kind: 'Pod', metadata, spec });
    return validateObject('Pod', pod).map(String);
  }
  const from = (valueFrom: Json, value?: string): JsonObject => ({
    env: [{ name: 'A', valueFrom, ...(value !== undefined && { value }) }],
  });
  const at = 'spec.containers[0].env[0].valueFrom';
  const cases: [string, JsonObject, string[]][] = [
    ['nothing where all is well', from({ fieldRef: { fieldPath: 'status.podIP' } }), []],
    ['a name with digits first', { env: [{ name: '1.a-b' }] }, []],
    [
      'a source that is none',
      from({}),
      [
        `${at}: Invalid value: "": must specify one of: \`fieldRef\`, \`resourceFieldRef\`, \`configMapKeyRef\` or \`secretKeyRef\``,
      ],
    ],
    [
      'a source beside a value',
      from({ fieldRef: { fieldPath: 'metadata.name' } }, 'x'),
      [`${at}: Invalid value: "": may not be specified when \`value\` is not empty`],
    ],
    [
      'two sources',
      from({ fieldRef: { fieldPath: 'metadata.name' }, secretKeyRef: { name: 's', key: 'k' } }),
      [`${at}: Invalid value: "": may not have more than one field specified at a time`],
    ],
    [
      'fields that variables cannot have',
      from({ fieldRef: { fieldPath: 'metadata.labels' } }),
      [
        `${at}.fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"`,
      ],
    ],
    [
      'keys without a name, or that cannot be one',
      from({ configMapKeyRef: { key: 'a b' } }),
      [
        `${at}.configMapKeyRef.name: Required value`,
        `${at}.configMapKeyRef.key: Invalid value: "a b": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`,
      ],
    ],
    [
      'resources that a container does not have, and divisors that divide nothing',
      {
        env: [
          { name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.gpu' } } },
          { name: 'B', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '2' } } },
          { name: 'C', valueFrom: { resourceFieldRef: {} } },
        ],
      },
      [
        `${at}.resourceFieldRef.resource: Unsupported value: "limits.gpu": supported values: "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"`,
        `spec.containers[0].env[1].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are supported with the cpu resource`,
        'spec.containers[0].env[2].valueFrom.resourceFieldRef.resource: Required value',
      ],
    ],
    [
      'objects without a name, of no kind, of two kinds, and with a prefix that no name can have',
      {
        envFrom: [{ configMapRef: {} }, {}, { prefix: 'a=', configMapRef: { name: 'a' }, secretRef: { name: 'b' } }],
      },
      [
        'spec.containers[0].envFrom[0].configMapRef.name: Required value',
        'spec.containers[0].envFrom[1]: Invalid value: "": must specify one of: `configMapRef` or `secretRef`',
        `spec.containers[0].envFrom[2].prefix: Invalid value: "a=": a valid environment variable name must consist only of printable ASCII characters other than '='`,
        'spec.containers[0].envFrom[2]: Invalid value: "": may not have more than one field specified at a time',
      ],
    ],
  ];
  for (const [what, container, expected] of cases) {
    it(`tells of ${what}`, () => assert.deepEqual(problems(container), expected));
  }

  it('fills in the version of field references, which no fingerprint sees', () => {
    const env = [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }];
    const bare = { name: 'web', image: 'web:1', env } as unknown as Container;
    const spec = { containers: [structuredClone(bare)] } as unknown as Json;
    const { spec: made } = applyDefaults('Pod', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec });
    const [container] = made.containers;
    assert.ok(container);
    assert.equal(container.env?.[0]?.valueFrom?.fieldRef?.apiVersion, 'v1');
    assert.equal(containerHash(container), containerHash(bare));
  });
});
